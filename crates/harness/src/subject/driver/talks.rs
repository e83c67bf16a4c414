//! What scenarios ask of a client's websockets: to open one, to send audio, to end the session.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::FIRST;
use crate::Error;
use crate::evidence::Event;
use crate::http::Url;
use crate::run::context::ScenarioContext;
use crate::subject::{ClientCommand, REPLY_TIMEOUT};

/// Silence of this many bytes: a quarter of a second, and enough for an answer.
const AUDIO_BYTES: usize = 8000;

/// More than a frame of audio may hold, as one piece.
const LONG_AUDIO_BYTES: usize = 65_000;

/// The caller's own limit for an opening that is to fail, in milliseconds.
const OPEN_LIMIT_MS: u64 = 5000;

/// How long such an opening may take before the client hangs.
const HANG: Duration = Duration::from_secs(30);

/// Longer than the vendor waits with its ping.
const A_WHILE: Duration = Duration::from_millis(300);

impl ScenarioContext {
    /// Asks for a socket at `place`, a path below the sockets' address or a member of what the
    /// caller created.
    pub async fn client_opens(&mut self, place: &str) -> Result<(), Error> {
        self.open_within(place, None, REPLY_TIMEOUT).await
    }

    /// The same of an opening that may fail: a client that has not told within 30 s hangs.
    pub(crate) async fn client_tries_to_open(&mut self, place: &str) -> Result<(), Error> {
        self.open_within(place, Some(OPEN_LIMIT_MS), HANG).await
    }

    async fn open_within(
        &mut self,
        place: &str,
        timeout_ms: Option<u64>,
        limit: Duration,
    ) -> Result<(), Error> {
        let url = match place.strip_prefix('/') {
            Some(_) => Some(format!(
                "{}{}",
                self.target.url("ws")?,
                self.target.fill(place)?
            )),
            // What the caller created names the address without TLS.
            None => match self.of_created(place) {
                Some(created) if self.is_over_tls => {
                    let read = |text: &str| {
                        Url::parse(text).map_err(|error| Error::Step(error.to_string()))
                    };
                    let (host, created) = (read(self.target.url("ws")?)?, read(&created)?);
                    let scheme = if host.tls { "wss" } else { "ws" };
                    Some(format!("{scheme}://{}{}", host.authority(), created.target))
                }
                created => created,
            },
        };
        let Some(url) = url else {
            self.log.limitation("there was no socket to open");
            return Ok(());
        };
        let ask = ClientCommand::WsOpen {
            client: FIRST.to_owned(),
            url,
            timeout_ms,
        };
        self.begin_within(vec![ask], limit).await?;
        self.answers().await
    }

    /// Asks for audio on the socket that was opened last.
    pub(crate) async fn client_sends_audio(&mut self) -> Result<(), Error> {
        self.client_sends(AUDIO_BYTES).await
    }

    async fn client_sends(&mut self, bytes: usize) -> Result<(), Error> {
        let Some(ws) = self.open_socket_handle() else {
            return Ok(());
        };
        let base64 = Some(STANDARD.encode(vec![0; bytes]));
        self.ask_all(vec![ClientCommand::WsSend {
            ws,
            text: None,
            base64,
        }])
        .await
    }

    /// Asks for the end of the session that was opened last.
    pub(crate) async fn client_ends_session(&mut self) -> Result<(), Error> {
        let Some(ws) = self.open_socket_handle() else {
            return Ok(());
        };
        self.ask_all(vec![ClientCommand::WsClose { ws }]).await
    }

    /// Asks for a whole session: opened, with audio, ended.
    pub(crate) async fn client_talks(&mut self, place: &str) -> Result<(), Error> {
        self.client_opens(place).await?;
        self.client_sends_audio().await?;
        self.client_ends_session().await
    }

    /// The same with time for the ping that the vendor sends.
    pub(crate) async fn client_talks_for_a_while(&mut self, place: &str) -> Result<(), Error> {
        self.talk_for_a_while(place, AUDIO_BYTES).await
    }

    /// The same with more audio than one frame may hold.
    pub(crate) async fn client_talks_at_length(&mut self, place: &str) -> Result<(), Error> {
        self.talk_for_a_while(place, LONG_AUDIO_BYTES).await
    }

    async fn talk_for_a_while(&mut self, place: &str, bytes: usize) -> Result<(), Error> {
        self.client_opens(place).await?;
        self.client_sends(bytes).await?;
        tokio::time::sleep(A_WHILE).await;
        self.client_ends_session().await
    }

    /// The same where the opening may fail or hang.
    pub(crate) async fn client_tries_to_talk(&mut self, place: &str) -> Result<(), Error> {
        self.client_tries_to_open(place).await?;
        self.client_sends_audio().await?;
        self.client_ends_session().await
    }

    /// Asks for one socket for each of these faults in the way of its upgrade.
    pub(crate) async fn client_opens_despite_each(
        &mut self,
        place: &str,
        faults: Vec<Value>,
    ) -> Result<(), Error> {
        for fault in faults {
            let always = json!({"always": true});
            self.inject("socket", &always, &fault).await?;
            self.client_tries_to_open(place).await?;
            self.mock()?.clear_faults().await?;
            self.log.control("faults/clear", &Value::Null);
        }
        Ok(())
    }

    /// The handle of the socket of the last opening; none when that failed.
    fn open_socket_handle(&self) -> Option<String> {
        let records = || self.log.evidence().records().iter();
        let opening = records().rev().find_map(|record| match &record.event {
            Event::Ask { id, message } if message.op() == "ws_open" => Some(*id),
            _ => None,
        })?;
        let reply = records().find_map(|record| match &record.event {
            Event::Answer { id, message } if *id == opening => Some(message),
            _ => None,
        })?;
        reply
            .succeeded()
            .then(|| reply.ws.clone().unwrap_or_default())
    }
}
