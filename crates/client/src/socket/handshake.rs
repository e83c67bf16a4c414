//! The upgrade (RFC 6455 §4.1), over the client's own HTTP: same TLS, no redirects, and errors
//! that do not name the URL, which holds the token.

use std::fmt::Write as _;

use http::header::{CONNECTION, HeaderName, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use locum_core::profile::SocketFacts;
use reqwest::{Response, Upgraded, Url};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::client::Inner;
use crate::error::Error;
use crate::wire;

const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const ACCEPTED: HeaderName = HeaderName::from_static("sec-websocket-accept");
const VERSION: HeaderName = HeaderName::from_static("sec-websocket-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("sec-websocket-extensions");
const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");

/// Opens the connection; a token that is refused is renewed once.
pub(super) async fn upgrade(
    inner: &Inner,
    facts: &SocketFacts,
    url: &str,
) -> Result<WebSocketStream<Upgraded>, Error> {
    let url = wire::address(url)?;
    wire::guard(&url)?;
    let known = |base: &Url| wire::same_origin(&url, base);
    if !known(&inner.api) && !inner.ws.as_ref().is_some_and(known) {
        return Err(Error::Refused("the socket is on another origin"));
    }
    let mut renewed = false;
    loop {
        let family = inner.family.load_full();
        let entry = family.tokens(&inner.issuer).await?;
        let mut url = url.clone();
        append(&mut url, facts, entry.value.access.expose());
        let key = inner.issuer.nonce();
        let response = inner.wire.open(Method::GET, url, ask(&key), None).await?;
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => return accept(response, &key).await,
            StatusCode::UNAUTHORIZED if !renewed => {
                renewed = true;
                family.tokens.invalidate(entry.generation);
            }
            status => return Err(refusal(status)),
        }
    }
}

/// Appends the token to a query that may be there already, with its space as `%20`: a `+` is a
/// space to some readers only.
fn append(url: &mut Url, facts: &SocketFacts, token: &str) {
    let mut query = url.query().unwrap_or_default().to_owned();
    if !query.is_empty() {
        query.push('&');
    }
    let encode = |text| percent_encoding::utf8_percent_encode(text, &QUERY_VALUE);
    let (prefix, token) = (encode(&facts.token_prefix), encode(token));
    write!(query, "{}={prefix}{token}", facts.token_parameter).expect("a String takes everything");
    url.set_query(Some(&query));
}

/// Everything but unreserved characters (RFC 3986 §2.3).
const QUERY_VALUE: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn ask(key: &str) -> HeaderMap {
    let key = HeaderValue::from_str(key).expect("base64 is plain text");
    HeaderMap::from_iter([
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (VERSION, HeaderValue::from_static("13")),
        (KEY, key),
    ])
}

/// Checks the answer as RFC 6455 §4.1 wants it, the end of its list included: an extension or a
/// subprotocol that nobody asked for fails the connection.
async fn accept(response: Response, key: &str) -> Result<WebSocketStream<Upgraded>, Error> {
    let headers = response.headers();
    let holds = |name: &HeaderName, word: &str| {
        let values = headers.get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case(word))
    };
    let right = headers.get(&ACCEPTED).is_some_and(|value| {
        value.as_bytes().trim_ascii() == derive_accept_key(key.as_bytes()).as_bytes()
    });
    let extra = headers.contains_key(&EXTENSIONS) || headers.contains_key(&PROTOCOL);
    if !right || extra || !holds(&UPGRADE, "websocket") || !holds(&CONNECTION, "upgrade") {
        return Err(Error::Socket("the answer to the upgrade breaks RFC 6455"));
    }
    let upgraded = response
        .upgrade()
        .await
        .map_err(|error| Error::from_http(&error))?;
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
}

fn refusal(status: StatusCode) -> Error {
    let status_code = status.as_u16();
    match status_code {
        401 | 403 => Error::Auth {
            what: "token",
            code: status_code.to_string(),
            status: status_code,
        },
        429 | 503 => Error::Throttled {
            status: status_code,
            wait: None,
        },
        _ => Error::Status {
            what: "the upgrade",
            code: status_code.to_string(),
            status: status_code,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        let facts = SocketFacts {
            token_parameter: "token".into(),
            token_prefix: "Bearer ".into(),
            max_frame: 64_000,
        };
        let mut url = wire::address(url).expect("a URL");
        append(&mut url, &facts, "a.b-c_d+/");
        assert_eq!(url.as_str(), expected);
    }

    #[test]
    fn the_token_is_appended_with_a_space_that_every_reader_knows() {
        check(
            "ws://127.0.0.1:1/s?tenant-name=base",
            "http://127.0.0.1:1/s?tenant-name=base&token=Bearer%20a.b-c_d%2B%2F",
        );
        check("wss://h/s", "https://h/s?token=Bearer%20a.b-c_d%2B%2F");
    }
}
