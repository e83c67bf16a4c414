//! Signing a request and applying the headers, compared with the SHA-256 blocks that every signature
//! needs, its lower bound, and with AWS's own signer.

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::digest;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use criterion::{Criterion, criterion_group, criterion_main};
use http::Request;
use locum_client::sign::{self as ours, AwsCredentials, Signer};
use locum_core::{Secret, Timestamp};

const SECONDS: u64 = 1_795_362_492;

struct Case {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    body: Vec<u8>,
}

fn cases() -> [Case; 2] {
    [
        Case {
            name: "GET",
            method: "GET",
            target: "/v1/tasks?includePresigned=True&company=Example%20Co",
            body: Vec::new(),
        },
        Case {
            name: "POST of 1 KiB",
            method: "POST",
            target: "/v1/tasks",
            body: vec![b'x'; 1024],
        },
    ]
}

/// Of about the length of AWS's session tokens.
fn session_token() -> String {
    "T".repeat(1200)
}

fn request(case: &Case) -> Request<Vec<u8>> {
    Request::builder()
        .method(case.method)
        .uri(format!("https://mi.example.com{}", case.target))
        .header("host", "mi.example.com")
        .body(case.body.clone())
        .expect("a request")
}

fn ours(signer: &Signer, credentials: &AwsCredentials, request: &mut Request<Vec<u8>>) {
    let target = request.uri().path_and_query().map_or("/", |pq| pq.as_str());
    let host = request.headers()["host"].to_str().expect("ASCII");
    let signed = signer.sign(
        credentials,
        &ours::SignableRequest {
            method: request.method().as_str(),
            target,
            headers: &[("host", host)],
            body: request.body(),
        },
        Timestamp::from_seconds(SECONDS.cast_signed()),
    );
    signed.apply(request.headers_mut());
}

fn theirs(identity: &aws_credential_types::Credentials, request: &mut Request<Vec<u8>>) {
    let identity = identity.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-2")
        .name("execute-api")
        .time(UNIX_EPOCH + Duration::from_secs(SECONDS))
        .settings(SigningSettings::default())
        .build()
        .expect("complete")
        .into();
    let uri = request.uri().to_string();
    let headers = request.headers().iter();
    let signable = SignableRequest::new(
        request.method().as_str(),
        &uri,
        headers.map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII"))),
        SignableBody::Bytes(request.body()),
    )
    .expect("signable");
    let (instructions, _) = sign(signable, &params).expect("signed").into_parts();
    instructions.apply_to_request_http1x(request);
}

/// The number of SHA-256 blocks that a signature with a cached key needs: the body, the canonical
/// request, and four for one HMAC of a short text.
fn floor(body: &[u8], canonical: &[u8]) -> usize {
    let blocks = |length: usize| (length + 9).div_ceil(64);
    let body = if body.is_empty() {
        0
    } else {
        blocks(body.len())
    };
    body + blocks(canonical.len()) + 4
}

fn signing(criterion: &mut Criterion) {
    let credentials = AwsCredentials {
        access_key_id: "ASIALOCUMEXAMPLE0001".into(),
        secret_key: "locumExampleSecretKey0000000000000000000".into(),
        session_token: Some(Secret::new(session_token())),
    };
    let identity = aws_credential_types::Credentials::new(
        &credentials.access_key_id,
        credentials.secret_key.expose(),
        Some(session_token()),
        None,
        "bench",
    );
    let signer = Signer::new("eu-west-2", "execute-api");
    for case in cases() {
        let mut group = criterion.benchmark_group(case.name);
        let steps = signer.steps(
            &credentials,
            &ours::SignableRequest {
                method: case.method,
                target: case.target,
                headers: &[("host", "mi.example.com")],
                body: &case.body,
            },
            Timestamp::from_seconds(SECONDS.cast_signed()),
        );
        let blocks = floor(&case.body, steps.canonical_request.as_bytes());
        let bytes = vec![0; blocks * 64 - 9];
        group.bench_function("floor", |bench| {
            bench.iter(|| digest::digest(&digest::SHA256, black_box(&bytes)));
        });
        group.bench_function("ours", |bench| {
            let mut request = request(&case);
            bench.iter(|| ours(&signer, &credentials, black_box(&mut request)));
        });
        group.bench_function("aws-sigv4", |bench| {
            bench.iter_batched_ref(
                || request(&case),
                |request| theirs(&identity, request),
                criterion::BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, signing);
criterion_main!(benches);
