//! Corti's evil twins.

mod realm;

use std::sync::LazyLock;

use bytes::Bytes;
use locum_server::{Reply, Request, Twin};
use serde_json::{Value, json};

/// All of them.
pub(super) static ALL: LazyLock<Vec<Twin>> = LazyLock::new(|| [TWINS, realm::TWINS].concat());

/// One thing wrong each.
const TWINS: &[Twin] = &[
    Twin {
        rewrite: |_, request, reply| {
            let is_tenant = |name: &str| name.eq_ignore_ascii_case("tenant-name");
            let mut lines = request.lines.iter();
            match lines.any(|(name, _)| is_tenant(name) && name != "Tenant-Name") {
                true => Reply::json(403, &json!({"detail": "The tenant is not named"})),
                false => reply,
            }
        },
        ..Twin::named(
            "tenant-header-case",
            "only the spelling Tenant-Name is found",
        )
    },
    Twin {
        rewrite: |_, _, reply| {
            opened_with(
                reply,
                "sec-websocket-accept",
                "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            )
        },
        ..Twin::named("ws-wrong-accept", "Sec-WebSocket-Accept is wrong")
    },
    Twin {
        rewrite: |_, _, mut reply| {
            reply
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("sec-websocket-version"));
            reply
        },
        ..Twin::named(
            "ws-version-silent",
            "a wrong version is refused without Sec-WebSocket-Version",
        )
    },
    Twin {
        rewrite: |_, _, reply| opened_with(reply, "sec-websocket-protocol", "chat"),
        ..Twin::named(
            "ws-forced-protocol",
            "a subprotocol is selected that was not offered",
        )
    },
    Twin {
        rewrite: |_, _, reply| opened_with(reply, "sec-websocket-extensions", "permessage-deflate"),
        ..Twin::named(
            "always-deflate",
            "the 101 names permessage-deflate whether offered or not",
        )
    },
    Twin {
        pardons: |_, denial| {
            denial.reason == "bad_socket_key" && denial.got.as_deref() != Some("none")
        },
        ..Twin::named("ws-any-key", "a key of 10 bytes gets 101")
    },
    Twin {
        rewrite: |_, request, reply| match lists_connection(request) {
            true => Reply::status(400),
            false => reply,
        },
        ..Twin::named(
            "connection-exact",
            "Connection must be the one word Upgrade",
        )
    },
    Twin {
        pardons: |_, denial| denial.reason == "unknown_realm",
        ..Twin::named(
            "any-tenant",
            "every realm name behaves like the first tenant",
        )
    },
    Twin {
        rewrite: |endpoint, _, reply| match (endpoint, reply.status.as_u16()) {
            ("token", 200) => in_milliseconds(reply),
            _ => reply,
        },
        ..Twin::named(
            "lifetime-in-ms",
            "expires_in is 300000, the token still lives 300 s",
        )
    },
    Twin {
        pardons: |endpoint, denial| endpoint == "revoke" && denial.reason == "unmatching_clients",
        ..Twin::named(
            "revoke-foreign",
            "a client can revoke the tokens of another",
        )
    },
    Twin {
        skips: &["own_interactions"],
        ..Twin::named(
            "shared-interactions",
            "an interaction can be read by other clients",
        )
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

/// A 101 with this header besides, or in place of its own.
fn opened_with(reply: Reply, name: &str, value: &str) -> Reply {
    match reply.status.as_u16() {
        101 => reply.set_header(name, value),
        _ => reply,
    }
}

/// Whether an upgrade is asked for by more than one word.
fn lists_connection(request: &Request) -> bool {
    let mut lines = request.lines.iter();
    lines.any(|(name, value)| {
        name.eq_ignore_ascii_case("connection")
            && value.contains(',')
            && value.to_ascii_lowercase().contains("upgrade")
    })
}
