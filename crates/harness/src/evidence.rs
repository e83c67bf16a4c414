//! The log of one scenario: append-only, and all that the rules ever see.
//!
//! Secrets are replaced by names when a record is written, so that a rule can tell which token a
//! request showed and can never print it.

mod event;
mod jwt;
mod redaction;

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Clock, Entry, Timestamp};
use serde_json::Value;

pub use event::{Event, Exchange, Message, Record, RequestLine, Side};
pub use redaction::Redactor;
pub(crate) use redaction::{form, percent};

use crate::http::{Reply, Request};

/// The records of one scenario, numbered from 1.
#[derive(Debug)]
pub struct EvidenceLog {
    records: Vec<Record>,
    redactor: Redactor,
    clock: Arc<dyn Clock>,
    origin: Duration,
    started: Timestamp,
}

impl EvidenceLog {
    /// An empty log; `origin` is the start of the run on the monotonic side of `clock`.
    pub fn new(clock: Arc<dyn Clock>, origin: Duration) -> Self {
        Self {
            records: Vec::new(),
            redactor: Redactor::default(),
            started: clock.now(),
            clock,
            origin,
        }
    }

    /// When the scenario began, by the harness's own clock.
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// From now on `value` is written as `«name»`.
    pub fn hide(&mut self, value: &str, name: &str) {
        self.redactor.hide(value, name);
    }

    /// From now on the base64 of `id:secret` is written as `«name»`.
    pub fn hide_pair(&mut self, id: &str, secret: &str, name: &str) {
        self.redactor.hide_pair(id, secret, name);
    }

    /// `text` with names in place of secrets.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    /// The spellings of every secret of this scenario.
    pub const fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Writes that a request leaves: who sends what, and in which way it departs from the
    /// documented one (`how`, empty when it does not).
    pub fn sends(&mut self, act: &str, how: &str, request: &Request) -> u64 {
        let line = RequestLine {
            method: request.method.clone(),
            target: self.redact(&request.target),
            headers: self.redact_headers(&request.headers),
            body: self.redact(&String::from_utf8_lossy(&request.body)),
        };
        self.write(Event::Request {
            act: act.to_owned(),
            how: how.to_owned(),
            request: line,
        })
    }

    /// Writes what came back for the record `request`, or why nothing did.
    pub fn receives(&mut self, request: u64, reply: Result<&Reply, &str>) -> u64 {
        let event = match reply {
            Ok(reply) => Event::Reply {
                request,
                reply: Message {
                    status: reply.status,
                    headers: self.redact_headers(&reply.headers),
                    body: self.redact(&String::from_utf8_lossy(&reply.body)),
                },
            },
            Err(why) => Event::Cut {
                request,
                why: self.redact(why),
            },
        };
        self.write(event)
    }

    /// Writes what the token that the record `request` got says of itself, if it is a JWT.
    pub fn decodes(&mut self, request: u64, token: &str) {
        if let Some((header, claims)) = jwt::read(token) {
            let (header, claims) = (self.redact_json(&header), self.redact_json(&claims));
            self.write(Event::Jwt {
                request,
                header,
                claims,
            });
        }
    }

    /// Writes that a frame passed on the websocket that the record `request` opened.
    pub fn passes(&mut self, request: u64, from: Side, opcode: &'static str, text: &str) -> u64 {
        let text = self.redact(text);
        self.write(Event::Frame {
            request,
            from,
            opcode,
            text,
        })
    }

    /// What the vendor sent on the websocket that the record `request` opened: opcode and text.
    pub fn frames_of(&self, request: u64) -> impl Iterator<Item = (u64, &'static str, &str)> {
        self.records
            .iter()
            .filter_map(move |record| match &record.event {
                Event::Frame {
                    request: of,
                    from: Side::Vendor,
                    opcode,
                    text,
                } if *of == request => Some((record.seq, *opcode, text.as_str())),
                _ => None,
            })
    }

    /// Writes that the harness turned the mock.
    pub fn turns(&mut self, call: &str, body: Value) -> u64 {
        self.write(Event::Control {
            call: call.to_owned(),
            body,
        })
    }

    /// What was measured of values that are not written down, such as a token's own claims.
    pub fn measured(&self) -> Value {
        let found = self.records.iter().find_map(|record| match &record.event {
            Event::Control { call, body } if call == "measured" => Some(body.clone()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Writes that this subject cannot show something, such as a clock that cannot be turned.
    pub fn lacks(&mut self, what: &str) -> u64 {
        self.write(Event::Lack {
            what: what.to_owned(),
        })
    }

    /// Writes what the harness asks the client under test.
    pub fn asks(&mut self, id: u64, message: &Value) -> u64 {
        let message = self.redact_json(message);
        self.write(Event::Ask { id, message })
    }

    /// Writes what the client answered.
    pub fn answers(&mut self, id: u64, message: &Value) -> u64 {
        let message = self.redact_json(message);
        self.write(Event::Answer { id, message })
    }

    /// Writes what the mock's journal says of one exchange.
    pub fn sees(&mut self, entry: Entry) -> u64 {
        let completed = entry.reply.is_some().then(|| entry.clone());
        let request = self.write(Event::Arrival(Box::new(entry)));
        if let Some(entry) = completed {
            self.write(Event::Completion {
                request,
                entry: Box::new(entry),
            });
        }
        request
    }

    /// The records, and the secrets to look for in what is made of them.
    pub fn into_parts(self) -> (Vec<Record>, Redactor) {
        (self.records, self.redactor)
    }

    /// All records, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The exchanges of the harness itself, in order of their requests.
    pub fn exchanges(&self) -> impl Iterator<Item = Exchange<'_>> {
        self.records
            .iter()
            .filter_map(|record| Exchange::of(record, &self.records))
    }

    /// The exchanges of one act: `how` is empty for the documented one.
    pub fn acts<'a>(&'a self, act: &'a str, how: &'a str) -> impl Iterator<Item = Exchange<'a>> {
        self.exchanges()
            .filter(move |exchange| exchange.act == act && exchange.how == how)
    }

    /// What the mock's journal said, with the number of the record.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Arrival(entry) => Some((record.seq, entry.as_ref())),
                _ => None,
            })
    }

    /// Header and claims of the JWT that the record `request` got, if it got one.
    pub fn jwt_of(&self, request: u64) -> Option<(&Value, &Value)> {
        self.records.iter().find_map(|record| match &record.event {
            Event::Jwt {
                request: of,
                header,
                claims,
            } if *of == request => Some((header, claims)),
            _ => None,
        })
    }

    /// How far the vendor's clock had been turned before record `seq`, in seconds.
    pub fn turned_before(&self, seq: u64) -> f64 {
        self.records
            .iter()
            .take_while(|record| record.seq < seq)
            .filter_map(|record| match &record.event {
                Event::Control { call, body } if call == "clock" => body["advance_s"].as_f64(),
                _ => None,
            })
            .sum()
    }

    /// The first thing that this subject could not show, if any.
    pub fn lack(&self) -> Option<&str> {
        self.records.iter().find_map(|record| match &record.event {
            Event::Lack { what } => Some(what.as_str()),
            _ => None,
        })
    }

    fn write(&mut self, event: Event) -> u64 {
        let seq = self.records.len() as u64 + 1;
        let t_ms = self
            .clock
            .monotonic()
            .saturating_sub(self.origin)
            .as_millis();
        self.records.push(Record {
            seq,
            t_ms: u64::try_from(t_ms).unwrap_or(u64::MAX),
            event,
        });
        seq
    }

    fn redact_headers(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| (name.clone(), self.redact(value)))
            .collect()
    }

    fn redact_json(&self, message: &Value) -> Value {
        let text = self.redact(&message.to_string());
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

#[cfg(test)]
mod tests {
    use locum_core::ManualClock;
    use serde_json::json;

    use super::*;

    fn log() -> EvidenceLog {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        EvidenceLog::new(clock, Duration::ZERO)
    }

    #[test]
    fn a_secret_is_a_name_in_every_part_of_an_exchange() {
        let mut log = log();
        log.hide("t0p secret", "client secret");
        let request = Request::new("POST", "/t?s=t0p%20secret")
            .header("X-Secret", "t0p secret")
            .body("s=t0p+secret");
        let seq = log.sends("login", "", &request);
        let reply = Reply {
            status: 400,
            headers: vec![("a".to_owned(), "t0p secret".to_owned())],
            body: b"{\"e\":\"t0p secret\"}".to_vec(),
        };
        log.receives(seq, Ok(&reply));
        let exchange = log.exchanges().next().expect("one was written");
        assert_eq!(exchange.request.target, "/t?s=«client secret»");
        assert_eq!(exchange.request.headers[0].1, "«client secret»");
        assert_eq!(exchange.request.body, "s=«client secret»");
        let reply = exchange.reply.expect("it was answered");
        assert_eq!(reply.headers[0].1, "«client secret»");
        assert_eq!(reply.body, "{\"e\":\"«client secret»\"}");
        assert!(!format!("{:?}", log.records()).contains("t0p"));
    }

    #[test]
    fn the_clock_is_the_sum_of_its_turns_so_far() {
        let mut log = log();
        log.turns("clock", json!({"advance_s": 3.5}));
        log.turns("settings", json!({"advance_s": 99}));
        log.turns("clock", json!({"advance_s": -1}));
        assert!((log.turned_before(2) - 3.5).abs() < 1e-9);
        assert!((log.turned_before(9) - 2.5).abs() < 1e-9);
    }
}
