//! An open socket: configuration, sound in and words out, the end.

use std::pin::Pin;
use std::time::Duration;

use locum_core::{Timestamp, TokenId, TokenState};
use locum_server::Mock;
use locum_server::socket::{Incoming, Socket};
use locum_server::stage::Stage;
use serde_json::{Map, Value};
use tokio::time::{Sleep, sleep};

use super::config::{Config, Fault};
use super::speech::{Note, Speech};
use super::{Kind, frame};

/// A normal end (RFC 6455 §7.4.1).
const NORMAL: u16 = 1000;

/// An end that the vendor's rules ask for (RFC 6455 §7.4.1).
const POLICY: u16 = 1008;

/// Messages that wait while a configuration is being accepted; more are dropped.
const MAX_WAITING: usize = 1000;

/// One session.
pub(super) struct Session {
    mock: Mock,
    kind: Kind,
    interaction: Option<String>,
    /// The token of the upgrade.
    token: TokenId,
    state: State,
    /// Until the ping that comes a while after `CONFIG_ACCEPTED`.
    ping: Option<Pin<Box<Sleep>>>,
}

/// How far it is.
enum State {
    /// Until this time of the stage's clock the configuration has to come.
    Waiting(Timestamp),
    /// The configuration was received; `CONFIG_ACCEPTED` leaves when the timer ends. What comes meanwhile
    /// is kept.
    Accepting(Box<Config>, Pin<Box<Sleep>>, Vec<Incoming>),
    /// Sound may come.
    Ready(Box<Speech>),
}

/// What happens next.
enum Event {
    Came(Incoming),
    ConfigurationLate,
    Accepted,
    PingDue,
    TokenDue,
}

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    GoOn,
    End,
}

impl Session {
    /// A session whose configuration has to come from now on.
    pub(super) fn new(mock: Mock, kind: Kind, interaction: Option<String>, token: TokenId) -> Self {
        let patience = Duration::from_secs(mock.setting_u64("ws_config_deadline_s"));
        let state = State::Waiting(mock.now().plus(patience));
        Self {
            mock,
            kind,
            interaction,
            token,
            state,
            ping: None,
        }
    }

    /// Serves `socket` until its end.
    pub(super) async fn run(mut self, mut socket: Socket) {
        if !self.mock.effect_enabled("serve_socket") {
            socket.close(NORMAL, "").await;
            return;
        }
        loop {
            let then = match self.next(&mut socket).await {
                Event::Came(Incoming::Closed) => Then::End,
                Event::Came(incoming) if self.ends_with_token().await => {
                    drop(incoming);
                    self.token_ended(&mut socket).await
                }
                Event::Came(incoming) => self.take(&mut socket, incoming).await,
                Event::ConfigurationLate => self.configuration_late(&mut socket).await,
                Event::Accepted => self.accepted(&mut socket).await,
                Event::TokenDue if self.ends_with_token().await => {
                    self.token_ended(&mut socket).await
                }
                Event::TokenDue => Then::GoOn,
                Event::PingDue => {
                    self.ping = None;
                    // "a ping with 8 bytes"
                    went(socket.ping(b"locum-01".to_vec()).await)
                }
            };
            if then == Then::End {
                return;
            }
        }
    }

    /// Waits for whichever happens first. The deadlines are the stage's, so that a turned clock ends them;
    /// the delays are real time, as those of faults.
    async fn next(&mut self, socket: &mut Socket) -> Event {
        let late = match &self.state {
            State::Waiting(deadline) if self.mock.effect_enabled("config_deadline") => {
                Some(*deadline)
            }
            _ => None,
        };
        let token_due = self.token_due().await;
        let accepting = match &mut self.state {
            State::Accepting(_, timer, _) => Some(timer),
            _ => None,
        };
        let stage = &self.mock.stage;
        tokio::select! {
            biased;
            () = until(stage, token_due) => Event::TokenDue,
            incoming = socket.next() => Event::Came(incoming),
            () = until(stage, late) => Event::ConfigurationLate,
            () = after(accepting) => Event::Accepted,
            () = after(self.ping.as_mut()) => Event::PingDue,
        }
    }

    async fn take(&mut self, socket: &mut Socket, incoming: Incoming) -> Then {
        if let State::Accepting(_, _, waiting) = &mut self.state {
            if waiting.len() < MAX_WAITING {
                waiting.push(incoming);
            }
            return Then::GoOn;
        }
        match incoming {
            Incoming::Text(text) => self.message(socket, &text).await,
            Incoming::Binary(sound) => self.sound(socket, sound.len()).await,
            Incoming::Closed => Then::End,
        }
    }

    async fn message(&mut self, socket: &mut Socket, text: &str) -> Then {
        let Ok(Value::Object(message)) = serde_json::from_str(text) else {
            return self
                .complain(
                    socket,
                    "Invalid message",
                    "a message has to be a JSON object",
                )
                .await;
        };
        let message_type = message
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match (message_type, &self.state) {
            ("config", State::Waiting(_)) => self.configure(socket, &message).await,
            ("config", _) => self.configured_already(socket).await,
            ("flush" | "end", State::Waiting(_)) => self.too_early(socket).await,
            ("flush", _) => self.flush(socket).await,
            ("end", _) => self.end(socket).await,
            _ => {
                self.complain(
                    socket,
                    "Unknown message type",
                    "type has to be config, flush or end",
                )
                .await
            }
        }
    }

    async fn configured_already(&self, socket: &mut Socket) -> Then {
        if self.mock.effect_enabled("keep_configured") {
            return say(socket, &frame::status("CONFIG_ALREADY_RECEIVED")).await;
        }
        socket.close(POLICY, "").await;
        Then::End
    }

    async fn sound(&mut self, socket: &mut Socket, length: usize) -> Then {
        match &mut self.state {
            State::Ready(speech) => {
                let said = noted(&self.mock, |note| speech.hear(length, note));
                say_all(socket, &said).await
            }
            _ => self.too_early(socket).await,
        }
    }

    /// The first message has to be the configuration; what another one gets is a setting.
    async fn too_early(&self, socket: &mut Socket) -> Then {
        match self.mock.setting_text("ws_before_config").as_str() {
            "ignore" => Then::GoOn,
            message_type => say(socket, &frame::status(message_type)).await,
        }
    }

    async fn configure(&mut self, socket: &mut Socket, message: &Map<String, Value>) -> Then {
        match Config::read(self.kind, message) {
            Ok(config) => {
                let delay = Duration::from_millis(self.mock.setting_u64("ws_config_delay_ms"));
                self.state = State::Accepting(Box::new(config), Box::pin(sleep(delay)), Vec::new());
                match delay.is_zero() {
                    true => self.accepted(socket).await,
                    false => Then::GoOn,
                }
            }
            Err(fault) => {
                let message_type = match fault {
                    Fault::AudioFormat => self.mock.setting_text("ws_bad_audio_format"),
                    Fault::Member(_) => "CONFIG_DENIED".to_owned(),
                };
                let denied = match self.mock.effect_enabled("say_reason") {
                    true => frame::status_because(&message_type, fault.reason()),
                    false => frame::status(&message_type),
                };
                say(socket, &denied).await;
                match self.mock.effect_enabled("close_denied") {
                    true => self.deny(socket).await,
                    false => Then::GoOn,
                }
            }
        }
    }

    async fn accepted(&mut self, socket: &mut Socket) -> Then {
        let config = match &self.state {
            State::Accepting(config, ..) => Config::clone(config),
            _ => return Then::GoOn,
        };
        let answer = self.mock.setting_text("ws_config_answer");
        if answer != frame::ACCEPTED {
            say(socket, &frame::status(&answer)).await;
            return self.deny(socket).await;
        }
        let session = (self.kind == Kind::Transcribe).then(|| self.mock.uuid());
        if say(socket, &frame::accepted(&config.sent, session)).await == Then::End {
            return Then::End;
        }
        let delay = self.mock.setting_u64("ws_ping_after_ms");
        self.ping = (delay > 0).then(|| Box::pin(sleep(Duration::from_millis(delay))));
        let interaction = self.interaction.clone().unwrap_or_default();
        let step = self.mock.setting_u64("ws_bytes_per_transcript");
        let speech = Speech::new(self.kind, config, interaction, step);
        let before = std::mem::replace(&mut self.state, State::Ready(Box::new(speech)));
        let State::Accepting(_, _, waiting) = before else {
            return Then::GoOn;
        };
        for incoming in waiting {
            if Box::pin(self.take(socket, incoming)).await == Then::End {
                return Then::End;
            }
        }
        Then::GoOn
    }

    async fn flush(&mut self, socket: &mut Socket) -> Then {
        let mut said = self.rest();
        if self.mock.effect_enabled("say_flushed") {
            said.push(frame::flushed());
        }
        say_all(socket, &said).await
    }

    /// "remaining data, usage, ENDED, close"
    async fn end(&mut self, socket: &mut Socket) -> Then {
        let said = self.rest();
        say_all(socket, &said).await;
        self.leave(socket).await
    }

    async fn leave(&self, socket: &mut Socket) -> Then {
        let tenths = match &self.state {
            State::Ready(speech) => speech.tenths(),
            _ => 0,
        };
        let mut last = vec![frame::usage(tenths), frame::ended(self.kind)];
        let (says_usage, says_ended) = (
            self.mock.effect_enabled("say_usage"),
            self.mock.effect_enabled("say_ended"),
        );
        last.retain(|one| match one["type"] == "usage" {
            true => says_usage,
            false => says_ended,
        });
        say_all(socket, &last).await;
        socket.close(NORMAL, "").await;
        Then::End
    }

    fn rest(&mut self) -> Vec<Value> {
        match &mut self.state {
            State::Ready(speech) => noted(&self.mock, |note| speech.rest(note)),
            _ => Vec::new(),
        }
    }

    async fn configuration_late(&self, socket: &mut Socket) -> Then {
        let message_type = match self.kind {
            Kind::Streams => self.mock.setting_text("ws_streams_timeout_type"),
            Kind::Transcribe => "CONFIG_TIMEOUT".to_owned(),
        };
        say(
            socket,
            &frame::status_because(&message_type, "no configuration came in time"),
        )
        .await;
        self.deny(socket).await
    }

    async fn deny(&self, socket: &mut Socket) -> Then {
        let code = u16::try_from(self.mock.setting_u64("ws_denied_close_code")).unwrap_or(NORMAL);
        socket.close(code, "").await;
        Then::End
    }

    async fn complain(&self, socket: &mut Socket, title: &str, details: &str) -> Then {
        say(
            socket,
            &frame::error(&self.mock.uuid(), 400, title, details),
        )
        .await
    }

    /// When the token of the upgrade ends, if that ends the session.
    async fn token_due(&self) -> Option<Timestamp> {
        if self.mock.setting_is("ws_midsession_expiry", "ignore") {
            return None;
        }
        self.mock.token(self.token).await?.expires
    }

    async fn ends_with_token(&self) -> bool {
        if self.mock.setting_is("ws_midsession_expiry", "ignore") {
            return false;
        }
        let token = self.mock.token(self.token).await;
        token.is_none_or(|token| self.mock.state_of(&token) != TokenState::Live)
    }

    async fn token_ended(&self, socket: &mut Socket) -> Then {
        if self.mock.setting_is("ws_midsession_expiry", "close1008") {
            socket.close(POLICY, "token expired").await;
            return Then::End;
        }
        say(socket, &token_error(&self.mock, "the access token ended")).await;
        self.leave(socket).await
    }
}

/// Answers an upgrade whose token is refused after it, as two of the settings say.
pub(super) async fn turn_away(mock: Mock, mut socket: Socket, kind: Kind, by_frame: bool) {
    if by_frame {
        let said = [
            token_error(&mock, "the access token is refused"),
            frame::ended(kind),
        ];
        say_all(&mut socket, &said).await;
        socket.close(NORMAL, "").await;
    } else {
        socket.close(POLICY, "invalid token").await;
    }
}

fn token_error(mock: &Mock, details: &str) -> Value {
    frame::error(&mock.uuid(), 401, "Unauthorized", details)
}

/// Calls `speak` with what a fact needs of the stage.
fn noted<T>(mock: &Mock, speak: impl FnOnce(&mut Note<'_>) -> T) -> T {
    let key = mock.setting_text("ws_facts_key");
    let mut id = || mock.uuid();
    speak(&mut Note {
        id: &mut id,
        now: mock.now(),
        key: &key,
    })
}

async fn say(socket: &mut Socket, message: &Value) -> Then {
    went(socket.send(message.to_string()).await)
}

async fn say_all(socket: &mut Socket, messages: &[Value]) -> Then {
    for message in messages {
        if say(socket, message).await == Then::End {
            return Then::End;
        }
    }
    Then::GoOn
}

const fn went(sent: bool) -> Then {
    if sent { Then::GoOn } else { Then::End }
}

/// Waits for a time of the stage's clock; for ever without one.
async fn until(stage: &Stage, deadline: Option<Timestamp>) {
    match deadline {
        Some(deadline) => stage.clock.until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Waits for a timer; for ever without one.
async fn after(timer: Option<&mut Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}
