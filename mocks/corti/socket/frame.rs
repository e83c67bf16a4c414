//! The messages that the vendor sends, one function each.

use serde_json::{Value, json};

use super::Kind;

/// The status of a configuration that was taken.
pub(super) const ACCEPTED: &str = "CONFIG_ACCEPTED";

/// A status of the configuration: `CONFIG_ACCEPTED` and its like.
pub(super) fn status(kind: &str) -> Value {
    json!({ "type": kind })
}

/// A status with the reason for it.
pub(super) fn status_because(kind: &str, reason: &str) -> Value {
    json!({ "type": kind, "reason": reason })
}

/// `CONFIG_ACCEPTED` with what was configured; /transcribe names its session too.
pub(super) fn accepted(configuration: &Value, session: Option<String>) -> Value {
    let mut message = status(ACCEPTED);
    if let Some(session) = session {
        message["sessionId"] = session.into();
    }
    message["configuration"] = configuration.clone();
    message
}

/// A runtime error.
pub(super) fn error(request: &str, status: u16, title: &str, details: &str) -> Value {
    json!({
        "type": "error",
        "error": { "requestid": request, "title": title, "status": status, "details": details },
    })
}

/// The answer to a flush.
pub(super) fn flushed() -> Value {
    json!({ "type": "flushed" })
}

/// What the session cost, in tenths of a credit.
pub(super) fn usage(tenths: u32) -> Value {
    json!({ "type": "usage", "credits": f64::from(tenths) / 10.0 })
}

/// The last message: `ENDED` on /streams, `ended` on /transcribe.
pub(super) fn ended(kind: Kind) -> Value {
    status(match kind {
        Kind::Streams => "ENDED",
        Kind::Transcribe => "ended",
    })
}
