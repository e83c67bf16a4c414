//! What can be seen, as it is written down: each event is a line of `events.ndjson`.

use locum_core::{Entry, Handshake, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Operation, TlsAnswer, TlsOffer, Variation};
use crate::measurement::{Answer, Measurement, Probe};
use crate::subject::{ClientCommand, ClientGone, ClientReply, OutputStream};

/// Names one record of a scenario. Only the evidence gives it out, so that whoever holds one has
/// seen the record: a finding is proved with these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(u64);

impl RecordId {
    pub(super) const fn new(seq: u64) -> Self {
        Self(seq)
    }

    /// A number that stands in a saved log, where it was given out before.
    pub(crate) const fn read(seq: u64) -> Self {
        Self(seq)
    }

    /// Its number in the scenario, counted from 1.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The same record, numbered from another start.
    pub(crate) const fn shifted(self, by: i64) -> Self {
        Self(self.0.saturating_add_signed(by))
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Counts from 1.
    pub seq: RecordId,
    /// Milliseconds since the start of the run.
    pub t_ms: u64,
    /// What happened.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The harness sent a request to the vendor.
    Request {
        /// What it is for.
        operation: Operation,
        /// The profile's endpoint, where several serve the operation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
        /// In which way it departs from the documented request.
        variation: Variation,
        /// The request with names in place of secrets.
        #[serde(flatten)]
        request: RequestLine,
    },
    /// The vendor answered it.
    Reply {
        /// The record of the request.
        request: RecordId,
        /// The reply with names in place of secrets.
        #[serde(flatten)]
        reply: Message,
    },
    /// The reply held a JWT that says this, with names in place of secrets.
    Jwt {
        /// The record of the request.
        request: RecordId,
        /// The member of the reply that held it, such as `access_token`.
        member: String,
        /// Its header.
        header: Value,
        /// Its claims.
        claims: Value,
    },
    /// The vendor did not answer it.
    Cut {
        /// The record of the request.
        request: RecordId,
        /// What happened instead.
        kind: Cut,
        /// What the system said.
        why: String,
    },
    /// A frame passed on a websocket that the harness opened.
    Frame {
        /// The record of the upgrade.
        request: RecordId,
        /// Which way it went.
        from: Side,
        /// What it is.
        opcode: Opcode,
        /// The text with names in place of secrets; of a close its code.
        text: String,
    },
    /// The harness turned the mock.
    Control {
        /// The call: `clock`, `settings`, `faults`, `tokens/revoke`, …
        call: String,
        /// Its body.
        body: Value,
    },
    /// How much of the values of one kind of token could be chance, as far as those that were issued
    /// tell.
    Room {
        /// What they are: `access token`, `refresh token`, `session`.
        kind: String,
        /// How many were looked at.
        values: usize,
        /// At how many positions they differ.
        positions: usize,
        /// How many letters may stand there.
        alphabet: usize,
    },
    /// What this run could not show, and why: a real endpoint has no clock to turn.
    Limitation {
        /// One sentence.
        what: String,
    },
    /// The scenario would have to wait longer than is allowed, and ended here.
    Pending {
        /// For how many seconds.
        wait_s: f64,
    },
    /// The harness asked the client.
    Ask {
        /// Its id in the exchange with the client.
        id: u64,
        /// The request of `locum/1`.
        message: ClientCommand,
    },
    /// The client answered.
    Answer {
        /// The id of the ask.
        id: u64,
        /// The reply of `locum/1`.
        message: ClientReply,
    },
    /// The client went away instead of answering.
    Gone {
        /// The id of the ask; 0 when it did not start.
        id: u64,
        /// In which way.
        #[serde(flatten)]
        gone: ClientGone,
    },
    /// From here on what the client prints is written down, or searched for secrets and written down
    /// where it holds one.
    OutputHeard,
    /// The client printed a line.
    Output {
        /// Where.
        stream: OutputStream,
        /// The line with names in place of secrets.
        text: String,
    },
    /// The mock's journal: one exchange of a client, as far as it had come when it was read.
    Entry {
        /// The exchange.
        entry: Box<Entry>,
    },
    /// The same at a listener beside the scenario's own: at another origin, or on a stage of its own.
    Elsewhere {
        /// Which one.
        place: String,
        /// The exchange.
        entry: Box<Entry>,
    },
    /// The client tried to speak TLS with the mock; as it stood when the scenario ended.
    Tls {
        /// What became of it.
        #[serde(flatten)]
        handshake: Box<Handshake>,
    },
    /// The harness said hello to a host of the vendor's, to speak TLS.
    TlsHello {
        /// The host, with its port where that is not the usual one.
        host: String,
        /// What it offered.
        offer: TlsOffer,
        /// What became of it.
        answer: TlsAnswer,
    },
    /// The harness put one question to the client about the lifetime of tokens, on a stage of its
    /// own.
    Probe {
        /// The question.
        #[serde(flatten)]
        probe: Probe,
        /// What the client did.
        #[serde(flatten)]
        answer: Answer,
    },
    /// What all such questions came to; scenarios whose lifetimes are derived from it begin with it.
    Measurement {
        /// The result.
        #[serde(flatten)]
        measurement: Measurement,
    },
    /// The account is not the mock's own: a person gave it.
    Account {
        /// The variables of the environment that hold it.
        variables: Vec<String>,
    },
    /// When the scenario began, by the harness's own clock.
    Started {
        /// The time.
        at: Timestamp,
    },
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Nobody listens there.
    NoConnection,
    /// The connection ended before the reply was whole.
    Closed,
    /// The reply did not come in time.
    Timeout,
    /// The body is larger than is read.
    TooLarge,
    /// What came is not HTTP/1.1.
    NotHttp,
    /// The request was not sent: the address cannot be used.
    NotSent,
}

/// An end of a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The harness.
    Harness,
    /// The vendor.
    Vendor,
}

/// What a recorded websocket frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opcode {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A ping; its text is what it carries.
    Ping,
    /// A pong; its text is what it carries.
    Pong,
    /// A frame that breaks a rule of the protocol; its text says which one.
    Odd,
    /// A close frame; its text is the code, empty when it had none.
    Close,
    /// The connection ended without a close frame.
    Eof,
    /// Nothing came within the time allowed.
    Silence,
}

/// A request as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLine {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// Header lines in order.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

/// A reply as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The status.
    pub status: u16,
    /// Header lines in order.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Message {
    /// The first header called `name`, in whatever letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The access token of a token reply, wherever its status stands: its name.
    pub fn token(&self) -> Option<String> {
        let body = self.json();
        let token = body["access_token"].as_str()?;
        (!token.is_empty()).then(|| token.to_owned())
    }

    /// The error code of a refusal: `error` of an OAuth reply (RFC 6749 §5.2), or the name in
    /// Cognito's `__type`.
    pub fn error(&self) -> Option<String> {
        let body = self.json();
        let kind = body["__type"].as_str();
        let name = kind.map(|kind| kind.rsplit('#').next().unwrap_or(kind));
        body["error"].as_str().or(name).map(str::to_owned)
    }

    /// Whether the status is of class `hundred`, such as 4.
    pub const fn is_class(&self, hundred: u16) -> bool {
        self.status / 100 == hundred
    }
}

impl Event {
    /// The same event, with its references to other records numbered from another start.
    #[must_use]
    pub(crate) fn shifted(mut self, by: i64) -> Self {
        match &mut self {
            Self::Reply { request, .. }
            | Self::Jwt { request, .. }
            | Self::Cut { request, .. }
            | Self::Frame { request, .. } => *request = request.shifted(by),
            _ => {}
        }
        self
    }
}
