//! What the mock's journal has of a client.

use std::time::Duration;

use locum_core::journal::EntryReply;
use locum_core::profile::ExpiresIn;
use locum_core::{Denial, DenialKind, Entry, EntryId, FaultId, Outcome, Timestamp, TokenId};
use serde_json::{Value, json};

use super::{owned, reply};
use crate::measurement::{Answer, Measurement, Probe};
use crate::rules::testing::{BadReply, Log};

impl Log {
    /// From now on each request of the client comes to nothing in this way.
    pub(in crate::rules::client) fn failing(mut self, how: BadReply) -> Self {
        self.failing = Some(how);
        self
    }

    /// The client was measured, by one probe.
    pub(in crate::rules::client) fn measured(mut self, measurement: &Measurement) -> Self {
        let probe = Probe {
            raw: 1,
            wait_ms: 0,
            settle_ms: 0,
            turned_s: 0,
            brief_credentials: false,
        };
        let answer = Answer {
            token_requests: 1,
            gap_ms: 1,
        };
        self.log.probe(probe, answer);
        self.log.measurement(measurement);
        self
    }

    /// The client was measured by another scenario.
    pub(in crate::rules::client) fn measured_before(mut self, measurement: &Measurement) -> Self {
        self.log.measurement(measurement);
        self
    }

    /// A probe in which the client's clock was turned so far, and so many tokens were asked for.
    pub(in crate::rules::client) fn turned_probe(
        mut self,
        turned_s: u64,
        token_requests: usize,
    ) -> Self {
        let probe = Probe {
            raw: 1,
            wait_ms: 0,
            settle_ms: 0,
            turned_s,
            brief_credentials: false,
        };
        let gap_ms = 1;
        self.log.probe(
            probe,
            Answer {
                token_requests,
                gap_ms,
            },
        );
        self
    }

    /// The vendor tells lifetimes in this unit.
    pub(in crate::rules::client) fn lifetimes_in(mut self, unit: ExpiresIn) -> Self {
        self.profile.token.expires_in = unit;
        self
    }

    /// Requests come on this connection from now on.
    pub(in crate::rules::client) fn connection(mut self, id: u64) -> Self {
        self.connection = id;
        self
    }

    /// Requests come over TLS from now on, on connections with this certificate.
    pub(in crate::rules::client) fn over_tls(mut self, certificate: &'static str) -> Self {
        self.certificate = certificate;
        self
    }

    /// A request as `fill` makes it.
    pub(in crate::rules::client) fn entered(
        self,
        endpoint: &str,
        fill: impl FnOnce(&mut Entry),
    ) -> Self {
        self.entry(endpoint, fill)
    }

    pub(super) fn entry(mut self, endpoint: &str, fill: impl FnOnce(&mut Entry)) -> Self {
        self.entries += 1;
        let mut entry: Entry = serde_json::from_value(json!({
            "id": self.entries, "connection": 0, "vendor": "acme", "endpoint": endpoint,
            "arrived": "2026-11-24T10:00:00Z", "method": "GET", "target": "/", "headers": []
        }))
        .expect("an entry");
        entry.id = EntryId(self.entries);
        let later = Duration::from_millis(u64::try_from(self.later_ms).unwrap_or(0));
        entry.arrived = entry.arrived.plus(later);
        entry.connection = self.connection;
        let takes = self.takes_ms.and_then(|millis| u64::try_from(millis).ok());
        entry.completed = takes.map(|millis| entry.arrived.plus(Duration::from_millis(millis)));
        fill(&mut entry);
        if !self.certificate.is_empty() {
            let certificate = self.certificate.into();
            entry.notes.insert("certificate".to_owned(), certificate);
        }
        if let Some(how) = self.failing {
            fail(&mut entry, how);
        }
        match self.place {
            "" => self.log.entry(&entry),
            place => self.log.elsewhere(place, &entry),
        };
        self
    }

    /// What follows is answered so many milliseconds after its arrival.
    pub(in crate::rules::client) fn takes(mut self, millis: i64) -> Self {
        self.takes_ms = Some(millis);
        self
    }

    /// A POST of `body` to `/things` with token `id`.
    pub(in crate::rules::client) fn posted(self, id: u64, status: u16, body: &str) -> Self {
        self.entry("things", |entry| {
            "POST".clone_into(&mut entry.method);
            "/things".clone_into(&mut entry.target);
            entry.outcome = Some(match status {
                401 => Outcome::Denied,
                _ => Outcome::Admitted,
            });
            entry.presented = Some(TokenId(id));
            entry.body = (!body.is_empty()).then(|| body.to_owned());
            entry.body_length = body.len() as u64;
            entry.reply = Some(reply(status, "{}"));
        })
    }

    /// A 401 to token `id` with this body; a fault sends any that is not JSON.
    pub(in crate::rules::client) fn refused_with(self, id: u64, body: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.presented = Some(TokenId(id));
            entry.fault = (!body.starts_with('{')).then_some(FaultId(1));
            entry.reply = Some(reply(401, body));
        })
    }

    /// An API request that a fault answers with this status and body.
    pub(in crate::rules::client) fn api_answer(self, id: u64, status: u16, body: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.presented = Some(TokenId(id));
            entry.fault = Some(FaultId(1));
            entry.reply = Some(reply(status, body));
        })
    }

    /// An API request that is served with this body.
    pub(in crate::rules::client) fn api_reply(self, id: u64, body: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(id));
            entry.reply = Some(reply(200, body));
        })
    }

    /// A request that creates something: failed by a fault of this status, or taken.
    pub(in crate::rules::client) fn create_request(
        self,
        failed: Option<u16>,
        headers: &[(&str, &str)],
    ) -> Self {
        self.entry("things", |entry| {
            "POST".clone_into(&mut entry.method);
            "/things".clone_into(&mut entry.target);
            entry.headers = owned(headers);
            entry.fault = failed.map(|_| FaultId(1));
            entry.outcome = Some(match failed {
                Some(_) => Outcome::Faulted,
                None => Outcome::Admitted,
            });
            entry.reply = Some(reply(failed.unwrap_or(202), "{}"));
        })
    }

    /// A token request whose reply of token `id` breaks off.
    pub(in crate::rules::client) fn cut_grant(self, id: u64) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.fault = Some(FaultId(1));
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, r#"{"access_token":"«t»"}"#));
        })
    }

    /// A token request that has no answer yet.
    pub(in crate::rules::client) fn held_login(self) -> Self {
        self.entry("token", |_| {})
    }

    /// A token request that is refused with this body.
    pub(in crate::rules::client) fn login_refused_with(self, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.reply = Some(reply(401, body));
        })
    }

    /// A request to `endpoint` that is redirected to `url`.
    pub(in crate::rules::client) fn sent_to(self, endpoint: &str, url: &str) -> Self {
        self.entry(endpoint, |entry| {
            entry.outcome = Some(Outcome::Faulted);
            let mut reply = reply(307, "");
            reply.headers = owned(&[("location", url)]);
            entry.reply = Some(reply);
        })
    }

    /// What follows arrives so many milliseconds later.
    pub(in crate::rules::client) fn later(mut self, millis: i64) -> Self {
        self.later_ms += millis;
        self
    }

    /// What follows arrives at this listener beside the scenario's own, or at its own when empty.
    pub(in crate::rules::client) fn at(mut self, place: &'static str) -> Self {
        self.place = place;
        self
    }

    /// An API request with token 1 that is answered with 429 and this `Retry-After`.
    pub(in crate::rules::client) fn throttled(self, value: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.presented = Some(TokenId(1));
            let mut reply = reply(429, "");
            reply.headers = owned(&[("retry-after", value)]);
            entry.reply = Some(reply);
        })
    }

    /// A token request that got token `id`.
    pub(in crate::rules::client) fn grant(self, id: u64) -> Self {
        let body = json!({"access_token": format!("«token {id}»")}).to_string();
        self.granted(id, &body)
    }

    /// A token request that got token `id` in a reply of this body.
    pub(in crate::rules::client) fn granted(self, id: u64, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, body));
        })
    }

    /// The same, a reply that was held for so many milliseconds.
    pub(in crate::rules::client) fn granted_late(self, id: u64, body: &str, held_ms: i64) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, body));
            entry.completed = Some(Timestamp::from_millis(entry.arrived.as_millis() + held_ms));
        })
    }

    /// An API request with token `id` that was served so many milliseconds after the first arrival.
    pub(in crate::rules::client) fn api_at(self, id: u64, at_ms: i64) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(id));
            entry.reply = Some(reply(200, "{}"));
            entry.arrived = Timestamp::from_millis(entry.arrived.as_millis() + at_ms);
        })
    }

    /// The same with token 1 on this connection.
    pub(in crate::rules::client) fn api_on(self, connection: u64, at_ms: i64) -> Self {
        self.entry("things", |entry| {
            entry.connection = connection;
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(1));
            entry.reply = Some(reply(200, "{}"));
            entry.arrived = Timestamp::from_millis(entry.arrived.as_millis() + at_ms);
        })
    }

    /// The vendor does this on purpose: the fault of this number.
    pub(in crate::rules::client) fn fault(self, number: u64, then: &Value) -> Self {
        self.control("faults", &json!({"id": number, "then": then}))
    }

    /// A token request that got token `id` in a reply of this body, which met a fault of this
    /// number.
    pub(in crate::rules::client) fn bent_grant(self, number: u64, id: u64, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.fault = Some(FaultId(number));
            entry.reply = Some(reply(200, body));
        })
    }

    /// An API request with token `id` that was served, and met the fault of this number.
    pub(in crate::rules::client) fn bent_api(self, number: u64, id: u64) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(id));
            entry.fault = Some(FaultId(number));
            entry.reply = Some(reply(200, "{"));
        })
    }

    /// A request to this endpoint in whose place the fault of this number sent a page of HTML.
    pub(in crate::rules::client) fn page(self, endpoint: &str, number: u64) -> Self {
        self.entry(endpoint, |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.fault = Some(FaultId(number));
            let html = ("content-type".to_owned(), "text/html".to_owned());
            entry.reply = Some(EntryReply {
                headers: vec![html],
                ..reply(200, "<html>busy</html>")
            });
        })
    }

    /// The same at this target.
    pub(in crate::rules::client) fn granted_at(self, target: &str, id: u64) -> Self {
        self.entry("token", |entry| {
            target.clone_into(&mut entry.target);
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, r#"{"access_token":"«t»"}"#));
        })
    }

    /// A token request that was refused.
    pub(in crate::rules::client) fn refused_login(self) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.reply = Some(reply(401, "{}"));
        })
    }

    /// A token request with this form that was refused.
    pub(in crate::rules::client) fn refused_form(self, form: &str) -> Self {
        self.entry("token", |entry| {
            entry.body = Some(form.to_owned());
            entry.outcome = Some(Outcome::Denied);
            entry.reply = Some(reply(400, r#"{"error":"invalid_grant"}"#));
        })
    }

    /// The same, with what the mock noted of its spelling.
    pub(in crate::rules::client) fn refused_login_spelled(self, spelling: &Value) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.reply = Some(reply(401, "{}"));
            entry.spelling = serde_json::from_value(spelling.clone()).expect("a spelling");
        })
    }

    /// A token request that the vendor answered with 500, since it could not read it.
    pub(in crate::rules::client) fn unreadable_login(self) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.denial = Some(Denial::new(DenialKind::Malformed, "unreadable_form"));
            entry.reply = Some(reply(500, "{}"));
        })
    }

    /// A token request in whose place a fault answered.
    pub(in crate::rules::client) fn failed_login(self, status: u16) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.reply = Some(reply(status, "{}"));
        })
    }

    /// An API request with token `id`: admitted, refused with 401, or answered with 500 by a fault.
    pub(in crate::rules::client) fn api(self, id: u64, outcome: Outcome) -> Self {
        let status = match outcome {
            Outcome::Admitted => 200,
            Outcome::Denied => 401,
            _ => 500,
        };
        self.api_status(id, outcome, status)
    }

    /// The same with another status.
    pub(in crate::rules::client) fn api_status(
        self,
        id: u64,
        outcome: Outcome,
        status: u16,
    ) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(outcome);
            entry.presented = Some(TokenId(id));
            entry.reply = Some(reply(status, "{}"));
        })
    }

    /// An API request with token `id` and these headers.
    pub(in crate::rules::client) fn api_with(
        self,
        id: u64,
        headers: &[(&str, &str)],
        outcome: Outcome,
    ) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(outcome);
            entry.presented = Some(TokenId(id));
            entry.headers = owned(headers);
            entry.reply = Some(reply(200, "{}"));
        })
    }

    /// An API request without any proof, which is refused.
    pub(in crate::rules::client) fn refused_without_proof(self) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.reply = Some(reply(401, "{}"));
        })
    }

    /// An API request whose reply names this URL.
    pub(in crate::rules::client) fn created(self, url: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.reply = Some(reply(201, json!({"url": url}).to_string()));
        })
    }

    /// A request that was granted, opened or admitted.
    pub(in crate::rules::client) fn arrival(
        self,
        endpoint: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        self.entry(endpoint, |entry| {
            target.clone_into(&mut entry.target);
            entry.headers = owned(headers);
            entry.body = Some(body.to_owned());
            let (outcome, status, body) = match endpoint {
                "token" => (Outcome::Granted, 200, r#"{"access_token":"«t»"}"#),
                "streams" => (Outcome::Opened, 101, ""),
                _ => (Outcome::Admitted, 200, "{}"),
            };
            entry.outcome = Some(outcome);
            entry.reply = Some(reply(status, body));
        })
    }

    /// An operation of a service that names it in `X-Amz-Target`; an empty reply when `Null`.
    pub(in crate::rules::client) fn operation(
        self,
        name: &str,
        sent: &Value,
        answered: &Value,
    ) -> Self {
        let body = match answered {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        self.operation_status(name, sent, 200, &body)
    }

    /// An operation that was answered with this status and no tokens.
    pub(in crate::rules::client) fn failed_operation(
        self,
        name: &str,
        sent: &Value,
        status: u16,
    ) -> Self {
        self.operation_status(name, sent, status, "{}")
    }

    pub(super) fn operation_status(
        self,
        name: &str,
        sent: &Value,
        status: u16,
        body: &str,
    ) -> Self {
        self.entry("pool", |entry| {
            entry.headers = owned(&[
                ("X-Amz-Target", &format!("Service.{name}")),
                ("Content-Type", "application/x-amz-json-1.1"),
            ]);
            entry.body = Some(sent.to_string());
            entry.reply = Some(reply(status, body));
        })
    }

    /// A token request with this form, and its answer.
    pub(in crate::rules::client) fn token_request(
        self,
        body: &str,
        status: u16,
        answer: &str,
    ) -> Self {
        self.entry("token", |entry| {
            "POST".clone_into(&mut entry.method);
            entry.body = Some(body.to_owned());
            entry.outcome = Some(match status {
                200 => Outcome::Granted,
                _ => Outcome::Denied,
            });
            entry.reply = Some(reply(status, answer));
        })
    }

    /// The same, which the vendor carried out and never answered, because of the fault of this number.
    pub(in crate::rules::client) fn lost_token_request(self, fault: u64, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.body = Some(body.to_owned());
            entry.fault = Some(FaultId(fault));
            entry.outcome = Some(Outcome::Granted);
        })
    }

    /// A request to the revocation endpoint.
    pub(in crate::rules::client) fn revocation(
        self,
        method: &str,
        media_type: &str,
        body: &str,
    ) -> Self {
        self.entry("revoke", |entry| {
            method.clone_into(&mut entry.method);
            entry.headers = owned(&[("Content-Type", media_type)]);
            entry.body = Some(body.to_owned());
            entry.outcome = Some(Outcome::Revoked);
            entry.reply = Some(reply(200, ""));
        })
    }

    /// A signed API request to `target`; `refused` is why it was denied.
    pub(in crate::rules::client) fn signed_at(self, target: &str, refused: Option<&str>) -> Self {
        let kind = match refused {
            Some("ended_credentials") => DenialKind::Expired,
            _ => DenialKind::BadSignature,
        };
        self.entry("tasks", |entry| {
            target.clone_into(&mut entry.target);
            entry
                .notes
                .insert("signed_headers".to_owned(), json!("host"));
            entry.denial = refused.map(|reason| Denial::new(kind, reason));
            let (outcome, status) = match refused {
                Some(_) => (Outcome::Denied, 403),
                None => (Outcome::Admitted, 200),
            };
            entry.outcome = Some(outcome);
            entry.reply = Some(reply(status, "{}"));
        })
    }

    /// An API request with these headers; `refused` is why it was denied.
    pub(in crate::rules::client) fn signed(
        self,
        method: &str,
        headers: &[(&str, &str)],
        refused: Option<&str>,
    ) -> Self {
        self.entry("tasks", |entry| {
            method.clone_into(&mut entry.method);
            entry.headers = owned(headers);
            entry.denial = refused.map(|reason| Denial::new(DenialKind::BadSignature, reason));
            let (outcome, status) = match refused {
                Some(_) => (Outcome::Denied, 403),
                None => (Outcome::Admitted, 200),
            };
            entry.outcome = Some(outcome);
            entry.reply = Some(reply(status, "{}"));
        })
    }
}

/// What an entry looks like when the vendor failed in this way.
fn fail(entry: &mut Entry, how: BadReply) {
    entry.outcome = Some(Outcome::Faulted);
    entry.issued.clear();
    entry.denial = None;
    // The vendor failed by itself, whatever was planned.
    entry.fault = None;
    entry.reply = match how {
        BadReply::ServerError => Some(reply(500, r#"{"error":"boom"}"#)),
        BadReply::Html => Some(reply(200, "<html>hello</html>")),
        BadReply::Redirect => Some(reply(302, "")),
        BadReply::Unreadable => Some(reply(200, "{\"a\":")),
        BadReply::Closed => None,
    };
}
