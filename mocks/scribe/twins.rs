//! Scribe's evil twins.

mod logins;
mod near_misses;
mod pools;
mod tasks;

use std::sync::LazyLock;

use bytes::Bytes;
use locum_core::DenialKind;
use locum_server::{Mock, Reply, Twin, jwt};
use serde_json::Value;

use super::State;

/// All of them.
pub(super) static ALL: LazyLock<Vec<Twin>> = LazyLock::new(|| {
    [
        TWINS,
        pools::TWINS,
        near_misses::TWINS,
        logins::TWINS,
        tasks::TWINS,
    ]
    .concat()
});

/// One thing wrong each.
const TWINS: &[Twin] = &[
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
        life_percent: 95,
        ..Twin::named(
            "token-ends-early",
            "an access token is refused after 95 percent of its life",
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
        pardons: |_, denial| {
            // The token's own issuer is still looked at: it is compared under the pool's own name.
            let is_issuer = |text: &str| text.starts_with("https://");
            let of_name = !denial.expected.as_deref().is_some_and(is_issuer);
            of_name && matches!(denial.reason.as_str(), "wrong_issuer" | "wrong_provider")
        },
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
        rewrite: |endpoint, _, reply| match endpoint {
            "jwks" => without_last_key(reply),
            _ => reply,
        },
        ..Twin::named(
            "one-key-missing",
            "the key of the access tokens is not in the key set",
        )
    },
    Twin {
        skips: &["id_token_audience"],
        takes: |mock, token, denial| denial.reason == "wrong_audience" && is_reversed(mock, token),
        ..Twin::named(
            "id-token-for-another",
            "aud of the id token is another client; the own identity pool takes it",
        )
    },
    Twin {
        takes: |_, token, _| jwt::parse(token).is_ok_and(|parts| parts.header.contains_key("x5c")),
        ..Twin::named("trusts-x5c", "the certificate in the x5c header is used")
    },
    Twin {
        skips: &["fresh_jti"],
        ..Twin::named("one-jti-a-login", "all tokens of a login have one jti")
    },
];

/// Whether the audience of a token is a client's id read backwards.
fn is_reversed(mock: &Mock, token: &str) -> bool {
    let parts = jwt::parse(token).ok();
    let audience = parts.as_ref().and_then(|parts| parts.claim("aud"));
    let client: String = audience.unwrap_or_default().chars().rev().collect();
    mock.state::<State>().client(&client).is_some()
}

fn without_last_key(mut reply: Reply) -> Reply {
    let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    if let Some(keys) = body["keys"].as_array_mut() {
        keys.pop();
    }
    reply.body = Bytes::from(body.to_string());
    reply
}
