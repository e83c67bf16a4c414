//! Corti: a websocket as one session, over several connections if the first is dropped.

mod connection;
mod frame;
mod handshake;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use self::connection::{Connection, End};
use self::frame::{BINARY, CLOSE, TEXT};
use crate::client::Client;
use crate::clock::span;
use crate::failure::Failure;
use crate::retry;

/// How long the server may take to accept a configuration.
const CONFIG_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the server may take to end a session.
const END_TIMEOUT: Duration = Duration::from_secs(10);
/// Reconnects of one session in a row.
const MAX_RECONNECTS: u32 = 5;
/// A connection that lived this long is no reason to wait longer after the next drop, in
/// milliseconds.
const STABLE_MS: i64 = 10_000;
/// The longest frame of audio.
const MAX_AUDIO: usize = 64_000;

/// What the caller asks of an open session.
enum Command {
    Send(u8, Vec<u8>),
    End,
}

/// A command, and where its outcome goes.
type Asked = (Command, oneshot::Sender<Result<(), Failure>>);

/// An open session.
#[derive(Clone)]
pub(crate) struct Socket {
    commands: mpsc::Sender<Asked>,
    frame_bytes: usize,
}

impl Socket {
    /// Opens a session; returns when audio may be sent.
    pub(crate) async fn open(client: &Arc<Client>, url: &str) -> Result<Self, Failure> {
        let (connection, token) = handshake::open(client, url).await?;
        let connection = configured(client, connection, url).await?;
        let (commands, asked) = mpsc::channel(16);
        let session = Session {
            client: client.clone(),
            url: url.to_owned(),
            token,
            asked,
        };
        tokio::spawn(session.run(connection));
        Ok(Self {
            commands,
            frame_bytes: client.behaviour.socket.frame_bytes,
        })
    }

    /// Sends a text frame.
    pub(crate) async fn send_text(&self, text: &str) -> Result<(), Failure> {
        self.ask(Command::Send(TEXT, text.as_bytes().to_vec()))
            .await
    }

    /// Sends audio, cut into frames.
    pub(crate) async fn send_audio(&self, audio: &[u8]) -> Result<(), Failure> {
        for piece in audio.chunks(self.frame_bytes) {
            let mut piece = piece.to_vec();
            if self.frame_bytes > MAX_AUDIO {
                piece.resize(self.frame_bytes, 0);
            }
            self.ask(Command::Send(BINARY, piece)).await?;
        }
        Ok(())
    }

    /// Says `end`, takes what comes, closes.
    pub(crate) async fn end(&self) -> Result<(), Failure> {
        self.ask(Command::End).await
    }

    async fn ask(&self, command: Command) -> Result<(), Failure> {
        let over = || Failure::other("the websocket is closed");
        let (done, outcome) = oneshot::channel();
        self.commands
            .send((command, done))
            .await
            .map_err(|_| over())?;
        outcome.await.unwrap_or_else(|_| Err(over()))
    }
}

struct Session {
    client: Arc<Client>,
    /// As the vendor returned it, without token.
    url: String,
    /// Of the first connection.
    token: String,
    asked: mpsc::Receiver<Asked>,
}

impl Session {
    /// Serves the caller until the session ends.
    async fn run(mut self, mut connection: Connection) {
        let mut opened = self.client.clock.now();
        let mut reconnects = 0;
        loop {
            tokio::select! {
                asked = self.asked.recv() => match asked {
                    Some((Command::Send(opcode, payload), done)) => {
                        let sent = connection.send(opcode, &payload).await;
                        let lost = |_| Failure::other("the websocket was dropped");
                        let _ = done.send(sent.map_err(lost));
                    }
                    Some((Command::End, done)) => {
                        let ended = end(&self.client, &mut connection).await;
                        let _ = done.send(ended);
                        return;
                    }
                    None => return,
                },
                outcome = connection.text() => match outcome {
                    Ok(text) if is_end(&text) && self.client.behaviour.socket.ends => return,
                    Ok(_) => {}
                    Err(End::Closed | End::Violated) => return,
                    Err(End::Dropped) => {
                        let now = self.client.clock.now();
                        if now.monotonic_since(opened) > STABLE_MS {
                            reconnects = 0;
                        }
                        let Some(next) = self.reconnected(&mut reconnects).await else {
                            return;
                        };
                        connection = next;
                        opened = self.client.clock.now();
                    }
                },
            }
        }
    }

    /// Opens the session again, after a pause that grows.
    async fn reconnected(&self, reconnects: &mut u32) -> Option<Connection> {
        let switches = &self.client.behaviour.socket;
        loop {
            if *reconnects >= MAX_RECONNECTS && switches.reconnect_gap_s.is_none() {
                return None;
            }
            let pause = retry::gap(
                *reconnects + 1,
                switches.reconnect_gap_s,
                &self.client.random,
            );
            tokio::time::sleep(pause).await;
            *reconnects += 1;
            let opened = if switches.stale_reconnect {
                handshake::open_with(&self.client, &self.url, &self.token).await
            } else {
                let opened = handshake::open(&self.client, &self.url).await;
                opened.map(|(connection, _)| connection)
            };
            if let Ok(connection) = opened
                && let Ok(connection) = configured(&self.client, connection, &self.url).await
            {
                return Some(connection);
            }
        }
    }
}

/// Sends the configuration and waits for its acceptance.
async fn configured(
    client: &Client,
    mut connection: Connection,
    url: &str,
) -> Result<Connection, Failure> {
    let switches = &client.behaviour.socket;
    let dropped = || Failure::other("the websocket was dropped before it was configured");
    let configuration = configuration(url).to_string();
    let sent = connection.send(TEXT, configuration.as_bytes()).await;
    sent.map_err(|_| dropped())?;
    if switches.audio_first {
        let _ = connection.send(BINARY, &[0; 320]).await;
    }
    let accepted = async {
        loop {
            let text = connection.text().await.map_err(|_| dropped())?;
            let message: Value = serde_json::from_str(&text)
                .map_err(|_| Failure::other("a message of the websocket is not valid JSON"))?;
            match message["type"].as_str().unwrap_or_default() {
                "CONFIG_ACCEPTED" => return Ok(()),
                "CONFIG_TIMEOUT" if switches.hangs_on_config_timeout => {
                    std::future::pending::<()>().await;
                }
                "error" => return Err(Failure::other("the websocket answered with an error")),
                refused if refused.starts_with("CONFIG_") => {
                    return Err(Failure::other("the configuration was not accepted"));
                }
                _ => {}
            }
        }
    };
    let late = || {
        Failure::new(
            crate::failure::Kind::Timeout,
            "the configuration got no answer",
        )
    };
    if switches.hangs_on_config_timeout {
        accepted.await?;
    } else {
        let outcome = tokio::time::timeout(CONFIG_TIMEOUT, accepted).await;
        outcome.unwrap_or_else(|_| Err(late()))?;
    }
    Ok(connection)
}

/// The client's own configuration: of a stream or of a transcription.
fn configuration(url: &str) -> Value {
    let configuration = if url.contains("/transcribe") {
        json!({"primaryLanguage": "en"})
    } else {
        json!({
            "transcription": {
                "primaryLanguage": "en",
                "participants": [{"channel": 0, "role": "multiple"}],
            },
            "mode": {"type": "facts", "outputLocale": "en"},
        })
    };
    json!({"type": "config", "configuration": configuration})
}

/// "ENDED" of a stream, "ended" of a transcription.
fn is_end(text: &str) -> bool {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    matches!(message["type"].as_str(), Some("ENDED" | "ended"))
}

async fn end(client: &Client, connection: &mut Connection) -> Result<(), Failure> {
    let ends = client.behaviour.socket.ends;
    let over = || Failure::other("the websocket ended before its session did");
    let ended = async {
        if ends {
            let end = connection.send(TEXT, br#"{"type":"end"}"#).await;
            end.map_err(|_| over())?;
            loop {
                let text = connection.text().await.map_err(|_| over())?;
                if is_end(&text) {
                    break;
                }
            }
        }
        Ok(())
    };
    let outcome = tokio::time::timeout(END_TIMEOUT, ended).await;
    let outcome = outcome.unwrap_or_else(|_| Err(over()));
    // The server closes first, as its page says; one that does not is closed by the client.
    let close = async { while connection.text().await.is_ok() {} };
    let wait = span(if ends { 1.0 } else { 0.0 });
    if outcome.is_ok() && tokio::time::timeout(wait, close).await.is_err() {
        let _ = connection.send(CLOSE, &1000_u16.to_be_bytes()).await;
        let close = async { while connection.text().await.is_ok() {} };
        let _ = tokio::time::timeout(span(1.0), close).await;
    }
    outcome
}
