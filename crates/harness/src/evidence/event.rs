//! One record of the log, and the view that the rules have of it.

use locum_core::Entry;
use serde::Serialize;
use serde_json::Value;

/// One line of the log.
#[derive(Clone, Debug)]
pub struct Record {
    /// Counts from 1.
    pub seq: u64,
    /// Milliseconds since the start of the run.
    pub t_ms: u64,
    /// What happened.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// The harness sent a request to the vendor.
    Request {
        /// What it is for: `login`, `call`, `page`, …
        act: String,
        /// In which way it departs from the documented request; empty when it does not.
        how: String,
        /// The request with names in place of secrets.
        request: RequestLine,
    },
    /// The vendor answered it.
    Reply {
        /// The record of the request.
        request: u64,
        /// The reply with names in place of secrets.
        reply: Message,
    },
    /// The reply held a JWT that says this, with names in place of secrets.
    Jwt {
        /// The record of the request.
        request: u64,
        /// Its header.
        header: Value,
        /// Its claims.
        claims: Value,
    },
    /// The vendor did not.
    Cut {
        /// The record of the request.
        request: u64,
        /// What happened instead.
        why: String,
    },
    /// A frame passed on a websocket that the harness opened.
    Frame {
        /// The record of the upgrade.
        request: u64,
        /// Which way it went.
        from: Side,
        /// `text` or `close`.
        opcode: &'static str,
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
    /// This subject cannot show something.
    Lack {
        /// What, and why.
        what: String,
    },
    /// The harness asked the client.
    Ask {
        /// Its id in the exchange with the client.
        id: u64,
        /// The request of `locum/1`.
        message: Value,
    },
    /// The client answered.
    Answer {
        /// The id of the ask.
        id: u64,
        /// The reply of `locum/1`.
        message: Value,
    },
    /// The mock's journal: a request arrived.
    Arrival(Box<Entry>),
    /// The mock's journal: it was answered.
    Completion {
        /// The record of its arrival.
        request: u64,
        /// The entry.
        entry: Box<Entry>,
    },
}

/// An end of a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The harness.
    Harness,
    /// The vendor.
    Vendor,
}

/// A request as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The access token of a token reply, wherever its status stands: its name.
    pub fn token(&self) -> Option<String> {
        let body = self.json();
        let token = body["access_token"].as_str()?;
        (!token.is_empty()).then(|| token.to_owned())
    }

    /// Whether the status is of class `hundred`, such as 4.
    pub const fn is_class(&self, hundred: u16) -> bool {
        self.status / 100 == hundred
    }
}

/// A request of the harness with what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The record of the request.
    pub seq: u64,
    /// What it is for.
    pub act: &'a str,
    /// In which way it departs from the documented request.
    pub how: &'a str,
    /// The request.
    pub request: &'a RequestLine,
    /// The reply, unless there was none.
    pub reply: Option<&'a Message>,
    /// Why there was none.
    pub cut: Option<&'a str>,
}

impl<'a> Exchange<'a> {
    pub(super) fn of(record: &'a Record, all: &'a [Record]) -> Option<Self> {
        let Event::Request { act, how, request } = &record.event else {
            return None;
        };
        let mut exchange = Self {
            seq: record.seq,
            act,
            how,
            request,
            reply: None,
            cut: None,
        };
        for later in all.iter().skip_while(|later| later.seq <= record.seq) {
            match &later.event {
                Event::Reply { request, reply } if *request == record.seq => {
                    exchange.reply = Some(reply);
                }
                Event::Cut { request, why } if *request == record.seq => exchange.cut = Some(why),
                _ => continue,
            }
            break;
        }
        Some(exchange)
    }

    /// Whether the request shows the secret called `name` anywhere.
    pub fn shows(&self, name: &str) -> bool {
        let marked = format!("«{name}»");
        self.texts().any(|text| text.contains(&marked))
    }

    /// The texts of the request: target, header values, body.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> {
        let headers = self.request.headers.iter().map(|(_, value)| value.as_str());
        [self.request.target.as_str(), self.request.body.as_str()]
            .into_iter()
            .chain(headers)
    }
}
