//! Requests for an upgrade to a websocket, each open to one change, on connections of their own.

use super::oauth::unknown;
use crate::Error;
use crate::caller::SocketRequest;
use crate::evidence::{Operation, RecordId, UpgradeVariation, Variation};
use crate::http::{self, Request, Url, Wire};
use crate::run::context::ScenarioContext;
use crate::run::manners::Turn;

/// A path on which nobody serves a websocket; the query of the socket stays.
const UNKNOWN_PATH: &str = "/x-locum";

/// A connection on which a websocket is spoken, and what came on it already.
pub(super) struct Upgraded {
    pub(super) wire: Box<dyn Wire>,
    pub(super) came: Vec<u8>,
    /// Nobody else has a connection meanwhile.
    #[expect(dead_code, reason = "it is held")]
    turn: Option<Turn>,
}

#[cfg(test)]
impl Upgraded {
    /// A connection of a test's own.
    pub(super) fn on(wire: impl Wire + 'static) -> Self {
        Self {
            wire: Box::new(wire),
            came: Vec::new(),
            turn: None,
        }
    }
}

impl ScenarioContext {
    /// Asks for an upgrade of the socket at `place`, with the one thing changed that `variation`
    /// names, and leaves.
    pub async fn ask_for_upgrade(
        &mut self,
        place: &str,
        variation: &Variation,
    ) -> Result<(), Error> {
        let change = match variation {
            Variation::Documented => None,
            Variation::Upgrade(change) => Some(*change),
            other => return Err(unknown("upgrade", other)),
        };
        let Some((url, mut request)) = self.upgrade_request(place)? else {
            return Ok(());
        };
        if let Some(change) = change {
            vary(change, &mut request);
        }
        let operation = Operation::Upgrade;
        self.upgraded(operation, variation, &url, request).await;
        Ok(())
    }

    /// The documented request for an upgrade of the socket at `place`, with the latest token.
    pub(super) fn upgrade_request(&mut self, place: &str) -> Result<Option<(Url, Request)>, Error> {
        let facts = self.profile.socket.clone();
        let facts = facts.ok_or_else(|| Error::Step("this vendor has no sockets".to_owned()))?;
        let Some(url) = self.socket_url(place)? else {
            return Ok(None);
        };
        let Ok(token) = self.token().map(|held| held.value.clone()) else {
            self.log
                .limitation("there was no token to open a socket with");
            return Ok(None);
        };
        let open = SocketRequest {
            url: url.clone(),
            token: Some(format!("{}{}", facts.token_prefix, token.expose())),
        };
        Ok(Some((url, open.request(&facts))))
    }

    /// Sends and writes down; the connection, where the vendor agreed.
    pub(super) async fn upgraded(
        &mut self,
        operation: Operation,
        variation: &Variation,
        url: &Url,
        mut request: Request,
    ) -> (RecordId, Option<Upgraded>) {
        if !request.omits.contains(&"Host") {
            let host = ("Host".to_owned(), url.authority());
            request.headers.insert(0, host);
        }
        let seq = self.log.request(operation, None, variation, &request);
        let (turn, shaken) = match self.turn(false).await {
            Ok(turn) => {
                let (trust, timeout) = (&self.target.trust, self.manners.reply_timeout);
                let shaken = http::handshake(url, &request, trust, timeout).await;
                self.gate.learn(&shaken, variation.is_documented());
                (turn, shaken)
            }
            Err(error) => (None, Err(error)),
        };
        match shaken {
            Ok((reply, upgraded)) => {
                self.log.reply(seq, Ok(&reply));
                let upgraded = upgraded.map(|(wire, came)| Upgraded { wire, came, turn });
                (seq, upgraded)
            }
            Err(error) => {
                self.log.reply(seq, Err(&error));
                (seq, None)
            }
        }
    }
}

/// Changes one thing of the request for an upgrade.
fn vary(change: UpgradeVariation, request: &mut Request) {
    let mut without = |name: &'static str| {
        request.headers.retain(|(known, _)| known != name);
        request.omits.push(name);
    };
    match change {
        UpgradeVariation::NoUpgrade => without("Upgrade"),
        UpgradeVariation::NoConnection => without("Connection"),
        UpgradeVariation::NoKey => without("Sec-WebSocket-Key"),
        UpgradeVariation::NoVersion => without("Sec-WebSocket-Version"),
        UpgradeVariation::NoHost => without("Host"),
        UpgradeVariation::Post => "POST".clone_into(&mut request.method),
        UpgradeVariation::Http10 => request.is_http10 = true,
        // The base64 of `ten bytes!`.
        UpgradeVariation::ShortKey => set(request, "Sec-WebSocket-Key", "dGVuIGJ5dGVzIQ=="),
        UpgradeVariation::KeyNotBase64 => {
            set(request, "Sec-WebSocket-Key", "not base64, not at all!!");
        }
        UpgradeVariation::OtherVersion => set(request, "Sec-WebSocket-Version", "12"),
        UpgradeVariation::LaterVersion => set(request, "Sec-WebSocket-Version", "14"),
        UpgradeVariation::UnknownPath => {
            let query = request.target.find('?').unwrap_or(request.target.len());
            request.target.insert_str(query, UNKNOWN_PATH);
        }
        // Its place says which one.
        UpgradeVariation::UnknownInteraction => {}
        UpgradeVariation::UpgradeInOtherCase => set(request, "Upgrade", "WebSocket"),
        UpgradeVariation::ConnectionInOtherCase => set(request, "Connection", "upgrade"),
        UpgradeVariation::ConnectionList => set(request, "Connection", "keep-alive, Upgrade"),
        UpgradeVariation::UnknownExtension => offer(request, "x-locum"),
        UpgradeVariation::Deflate => offer(request, "permessage-deflate"),
        UpgradeVariation::DeflateWithWindow => {
            offer(request, "permessage-deflate; client_max_window_bits");
        }
        UpgradeVariation::Subprotocol => request
            .headers
            .push(("Sec-WebSocket-Protocol".to_owned(), "x-locum".to_owned())),
    }
}

fn offer(request: &mut Request, extension: &str) {
    let header = ("Sec-WebSocket-Extensions".to_owned(), extension.to_owned());
    request.headers.push(header);
}

fn set(request: &mut Request, name: &str, to: &str) {
    for (known, value) in &mut request.headers {
        if known == name {
            to.clone_into(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of the changed request, and what of the documented one is not in it.
    fn check(change: UpgradeVariation, gained: &str, lost: &str) {
        let bytes = |request: &Request| String::from_utf8(request.bytes("h")).expect("ASCII");
        let documented = http::upgrade("/s?t=1");
        let mut request = documented.clone();
        vary(change, &mut request);
        let (before, after) = (bytes(&documented), bytes(&request));
        assert!(
            after.contains(gained) && !before.contains(gained),
            "{after}"
        );
        assert!(before.contains(lost) && !after.contains(lost), "{after}");
    }

    #[test]
    fn each_variation_changes_one_thing() {
        let without = |change, lost: &str| {
            let mut request = http::upgrade("/s");
            vary(change, &mut request);
            let head = String::from_utf8(request.bytes("h")).expect("ASCII");
            assert!(!head.contains(lost), "{head}");
            assert_eq!(head.lines().count(), 6, "{head}");
        };
        without(UpgradeVariation::NoUpgrade, "Upgrade: ");
        without(UpgradeVariation::NoConnection, "Connection");
        without(UpgradeVariation::NoKey, "Key");
        without(UpgradeVariation::NoVersion, "Version");
        without(UpgradeVariation::NoHost, "Host");
        check(UpgradeVariation::Post, "POST /s", "GET");
        check(UpgradeVariation::Http10, "HTTP/1.0", "HTTP/1.1");
        check(UpgradeVariation::UnknownPath, "/s/x-locum?t=1", "/s?");
        check(UpgradeVariation::OtherVersion, "Version: 12", "Version: 13");
        check(UpgradeVariation::LaterVersion, "Version: 14", "Version: 13");
        check(
            UpgradeVariation::ConnectionList,
            "keep-alive, Upgrade",
            "Connection: Upgrade",
        );
    }
}
