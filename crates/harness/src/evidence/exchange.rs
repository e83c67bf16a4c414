//! A request of the harness with what came of it, as the rules see it.

use super::event::{Cut, Event, Message, Opcode, Record, RecordId, RequestLine, Side};
use super::{Operation, Variation};

/// A request of the harness with what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The record of the request.
    pub seq: RecordId,
    /// What it is for.
    pub operation: Operation,
    /// The profile's endpoint, where several serve the operation.
    pub endpoint: Option<&'a str>,
    /// In which way it departs from the documented request.
    pub variation: &'a Variation,
    /// The request.
    pub request: &'a RequestLine,
    /// The reply, unless there was none.
    pub reply: Option<&'a Message>,
    /// Why there was none: of which kind, and what the system said.
    pub cut: Option<(Cut, &'a str)>,
    /// The record of the reply, or that there was none; that of the request while neither is known.
    pub answered: RecordId,
    later: &'a [Record],
}

/// A frame of a websocket.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its record.
    pub seq: RecordId,
    /// Which way it went.
    pub from: Side,
    /// What it is.
    pub opcode: Opcode,
    /// The text; of a close its code.
    pub text: &'a str,
}

impl<'a> Exchange<'a> {
    pub(super) fn of(record: &'a Record, all: &'a [Record]) -> Option<Self> {
        let Event::Request {
            operation,
            endpoint,
            variation,
            request,
        } = &record.event
        else {
            return None;
        };
        let from = all.partition_point(|other| other.seq <= record.seq);
        let mut exchange = Self {
            seq: record.seq,
            operation: *operation,
            endpoint: endpoint.as_deref(),
            variation,
            request,
            reply: None,
            cut: None,
            answered: record.seq,
            later: &all[from..],
        };
        for later in exchange.later {
            match &later.event {
                Event::Reply { request, reply } if *request == record.seq => {
                    exchange.reply = Some(reply);
                }
                Event::Cut { request, kind, why } if *request == record.seq => {
                    exchange.cut = Some((*kind, why));
                }
                _ => continue,
            }
            exchange.answered = later.seq;
            break;
        }
        Some(exchange)
    }

    /// Whether it is the documented request of its operation.
    pub const fn is_documented(&self) -> bool {
        self.variation.is_documented()
    }

    /// What was asked for, without its query.
    pub fn path(&self) -> &'a str {
        let target = self.request.target.as_str();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// The status of the reply; 0 when there was none.
    pub fn status(&self) -> u16 {
        self.reply.map_or(0, |reply| reply.status)
    }

    /// The reply's body as JSON; `Null` when there is none.
    pub fn json(&self) -> serde_json::Value {
        self.reply.map(Message::json).unwrap_or_default()
    }

    /// The frames that passed on the websocket that it opened.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'a>> + use<'a> {
        let seq = self.seq;
        self.later
            .iter()
            .filter_map(move |record| match &record.event {
                Event::Frame {
                    request,
                    from,
                    opcode,
                    text,
                } if *request == seq => Some(Frame {
                    seq: record.seq,
                    from: *from,
                    opcode: *opcode,
                    text,
                }),
                _ => None,
            })
    }

    /// What the vendor sent on the websocket that it opened.
    pub fn received_frames(&self) -> impl Iterator<Item = Frame<'a>> + use<'a> {
        self.frames().filter(|frame| frame.from == Side::Vendor)
    }

    /// Whether the request shows the secret called `name` anywhere.
    pub fn shows(&self, name: &str) -> bool {
        let marked = format!("«{name}»");
        self.texts().any(|text| text.contains(&marked))
    }

    /// The texts of the request: target, body, header values.
    pub fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let request = self.request;
        let headers = request.headers.iter().map(|(_, value)| value.as_str());
        [request.target.as_str(), request.body.as_str()]
            .into_iter()
            .chain(headers)
    }

    /// `login by GET`: what was asked, in words.
    pub fn words(&self) -> String {
        let parts = [
            self.operation.label().to_owned(),
            self.endpoint.unwrap_or_default().to_owned(),
            self.variation.to_string(),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// `login by GET was answered with 405`: what was asked and what came of it, in words.
    pub fn sentence(&self) -> String {
        match (self.reply, self.cut) {
            (Some(reply), _) => format!("{} was answered with {}", self.words(), reply.status),
            (None, Some((_, why))) => format!("{} got no reply: {why}", self.words()),
            (None, None) => format!("{} got no reply", self.words()),
        }
    }
}
