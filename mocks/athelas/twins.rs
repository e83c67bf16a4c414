//! Athelas' evil twins.

mod accounts;

use std::sync::LazyLock;

use locum_core::DenialKind;
use locum_server::Twin;

/// All of them.
pub(super) static ALL: LazyLock<Vec<Twin>> = LazyLock::new(|| [TWINS, accounts::TWINS].concat());

/// One thing wrong each.
const TWINS: &[Twin] = &[
    Twin {
        pardons: |endpoint, denial| endpoint != "token" && denial.kind == DenialKind::Expired,
        ..Twin::named(
            "accept-expired-token",
            "the API accepts tokens after their exp",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "wrong_password",
        ..Twin::named("any-password", "every non-empty password gives a token")
    },
    Twin {
        pardons: |_, denial| denial.reason == "missing_password",
        ..Twin::named(
            "password-optional",
            "a request without password gives a token",
        )
    },
];
