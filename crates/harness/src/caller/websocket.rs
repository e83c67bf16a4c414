//! Websockets that the harness opens itself.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use locum_core::Secret;
use locum_core::profile::Profile;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::oauth::unknown;
use crate::Error;
use crate::caller::{SocketRequest, vary_token};
use crate::catalogue::Supplied;
use crate::evidence::{
    Opcode, Operation, Other, RecordId, Side, SocketVariation, Variation, percent,
};
use crate::http::{self, Opening, Url, Wire};
use crate::run::context::ScenarioContext;

/// A vendor answers a configuration at once; one that does not has not answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// So many messages may come before the answer to the configuration.
const MAX_MESSAGES: usize = 16;

impl ScenarioContext {
    /// From now on the socket at `place` is told this first; the empty place stands for each socket
    /// without a configuration of its own.
    pub fn configure_sockets(&mut self, place: &str, configuration: &str) -> Result<(), Error> {
        let configuration = serde_json::from_str(configuration).map_err(|error| {
            Error::Step(format!("the configuration is not valid JSON: {error}"))
        })?;
        self.socket_configs.insert(place.to_owned(), configuration);
        Ok(())
    }

    /// From now on a session on a socket is asked by this message for what is left over.
    pub fn flush_sockets_with(&mut self, message: &str) -> Result<(), Error> {
        let message = serde_json::from_str(message)
            .map_err(|error| Error::Step(format!("the message is not valid JSON: {error}")))?;
        self.socket_flush = Some(message);
        Ok(())
    }

    /// From now on a session on a socket is ended by this message.
    pub fn end_sockets_with(&mut self, message: &str) -> Result<(), Error> {
        let message = serde_json::from_str(message)
            .map_err(|error| Error::Step(format!("the message is not valid JSON: {error}")))?;
        self.socket_end = Some(message);
        Ok(())
    }

    /// Opens the socket at `place`, a path below the sockets' address or a member of what was
    /// created, with the one thing changed that `variation` names; sends the configuration and reads as
    /// far as its answer.
    pub async fn open_socket(&mut self, place: &str, variation: &Variation) -> Result<(), Error> {
        let facts = self.profile.socket.clone();
        let facts = facts.ok_or_else(|| Error::Step("this vendor has no sockets".to_owned()))?;
        let Some(url) = self.socket_url(place)? else {
            return Ok(());
        };
        let (change, opener) = match variation {
            Variation::Documented => (None, None),
            Variation::Socket(change) => (Some(*change), None),
            Variation::By(other) => (None, Some(*other)),
            Variation::ByOtherTenantNamingTheOwners => (None, Some(Other::Tenant)),
            other => return Err(unknown("socket", other)),
        };
        let is_supplied = || self.target.supplied(Supplied::ExpiredToken).is_some();
        let change = match (self.is_pending, change) {
            (false, change) => change,
            // It stands in for the end that is not waited for.
            (true, Some(SocketVariation::EndedToken)) if is_supplied() => {
                Some(SocketVariation::SuppliedEndedToken)
            }
            (true, _) => return Ok(()),
        };
        let variation = &change.map_or_else(|| variation.clone(), Variation::Socket);
        let (mut url, mut shown) = (url, None);
        if let Some(other) = opener {
            let Some((theirs, token)) = self.other(other).await? else {
                return Ok(());
            };
            if *variation == Variation::By(Other::Tenant) {
                let tenant = Some(theirs.credential("tenant"));
                url.target = with_tenant(&url.target, &self.profile, tenant);
            }
            shown = Some(token);
        }
        if change == Some(SocketVariation::NoTenant) {
            url.target = with_tenant(&url.target, &self.profile, None);
        }
        let token = match shown {
            Some(token) => Some(token),
            None => self.socket_token(change).await?,
        };
        let Some(token) = token else {
            return Ok(());
        };
        let value = match change {
            None => Some(format!("{}{}", facts.token_prefix, token.expose())),
            Some(change) => vary_token(change, &facts.token_prefix, token.expose()),
        };
        if let Some(value) = &value {
            let bare = value.strip_prefix(&facts.token_prefix).unwrap_or(value);
            self.log.hide(bare, "changed token");
        }
        let open = SocketRequest { url, token: value };
        let request = open.request(&facts);
        let seq = self
            .log
            .request(Operation::OpenSocket, None, variation, &request);
        let (_turn, opened) = match self.turn(false).await {
            Ok(turn) => {
                let (trust, timeout) = (&self.target.trust, self.manners.reply_timeout);
                let opened = http::open(&open.url, &request, trust, timeout).await;
                self.gate.learn(&opened, variation.is_documented());
                (turn, opened)
            }
            Err(error) => (None, Err(error)),
        };
        match opened {
            Ok(Opening::Refused(reply)) => {
                self.log.reply(seq, Ok(&reply));
            }
            Ok(Opening::Open(reply, socket)) => {
                self.log.reply(seq, Ok(&reply));
                self.configure(seq, place, *socket).await;
            }
            Err(error) => {
                self.log.reply(seq, Err(&error));
            }
        }
        Ok(())
    }

    /// Where a socket is: never on a host that the caller was not told of beforehand.
    pub(super) fn socket_url(&mut self, place: &str) -> Result<Option<Url>, Error> {
        let base = self.target.url("ws")?.to_owned();
        let text = match place.strip_prefix('/') {
            Some(_) => Some(format!("{base}{}", self.target.fill(place)?)),
            None => self.of_created(place),
        };
        let url = text.and_then(|text| Url::parse(&text).ok());
        let home = Url::parse(&base).map_err(|error| Error::Step(error.to_string()))?;
        match url {
            Some(url) if url.same_origin(&home) => Ok(Some(url)),
            Some(_) => {
                self.log
                    .limitation("the socket is on a host that gets no token");
                Ok(None)
            }
            None => {
                self.log.limitation("there was no socket to open");
                Ok(None)
            }
        }
    }

    async fn socket_token(
        &mut self,
        change: Option<SocketVariation>,
    ) -> Result<Option<Secret>, Error> {
        if change == Some(SocketVariation::OtherTenant) {
            if self.target.supplied(Supplied::AnotherTenant).is_none() {
                // The other openings are judged without it.
                return Ok(None);
            }
            let other = self.other(Other::Tenant).await?;
            return Ok(other.map(|(_, token)| token));
        }
        if change == Some(SocketVariation::IdToken) {
            // The same.
            return Ok(self.id_token.clone());
        }
        if change == Some(SocketVariation::SuppliedEndedToken) {
            let supplied = self.supplied(Supplied::ExpiredToken)?;
            let token = supplied.get("expired_token").and_then(Value::as_str);
            return Ok(token.map(Secret::new));
        }
        let held = match change {
            Some(SocketVariation::EndedToken) => self.first_token(),
            _ => self.token(),
        };
        let token = held.map(|held| held.value.clone()).ok();
        if token.is_none() {
            self.log
                .limitation("there was no token to open a socket with");
        }
        Ok(token)
    }

    /// What the socket at `place` is told first.
    pub(super) fn configuration(&self, place: &str) -> String {
        let own = self.socket_configs.get(place);
        let configuration = own.or_else(|| self.socket_configs.get(""));
        configuration_message(configuration.unwrap_or(&Value::Null))
    }

    async fn configure(
        &mut self,
        seq: RecordId,
        place: &str,
        mut socket: WebSocketStream<Box<dyn Wire>>,
    ) {
        let config = self.configuration(place);
        self.log.frame(seq, Side::Harness, Opcode::Text, &config);
        if socket.send(Message::text(config)).await.is_err() {
            self.log.frame(seq, Side::Vendor, Opcode::Eof, "");
            return;
        }
        for _ in 0..MAX_MESSAGES {
            let Ok(next) = tokio::time::timeout(ANSWER_TIMEOUT, socket.next()).await else {
                self.log.frame(seq, Side::Vendor, Opcode::Silence, "");
                break;
            };
            let (opcode, text) = match next {
                Some(Ok(Message::Text(text))) => (Opcode::Text, text.to_string()),
                Some(Ok(Message::Binary(bytes))) => {
                    (Opcode::Binary, String::from_utf8_lossy(&bytes).into_owned())
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map(|frame| u16::from(frame.code).to_string());
                    (Opcode::Close, code.unwrap_or_default())
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => (Opcode::Eof, String::new()),
            };
            self.log.frame(seq, Side::Vendor, opcode, &text);
            if matches!(opcode, Opcode::Close | Opcode::Eof) || answers_the_configuration(&text) {
                break;
            }
        }
        // What comes of the goodbye is nobody's row here.
        let _ = tokio::time::timeout(ANSWER_TIMEOUT, socket.close(None)).await;
    }
}

/// `target` with the name of another tenant, or without one, where it has one: the parameter is spelled
/// like the header.
fn with_tenant(target: &str, profile: &Profile, tenant: Option<&str>) -> String {
    let name = profile.api.tenant_header.as_deref().unwrap_or_default();
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let pairs = query
        .split('&')
        .filter_map(|pair| match pair.split_once('=') {
            Some((known, _)) if known.eq_ignore_ascii_case(name) => {
                tenant.map(|tenant| format!("{known}={}", percent(tenant, false)))
            }
            _ => Some(pair.to_owned()),
        });
    let pairs: Vec<String> = pairs.collect();
    match pairs.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", pairs.join("&")),
    }
}

/// The message that says this configuration.
pub(super) fn configuration_message(configuration: &Value) -> String {
    json!({"type": "config", "configuration": configuration}).to_string()
}

/// Whether a message is the answer to a configuration.
pub(super) fn answers_the_configuration(text: &str) -> bool {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    let word = message["type"].as_str().unwrap_or_default();
    word.to_ascii_uppercase().starts_with("CONFIG")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_gets_another_value() {
        let profile = crate::testing::profile(|profile| {
            profile.api.tenant_header = Some("Tenant-Name".to_owned());
        });
        let check = |target: &str, expected: &str| {
            assert_eq!(with_tenant(target, &profile, Some("b c")), expected);
        };
        check("/s?x=1&tenant-name=a", "/s?x=1&tenant-name=b%20c");
        check("/s?x=1", "/s?x=1");
        check("/s", "/s");
        let nameless = |target| with_tenant(target, &profile, None);
        assert_eq!(nameless("/s?tenant-name=a&x=1"), "/s?x=1");
        assert_eq!(nameless("/s?tenant-name=a"), "/s");
    }
}
