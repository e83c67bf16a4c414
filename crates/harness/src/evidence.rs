//! What was seen, in order: append-only, and all that the rules ever see.
//!
//! Secrets are replaced by names when a record is written, so that a rule can tell which token a
//! request showed and can never print it. [`EvidenceLog`] writes; [`Evidence`] is what was written,
//! by this run or read back from a saved one.

pub(crate) mod challenge;
mod event;
mod exchange;
mod issued;
mod jwt;
mod leeway;
mod log;
mod operation;
mod reaction;
mod redaction;
mod room;
mod tls;
mod variation;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use locum_core::{Entry, EntryId, Handshake, Timestamp};
use serde_json::Value;

pub use event::{Cut, Event, Message, Opcode, Record, RecordId, RequestLine, Side};
pub use exchange::{Exchange, Frame};
pub(crate) use issued::issued_in;
pub(crate) use jwt::read as read_jwt;
pub(crate) use leeway::leeway_s;
pub use log::EvidenceLog;
pub use operation::Operation;
pub use reaction::{Failure, Reaction, is_html, message_type, told};
pub use redaction::Redactor;
pub(crate) use redaction::{form, latin1_form, percent};
pub use tls::{TlsAnswer, TlsOffer};
pub use variation::{
    AuthorizeVariation, BasicSpelling, CallVariation, ChallengeVariation, ChangeVariation,
    CodeVariation, Content, FieldChange, FormSpelling, FrameVariation, IdentityVariation,
    LetterCase, LoginVariation, Moment, Other, Position, ProofVariation, RefreshVariation,
    RevocationVariation, ShownToken, SignInVariation, SignedVariation, SocketVariation,
    UpgradeVariation, Variation, WeakPassword,
};

use crate::measurement::{Answer, Measurement, Probe};
use crate::subject::{ClientCommand, ClientGone, ClientReply, Departure, OutputStream};

/// The member under which a token that the harness itself showed stands in the evidence.
pub const FORGED: &str = "shown token";

/// What the evidence calls what the text of an issued token shows.
pub const EXAMINED: &str = "examined token";

/// What the evidence calls what a listener of the harness saw.
pub const OWN_LISTENER: &str = "own listener";

/// The limitation of a client that was asked for nothing that creates.
pub const CREATES_NOTHING: &str = "the client has no operation that creates";

/// The member of the metadata that promises an issuer in each authorization response (RFC 9207 §3).
pub(crate) const PROMISES_ISSUER: &str = "authorization_response_iss_parameter_supported";

/// The records of one scenario, numbered from 1, or of traffic that no scenario asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    records: Vec<Record>,
}

/// A JWT that a reply held.
#[derive(Clone, Copy, Debug)]
pub struct Jwt<'a> {
    /// Its record.
    pub seq: RecordId,
    /// The record of the request that got it.
    pub request: RecordId,
    /// The member of the reply that held it, such as `access_token`.
    pub member: &'a str,
    /// Its header.
    pub header: &'a Value,
    /// Its claims; `Null` when they are not JSON.
    pub claims: &'a Value,
}

impl Evidence {
    /// What a saved run has of one scenario.
    pub fn from_records(records: Vec<Record>) -> Self {
        Self { records }
    }

    /// A mock's journal as evidence: traffic of a client without any scenario.
    pub fn from_journal(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut evidence = Self::default();
        for entry in entries {
            let entry = Box::new(entry);
            evidence.push(0, Event::Entry { entry });
        }
        evidence
    }

    pub(super) fn push(&mut self, t_ms: u64, event: Event) -> RecordId {
        let seq = RecordId::new(self.records.len() as u64 + 1);
        self.records.push(Record { seq, t_ms, event });
        seq
    }

    /// All records, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// When the scenario began, by the harness's own clock.
    pub fn started(&self) -> Option<Timestamp> {
        self.records.iter().find_map(|record| match record.event {
            Event::Started { at } => Some(at),
            _ => None,
        })
    }

    /// The exchanges of the harness itself, in order of their requests.
    pub fn exchanges(&self) -> impl Iterator<Item = Exchange<'_>> {
        self.records
            .iter()
            .filter_map(|record| Exchange::of(record, &self.records))
    }

    /// The exchanges of one operation, documented and varied.
    pub fn exchanges_for(&self, operation: Operation) -> impl Iterator<Item = Exchange<'_>> {
        self.exchanges()
            .filter(move |exchange| exchange.operation == operation)
    }

    /// The documented exchanges of one operation.
    pub fn documented(&self, operation: Operation) -> impl Iterator<Item = Exchange<'_>> {
        self.exchanges_for(operation)
            .filter(Exchange::is_documented)
    }

    /// The exchanges of one operation that depart from the documented one.
    pub fn varied(&self, operation: Operation) -> impl Iterator<Item = Exchange<'_>> {
        self.exchanges_for(operation)
            .filter(|exchange| !exchange.is_documented())
    }

    /// The first exchange of `operation` with just this variation.
    pub fn first(&self, operation: Operation, variation: &Variation) -> Option<Exchange<'_>> {
        self.exchanges_for(operation)
            .find(|exchange| exchange.variation == variation)
    }

    /// What the mock's journal said of the client's exchanges, in order of arrival. One that was
    /// written before its reply was made and once more after it stands where it arrived, whole.
    pub fn entries(&self) -> impl Iterator<Item = (RecordId, &Entry)> {
        self.entries_at(None)
    }

    /// The same at a listener beside the scenario's own.
    pub fn entries_elsewhere<'a>(
        &'a self,
        place: &'a str,
    ) -> impl Iterator<Item = (RecordId, &'a Entry)> {
        self.entries_at(Some(place))
    }

    /// The listeners beside the scenario's own, as the client's exchanges with them show.
    pub fn places(&self) -> BTreeSet<&str> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Elsewhere { place, .. } => Some(place.as_str()),
                _ => None,
            })
            .collect()
    }

    fn entries_at<'a>(
        &'a self,
        wanted: Option<&'a str>,
    ) -> impl Iterator<Item = (RecordId, &'a Entry)> {
        let all = move || {
            self.records
                .iter()
                .filter_map(move |record| match (&record.event, wanted) {
                    (Event::Entry { entry }, None) => Some((record.seq, entry.as_ref())),
                    (Event::Elsewhere { place, entry }, Some(wanted)) if place == wanted => {
                        Some((record.seq, entry.as_ref()))
                    }
                    _ => None,
                })
        };
        let last: BTreeMap<EntryId, &Entry> = all().map(|(_, entry)| (entry.id, entry)).collect();
        let mut seen = BTreeSet::new();
        all().filter_map(move |(seq, entry)| {
            let is_first = seen.insert(entry.id);
            is_first.then(|| (seq, last.get(&entry.id).copied().unwrap_or(entry)))
        })
    }

    /// The client's attempts to speak TLS.
    pub fn handshakes(&self) -> impl Iterator<Item = (RecordId, &Handshake)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Tls { handshake } => Some((record.seq, handshake.as_ref())),
                _ => None,
            })
    }

    /// What the harness offered the vendor in TLS handshakes, and what became of it: the record, the
    /// host, the offer, the answer.
    pub fn tls_hellos(&self) -> impl Iterator<Item = (RecordId, &str, TlsOffer, &TlsAnswer)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::TlsHello {
                    host,
                    offer,
                    answer,
                } => Some((record.seq, host.as_str(), *offer, answer)),
                _ => None,
            })
    }

    /// What was measured of the client before this scenario, or by it.
    pub fn measurement(&self) -> Option<(RecordId, &Measurement)> {
        self.records.iter().find_map(|record| match &record.event {
            Event::Measurement { measurement } => Some((record.seq, measurement)),
            _ => None,
        })
    }

    /// The questions about lifetimes, and what the client did.
    pub fn probes(&self) -> impl Iterator<Item = (RecordId, Probe, Answer)> {
        self.records.iter().filter_map(|record| match record.event {
            Event::Probe { probe, answer } => Some((record.seq, probe, answer)),
            _ => None,
        })
    }

    /// What the client was asked.
    pub fn asks(&self) -> impl Iterator<Item = (RecordId, &ClientCommand)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Ask { message, .. } => Some((record.seq, message)),
                _ => None,
            })
    }

    /// What the client answered.
    pub fn answers(&self) -> impl Iterator<Item = (RecordId, &ClientReply)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Answer { message, .. } => Some((record.seq, message)),
                _ => None,
            })
    }

    /// Whether the client's output was heard.
    pub fn hears_output(&self) -> bool {
        let mut records = self.records.iter();
        records.any(|record| matches!(record.event, Event::OutputHeard))
    }

    /// The lines that the client printed.
    pub fn output(&self) -> impl Iterator<Item = (RecordId, OutputStream, &str)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Output { stream, text } => Some((record.seq, *stream, text.as_str())),
                _ => None,
            })
    }

    /// Replaces the secrets of other scenarios: one program serves several scenarios, and may print
    /// late what belongs to an earlier one; a vendor may tell in one what is known as a secret in
    /// another only.
    pub(crate) fn redact_again(&mut self, redactor: &Redactor) {
        let redact = |text: &mut String| *text = redactor.redact(text);
        for record in &mut self.records {
            match &mut record.event {
                Event::Output { text, .. } | Event::Frame { text, .. } => redact(text),
                Event::Gone { gone, .. } => redact(&mut gone.why),
                Event::Cut { why, .. } => redact(why),
                Event::Request { request, .. } => {
                    redact(&mut request.target);
                    redact(&mut request.body);
                    request
                        .headers
                        .iter_mut()
                        .for_each(|(_, value)| redact(value));
                }
                Event::Reply { reply, .. } => {
                    redact(&mut reply.body);
                    reply
                        .headers
                        .iter_mut()
                        .for_each(|(_, value)| redact(value));
                }
                _ => {}
            }
        }
    }

    /// That the client went away, where it first shows. One that ended in order is not gone: what
    /// it did until then counts.
    pub fn client_gone(&self) -> Option<(RecordId, &ClientGone)> {
        self.records.iter().find_map(|record| match &record.event {
            Event::Gone { gone, .. } if gone.kind != Departure::Ended => Some((record.seq, gone)),
            _ => None,
        })
    }

    /// The JWTs that the request of this record got, without those that it showed itself.
    pub fn jwts_of(&self, request: RecordId) -> impl Iterator<Item = Jwt<'_>> {
        self.records
            .iter()
            .filter_map(move |record| match &record.event {
                Event::Jwt {
                    request: of,
                    member,
                    header,
                    claims,
                } if *of == request && member != FORGED => Some(Jwt {
                    seq: record.seq,
                    request,
                    member,
                    header,
                    claims,
                }),
                _ => None,
            })
    }

    /// Header and claims of the access token that the request of this record got, if it is a JWT.
    pub fn jwt_of(&self, request: RecordId) -> Option<(&Value, &Value)> {
        self.jwts_of(request)
            .find(|jwt| matches!(jwt.member, "access_token" | "AccessToken"))
            .map(|jwt| (jwt.header, jwt.claims))
    }

    /// The calls by which somebody turned the mock, with their bodies, in order.
    pub fn controls(&self) -> impl Iterator<Item = (RecordId, &str, &Value)> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Control { call, body } => Some((record.seq, call.as_str(), body)),
                _ => None,
            })
    }

    /// How far the vendor's clock had been turned before this record, in seconds; the whole way
    /// when `None`.
    pub fn turned_before(&self, seq: Option<RecordId>) -> f64 {
        self.records
            .iter()
            .take_while(|record| seq.is_none_or(|seq| record.seq < seq))
            .filter_map(|record| match &record.event {
                Event::Control { call, body } if call == "clock" => body["advance_s"].as_f64(),
                _ => None,
            })
            .sum()
    }

    /// That the scenario would have to wait longer than is allowed, and for how many seconds.
    pub fn pending(&self) -> Option<(RecordId, f64)> {
        self.records.iter().find_map(|record| match record.event {
            Event::Pending { wait_s } => Some((record.seq, wait_s)),
            _ => None,
        })
    }

    /// When, in milliseconds since the start of the run, the scenario would have had to wait, and for
    /// how many seconds.
    pub(crate) fn pending_since(&self) -> Option<(u64, f64)> {
        self.records.iter().find_map(|record| match record.event {
            Event::Pending { wait_s } => Some((record.t_ms, wait_s)),
            _ => None,
        })
    }

    /// What was seen before the scenario would have had to wait.
    pub(crate) fn before_pending(&self) -> Self {
        let is_before = |record: &&Record| !matches!(record.event, Event::Pending { .. });
        let records = self.records.iter().take_while(is_before);
        Self::from_records(records.cloned().collect())
    }

    /// Seconds between two records: by the vendor's clock where the harness turned it, else by its
    /// own.
    pub fn seconds_between(&self, from: RecordId, to: RecordId) -> f64 {
        if self.controls().any(|(_, call, _)| call == "clock") {
            return self.turned_before(Some(to)) - self.turned_before(Some(from));
        }
        let at = |seq| {
            let record = self.records.iter().find(|record| record.seq == seq);
            record.map_or(0, |record| record.t_ms)
        };
        Duration::from_millis(at(to).saturating_sub(at(from))).as_secs_f64()
    }

    /// The variables that hold the account, where a person gave it: when it is refused, that may be
    /// the person's mistake.
    pub fn account_variables(&self) -> Option<&[String]> {
        self.records.iter().find_map(|record| match &record.event {
            Event::Account { variables } => Some(variables.as_slice()),
            _ => None,
        })
    }

    /// How much room for chance the values of each kind have: kind, values, positions, alphabet.
    pub fn rooms(&self) -> impl Iterator<Item = (RecordId, &str, [usize; 3])> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Room {
                    kind,
                    values,
                    positions,
                    alphabet,
                } => Some((record.seq, kind.as_str(), [*values, *positions, *alphabet])),
                _ => None,
            })
    }

    /// What this run could not show, in order.
    pub fn limitations(&self) -> impl Iterator<Item = &str> {
        self.records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Limitation { what } => Some(what.as_str()),
                _ => None,
            })
    }
}
