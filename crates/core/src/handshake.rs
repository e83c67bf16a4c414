//! An attempt to speak TLS with a mock, as the control API shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How an attempt to speak TLS ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandshakeResult {
    /// TLS is established.
    Ok,
    /// The client sent an alert (RFC 8446 §6): what it did not accept.
    Refused,
    /// The client went away without a word.
    Closed,
    /// The client's first byte was no handshake: it spoke in plain text.
    Plain,
    /// The client took too long.
    Timeout,
    /// What the client sent is no TLS of the versions and suites that were offered.
    Failed,
    /// The mock closed the connection on purpose.
    BrokenOff,
    /// The client went on with a version that is no longer used, which the mock chose on purpose.
    WentOn,
}

/// One attempt to speak TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handshake {
    /// Counts those of a server from 1.
    pub id: u64,
    /// When it ended, by the machine's clock.
    pub ended: Timestamp,
    /// The certificate that was shown: `good`, `expired`, …
    pub certificate: String,
    /// The host that the client asked for (RFC 6066 §3).
    pub server_name: Option<String>,
    /// How it ended.
    pub result: HandshakeResult,
    /// The client's alert, or why it failed.
    pub detail: Option<String>,
    /// Requests over the connection: none where a client refuses a certificate after the handshake.
    pub requests: u64,
}
