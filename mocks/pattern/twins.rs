//! Pattern's evil twins.

mod lists;
mod resources;
mod token_endpoint;

use std::sync::LazyLock;

use locum_core::DenialKind;
use locum_server::Twin;
use locum_server::twin::served_although;

/// All of them.
pub(super) static ALL: LazyLock<Vec<Twin>> =
    LazyLock::new(|| [TWINS, resources::TWINS, lists::TWINS, token_endpoint::TWINS].concat());

/// One thing wrong each.
const TWINS: &[Twin] = &[
    Twin {
        rewrite: |_, _, mut reply| {
            let has_allow = reply.status.as_u16() == 405;
            let is_allow = |name: &str| name.eq_ignore_ascii_case("allow");
            reply
                .headers
                .retain(|(name, _)| !(has_allow && is_allow(name)));
            reply
        },
        ..Twin::named("405-without-allow", "405 lacks Allow")
    },
    Twin {
        rewrite: |_, _, reply| {
            served_although(
                reply,
                "a space before the colon",
                &serde_json::json!({"results": []}),
            )
        },
        ..Twin::named(
            "colon-space",
            "a space before the colon of a header is accepted",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            served_although(reply, "0 Host headers", &serde_json::json!({"results": []}))
        },
        ..Twin::named("no-host-ok", "a request without Host is served")
    },
    Twin {
        settings: || vec![("pattern.expires_in_unit", "s".into())],
        ..Twin::named(
            "seconds-not-ms",
            "expires_in is 3600 and the token lives an hour",
        )
    },
    Twin {
        pardons: |endpoint, denial| endpoint != "token" && denial.kind == DenialKind::Expired,
        ..Twin::named("never-expires", "tokens never end")
    },
    Twin {
        life_percent: 95,
        ..Twin::named(
            "token-ends-early",
            "an access token is refused after 95 percent of its life",
        )
    },
    Twin {
        pardons: |_, denial| denial.kind == DenialKind::BadSecret,
        ..Twin::named("any-secret", "every client secret gives a token")
    },
    Twin {
        settings: || vec![("pattern.repeated_param", "accept".into())],
        ..Twin::named("repeat-accepted", "a repeated parameter is accepted")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => reply.set_header("cache-control", "private"),
            _ => reply,
        },
        ..Twin::named(
            "no-no-store",
            "the token reply lacks Cache-Control: no-store",
        )
    },
    Twin {
        settings: || vec![("pattern.token_ttl_ms", 10_800_000.into())],
        ..Twin::named("three-hours", "tokens live three hours")
    },
    Twin {
        skips: &["random_text"],
        ..Twin::named(
            "counter-tokens",
            "tokens are a fixed word and a number that counts upwards",
        )
    },
];
