//! The writer of the evidence: it replaces secrets by names as it writes.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Clock, Entry, Handshake, Secret};
use serde_json::Value;

use super::event::{Cut, Event, Message, Opcode, RecordId, RequestLine, Side};
use super::{Evidence, Operation, Redactor, TlsAnswer, TlsOffer, Variation, jwt};
use crate::http::{HttpError, Reply, Request};
use crate::measurement::{Answer, Measurement, Probe};
use crate::subject::{ClientCommand, ClientGone, ClientReply, OutputStream};

/// Said of a message in which a word of the protocol is a secret of the run.
const UNWRITABLE: &str =
    "a message is not written down: a word of the protocol is a secret of this run";

/// The evidence of one scenario while it is being played.
#[derive(Debug)]
pub struct EvidenceLog {
    evidence: Evidence,
    redactor: Redactor,
    clock: Arc<dyn Clock>,
    origin: Duration,
    /// How long before `origin` the run began.
    offset: Duration,
}

impl EvidenceLog {
    /// A log that says no more than when it began; `origin` is the start of the run on the
    /// monotonic side of `clock`.
    pub fn new(clock: Arc<dyn Clock>, origin: Duration) -> Self {
        let at = clock.now();
        let mut log = Self {
            evidence: Evidence::default(),
            redactor: Redactor::default(),
            clock,
            origin,
            offset: Duration::ZERO,
        };
        log.write(Event::Started { at });
        log
    }

    /// Goes on behind what an earlier run wrote, which began so long before this one.
    pub(crate) fn go_on(&mut self, evidence: Evidence, offset: Duration) {
        self.evidence = evidence;
        self.offset = offset;
    }

    /// Milliseconds since the start of the run.
    pub(crate) fn now_ms(&self) -> u64 {
        let since = self.clock.monotonic().saturating_sub(self.origin) + self.offset;
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// What was written so far.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// From now on `value` is written as `«name»`.
    pub fn hide(&mut self, value: &str, name: &str) {
        self.redactor.hide(value, name);
    }

    /// From now on the one-time code `value` is written as `«name»`.
    pub fn hide_code(&mut self, value: &str, name: &str) {
        self.redactor.hide_code(value, name);
    }

    /// From now on the base64 of `id:secret` is written as `«name»`.
    pub fn hide_pair(&mut self, id: &str, secret: &str, name: &str) {
        self.redactor.hide_pair(id, secret, name);
    }

    /// `text` with names in place of secrets.
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    /// Writes that a request leaves.
    pub fn request(
        &mut self,
        operation: Operation,
        endpoint: Option<&str>,
        variation: &Variation,
        request: &Request,
    ) -> RecordId {
        let request = RequestLine {
            method: request.method.clone(),
            target: self.redact(&request.target),
            headers: self.redact_headers(&request.headers),
            body: self.redact(&String::from_utf8_lossy(&request.body)),
        };
        self.write(Event::Request {
            operation,
            endpoint: endpoint.map(str::to_owned),
            variation: variation.clone(),
            request,
        })
    }

    /// Writes what came back for the record `request`, or why nothing did.
    pub fn reply(&mut self, request: RecordId, reply: Result<&Reply, &HttpError>) -> RecordId {
        let event = match reply {
            Ok(reply) => Event::Reply {
                request,
                reply: Message {
                    status: reply.status,
                    headers: self.redact_headers(&reply.headers),
                    body: self.redact_body(&reply.body),
                },
            },
            Err(error) => Event::Cut {
                request,
                kind: cut(error),
                why: self.redact(&error.to_string()),
            },
        };
        self.write(event)
    }

    /// Writes what the token in `member` of the reply to the record `request` says of itself, if
    /// it is a JWT.
    pub fn jwt(&mut self, request: RecordId, member: &str, token: &str) {
        if let Some((header, claims)) = jwt::read(token) {
            let (header, claims) = (self.redact_json(&header), self.redact_json(&claims));
            self.write(Event::Jwt {
                request,
                member: member.to_owned(),
                header,
                claims,
            });
        }
    }

    /// Writes that a frame passed on the websocket that the record `request` opened.
    pub fn frame(&mut self, request: RecordId, from: Side, opcode: Opcode, text: &str) -> RecordId {
        let text = self.redact(text);
        self.write(Event::Frame {
            request,
            from,
            opcode,
            text,
        })
    }

    /// Writes that the harness turned the mock.
    pub fn control(&mut self, call: &str, body: &Value) -> RecordId {
        let body = self.redact_json(body);
        self.write(Event::Control {
            call: call.to_owned(),
            body,
        })
    }

    /// Writes down how much of these values could be chance; the values themselves stay out of it.
    pub(crate) fn room(&mut self, kind: &str, values: &[Secret]) {
        let room = super::room::of(values.iter().map(Secret::expose));
        self.write(Event::Room {
            kind: kind.to_owned(),
            values: room.values,
            positions: room.positions,
            alphabet: room.alphabet,
        });
    }

    /// Writes that this run cannot show something, such as a clock that cannot be turned.
    pub fn limitation(&mut self, what: &str) -> RecordId {
        let what = self.redact(what);
        self.write(Event::Limitation { what })
    }

    /// Writes what became of a TLS handshake with the vendor.
    pub fn tls_hello(&mut self, host: &str, offer: TlsOffer, answer: TlsAnswer) -> RecordId {
        self.write(Event::TlsHello {
            host: host.to_owned(),
            offer,
            answer,
        })
    }

    /// Writes that the scenario would have to wait for so long.
    pub fn pending(&mut self, wait: Duration) -> RecordId {
        self.write(Event::Pending {
            wait_s: wait.as_secs_f64().ceil(),
        })
    }

    /// Writes what the client did when it was asked `probe`.
    pub fn probe(&mut self, probe: Probe, answer: Answer) -> RecordId {
        self.write(Event::Probe { probe, answer })
    }

    /// Writes what is known of how the client reads lifetimes.
    pub fn measurement(&mut self, measurement: &Measurement) -> RecordId {
        self.write(Event::Measurement {
            measurement: measurement.clone(),
        })
    }

    /// Writes which variables of the environment hold the account that a person gave.
    pub fn account(&mut self, variables: &[String]) -> RecordId {
        self.write(Event::Account {
            variables: variables.to_vec(),
        })
    }

    /// Writes what the harness asks the client under test.
    pub fn ask(&mut self, id: u64, message: &ClientCommand) -> RecordId {
        match self.redacted(message) {
            Some(message) => self.write(Event::Ask { id, message }),
            None => self.limitation(UNWRITABLE),
        }
    }

    /// Writes what the client answered.
    pub fn answer(&mut self, id: u64, message: &ClientReply) -> RecordId {
        match self.redacted(message) {
            Some(message) => self.write(Event::Answer { id, message }),
            None => self.limitation(UNWRITABLE),
        }
    }

    /// Writes that the client went away instead of answering the request `id`; 0 when it did not
    /// start.
    pub fn gone(&mut self, id: u64, gone: &ClientGone) -> RecordId {
        let why = self.redact(&gone.why);
        let gone = ClientGone {
            kind: gone.kind,
            why,
        };
        self.write(Event::Gone { id, gone })
    }

    /// Whether a secret stands in `text`.
    pub fn holds_secret(&self, text: &[u8]) -> bool {
        self.redactor.leaks(&String::from_utf8_lossy(text))
    }

    /// Writes that the client's output is heard from now on.
    pub fn output_heard(&mut self) -> RecordId {
        self.write(Event::OutputHeard)
    }

    /// Writes a line that the client printed.
    pub fn output(&mut self, stream: OutputStream, text: &[u8]) -> RecordId {
        let text = self.redact_body(text).trim_end().to_owned();
        self.write(Event::Output { stream, text })
    }

    /// Writes what the mock's journal says of one exchange.
    pub fn entry(&mut self, entry: &Entry) -> RecordId {
        match self.redacted(entry) {
            Some(entry) => self.write(Event::Entry {
                entry: Box::new(entry),
            }),
            None => self.limitation(UNWRITABLE),
        }
    }

    /// Writes what the mock's journal says of one exchange at a listener beside the scenario's own.
    pub fn elsewhere(&mut self, place: &str, entry: &Entry) -> RecordId {
        match self.redacted(entry) {
            Some(entry) => self.write(Event::Elsewhere {
                place: place.to_owned(),
                entry: Box::new(entry),
            }),
            None => self.limitation(UNWRITABLE),
        }
    }

    /// Writes what became of an attempt to speak TLS.
    pub fn handshake(&mut self, handshake: &Handshake) -> RecordId {
        let handshake = Box::new(handshake.clone());
        self.write(Event::Tls { handshake })
    }

    /// The evidence, and the secrets to look for in what is made of it.
    pub fn into_parts(self) -> (Evidence, Redactor) {
        (self.evidence, self.redactor)
    }

    fn write(&mut self, event: Event) -> RecordId {
        let now_ms = self.now_ms();
        self.evidence.push(now_ms, event)
    }

    /// A body that is not UTF-8 is no JSON (RFC 8259 §8.1) and may hold secrets that cannot be seen
    /// in it: it is kept by its length and by the names of the secrets that were found.
    fn redact_body(&self, body: &[u8]) -> String {
        if let Ok(text) = std::str::from_utf8(body) {
            return self.redact(text);
        }
        let text = self.redact(&String::from_utf8_lossy(body));
        let names: String = text
            .split('«')
            .skip(1)
            .filter_map(|rest| rest.split_once('»'))
            .map(|(name, _)| format!(" «{name}»"))
            .collect();
        format!("({} bytes that are not UTF-8){names}", body.len())
    }

    fn redact_headers(&self, headers: &[(String, String)]) -> Vec<(String, String)> {
        headers
            .iter()
            .map(|(name, value)| (name.clone(), self.redact(value)))
            .collect()
    }

    fn redact_json(&self, message: &Value) -> Value {
        match message {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(list) => list.iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), self.redact_json(value)))
                .collect(),
            plain => plain.clone(),
        }
    }

    fn redacted<T: serde::Serialize + serde::de::DeserializeOwned>(
        &self,
        message: &T,
    ) -> Option<T> {
        let value = serde_json::to_value(message).ok()?;
        serde_json::from_value(self.redact_json(&value)).ok()
    }
}

const fn cut(error: &HttpError) -> Cut {
    match error {
        HttpError::Address(_) | HttpError::NotSent(_) => Cut::NotSent,
        HttpError::Network(std::io::ErrorKind::ConnectionRefused)
        | HttpError::Certificate(_)
        | HttpError::Tls(_) => Cut::NoConnection,
        HttpError::Network(_) => Cut::Closed,
        HttpError::Timeout(_) => Cut::Timeout,
        HttpError::TooLarge => Cut::TooLarge,
        HttpError::Malformed(_) => Cut::NotHttp,
    }
}

#[cfg(test)]
mod tests {
    use locum_core::{ManualClock, Timestamp};
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
        let seq = log.request(Operation::Login, None, &Variation::Documented, &request);
        let reply = Reply {
            status: 400,
            headers: vec![("a".to_owned(), "t0p secret".to_owned())],
            body: b"{\"e\":\"t0p secret\"}".to_vec(),
        };
        log.reply(seq, Ok(&reply));
        let exchange = log.evidence().exchanges().next().expect("one was written");
        assert_eq!(exchange.request.target, "/t?s=«client secret»");
        assert_eq!(exchange.request.headers[0].1, "«client secret»");
        assert_eq!(exchange.request.body, "s=«client secret»");
        let reply = exchange.reply.expect("it was answered");
        assert_eq!(reply.headers[0].1, "«client secret»");
        assert_eq!(reply.body, "{\"e\":\"«client secret»\"}");
        assert!(!format!("{:?}", log.evidence().records()).contains("t0p"));
    }

    /// Such bodies stood in the evidence as they were, with tokens that nobody had seen in them, and
    /// were judged as JSON.
    #[test]
    fn a_body_that_is_not_utf_8_is_kept_by_its_length() {
        let mut log = log();
        log.hide("t0p secret", "client secret");
        let seq = log.request(
            Operation::Login,
            None,
            &Variation::Documented,
            &Request::new("POST", "/t"),
        );
        let reply = Reply {
            status: 200,
            headers: Vec::new(),
            body: b"{\"access_token\":\"t-0123\",\"note\":\"caf\xe9 t0p secret\"}".to_vec(),
        };
        log.reply(seq, Ok(&reply));
        let exchange = log.evidence().exchanges().next().expect("one was written");
        let body = &exchange.reply.expect("it was answered").body;
        assert_eq!(body, "(50 bytes that are not UTF-8) «client secret»");
        assert!(!exchange.is_served());
    }

    #[test]
    fn the_clock_is_the_sum_of_its_turns_so_far() {
        let mut log = log();
        let first = log.control("clock", &json!({"advance_s": 3.5}));
        let second = log.control("settings", &json!({"advance_s": 99}));
        log.control("clock", &json!({"advance_s": -1}));
        assert!(log.evidence().turned_before(Some(first)).abs() < 1e-9);
        assert!((log.evidence().turned_before(Some(second)) - 3.5).abs() < 1e-9);
        assert!((log.evidence().turned_before(None) - 2.5).abs() < 1e-9);
    }
}
