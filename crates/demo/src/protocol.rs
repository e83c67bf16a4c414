//! `locum/1`: one JSON object a line.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// The newest version that this client speaks.
pub(crate) const PROTOCOL: &str = "locum/1";

/// A request: its number, its operation, and all members.
pub(crate) struct Request {
    pub(crate) id: i64,
    pub(crate) op: String,
    pub(crate) members: Value,
}

impl Request {
    /// `None` if the line is not a request.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let members: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            id: members["id"].as_i64()?,
            op: members["op"].as_str()?.to_owned(),
            members,
        })
    }

    /// The members of one operation.
    pub(crate) fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Failure> {
        T::deserialize(&self.members)
            .map_err(|error| Failure::other(format!("the request cannot be read: {error}")))
    }
}

/// Members of `hello`.
#[derive(Deserialize)]
pub(crate) struct Hello {
    #[serde(default)]
    pub(crate) vendor: String,
}

/// Members of `new` and `set_credentials`.
#[derive(Deserialize)]
pub(crate) struct New {
    pub(crate) client: String,
    #[serde(default)]
    pub(crate) vendor: String,
    pub(crate) config: Map<String, Value>,
}

/// How the body of a call is handed over.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BodyKind {
    #[default]
    None,
    Text,
    Stream,
}

/// Members of `call`, `list`, `create`, `revoke` and `change_password`.
#[derive(Deserialize)]
pub(crate) struct Call {
    pub(crate) client: String,
    #[serde(default)]
    pub(crate) method: Option<String>,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[serde(default)]
    pub(crate) body_kind: Option<BodyKind>,
    #[serde(default)]
    pub(crate) timeout_ms: Option<u64>,
    #[serde(default)]
    pub(crate) new_password: Option<String>,
}

/// Members of `ws_open`, `ws_send` and `ws_close`.
#[derive(Deserialize)]
pub(crate) struct SocketCall {
    #[serde(default)]
    pub(crate) client: String,
    #[serde(default)]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) ws: String,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) base64: Option<String>,
    #[serde(default)]
    pub(crate) timeout_ms: Option<u64>,
}

/// Members of `clock`.
#[derive(Deserialize)]
pub(crate) struct SetClock {
    pub(crate) client: String,
    pub(crate) offset_s: f64,
    #[serde(default)]
    pub(crate) which: Option<String>,
}

/// Members of `cancel`.
#[derive(Deserialize)]
pub(crate) struct Cancel {
    pub(crate) target: i64,
}

/// Members of `drop`.
#[derive(Deserialize)]
pub(crate) struct Drop {
    pub(crate) client: String,
}

/// The reply to `id`.
pub(crate) fn reply(id: i64, outcome: Result<Map<String, Value>, Failure>) -> String {
    match outcome {
        Ok(members) => {
            let mut reply = Map::new();
            reply.insert("id".to_owned(), id.into());
            reply.insert("ok".to_owned(), true.into());
            reply.extend(members);
            Value::Object(reply).to_string()
        }
        Err(failure) => {
            let mut reply = json!({
                "id": id, "ok": false, "error": failure.kind.word(), "message": failure.message,
            });
            if let Some(status) = failure.status {
                reply["status"] = status.into();
            }
            reply.to_string()
        }
    }
}

/// The reply to an operation that this client does not have.
pub(crate) fn unsupported(id: i64, op: &str) -> String {
    json!({"id": id, "unsupported": op}).to_string()
}
