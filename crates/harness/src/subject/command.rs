//! What a client is asked for: the requests of `locum/1`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The newest version of the protocol that the harness speaks.
pub const PROTOCOL: &str = "locum/1";

/// One request to a client, without its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum ClientCommand {
    /// Who it is and what it can do; always the first.
    Hello {
        /// The newest version that the harness speaks: [`PROTOCOL`].
        proto: String,
        /// The vendor of the run.
        vendor: String,
    },
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
        /// Further header lines.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
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
        /// The caller's own limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
    },
    /// Creates one object with all that belongs to it.
    Create {
        /// The handle.
        client: String,
        /// Appended to the API's address as it stands.
        path: String,
        /// The caller's own limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
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
        #[serde(default)]
        which: ClockSelection,
    },
    /// Gives up the request with this id.
    Cancel {
        /// The id of the request.
        target: u64,
    },
    /// Opens a websocket and sends the client's own configuration.
    WsOpen {
        /// The handle.
        client: String,
        /// As the vendor returned it, without a token.
        url: String,
        /// The caller's own limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
    },
    /// Sends one text frame, or audio that the client cuts into frames as it always does.
    WsSend {
        /// The handle of the socket.
        ws: String,
        /// The text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The audio, in base64.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
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

/// Which of a client's clocks are shifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSelection {
    /// All of them: time has passed.
    #[default]
    Both,
    /// The wall clock alone: a suspend, or a corrected clock.
    Wall,
}

impl ClientCommand {
    /// One GET through the client's normal path.
    pub fn get(client: &str, path: impl Into<String>) -> Self {
        Self::call(client, "GET", path, None)
    }

    /// One API call, with a body or without.
    pub fn call(client: &str, method: &str, path: impl Into<String>, body: Option<String>) -> Self {
        Self::Call {
            client: client.to_owned(),
            method: method.to_owned(),
            path: path.into(),
            headers: BTreeMap::new(),
            body,
            body_kind: None,
            timeout_ms: None,
        }
    }

    /// The handle of the instance that it is for, if it is for one.
    pub(crate) fn handle(&self) -> Option<&str> {
        match self {
            Self::New { client, .. }
            | Self::Call { client, .. }
            | Self::List { client, .. }
            | Self::Create { client, .. }
            | Self::Revoke { client }
            | Self::ChangePassword { client, .. }
            | Self::SetCredentials { client, .. }
            | Self::Clock { client, .. }
            | Self::WsOpen { client, .. }
            | Self::Drop { client } => Some(client),
            Self::Hello { .. }
            | Self::Cancel { .. }
            | Self::WsSend { .. }
            | Self::WsClose { .. } => None,
        }
    }

    /// The same, to be changed.
    pub(crate) const fn handle_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::New { client, .. }
            | Self::Call { client, .. }
            | Self::List { client, .. }
            | Self::Create { client, .. }
            | Self::Revoke { client }
            | Self::ChangePassword { client, .. }
            | Self::SetCredentials { client, .. }
            | Self::Clock { client, .. }
            | Self::WsOpen { client, .. }
            | Self::Drop { client } => Some(client),
            Self::Hello { .. }
            | Self::Cancel { .. }
            | Self::WsSend { .. }
            | Self::WsClose { .. } => None,
        }
    }

    /// Whether the client has to talk to the vendor to carry it out.
    pub(crate) const fn reaches_vendor(&self) -> bool {
        !matches!(
            self,
            Self::Hello { .. }
                | Self::New { .. }
                | Self::SetCredentials { .. }
                | Self::Clock { .. }
                | Self::Cancel { .. }
                | Self::Drop { .. }
        )
    }

    /// Its name in the protocol: `new`, `call`, …
    pub const fn op(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::New { .. } => "new",
            Self::Call { .. } => "call",
            Self::List { .. } => "list",
            Self::Create { .. } => "create",
            Self::Revoke { .. } => "revoke",
            Self::ChangePassword { .. } => "change_password",
            Self::SetCredentials { .. } => "set_credentials",
            Self::Clock { .. } => "clock",
            Self::Cancel { .. } => "cancel",
            Self::WsOpen { .. } => "ws_open",
            Self::WsSend { .. } => "ws_send",
            Self::WsClose { .. } => "ws_close",
            Self::Drop { .. } => "drop",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A request is read from what the protocol shows, and written as it was.
    fn check(written: &Value) {
        let command: ClientCommand = serde_json::from_value(written.clone()).expect("it is read");
        assert_eq!(
            serde_json::to_value(&command).expect("it is written"),
            *written
        );
        assert_eq!(command.op(), written["op"]);
    }

    #[test]
    fn each_request_is_read_and_written() {
        for request in [
            json!({"op": "hello", "proto": PROTOCOL, "vendor": "pattern"}),
            json!({"op": "new", "client": "a", "vendor": "pattern", "config": {"api_url": "http://h"}}),
            json!({"op": "call", "client": "a", "method": "GET", "path": "/x"}),
            json!({"op": "call", "client": "a", "method": "POST", "path": "/x",
                "headers": {"X-Trace": "1"}, "body": "{}", "body_kind": "stream", "timeout_ms": 5}),
            json!({"op": "list", "client": "a", "path": "/x"}),
            json!({"op": "create", "client": "a", "path": "/x", "timeout_ms": 5}),
            json!({"op": "revoke", "client": "a"}),
            json!({"op": "change_password", "client": "a", "new_password": "p"}),
            json!({"op": "set_credentials", "client": "a", "config": {"client_secret": "s"}}),
            json!({"op": "clock", "client": "a", "offset_s": 1.5, "which": "wall"}),
            json!({"op": "cancel", "target": 3}),
            json!({"op": "ws_open", "client": "a", "url": "ws://h/s"}),
            json!({"op": "ws_send", "ws": "ws-1", "base64": "AA=="}),
            json!({"op": "ws_send", "ws": "ws-1", "text": "{}"}),
            json!({"op": "ws_close", "ws": "ws-1"}),
            json!({"op": "drop", "client": "a"}),
        ] {
            check(&request);
        }
    }

    #[test]
    fn a_call_is_written_in_the_order_of_the_protocol() {
        assert_eq!(
            serde_json::to_string(&ClientCommand::get("a", "/x")).expect("it is written"),
            r#"{"op":"call","client":"a","method":"GET","path":"/x"}"#
        );
    }

    #[test]
    fn what_a_client_does_not_know_is_passed_over() {
        let clock = json!({"op": "clock", "client": "a", "offset_s": 1.0, "later": true});
        let read: ClientCommand = serde_json::from_value(clock).expect("it is read");
        assert!(matches!(
            read,
            ClientCommand::Clock {
                which: ClockSelection::Both,
                ..
            }
        ));
    }
}
