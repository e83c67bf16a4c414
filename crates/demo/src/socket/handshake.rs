//! The opening handshake: RFC 6455 §4.1.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::connection::Connection;
use crate::behaviour::HandshakeChecks;
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::http::{Reader, Reply, Request, Url, write};
use crate::login::fault_failure;

/// RFC 6455 §1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Opens a connection to `url` with a good token; one that is refused is replaced once.
pub(super) async fn open(client: &Arc<Client>, url: &str) -> Result<(Connection, String), Failure> {
    let switches = &client.behaviour.socket;
    let held = client.tokens.peek().filter(|_| switches.any_age);
    let mut entry = match held {
        Some(entry) => entry,
        None => client.token().await?,
    };
    for second in [false, true] {
        let token = &entry.value().access;
        let target = with_token(client, url, token)?;
        let outcome = upgrade(client, &target, token).await;
        let refused = matches!(&outcome, Err(failure) if failure.status == Some(401));
        if refused {
            client.tokens.refuse(entry.generation);
        }
        if !refused || second || !switches.second_try {
            return outcome.map(|connection| (connection, token.clone()));
        }
        entry = client.token().await?;
    }
    unreachable!("the second turn returns")
}

/// Opens a connection to `url` with that token.
pub(super) async fn open_with(
    client: &Arc<Client>,
    url: &str,
    token: &str,
) -> Result<Connection, Failure> {
    upgrade(client, &with_token(client, url, token)?, token).await
}

/// "wss://{stream-url}&token=Bearer {access_token}"
fn with_token(client: &Client, url: &str, token: &str) -> Result<Url, Failure> {
    let switches = &client.behaviour.socket;
    let mut url = Url::parse(url)?;
    if !switches.keeps_tenant {
        let (path, query) = url.target.split_once('?').unwrap_or((&url.target, ""));
        let kept: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.starts_with("tenant-name="))
            .collect();
        url.target = format!("{path}?{}", kept.join("&"));
    }
    let pair = format!("token={}{token}", switches.token_prefix);
    if switches.second_question_mark {
        url.target.push_str(&format!("?{pair}"));
    } else {
        url.add_query(&pair);
    }
    Ok(url)
}

async fn upgrade(client: &Client, url: &Url, token: &str) -> Result<Connection, Failure> {
    let switches = &client.behaviour.socket;
    let key = STANDARD.encode(if switches.fixed_key {
        *b"locum-demo-key-1"
    } else {
        client.random.bytes::<16>()
    });
    let mut request = Request::new("GET", url.clone())
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Key", &*key)
        .header("Sec-WebSocket-Version", switches.version.to_string());
    if switches.header_token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    crate::log::debug(|| format!("GET {} (upgrade)", url.shown()));
    let shown = |failure: Failure| told(client, failure, url);
    let failed = |fault: crate::http::Fault| shown(fault_failure(&fault));
    let mut stream = client.http.connect(url).await.map_err(failed)?;
    let _ = write(&mut *stream, &request).await;
    let mut reader = Reader::new(&mut *stream);
    let reply = reader.head().await.map_err(failed)?;
    let rest = std::mem::take(&mut reader.buffer);
    if (300..400).contains(&reply.status)
        && client.behaviour.follow.socket_redirects
        && let Some(location) = reply.header("location")
    {
        let next = with_token(client, location, token)?;
        return Box::pin(upgrade(client, &next, token)).await;
    }
    if reply.status != 101 {
        let kind = if reply.status == 401 {
            Kind::Auth
        } else {
            Kind::Other
        };
        let failure = Failure::new(kind, "the websocket was refused");
        return Err(shown(failure.status(reply.status)));
    }
    if !agrees(&reply, &key, switches.handshake) {
        return Err(shown(Failure::other("the answer to the upgrade is wrong")));
    }
    Ok(Connection::new(client, stream, rest))
}

/// Whether the 101 answers this request.
fn agrees(reply: &Reply, key: &str, checks: HandshakeChecks) -> bool {
    let is = |name: &str, value: &str| {
        let words = reply.header(name).unwrap_or_default().split(',');
        words
            .map(str::trim)
            .any(|word| word.eq_ignore_ascii_case(value))
    };
    let accept = STANDARD.encode(digest(
        &SHA1_FOR_LEGACY_USE_ONLY,
        format!("{key}{GUID}").as_bytes(),
    ));
    let accepted = reply.header("sec-websocket-accept") == Some(&accept);
    let upgraded = is("upgrade", "websocket") && is("connection", "upgrade");
    let offered = ["sec-websocket-extensions", "sec-websocket-protocol"];
    let nothing_added = offered.iter().all(|name| reply.header(name).is_none());
    match checks {
        HandshakeChecks::All => accepted && upgraded && nothing_added,
        HandshakeChecks::AcceptOnly => accepted,
        HandshakeChecks::NotAccept => upgraded && nothing_added,
    }
}

fn told(client: &Client, mut failure: Failure, url: &Url) -> Failure {
    if client.behaviour.tell.error_has_socket_url {
        let shown = format!("{}: ws://{}{}", failure.message, url.authority, url.target);
        failure.message = shown;
    }
    failure
}
