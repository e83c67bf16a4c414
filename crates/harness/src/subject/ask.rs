//! The messages of `locum/1`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One request to a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Ask {
    /// Make the instance `client`, or replace it.
    New {
        /// The handle.
        client: String,
        /// The vendor.
        vendor: String,
        /// Addresses and credentials.
        config: Map<String, Value>,
    },
    /// One API call through the client's normal path.
    Call {
        /// The handle.
        client: String,
        /// The method.
        method: String,
        /// Appended to the API's address as it stands.
        path: String,
        /// The body, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// `none`, `text` or `stream`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_kind: Option<String>,
        /// The caller's own limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
    },
    /// Reads a list to its end.
    List {
        /// The handle.
        client: String,
        /// Appended to the API's address as it stands.
        path: String,
    },
    /// Revokes what the instance holds.
    Revoke {
        /// The handle.
        client: String,
    },
    /// Answers an open challenge.
    ChangePassword {
        /// The handle.
        client: String,
        /// What to change it to.
        new_password: String,
    },
    /// New credentials for a living instance.
    SetCredentials {
        /// The handle.
        client: String,
        /// The members that change.
        config: Map<String, Value>,
    },
    /// Sets the distance of the client's clocks from real time.
    Clock {
        /// The handle.
        client: String,
        /// Seconds.
        offset_s: f64,
        /// Which of its clocks.
        which: Which,
    },
    /// Opens a websocket and sends the client's own configuration.
    WsOpen {
        /// The handle.
        client: String,
        /// As the vendor returned it, without a token.
        url: String,
    },
    /// Sends audio, base64.
    WsSend {
        /// The handle of the socket.
        ws: String,
        /// The audio.
        base64: String,
    },
    /// Ends a session as the client does when it is done.
    WsClose {
        /// The handle of the socket.
        ws: String,
    },
    /// Forgets the instance.
    Drop {
        /// The handle.
        client: String,
    },
}

/// Which of a client's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Time has passed.
    Both,
    /// A suspend, or a corrected clock.
    Wall,
}

/// What a client answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// Whether it went well in the client's view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
    /// The HTTP status that it saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `auth`, `network`, `timeout`, `tls`, `throttled`, `challenge` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The handle of a socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ws: Option<String>,
    /// The op that it does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsupported: Option<String>,
}

impl Answer {
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

    /// The client has no such thing.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_look_as_the_protocol_says() {
        let ask = Ask::Call {
            client: "a".to_owned(),
            method: "GET".to_owned(),
            path: "/x".to_owned(),
            body: None,
            body_kind: None,
            timeout_ms: None,
        };
        assert_eq!(
            serde_json::to_string(&ask).expect("json"),
            r#"{"op":"call","client":"a","method":"GET","path":"/x"}"#
        );
        let answer = Answer::failed("throttled", Some(429), "slow down");
        assert_eq!(
            serde_json::to_string(&answer).expect("json"),
            r#"{"ok":false,"status":429,"error":"throttled","message":"slow down"}"#
        );
        assert!(!answer.succeeded());
        assert!(Answer::done(Some(204)).succeeded());
        assert!(!Answer::done(Some(404)).succeeded());
        assert!(!Answer::unsupported("ws_open").succeeded());
    }
}
