//! How the session of a socket ends, and what it stands.

use std::future::Future;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use locum_client::{Error, ErrorKind, Socket};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::sockets::{Behavior, handshake, profile};
use super::vendor::{Vendor, client_credentials, token};

type Server = WebSocketStream<TcpStream>;

const MIB: usize = 1 << 20;

/// Opens a socket; once its configuration is accepted, the server goes on as the test says.
async fn open<T: Send + 'static, F: Future<Output = T> + Send>(
    max_frame: usize,
    go_on: impl FnOnce(Server) -> F + Send + 'static,
) -> (Socket, JoinHandle<T>) {
    let vendor = Vendor::new(|n, _| token(n)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let mut config = vendor.config(client_credentials());
    config.ws_url = Some(url.clone());
    let server = tokio::spawn(async move {
        let (_, mut server) = handshake(&listener, Behavior::Honest).await;
        server.next().await.expect("a message").expect("a frame");
        send(&mut server, &json!({"type": "CONFIG_ACCEPTED"})).await;
        go_on(server).await
    });
    let max_frame = u64::try_from(max_frame).expect("small");
    let client = vendor.client_with(&profile(max_frame), config);
    let socket = client.open_socket(&url, json!({})).await.expect("open");
    (socket, server)
}

async fn send(server: &mut Server, message: &Value) {
    let text = Message::text(message.to_string());
    server.send(text).await.expect("sent");
}

/// A message whose text takes a little less than `size` bytes.
fn message(size: usize) -> Value {
    json!({"type": "transcript", "text": "x".repeat(size - 1024)})
}

/// Reads to the end; returns the code that the client closed with.
async fn close_code(mut server: Server) -> Option<CloseCode> {
    let mut code = None;
    while let Some(Ok(message)) = server.next().await {
        if let Message::Close(frame) = message {
            code = frame.map(|frame| frame.code);
        }
    }
    code
}

/// For a session that would not end.
async fn within<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, future).await.expect("an end")
}

async fn closed_with(code: u16, expected: Option<Result<Value, Error>>) {
    let (mut socket, _server) = open(4, move |mut server| async move {
        let (code, reason) = (code.into(), "".into());
        server.close(Some(CloseFrame { code, reason })).await
    })
    .await;
    assert_eq!(within(socket.next()).await, expected, "{code}");
    assert_eq!(within(socket.next()).await, None, "{code}");
}

#[tokio::test]
async fn a_close_code_that_means_a_failure_is_an_error() {
    closed_with(1000, None).await;
    closed_with(1001, None).await;
    closed_with(1008, Some(Err(Error::SocketClosed(1008)))).await;
    closed_with(1011, Some(Err(Error::SocketClosed(1011)))).await;
    closed_with(4401, Some(Err(Error::SocketClosed(4401)))).await;
}

#[tokio::test]
async fn a_connection_that_ends_without_a_close_is_lost() {
    let (mut socket, _server) = open(4, |server| async move { drop(server) }).await;
    let error = within(socket.next()).await.expect("a reason");
    assert_eq!(error.expect_err("lost").kind(), ErrorKind::Network);
    assert_eq!(within(socket.next()).await, None);
}

/// RFC 6455 §5.5.1: an endpoint that receives a close frame sends one in answer.
#[tokio::test]
async fn the_vendors_close_is_answered_with_a_close() {
    let (mut socket, server) = open(4, |mut server| async move {
        let (code, reason) = (CloseCode::Normal, "".into());
        let close = Some(CloseFrame { code, reason });
        server.close(close).await.expect("sent");
        close_code(server).await
    })
    .await;
    assert_eq!(within(socket.next()).await, None);
    let code = within(server).await.expect("no panic");
    assert_eq!(code, Some(CloseCode::Normal));
}

#[tokio::test]
async fn a_violation_is_answered_with_its_close_code() {
    let (mut socket, server) = open(4, |mut server| async move {
        // A reserved bit is set.
        let stream = server.get_mut();
        stream.write_all(&[0b1100_0001, 0]).await.expect("sent");
        close_code(server).await
    })
    .await;
    let error = within(socket.next()).await.expect("a reason");
    assert_eq!(error, Err(Error::Socket("the vendor violates RFC 6455")));
    let code = within(server).await.expect("no panic");
    assert_eq!(code, Some(CloseCode::Protocol));
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_session() {
    let (mut socket, server) = open(4, |mut server| async move {
        // The client may close before all of it is sent.
        let text = Message::text(message(5 * MIB).to_string());
        let _ = server.send(text).await;
        close_code(server).await
    })
    .await;
    let error = within(socket.next()).await.expect("a reason");
    assert_eq!(error.expect_err("too large").kind(), ErrorKind::Malformed);
    let _ = within(server).await;
}

#[tokio::test]
async fn a_caller_that_never_reads_loses_the_session_and_learns_why() {
    let (mut socket, server) = open(4, |mut server| async move {
        for _ in 0..5 {
            send(&mut server, &message(4 * MIB)).await;
        }
        close_code(server).await
    })
    .await;
    let code = within(server).await.expect("no panic");
    assert_eq!(code, Some(CloseCode::Policy));
    for _ in 0..4 {
        assert!(matches!(within(socket.next()).await, Some(Ok(_))));
    }
    let reason = within(socket.next()).await;
    assert!(matches!(reason, Some(Err(Error::Socket(_)))), "{reason:?}");
    assert_eq!(within(socket.next()).await, None);
}

#[tokio::test]
async fn the_end_of_a_session_is_bounded_in_bytes() {
    let (socket, server) = open(4, |mut server| async move {
        server.next().await.expect("a message").expect("`end`");
        let text = Message::text(message(4 * MIB).to_string());
        while server.send(text.clone()).await.is_ok() {}
    })
    .await;
    let error = within(socket.finish()).await.expect_err("no end");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    // It reads nothing, so the closing handshake would take its whole time limit.
    server.abort();
}

#[tokio::test]
async fn an_end_that_comes_too_late_says_why() {
    let (socket, server) = open(4, |mut server| async move {
        let (code, reason) = (CloseCode::Policy, "".into());
        let _ = server.close(Some(CloseFrame { code, reason })).await;
        close_code(server).await
    })
    .await;
    // The session is over before `end` is sent.
    within(server).await.expect("no panic");
    let outcome = within(socket.finish()).await;
    assert_eq!(outcome, Err(Error::SocketClosed(1008)));
}

#[tokio::test]
async fn neither_end_waits_until_the_other_has_sent_all() {
    let (mut socket, server) = open(16 * MIB, |mut server| async move {
        // The audio begins to come; nothing of it is read before all messages are sent.
        server.get_ref().peek(&mut [0]).await.expect("audio");
        for _ in 0..3 {
            send(&mut server, &message(4 * MIB)).await;
        }
        let audio = server.next().await.expect("a message");
        (audio.expect("a frame").len(), server)
    })
    .await;
    let audio = vec![0; 16 * MIB];
    within(socket.send_audio(&audio)).await.expect("sent");
    for _ in 0..3 {
        assert!(matches!(within(socket.next()).await, Some(Ok(_))));
    }
    let (length, _server) = within(server).await.expect("no panic");
    assert_eq!(length, 16 * MIB);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_stops_reading_is_given_up() {
    let (socket, server) = open(64 * MIB, |server| async move {
        std::future::pending::<()>().await;
        drop(server);
    })
    .await;
    let outcome = socket.send_audio(&vec![0; 64 * MIB]).await;
    assert!(matches!(outcome, Err(Error::Timeout(_))), "{outcome:?}");
    server.abort();
}
