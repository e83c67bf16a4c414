//! The opening handshake (RFC 6455 §4.1) over the client's own HTTP: same TLS, no redirects, and
//! errors without the URL, which holds the token.

use std::fmt::Write as _;
use std::sync::Arc;

use http::header::{CONNECTION, HeaderName, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use locum_core::Timestamp;
use locum_core::profile::SocketFacts;
use reqwest::{Response, Upgraded, Url};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{SocketEndpoint, connection};
use crate::address;
use crate::error::Error;
use crate::grant::{self, Issuer};
use crate::retry::retry_after;
use crate::session::CredentialSession;

const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");
const VERSION: HeaderName = HeaderName::from_static("sec-websocket-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("sec-websocket-extensions");
const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");

/// Opens the connection; after a 401 the token is renewed once.
pub(super) async fn upgrade(
    endpoint: &SocketEndpoint,
    issuer: &Arc<Issuer>,
    session: &Arc<CredentialSession>,
    url: &str,
) -> Result<WebSocketStream<Upgraded>, Error> {
    let url = address::parse(url).ok_or(Error::Refused("the socket's URL is not a ws(s) URL"))?;
    address::require_confidential(&url)?;
    let same_origin = |base: &Url| address::same_origin(&url, base);
    if !same_origin(&endpoint.api_url) && !endpoint.ws_url.as_ref().is_some_and(same_origin) {
        return Err(Error::Refused("the socket's URL is on another origin"));
    }
    let mut renewed = false;
    loop {
        let entry = grant::tokens(issuer, session).await?;
        let mut url = url.clone();
        append_token(&mut url, &endpoint.facts, entry.value.access.expose());
        let key = issuer.websocket_key();
        let headers = request_headers(&key);
        let response = issuer
            .transport
            .open(Method::GET, url, headers, None)
            .await?;
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => return accept(response, &key).await,
            StatusCode::UNAUTHORIZED if !renewed => {
                renewed = true;
                session.tokens.invalidate(entry.generation);
            }
            _ => return Err(error_of(&response, issuer.clock.now())),
        }
    }
}

/// Appends the token to the query, a space in it as `%20`: not every parser reads a `+` as one.
fn append_token(url: &mut Url, facts: &SocketFacts, token: &str) {
    let mut query = url.query().unwrap_or_default().to_owned();
    if !query.is_empty() {
        query.push('&');
    }
    let encode = |text| percent_encoding::utf8_percent_encode(text, &QUERY_VALUE);
    let (prefix, token) = (encode(&facts.token_prefix), encode(token));
    write!(query, "{}={prefix}{token}", facts.token_parameter)
        .expect("writing to a String cannot fail");
    url.set_query(Some(&query));
}

/// Everything but unreserved characters (RFC 3986 §2.3).
const QUERY_VALUE: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn request_headers(key: &str) -> HeaderMap {
    let key = HeaderValue::from_str(key).expect("base64 is visible ASCII");
    HeaderMap::from_iter([
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (VERSION, HeaderValue::from_static("13")),
        (KEY, key),
    ])
}

/// Checks the response by RFC 6455 §4.1: its headers, and that it names no extension or subprotocol,
/// since none was requested.
async fn accept(response: Response, key: &str) -> Result<WebSocketStream<Upgraded>, Error> {
    let headers = response.headers();
    let contains = |name: &HeaderName, token: &str| {
        let values = headers.get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|listed| listed.trim().eq_ignore_ascii_case(token))
    };
    let accept_matches = headers.get(&ACCEPT).is_some_and(|value| {
        value.as_bytes().trim_ascii() == derive_accept_key(key.as_bytes()).as_bytes()
    });
    let unrequested = headers.contains_key(&EXTENSIONS) || headers.contains_key(&PROTOCOL);
    if !accept_matches
        || unrequested
        || !contains(&UPGRADE, "websocket")
        || !contains(&CONNECTION, "upgrade")
    {
        return Err(Error::Socket("the handshake response violates RFC 6455"));
    }
    let upgraded = response
        .upgrade()
        .await
        .map_err(|error| Error::from_http(&error))?;
    let config = Some(connection::config());
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, config).await)
}

/// The error that a response other than 101 stands for.
fn error_of(response: &Response, now: Timestamp) -> Error {
    let status = response.status().as_u16();
    let code = status.to_string();
    match status {
        401 | 403 => Error::Auth {
            what: "token",
            code,
            status,
        },
        429 | 503 => Error::Throttled {
            status,
            wait: retry_after(response.headers(), now),
        },
        _ => Error::Status {
            what: "the websocket handshake",
            code,
            status,
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
            ..SocketFacts::default()
        };
        let mut url = address::parse(url).expect("a URL");
        append_token(&mut url, &facts, "a.b-c_d+/");
        assert_eq!(url.as_str(), expected);
    }

    #[test]
    fn the_token_is_appended_with_its_space_as_percent_20() {
        check(
            "ws://127.0.0.1:1/s?tenant-name=base",
            "http://127.0.0.1:1/s?tenant-name=base&token=Bearer%20a.b-c_d%2B%2F",
        );
        check("wss://h/s", "https://h/s?token=Bearer%20a.b-c_d%2B%2F");
    }
}
