//! What a client answers, and what it comes to when it does not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a client says of itself in answer to `hello`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientHello {
    /// What it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The language that it is written in.
    pub language: String,
    /// The version of the protocol that it will use.
    pub proto: String,
    /// The requests that it takes, by their `op`.
    pub ops: Vec<String>,
    /// The capabilities that it claims: `concurrency`, `clock_offset`, …
    pub caps: Vec<String>,
}

impl ClientHello {
    /// Whether it takes requests called `op`; a capability brings its own along.
    pub fn takes(&self, op: &str) -> bool {
        let cap = match op {
            "clock" => "clock_offset",
            other => other,
        };
        self.ops.iter().any(|known| known == op) || self.claims(cap)
    }

    /// Whether it claims the capability `cap`.
    pub fn claims(&self, cap: &str) -> bool {
        self.caps.iter().any(|known| known == cap)
    }
}

/// What a client answers, without the id of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientReply {
    /// Whether it went well in the client's view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// The HTTP status that it saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `auth`, `network`, `timeout`, `tls`, `throttled`, `challenge` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The handle of a socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ws: Option<String>,
    /// The op that it does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<String>,
}

impl ClientReply {
    /// It went well, perhaps with a status.
    pub fn done(status: Option<u16>) -> Self {
        Self {
            ok: Some(true),
            status,
            ..Self::default()
        }
    }

    /// It did not.
    pub fn failed(error: &str, status: Option<u16>, message: &str) -> Self {
        Self {
            ok: Some(false),
            status,
            error: Some(error.to_owned()),
            message: Some(message.to_owned()),
            ..Self::default()
        }
    }

    /// The client has no such request.
    pub fn unsupported(op: &str) -> Self {
        Self {
            unsupported: Some(op.to_owned()),
            ..Self::default()
        }
    }

    /// `ok` with a status below 400 or none.
    pub fn succeeded(&self) -> bool {
        self.ok == Some(true) && self.status.is_none_or(|status| status < 400)
    }
}

/// What comes out of a client besides its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientOutput {
    /// A line that it printed.
    Line {
        /// Where.
        stream: OutputStream,
        /// The line, without its line feed.
        text: Vec<u8>,
    },
    /// So many lines that were not kept: it prints faster than anybody reads.
    Lost(usize),
    /// What is wrong with its shim, in words.
    ShimFault(String),
}

/// Where a client prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

/// Why a client answers no more: none of its own words, so no part of `locum/1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{kind}: {why}")]
pub struct ClientGone {
    /// In which way it went.
    pub kind: Departure,
    /// What the system says of it.
    pub why: String,
}

/// In which way a client went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// It could not be started, or did not say hello.
    NotStarted,
    /// It ended by itself, or by a signal that it did not get from the harness.
    Crashed,
    /// It closed the connection and lives on, or its end is not known.
    HungUp,
    /// It did not answer in time.
    NoReply,
    /// It ended in order before it was asked: a program that makes fewer calls than it was told to.
    Ended,
}

impl Departure {
    /// In words: `the client crashed`, …
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotStarted => "the client did not start",
            Self::Crashed => "the client crashed",
            Self::HungUp => "the client hung up",
            Self::NoReply => "the client did not answer",
            Self::Ended => "the client ended",
        }
    }
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn check<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T, written: &str) {
        assert_eq!(
            serde_json::to_string(value).expect("it is written"),
            written
        );
        let read: T = serde_json::from_str(written).expect("it is read");
        assert_eq!(read, *value);
    }

    #[test]
    fn each_reply_is_written_and_read() {
        check(&ClientReply::done(None), r#"{"ok":true}"#);
        check(&ClientReply::done(Some(204)), r#"{"ok":true,"status":204}"#);
        check(
            &ClientReply::failed("throttled", Some(429), "slow down"),
            r#"{"ok":false,"status":429,"error":"throttled","message":"slow down"}"#,
        );
        check(
            &ClientReply::unsupported("ws_open"),
            r#"{"unsupported":"ws_open"}"#,
        );
        let opened = ClientReply {
            ws: Some("ws-1".to_owned()),
            ..ClientReply::done(None)
        };
        check(&opened, r#"{"ok":true,"ws":"ws-1"}"#);
        let more: ClientReply =
            serde_json::from_str(r#"{"id":3,"ok":true,"later":1}"#).expect("read");
        assert_eq!(more, ClientReply::done(None));
    }

    #[test]
    fn a_hello_is_written_and_read() {
        let hello = ClientHello {
            name: "acme".to_owned(),
            version: "3.2".to_owned(),
            language: "python".to_owned(),
            proto: "locum/1".to_owned(),
            ops: vec!["call".to_owned()],
            caps: vec!["concurrency".to_owned()],
        };
        check(
            &hello,
            r#"{"name":"acme","version":"3.2","language":"python","proto":"locum/1","ops":["call"],"caps":["concurrency"]}"#,
        );
        assert!(hello.takes("call") && !hello.takes("revoke"));
        assert!(hello.claims("concurrency") && !hello.claims("cancel"));
    }

    #[test]
    fn a_departure_is_written_and_read() {
        let gone = ClientGone {
            kind: Departure::HungUp,
            why: "end of file".to_owned(),
        };
        check(&gone, r#"{"kind":"hung_up","why":"end of file"}"#);
        assert_eq!(gone.to_string(), "the client hung up: end of file");
    }

    #[test]
    fn a_call_succeeded_when_its_status_says_so_too() {
        assert!(ClientReply::done(Some(204)).succeeded());
        assert!(ClientReply::done(None).succeeded());
        assert!(!ClientReply::done(Some(404)).succeeded());
        assert!(!ClientReply::failed("auth", None, "").succeeded());
        assert!(!ClientReply::unsupported("ws_open").succeeded());
    }
}
