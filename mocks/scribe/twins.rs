//! Scribe's evil twins.

use bytes::Bytes;
use locum_core::DenialKind;
use locum_server::{Reply, Request, Twin};
use serde_json::{Value, json};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        skips: &["revoke_refresh", "revoke_access"],
        ..Twin::named("revoke-noop", "RevokeToken answers 200 and does nothing")
    },
    Twin {
        skips: &["revoke_access"],
        ..Twin::named(
            "revoke-refresh-only",
            "revocation ends the refresh token, access and id tokens live on",
        )
    },
    Twin {
        skips: &["demand_new_password"],
        ..Twin::named(
            "temp-password-login",
            "a temporary password gives tokens at once",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "bad_session" && denial.kind == DenialKind::UnknownToken
        },
        ..Twin::named("forged-session", "a challenge is accepted with any Session")
    },
    Twin {
        pardons: |_, denial| denial.reason == "expired_session",
        ..Twin::named(
            "session-never-ends",
            "a challenge Session can be answered after hours",
        )
    },
    Twin {
        settings: || {
            vec![
                ("scribe.access_ttl_s", 3600.into()),
                ("scribe.id_ttl_s", 3600.into()),
            ]
        },
        ..Twin::named("hour-long-tokens", "access and id tokens live 3600 s")
    },
    Twin {
        pardons: |_, denial| denial.reason == "expired_refresh_token",
        ..Twin::named("refresh-forever", "a refresh token works after 31 days")
    },
    Twin {
        pardons: |_, denial| denial.reason == "id_token_as_access",
        ..Twin::named("id-as-access", "the id token is accepted as AccessToken")
    },
    Twin {
        settings: || vec![("scribe.prevent_user_existence_errors", "legacy".into())],
        ..Twin::named(
            "unknown-user-named",
            "an unknown user gets UserNotFoundException",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "no_signature",
        ..Twin::named(
            "unsigned-ok",
            "API requests without Authorization are served",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason.starts_with("wrong_signature"),
        ..Twin::named(
            "signature-shape-only",
            "date, scope and session token are checked, the signature is not computed",
        )
    },
    Twin {
        skips: &["hash_body"],
        ..Twin::named(
            "body-not-covered",
            "the body hash is taken from the header and not from the body",
        )
    },
    Twin {
        settings: || vec![("scribe.sigv4_skew_s", 900.into())],
        ..Twin::named(
            "skew-15-minutes",
            "signatures up to 15 minutes old are accepted",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "wrong_session_token"
                && denial.got.as_deref() == Some("no session token")
        },
        ..Twin::named(
            "session-token-optional",
            "requests without the session token are served",
        )
    },
    Twin {
        skips: &["keep_auth_time"],
        ..Twin::named(
            "auth-time-moves",
            "a refresh sets auth_time to its own time",
        )
    },
    Twin {
        skips: &["sign_out_everywhere"],
        ..Twin::named(
            "sign-out-this-one",
            "GlobalSignOut ends the login that asked for it and no other",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "presigned_expired",
        ..Twin::named(
            "presigned-for-ever",
            "X-Amz-Expires of a presigned URL is not read",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "ended_credentials",
        ..Twin::named(
            "ended-credentials-ok",
            "AWS credentials are accepted after their Expiration",
        )
    },
    Twin {
        pardons: |_, denial| matches!(denial.reason.as_str(), "wrong_issuer" | "wrong_provider"),
        ..Twin::named(
            "any-provider",
            "the provider name in Logins is not compared",
        )
    },
    Twin {
        skips: &["same_identity"],
        ..Twin::named(
            "new-identity-each-time",
            "GetId makes a new identity at each call",
        )
    },
    Twin {
        pardons: |_, denial| {
            matches!(
                denial.reason.as_str(),
                "unknown_identity" | "logins_do_not_match"
            )
        },
        ..Twin::named(
            "any-identity",
            "credentials are given for whatever identity id is asked for",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "unknown_client",
        ..Twin::named("any-client-id", "a login with any ClientId gives tokens")
    },
    Twin {
        skips: &["change_password"],
        ..Twin::named(
            "change-password-noop",
            "ChangePassword answers {} and changes nothing",
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
            ),
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
