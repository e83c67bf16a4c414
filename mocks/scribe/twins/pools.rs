//! Evil twins that are wrong at the pools and with signatures.

use bytes::Bytes;
use locum_server::twin::{served_although, with_json};
use locum_server::{Reply, Request, Twin};
use serde_json::{Value, json};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        rewrite: |_, request, reply| match operation(request) {
            "" => reply,
            _ => reply.set_header("content-type", "application/json"),
        },
        ..Twin::named("plain-json", "Cognito answers with application/json")
    },
    Twin {
        misreads: |request| match operation(&request) {
            "LocumKnowsIt" => request.changed(|parts| {
                let sign_in = "AWSCognitoIdentityProviderService.InitiateAuth";
                let sign_in = http::HeaderValue::from_static(sign_in);
                parts.headers.insert("x-amz-target", sign_in);
            }),
            _ => request,
        },
        ..Twin::named(
            "any-operation",
            "an operation that does not exist is a sign-in",
        )
    },
    Twin {
        rewrite: |endpoint, _, mut reply| {
            if endpoint.starts_with("v1_") && reply.status == 403 {
                reply.status = http::StatusCode::BAD_REQUEST;
            }
            reply
        },
        ..Twin::named("signature-400", "a wrong signature is answered with 400")
    },
    Twin {
        rewrite: |_, _, reply| served_although(reply, "a space before the colon", &json!({})),
        ..Twin::named(
            "scribe-colon-space",
            "a space before the colon of a header is accepted",
        )
    },
    Twin {
        rewrite: |_, _, reply| served_although(reply, "Host headers", &json!({})),
        ..Twin::named(
            "scribe-any-host",
            "a request without Host or with two of them is served",
        )
    },
    Twin {
        skips: &["revoke_refresh", "revoke_access"],
        rewrite: |_, request, reply| match operation(request) {
            "RevokeToken" => Reply::json(500, &json!({"__type": "InternalFailure", "message": ""})),
            _ => reply,
        },
        ..Twin::named("revoke-missing", "RevokeToken answers 500")
    },
    Twin {
        rewrite: |_, request, reply| match (operation(request), reply.outcome) {
            ("RevokeToken", None) if reply.status == 200 => Reply::json(
                400,
                &json!({"__type": "NotAuthorizedException", "message": "Invalid token"}),
            )
            .set_header("content-type", "application/x-amz-json-1.1"),
            _ => reply,
        },
        ..Twin::named("revoke-junk-400", "revoking an unknown token gives 400")
    },
    Twin {
        skips: &["revoke_one_login"],
        ..Twin::named(
            "revoke-everything",
            "revocation ends all logins of the account",
        )
    },
    Twin {
        pardons: |_, denial| {
            let whose = denial.expected.as_deref().unwrap_or_default();
            denial.reason == "wrong_password" && whose.starts_with("the temporary password")
        },
        ..Twin::named(
            "challenge-for-wrong-password",
            "a wrong password of an account with a temporary one gives the challenge",
        )
    },
    Twin {
        pardons: |_, denial| {
            let shown = denial.got.as_deref().unwrap_or_default();
            denial.reason == "wrong_password" && shown.starts_with("another signature")
        },
        ..Twin::named("any-srp-proof", "every SRP proof gives tokens")
    },
    Twin {
        misreads: |request| match operation(&request) {
            "GetCredentialsForIdentity" => request.changed(|parts| {
                let body = String::from_utf8_lossy(&parts.body);
                parts.body = body.replace("ap-south-1:", "eu-west-2:").into();
            }),
            _ => request,
        },
        rewrite: |_, request, reply| match (operation(request), reply.status.as_u16()) {
            ("GetId", 200) => with_json(reply, |body| {
                let id = body["IdentityId"].as_str().unwrap_or_default();
                body["IdentityId"] = id.replace("eu-west-2:", "ap-south-1:").into();
            }),
            _ => reply,
        },
        ..Twin::named(
            "identity-of-another-region",
            "an identity is named by another region than that of its pool",
        )
    },
    Twin {
        rewrite: |_, request, reply| match (operation(request), reply.status.as_u16()) {
            ("GetUser", 200) => with_json(reply, |body| body["Username"] = "somebody".into()),
            _ => reply,
        },
        ..Twin::named("another-user", "GetUser tells another user")
    },
    Twin {
        rewrite: |_, request, reply| match request.path().contains("-x-locum") {
            true => Reply::json(200, &json!({"tasks": []})),
            false => reply,
        },
        ..Twin::named("any-route", "a path that nobody knows is served")
    },
    Twin {
        skips: &["mint_anew"],
        ..Twin::named(
            "refresh-returns-old",
            "a refresh returns the old access and id token",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match endpoint.strip_prefix("v1_") {
            Some(_) if reply.status == 200 => refused_signature(),
            _ => reply,
        },
        ..Twin::named("right-signature-refused", "correct signatures are refused")
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_scope",
        ..Twin::named(
            "any-region",
            "region and service of the scope are not compared",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match endpoint.strip_prefix("v1_") {
            Some(_) if reply.status == 200 && !has_sorted_extras(request) => refused_signature(),
            _ => reply,
        },
        ..Twin::named(
            "header-order-matters",
            "the order of unsigned headers changes the result",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            edited(reply, |body| {
                if let Some(end) = body["Credentials"]["Expiration"].as_f64() {
                    body["Credentials"]["Expiration"] = (end * 1000.0).into();
                }
            })
        },
        ..Twin::named("expiration-in-ms", "Expiration is in milliseconds")
    },
    Twin {
        skips: &["random_text"],
        ..Twin::named(
            "guessable-refresh-token",
            "refresh tokens and Sessions are words and numbers that count upwards",
        )
    },
    Twin {
        pardons: |_, denial| {
            let mut params = denial.params.iter();
            denial.reason == "wrong_password"
                && params.any(|(_, value)| value == "PreviousPassword")
        },
        ..Twin::named(
            "previous-password-unchecked",
            "ChangePassword does not look at the previous password",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            edited(reply, |body| {
                if let Some(result) = body["AuthenticationResult"].as_object_mut() {
                    result.remove("TokenType");
                }
            })
        },
        ..Twin::named("no-token-type", "AuthenticationResult has no TokenType")
    },
];

/// The operation that a request to the pools names.
fn operation(request: &Request) -> &str {
    let target = request.header("x-amz-target").ok().flatten();
    let target = target.unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

fn refused_signature() -> Reply {
    let message = "The request signature we calculated does not match the signature you provided.";
    Reply::json(403, &json!({"message": message}))
        .header("x-amzn-ErrorType", "InvalidSignatureException")
}

/// Whether the headers of a caller's own that no signature covers stand in the order of the alphabet.
fn has_sorted_extras(request: &Request) -> bool {
    let extras = request
        .lines
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase());
    let extras = extras.filter(|name| name.starts_with("x-locum-") && name != "x-locum-note");
    extras.is_sorted()
}

/// A reply with its JSON body changed.
fn edited(mut reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body)
        && body.is_object()
    {
        change(&mut body);
        reply.body = Bytes::from(body.to_string());
    }
    reply
}
