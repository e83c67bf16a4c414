use futures_util::{SinkExt as _, StreamExt as _};
use locum_client::{Error, ErrorKind};
use locum_core::Profile;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{WebSocketStream, tungstenite};

use super::vendor::{CannedReply, Vendor, client_credentials, plain, token};

pub(crate) fn profile(max_frame: u64) -> Profile {
    let mut profile = plain();
    profile.socket = Some(locum_core::profile::SocketFacts {
        token_parameter: "token".into(),
        token_prefix: "Bearer ".into(),
        max_frame,
        ..Default::default()
    });
    profile
}

/// What the server does after the head of the handshake request.
#[derive(Clone, Copy)]
pub(crate) enum Behavior {
    Honest,
    Denies,
    Masks,
    WrongKey,
    Extension,
    Refuses,
}

/// Accepts a connection and answers its handshake; returns the head of the request, too.
pub(crate) async fn handshake(
    listener: &TcpListener,
    behavior: Behavior,
) -> (String, WebSocketStream<TcpStream>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a byte"));
    }
    let head = String::from_utf8(head).expect("ASCII");
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("sec-websocket-key: "));
    let mut accept = tungstenite::handshake::derive_accept_key(key.expect("a key").as_bytes());
    if let Behavior::WrongKey = behavior {
        accept.make_ascii_uppercase();
    }
    let extra = match behavior {
        Behavior::Extension => "sec-websocket-extensions: permessage-deflate\r\n",
        _ => "",
    };
    let reply = match behavior {
        Behavior::Refuses => "HTTP/1.1 403 X\r\ncontent-length: 0\r\n\r\n".to_owned(),
        _ => format!(
            "HTTP/1.1 101 X\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
             sec-websocket-accept: {accept}\r\n{extra}\r\n"
        ),
    };
    stream.write_all(reply.as_bytes()).await.expect("written");
    // A server that masks plays the client's role.
    let role = match behavior {
        Behavior::Masks => Role::Client,
        _ => Role::Server,
    };
    (
        head,
        WebSocketStream::from_raw_socket(stream, role, None).await,
    )
}

/// A websocket server; returns the head of the request and the messages received.
async fn serve(listener: TcpListener, behavior: Behavior) -> (String, Vec<Message>) {
    let (head, mut socket) = handshake(&listener, behavior).await;
    let mut received = Vec::new();
    if let Behavior::Refuses = behavior {
        return (head, received);
    }
    let answer = match behavior {
        Behavior::Denies => "CONFIG_DENIED",
        _ => "CONFIG_ACCEPTED",
    };
    if let Behavior::Masks = behavior {
        let _ = socket
            .send(Message::text(format!(r#"{{"type":"{answer}"}}"#)))
            .await;
    }
    while let Some(Ok(message)) = socket.next().await {
        let text = message.to_text().unwrap_or_default().to_owned();
        received.push(message);
        if text.contains("\"config\"") {
            let _ = socket.send(Message::Ping(vec![7; 8].into())).await;
            let _ = socket
                .send(Message::text(format!(r#"{{"type":"{answer}"}}"#)))
                .await;
        } else if text.contains("\"end\"") {
            let _ = socket.send(Message::text(r#"{"type":"usage"}"#)).await;
            let _ = socket.send(Message::text(r#"{"type":"ended"}"#)).await;
        }
    }
    (head, received)
}

async fn open(
    behavior: Behavior,
) -> (
    Result<locum_client::Socket, Error>,
    tokio::task::JoinHandle<(String, Vec<Message>)>,
) {
    let vendor = Vendor::new(|n, _| token(n)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("ws://{}", listener.local_addr().expect("an address"));
    let mut config = vendor.config(client_credentials());
    config.ws_url = Some(base.clone());
    let client = vendor.client_with(&profile(4), config);
    let server = tokio::spawn(serve(listener, behavior));
    let url = format!("{base}/streams?tenant-name=base");
    (client.open_socket(&url, json!({"a": 1})).await, server)
}

#[tokio::test]
async fn a_session_goes_from_configuration_to_end() {
    let (socket, server) = open(Behavior::Honest).await;
    let socket = socket.expect("open");
    socket.send_audio(b"123456789").await.expect("sent");
    let rest = socket.finish().await.expect("ended");
    assert_eq!(rest, [json!({"type": "usage"}), json!({"type": "ended"})]);
    let (head, received) = server.await.expect("no panic");
    assert!(head.starts_with("GET /streams?tenant-name=base&token=Bearer%20tok1 HTTP/1.1\r\n"));
    assert!(!head.to_ascii_lowercase().contains("authorization"));
    let config = json!({"type": "config", "configuration": {"a": 1}}).to_string();
    assert_eq!(received[0], Message::text(config));
    assert!(received.contains(&Message::Pong(vec![7; 8].into())));
    let audio: Vec<usize> = received
        .iter()
        .filter(|m| m.is_binary())
        .map(Message::len)
        .collect();
    assert_eq!(audio, [4, 4, 1]);
    assert!(received.last().is_some_and(Message::is_close));
}

async fn refused(behavior: Behavior) -> Error {
    let (socket, _server) = open(behavior).await;
    socket.expect_err("refused")
}

#[tokio::test]
async fn every_failure_to_open_is_an_error() {
    let denied = Error::Socket("the configuration was refused");
    assert_eq!(refused(Behavior::Denies).await, denied);
    let broken = Error::Socket("the vendor violates RFC 6455");
    assert_eq!(refused(Behavior::Masks).await, broken);
    let upgrade = Error::Socket("the handshake response violates RFC 6455");
    assert_eq!(refused(Behavior::WrongKey).await, upgrade);
    assert_eq!(refused(Behavior::Extension).await, upgrade);
    assert_eq!(refused(Behavior::Refuses).await.kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_other_origins_get_none() {
    let vendor = Vendor::new(|n, seen| match seen.target.as_str() {
        "/token" => token(n),
        _ => CannedReply::new(401, ""),
    })
    .await;
    let client = vendor.client(&profile(4));
    let own = format!("{}/streams", vendor.base.replace("http:", "ws:"));
    let error = client
        .open_socket(&own, json!({}))
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!((vendor.count("/token"), vendor.count("/streams")), (2, 2));
    let outcome = client
        .open_socket("ws://127.0.0.1:9/streams", json!({}))
        .await;
    assert!(matches!(outcome, Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_throttled_handshake_says_how_long_to_wait() {
    let vendor = Vendor::new(|n, seen| match seen.target.as_str() {
        "/token" => token(n),
        _ => CannedReply::new(503, "").with("retry-after", "7"),
    })
    .await;
    let url = format!("{}/streams", vendor.base.replace("http:", "ws:"));
    let client = vendor.client(&profile(4));
    let error = client.open_socket(&url, json!({})).await;
    let wait = Some(std::time::Duration::from_secs(7));
    assert_eq!(
        error.expect_err("throttled"),
        Error::Throttled { status: 503, wait }
    );
}
