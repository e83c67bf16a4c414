//! Evil twins of a vendor made of one file.

use locum_core::DenialKind;
use locum_server::Twin;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        pardons: |_, denial| denial.kind == DenialKind::BadSecret,
        ..Twin::named("any-secret", "every secret and password gives a token")
    },
    Twin {
        pardons: |_, denial| denial.reason == "expired_token",
        ..Twin::named("never-expires", "access tokens never end")
    },
    Twin {
        life_percent: 95,
        ..Twin::named(
            "token-ends-early",
            "an access token is refused after 95 percent of its life",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "revoked_token",
        ..Twin::named("revoked-works", "a revoked access token is served")
    },
    Twin {
        skips: &["revoke"],
        ..Twin::named("no-revocation", "a revocation is answered and does nothing")
    },
    Twin {
        skips: &["revoke_family"],
        ..Twin::named(
            "reuse-unpunished",
            "a code or refresh token that comes again ends nothing",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "spent_refresh_token",
        ..Twin::named("refresh-reusable", "an old refresh token works again")
    },
    Twin {
        pardons: |_, denial| denial.reason == "foreign_token",
        ..Twin::named("anyone-revokes", "a client revokes another's tokens")
    },
    Twin {
        pardons: |_, denial| denial.reason == "repeated_parameter",
        ..Twin::named("repeat-accepted", "a repeated parameter is accepted")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => reply.set_header("cache-control", "private"),
            _ => reply,
        },
        ..Twin::named("no-no-store", "the token reply may be cached")
    },
];
