//! Corti's evil twins.

use bytes::Bytes;
use locum_server::{Reply, Twin};
use serde_json::Value;

/// One thing wrong each.
pub(super) const TWINS: &[Twin] = &[
    Twin {
        pardons: |_, denial| denial.reason == "unknown_realm",
        ..Twin::named("any-tenant", "every realm name behaves like the first tenant")
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => in_milliseconds(reply),
            _ => reply,
        },
        ..Twin::named("lifetime-in-ms", "expires_in is 300000, the token still lives 300 s")
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "revoke" && denial.reason == "unmatching_clients",
        ..Twin::named("revoke-foreign", "a client can revoke the tokens of another")
    },
    Twin {
        skips: &["own_interactions"],
        ..Twin::named("shared-interactions", "an interaction can be read by other clients")
    },
];

fn in_milliseconds(mut reply: Reply) -> Reply {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body)
        && let Some(seconds) = body["expires_in"].as_u64()
    {
        body["expires_in"] = (seconds * 1000).into();
        reply.body = Bytes::from(body.to_string());
    }
    reply
}
