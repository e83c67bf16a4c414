//! Refusals of the API, in one of the three shapes that Corti's pages and SDKs show.

use http::StatusCode;
use locum_core::{Denial, DenialKind, template};
use locum_server::{Mock, Reply};
use serde_json::{Map, Value, json};

/// A denial of the API or of a socket's upgrade, before it is worded.
#[derive(Debug)]
pub(super) struct Refusal {
    denial: Denial,
    /// The row of the denial table, where it is not the denial's own.
    look: Option<&'static str>,
    /// The status that a setting gives it.
    status: Option<u16>,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self {
            denial,
            look: None,
            status: None,
        }
    }
}

impl Refusal {
    /// A refused bearer token: whatever is wrong with it, the reply looks alike.
    pub(super) fn token(denial: Denial) -> Self {
        let look = match denial.reason.as_str() {
            // RFC 6750 §3.1: "If the request lacks any authentication information […] the resource
            // server SHOULD NOT include an error code".
            "no_token" | "no_socket_token" | "wrong_scheme" => "api_no_token",
            "repeated_header" | "malformed_header" | "token_twice" => "api_malformed_credentials",
            _ => "api_invalid_token",
        };
        Self {
            look: Some(look),
            ..Self::from(denial)
        }
    }

    /// The same with the status that a setting names.
    #[must_use]
    pub(super) const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same, looking like `look` in the denial table.
    #[must_use]
    pub(super) const fn look(mut self, look: &'static str) -> Self {
        self.look = Some(look);
        self
    }

    /// The reply to a request for `path`; `tenant` names the realm of the challenge.
    pub(super) fn into_reply(self, mock: &Mock, path: &str, tenant: &str) -> Reply {
        let look = match self.look {
            Some("api_invalid_token") if mock.setting_is("invalid_token_style", "403_A0004") => {
                "api_invalid_token_2025"
            }
            Some(look) => look,
            None => self.denial.reason.as_str(),
        };
        let table = mock.profile().denials.get(look);
        let status = self.status.or(table.map(|look| look.status));
        let challenge = template::fill_from(
            &mock.setting_text("rest_401_challenge"),
            &[
                ("tenant", tenant),
                ("description", description(self.denial.kind)),
            ],
        );
        let mut shown = self.denial.clone();
        look.clone_into(&mut shown.reason);
        let shown = shown
            .param("requestid", mock.uuid())
            .param("status", status.unwrap_or(400).to_string())
            .param("tenant", tenant)
            .param("challenge", challenge)
            .param("path", path);
        let mut reply = Reply::denied(mock.profile(), shown);
        if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
            reply.status = status;
        }
        restyle(&mut reply, &mock.setting_text("rest_error_style"), path);
        reply.denial = Some(self.denial);
        reply
    }
}

/// The words of `error_description`; Corti's own are not public.
const fn description(kind: DenialKind) -> &'static str {
    match kind {
        DenialKind::Expired => "The access token expired",
        DenialKind::Revoked => "The access token was revoked",
        DenialKind::Malformed => "The access token is malformed",
        _ => "The access token is invalid",
    }
}

/// Turns a body of today's shape into that of `style`.
fn restyle(reply: &mut Reply, style: &str, path: &str) {
    let Ok(Value::Object(now)) = serde_json::from_slice(&reply.body) else {
        return;
    };
    if !now.contains_key("detail") {
        return;
    }
    let title = reply.status.canonical_reason().unwrap_or_default();
    let styled = match style {
        "2025" => json!({
            "requestid": now["requestid"],
            "type": now["type"],
            "status": now["status"],
            "title": title,
            "details": now["detail"],
            "instance": path,
        }),
        "common" => common(&now),
        _ => return,
    };
    reply.body = styled.to_string().into();
}

/// The shape of the newer resources.
fn common(now: &Map<String, Value>) -> Value {
    let mut error = Map::new();
    error.insert("code".into(), now["type"].clone());
    error.insert("message".into(), now["detail"].clone());
    if let Some(errors) = now.get("validationErrors") {
        error.insert("details".into(), json!({ "validationErrors": errors }));
    }
    error.insert("requestId".into(), now["requestid"].clone());
    json!({ "error": error })
}
