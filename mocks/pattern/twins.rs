//! Pattern's evil twins.

use locum_core::DenialKind;
use locum_server::Twin;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
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
        skips: &["random_text"],
        ..Twin::named(
            "counter-tokens",
            "tokens are a fixed word and a number that counts upwards",
        )
    },
];
