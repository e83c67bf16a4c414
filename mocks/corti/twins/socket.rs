//! Evil twins that are wrong once a websocket is open, or should not be.

use locum_server::Twin;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        pardons: |_, denial| denial.reason == "no_socket_token",
        takes: |_, token, _| token.is_empty(),
        ..Twin::named(
            "ws-open-to-all",
            "a websocket without a token gets CONFIG_ACCEPTED",
        )
    },
    Twin {
        skips: &["serve_socket"],
        ..Twin::named(
            "ws-closes-at-once",
            "every websocket is closed right after the 101",
        )
    },
];
