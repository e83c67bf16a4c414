//! What a realm says of itself: discovery, its keys, the realm.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply, Request};
use serde_json::{Value, json};

use super::keys::NamedKey;
use super::{State, cors, issue, realm_lookup, x509};

/// The 56 members of discovery in their order, as measured.
const DISCOVERY: &str = include_str!("discovery.json");

/// OpenID Connect Discovery 1.0 §4 and RFC 8414 §3. A disabled realm answers too.
pub(super) async fn discovery(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_keys"));
    }
    let accept = request
        .headers
        .get(http::header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| !takes_json(accept)) {
        return Err(Denial::new(DenialKind::Unsupported, "not_acceptable")
            .expected("Accept: application/json"));
    }
    let mut document: Value = serde_json::from_str(
        &DISCOVERY
            .replace("{issuer}", &issue::issuer(&mock, &realm.name))
            .replace("{base}", &mock.base)
            .replace("{realm}", &realm.name),
    )
    .expect("a test reads it");
    if let Some(scopes) = document["scopes_supported"]
        .as_array_mut()
        .filter(|_| !realm.is_first())
    {
        scopes[1..].reverse();
    }
    let reply = Reply::json(200, &document).with_headers_of(mock.profile(), "h9", &[]);
    Ok(cors::reflect(&mock, &request, reply, "cors_document"))
}

/// Whether one of the ranges of an `Accept` header has JSON in it (RFC 9110 §12.5.1).
fn takes_json(accept: &str) -> bool {
    let mut ranges = accept
        .split(',')
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    accept.trim().is_empty()
        || ranges.any(|range| matches!(range, "*/*" | "application/*" | "application/json"))
}

/// The realm's keys (RFC 7517 §5): one signs, one encrypts.
pub(super) async fn certs(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_keys"));
    }
    let keys = mock.state::<State>().keys.of(&realm.name);
    let signing = keys.published(mock.now());
    let signing = signing
        .iter()
        .map(|key| jwk(&realm.name, key, "RS256", "sig"));
    let mut set: Vec<Value> = signing.collect();
    let encrypting = jwk(&realm.name, &keys.encrypting(), "RSA-OAEP", "enc");
    let signing_first = match mock.setting_text("certs_order").as_str() {
        "signing_first" => true,
        "encryption_first" => false,
        _ => keys.signing_first(),
    };
    let at = if signing_first { set.len() } else { 0 };
    set.insert(at, encrypting);
    let reply =
        Reply::json(200, &json!({ "keys": set })).with_headers_of(mock.profile(), "h3", &[]);
    Ok(cors::reflect(&mock, &request, reply, "cors_document"))
}

fn jwk(realm: &str, key: &NamedKey, alg: &str, usage: &str) -> Value {
    let certificate = x509::self_signed(realm, key);
    json!({
        "kid": key.kid, "kty": "RSA", "alg": alg, "use": usage,
        "x5c": [STANDARD.encode(&certificate)],
        "x5t": x509::thumbprint(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate),
        "x5t#S256": x509::thumbprint(&aws_lc_rs::digest::SHA256, &certificate),
        "n": key.rsa.n, "e": key.rsa.e,
    })
}

/// `GET /realms/{tenant}`.
pub(super) async fn realm(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_get"));
    }
    let keys = mock.state::<State>().keys.of(&realm.name);
    let root = mock.url(&format!("/realms/{}", realm.name));
    let body = json!({
        "realm": realm.name,
        "public_key": STANDARD.encode(&keys.signing().public_der),
        "token-service": format!("{root}/protocol/openid-connect"),
        "account-service": format!("{root}/account"),
        "tokens-not-before": realm.not_before,
    });
    let reply = Reply::status(200).body(body.to_string());
    let reply = reply.with_headers_of(mock.profile(), "realm_document", &[]);
    Ok(cors::reflect(&mock, &request, reply, "cors_document"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_is_read_by_ranges() {
        for taken in [
            "",
            "*/*",
            "application/json",
            "text/html, application/json;q=0.5",
            "application/*",
        ] {
            assert!(takes_json(taken), "{taken:?}");
        }
        assert!(!takes_json("text/html"));
    }
}
