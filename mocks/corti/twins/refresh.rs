//! Evil twins that are wrong with refresh tokens, revocation and logout.

use bytes::Bytes;
use locum_core::{Denial, DenialKind};
use locum_server::{Reply, Request, Twin, jwt};
use serde_json::{Value, json};

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        pardons: |_, denial| {
            matches!(
                denial.reason.as_str(),
                "invalid_refresh_token" | "foreign_refresh_token"
            )
        },
        ..Twin::named(
            "any-refresh-token",
            "any text is accepted as refresh token, from any client",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) if is_refresh(request) => with_more_scope(reply),
            _ => reply,
        },
        ..Twin::named("scope-grows", "a refresh adds a scope")
    },
    Twin {
        pardons: |_, denial| {
            let mut params = denial.params.iter();
            is_of_the_secret(denial) && params.any(|(_, value)| value == "refresh_token")
        },
        ..Twin::named(
            "refresh-unauthenticated",
            "a refresh needs no client secret",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "foreign_refresh_token",
        ..Twin::named(
            "refresh-by-anyone",
            "the client of a refresh token is not compared",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "invalid_refresh_token" && denial.kind == DenialKind::WrongTenant
        },
        ..Twin::named(
            "refresh-any-realm",
            "a refresh token of one realm gives tokens at another",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "invalid_refresh_token" && denial.kind == DenialKind::BadSignature
        },
        ..Twin::named(
            "refresh-signature-unchecked",
            "the signature of a refresh token is not compared",
        )
    },
    Twin {
        skips: &["end_replayed_login"],
        ..Twin::named(
            "replay-shrugged-off",
            "the replay of a replaced refresh token is refused and nothing else happens",
        )
    },
    Twin {
        skips: &["spend_at_once"],
        ..Twin::named(
            "rotation-race",
            "refreshes that arrive together each get a successor",
        )
    },
    Twin {
        skips: &["ignore_hint"],
        ..Twin::named(
            "hint-needed",
            "revocation works only with the right token_type_hint",
        )
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "revoke" && is_of_the_secret(denial),
        ..Twin::named(
            "revoke-unauthenticated",
            "a revocation is carried out without the client's secret",
        )
    },
    Twin {
        skips: &["revoke_whole_login"],
        ..Twin::named(
            "revoke-keeps-access",
            "revoking a refresh token leaves its access tokens alive",
        )
    },
    Twin {
        skips: &["revoke_refresh"],
        ..Twin::named(
            "revoke-keeps-refresh",
            "the revocation of a refresh token answers 200 and ends nothing",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "logout_foreign_token",
        ..Twin::named(
            "logout-foreign",
            "a client can end the sessions of another by their refresh tokens",
        )
    },
    Twin {
        rewrite: |endpoint, request, reply| match endpoint == "introspect"
            && is_of_another_realm(request)
        {
            true => Reply::json(200, &json!({"active": true})),
            false => reply,
        },
        ..Twin::named(
            "introspect-any-realm",
            "introspection says active for a token of another realm",
        )
    },
    Twin {
        skips: &["logout"],
        ..Twin::named("logout-noop", "the logout answers 204 and ends nothing")
    },
];

/// Whether a client was refused for its secret, a missing or a wrong one.
fn is_of_the_secret(denial: &Denial) -> bool {
    matches!(denial.reason.as_str(), "no_secret" | "wrong_secret")
}

/// Whether the token that is asked about says that another realm issued it.
fn is_of_another_realm(request: &Request) -> bool {
    let token = request.form().text("token").unwrap_or_default();
    let parts = jwt::parse(&token).ok();
    let issuer = parts.and_then(|parts| parts.claim("iss").map(str::to_owned));
    let realm = |text: &str| {
        let (_, rest) = text.split_once("/realms/")?;
        rest.split('/').next().map(str::to_owned)
    };
    issuer.is_some_and(|issuer| realm(&issuer) != realm(request.path()))
}

fn is_refresh(request: &Request) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    body.split('&')
        .any(|pair| pair == "grant_type=refresh_token")
}

fn with_more_scope(mut reply: Reply) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body)
        && let Some(scope) = body["scope"].as_str()
    {
        body["scope"] = format!("{scope} transcribe").into();
        reply.body = Bytes::from(body.to_string());
    }
    reply
}
