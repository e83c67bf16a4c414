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
        pardons: |endpoint, denial| endpoint == "streams" && denial.reason == "not_own_interaction",
        ..Twin::named(
            "ws-shared-interactions",
            "a stream opens for other clients of the tenant",
        )
    },
    Twin {
        pardons: |endpoint, denial| {
            let unknown = ["unknown_interaction", "malformed_interaction_id"];
            endpoint == "streams" && unknown.contains(&denial.reason.as_str())
        },
        ..Twin::named(
            "ws-any-interaction",
            "a stream opens for an interaction that does not exist",
        )
    },
    Twin {
        skips: &["say_flushed"],
        ..Twin::named("ws-flush-silent", "a flush is answered with nothing")
    },
    Twin {
        skips: &["close_denied"],
        ..Twin::named(
            "ws-denied-open",
            "a websocket whose configuration was denied stays open",
        )
    },
    Twin {
        skips: &["say_reason"],
        ..Twin::named(
            "ws-denied-without-reason",
            "a configuration is denied without a reason",
        )
    },
    Twin {
        skips: &["say_usage"],
        ..Twin::named("ws-no-usage", "a session ends without a usage message")
    },
    Twin {
        skips: &["say_ended"],
        ..Twin::named("ws-no-ended", "a session ends without a word of it")
    },
    Twin {
        skips: &["keep_configured"],
        ..Twin::named(
            "ws-one-configuration",
            "a second configuration ends the websocket",
        )
    },
    Twin {
        pardons: |endpoint, denial| {
            matches!(endpoint, "transcribe" | "streams") && denial.reason == "no_tenant"
        },
        ..Twin::named(
            "ws-any-tenant",
            "a websocket opens without the name of the tenant",
        )
    },
    Twin {
        skips: &["config_deadline"],
        ..Twin::named(
            "ws-patient",
            "a websocket waits for its configuration without end",
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
