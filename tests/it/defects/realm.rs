//! Defects of a realm whose people log in at its page.

use serde_json::{Value, json};

use super::answer::*;

/// Row, vendor, verdict and what is wrong.
pub(super) const OF_A_REALM: &[(&str, &str, &str, Defect)] = &[
    ("BCP-08", "corti", "FAIL", |request, reply| {
        if request.contains("client_id=locum-unknown") {
            reply.status = 302;
            reply.set(
                "Location",
                "http://localhost:9/cb?error=unauthorized_client",
            );
        }
    }),
    ("BCP-09", "corti", "FAIL", |request, reply| {
        // The challenge of RFC 7636, Appendix B, in small letters.
        if request.contains("code_verifier=e9melhoa2owv") {
            token(reply);
        }
    }),
    ("BCP-13", "corti", "FAIL", |request, reply| {
        if is_login(request) && request.contains("cb%2fx-locum") {
            token(reply);
        }
    }),
    ("BCP-15", "corti", "FAIL", |_, reply| {
        change_location(reply, |location| location.replace("%2541", "A"));
    }),
    ("BCP-16", "corti", "FAIL", |_, reply| {
        change_location(reply, |location| location.replace("&iss=", "&issuer="));
    }),
    ("BCP-17", "corti", "WARN", |request, reply| {
        if request.contains("response_type=locum") {
            refuse(reply, 400);
        }
    }),
    ("BCP-18", "corti", "FAIL", |_, reply| {
        change_claims(reply, |claims| claims["nonce"] = Value::Null);
    }),
    ("BCP-19", "corti", "FAIL", |request, reply| {
        if request.contains("openid-configuration") {
            reply.set("Content-Type", "text/plain");
        }
    }),
    ("BCP-20", "corti", "WARN", |request, reply| {
        if request.contains("openid-configuration") {
            reply.member("grant_types_supported", json!(["password"]));
        }
    }),
    ("JWT-31", "corti", "FAIL", |_, reply| {
        change_keys(reply, |key| {
            if key["use"] == "sig" {
                key["use"] = Value::Null;
            }
        });
    }),
    ("REF-19", "corti", "WARN", |request, reply| {
        if is_login(request) && reply.is_grant() {
            reply.member("access_token", json!("made-up-0123456789"));
        }
    }),
    ("BRR-25", "corti", "FAIL", |request, reply| {
        if request.contains("/userinfo") && reply.status == 200 {
            reply.member("sub", json!("somebody"));
        }
    }),
];

/// The same, where a token has to end before the row can be judged.
pub(super) const OF_SHORT_TOKENS: &[(&str, &str, &str, Defect)] =
    &[("BRR-24", "corti", "FAIL", |request, reply| {
        if request.contains("/userinfo") && reply.status == 401 {
            reply.change_to(200, &json!({"sub": "somebody"}));
        }
    })];
