//! Minting a token, compared with the raw signature in it, its lower bound.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use locum_server::jwt;
use locum_server::keys::{HmacKey, RsaKey};
use serde_json::{Map, Value, json};

const HEADER: &str =
    r#"{"alg":"RS256","typ":"JWT","kid":"a-key-id-of-forty-three-letters-and-digits"}"#;

fn claims() -> Map<String, Value> {
    let claims = json!({
        "exp": 1_795_514_700, "iat": 1_795_514_400, "jti": "8b3f1f1e-0d6f-4d0c-9a53-5d0a2f9f1c11",
        "iss": "https://auth.example.com/realms/example", "aud": "account", "sub": "8b3f1f1e-0d6f-4d0c-9a53",
        "typ": "Bearer", "azp": "client", "scope": "openid email profile",
    });
    claims.as_object().cloned().unwrap_or_default()
}

fn minting(criterion: &mut Criterion) {
    let (rsa, hmac, claims) = (RsaKey::from_pool(0), HmacKey::derive(0, "bench"), claims());
    let message = "m".repeat(600);
    let mut group = criterion.benchmark_group("minting");
    group.bench_function("floor: raw RSA-2048 signature, parsed key", |bench| {
        bench.iter(|| rsa.sign(black_box(message.as_bytes())));
    });
    group.bench_function("RS256 token", |bench| {
        bench.iter(|| jwt::mint_rs256(&rsa, HEADER, black_box(&claims)));
    });
    group.bench_function("floor: raw HMAC-SHA-256", |bench| {
        bench.iter(|| hmac.sign(black_box(message.as_bytes())));
    });
    group.bench_function("HS256 token", |bench| {
        bench.iter(|| jwt::mint_hs256(&hmac, HEADER, black_box(&claims)));
    });
    group.finish();
}

criterion_group!(benches, minting);
criterion_main!(benches);
