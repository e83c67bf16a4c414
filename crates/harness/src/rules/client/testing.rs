//! A client's traffic in a few words.

use std::time::Duration;

use locum_core::journal::EntryReply;
use locum_core::profile::ExpiresIn;
use locum_core::requirement::Judge;
use locum_core::{Denial, DenialKind, Entry, EntryId, FaultId, Outcome, Timestamp, TokenId};
use serde_json::{Value, json};

use crate::measurement::{Answer, Measurement, Probe};
use crate::rules::testing::{BadReply, Log, check_side};
use crate::subject::{
    ClientCommand, ClientGone, ClientReply, ClockSelection, Departure, OutputStream,
};
use crate::verdict::{Finding, Grade};

/// The provider that [`Log::configured`] makes.
pub(super) const PROVIDER: &str = "cognito-idp.r.amazonaws.com/pool";

/// What the rule of `id` for a client makes of `log`; `id@vendor` picks that vendor's data.
pub(super) fn check(log: &Log, id: &str, expected: Grade) -> Finding {
    check_side(log, id, Judge::Client, expected)
}

/// A sign-in with a password.
pub(super) fn password() -> Value {
    json!({"ClientId": "c", "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "u", "PASSWORD": "«unknown»"}})
}

/// A reply with the tokens of this number.
pub(super) fn tokens(n: u64) -> Value {
    json!({"AuthenticationResult": {
        "AccessToken": format!("«access token {n} of u»"),
        "IdToken": format!("«id token {n} of u»"),
        "RefreshToken": format!("«refresh token {n} of u»"),
    }})
}

/// A JSON reply.
pub(super) fn reply(status: u16, body: impl Into<String>) -> EntryReply {
    let json = ("content-type".to_owned(), "application/json".to_owned());
    EntryReply {
        status,
        headers: vec![json],
        body: Some(body.into()),
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    headers.iter().map(owned).collect()
}

/// A form says what it is.
pub(super) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// A Basic header as the journal has it.
pub(super) const BASIC: (&str, &str) = ("Authorization", "Basic «secret of a»");

/// The characters that encodings change, as they are noted.
pub(super) const SPECIAL: [&str; 6] = ["`:`", "`+`", "`&`", "`=`", "`%`", "`é`"];

/// What is noted of a sound login with Basic.
pub(super) fn noted() -> Value {
    let exact = json!({"exact": {"characters": SPECIAL}});
    json!({
        "form": {"is_utf8": true, "filled": ["grant_type", "scope"]},
        "basic": {"alphabet": "standard", "is_padded": true, "is_folded": false, "bytes": 70,
            "pair": "raw", "has_colon": true},
        "credentials": [
            {"name": "client_id", "place": "basic", "origin": exact},
            {"name": "client_secret", "place": "basic", "origin": exact},
        ],
    })
}

/// A login of which this is noted; it gets an access, an id and a refresh token.
pub(super) fn spelled(log: Log, headers: &[(&str, &str)], body: &str, note: &Value) -> Log {
    let tokens = json!({"access_token": "«access token 1 of a»", "id_token": "«id token 2 of a»",
        "refresh_token": "«refresh token 3 of a»"});
    log.entered("token", |entry| {
        "POST".clone_into(&mut entry.method);
        "/realms/t/token".clone_into(&mut entry.target);
        entry.headers = owned(headers);
        entry.body_length = body.len() as u64;
        entry.body = (!body.is_empty()).then(|| body.to_owned());
        entry.notes.insert("spelling".to_owned(), note.clone());
        entry.outcome = Some(Outcome::Granted);
        entry.issued = vec![TokenId(1), TokenId(2), TokenId(3)];
        entry.reply = Some(reply(200, tokens.to_string()));
    })
}

/// A sound login of a client with Basic.
pub(super) fn login(log: Log) -> Log {
    let headers = [FORM, BASIC, ("Accept", "application/json")];
    let body = "grant_type=client_credentials&scope=openid";
    spelled(log, &headers, body, &noted())
}

/// An API request that was served, of which this is noted.
pub(super) fn called(
    log: Log,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
    note: &Value,
) -> Log {
    log.entered("things", |entry| {
        method.clone_into(&mut entry.method);
        target.clone_into(&mut entry.target);
        entry.headers = owned(headers);
        entry.body_length = body.len() as u64;
        entry.body = (!body.is_empty()).then(|| body.to_owned());
        entry.notes.insert("spelling".to_owned(), note.clone());
        entry.outcome = Some(Outcome::Admitted);
        entry.reply = Some(reply(200, "{}"));
    })
}

/// What the client was asked for.
impl Log {
    fn asked(mut self, command: &ClientCommand) -> Self {
        self.asks += 1;
        self.log.ask(self.asks, command);
        self
    }

    /// The client is asked for a call, and answers with `status` after what `seen` adds.
    pub(super) fn call(mut self, status: u16, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked_for_a_call();
        let id = self.asks;
        self = seen(self);
        self.log.answer(id, &ClientReply::done(Some(status)));
        self
    }

    /// The client is asked for a call, and reports an error after what `seen` adds.
    pub(super) fn failed_call(mut self, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked_for_a_call();
        let id = self.asks;
        self = seen(self);
        self.log
            .answer(id, &ClientReply::failed("other", None, "no token"));
        self
    }

    /// The client is asked for so many calls at once, and answers all after what `seen` adds.
    pub(super) fn calls_at_once(mut self, n: usize, seen: impl FnOnce(Self) -> Self) -> Self {
        let before = self.asks;
        self = (0..n).fold(self, |log, _| log.asked_for_a_call());
        let asked = before + 1..=self.asks;
        self = seen(self);
        for id in asked {
            self.log.answer(id, &ClientReply::done(Some(200)));
        }
        self
    }

    /// The client is asked for a call, and its answer is not there yet.
    pub(super) fn asked_for_a_call(self) -> Self {
        self.asked(&ClientCommand::get("a", "/things"))
    }

    pub(super) fn asked_for_a_new_password(self) -> Self {
        self.asked(&ClientCommand::ChangePassword {
            client: "a".to_owned(),
            new_password: "«chosen password»".to_owned(),
        })
    }

    pub(super) fn asked_to_revoke(self) -> Self {
        self.asked(&ClientCommand::Revoke {
            client: "a".to_owned(),
        })
    }

    pub(super) fn asked_to_open(self, url: &str) -> Self {
        self.asked(&ClientCommand::WsOpen {
            client: "a".to_owned(),
            url: url.to_owned(),
            timeout_ms: None,
        })
    }

    /// The client's clock is set.
    pub(super) fn client_clock(self, offset_s: f64) -> Self {
        self.asked(&ClientCommand::Clock {
            client: "a".to_owned(),
            offset_s,
            which: ClockSelection::Both,
        })
    }

    /// The client's wall clock alone is set.
    pub(super) fn client_wall_clock(self, offset_s: f64) -> Self {
        self.asked(&ClientCommand::Clock {
            client: "a".to_owned(),
            offset_s,
            which: ClockSelection::Wall,
        })
    }

    /// The instance `handle` is made, with this configuration.
    pub(super) fn instance(self, handle: &str, config: &Value) -> Self {
        self.asked(&ClientCommand::New {
            client: handle.to_owned(),
            vendor: "acme".to_owned(),
            config: config.as_object().cloned().unwrap_or_default(),
        })
    }

    /// The instance `handle` makes a call, which shows a token of `principal` and is served.
    pub(super) fn call_of(mut self, handle: &str, principal: &str) -> Self {
        self = self.asked(&ClientCommand::get(handle, "/things"));
        let id = self.asks;
        self = self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.principal = Some(principal.to_owned());
            entry.reply = Some(reply(200, "{}"));
        });
        self.log.answer(id, &ClientReply::done(Some(200)));
        self
    }

    /// The instance is given new credentials, and takes them.
    pub(super) fn new_credentials(mut self, config: &Value) -> Self {
        self = self.asked(&ClientCommand::SetCredentials {
            client: "a".to_owned(),
            config: config.as_object().cloned().unwrap_or_default(),
        });
        let id = self.asks;
        self.log.answer(id, &ClientReply::done(None));
        self
    }

    /// A call is begun and then two more, the first is cancelled, and `good` of the others succeed
    /// after what `seen` adds.
    pub(super) fn cancelled_call(mut self, good: usize, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked_for_a_call();
        let first = self.asks;
        self = self.asked_for_a_call().asked_for_a_call();
        let others = [self.asks - 1, self.asks];
        self = self.asked(&ClientCommand::Cancel { target: first });
        let cancel = self.asks;
        self = seen(self);
        self.log.answer(cancel, &ClientReply::done(None));
        let gone = ClientReply::failed("other", None, "cancelled");
        self.log.answer(first, &gone);
        for (at, id) in others.into_iter().enumerate() {
            let answer = if at < good {
                ClientReply::done(Some(200))
            } else {
                gone.clone()
            };
            self.log.answer(id, &answer);
        }
        self
    }

    /// An instance is made, with client `c`, identity pool `p` and the pool of [`PROVIDER`].
    pub(super) fn configured(self) -> Self {
        self.configured_as("c")
    }

    /// The same with another client id.
    pub(super) fn configured_as(self, client_id: &str) -> Self {
        let config = json!({"client_id": client_id, "identity_pool_id": "p", "region": "r",
            "user_pool_id": "pool", "password": "«password»"});
        self.asked(&ClientCommand::New {
            client: "a".to_owned(),
            vendor: "acme".to_owned(),
            config: config.as_object().cloned().unwrap_or_default(),
        })
    }

    /// What the client prints is heard from now on.
    pub(super) fn output_heard(mut self) -> Self {
        self.log.output_heard();
        self
    }

    /// The client prints a line.
    pub(super) fn printed(mut self, text: &str) -> Self {
        self.log.output(OutputStream::Stdout, text.as_bytes());
        self
    }

    /// The client `name` is asked for a call, and reports that it went well or failed.
    pub(super) fn call_by(
        mut self,
        name: &str,
        succeeds: bool,
        seen: impl FnOnce(Self) -> Self,
    ) -> Self {
        self = self.asked(&ClientCommand::get(name, "/things"));
        let id = self.asks;
        self = seen(self);
        let reply = match succeeds {
            true => ClientReply::done(Some(200)),
            false => ClientReply::failed("other", None, "failed"),
        };
        self.log.answer(id, &reply);
        self
    }

    /// The client `name` is asked for a call that fails in this way; an empty one succeeds.
    pub(super) fn fails_at(
        mut self,
        name: &str,
        kind: &str,
        seen: impl FnOnce(Self) -> Self,
    ) -> Self {
        self = self.asked(&ClientCommand::get(name, "/things"));
        let id = self.asks;
        self = seen(self);
        let reply = match kind {
            "" => ClientReply::done(Some(200)),
            kind => ClientReply::failed(kind, None, "failed"),
        };
        self.log.answer(id, &reply);
        self
    }

    /// The client is asked for a call that fails with this message.
    pub(super) fn fails_with(mut self, message: &str, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked_for_a_call();
        let id = self.asks;
        self = seen(self);
        let reply = ClientReply::failed("auth", None, message);
        self.log.answer(id, &reply);
        self
    }

    /// The client is asked for a POST of `body`, and answers with `status`.
    pub(super) fn post(
        mut self,
        kind: &str,
        body: &str,
        status: u16,
        seen: impl FnOnce(Self) -> Self,
    ) -> Self {
        let mut post = ClientCommand::call("a", "POST", "/things", Some(body.to_owned()));
        if let ClientCommand::Call { body_kind, .. } = &mut post {
            *body_kind = Some(kind.to_owned());
        }
        self = self.asked(&post);
        let id = self.asks;
        self = seen(self);
        self.log.answer(id, &ClientReply::done(Some(status)));
        self
    }

    /// The client is asked to create something at `/things`, and says that it has.
    pub(super) fn creates(mut self, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked(&ClientCommand::Create {
            client: "a".to_owned(),
            path: "/things".to_owned(),
            timeout_ms: None,
        });
        let id = self.asks;
        self = seen(self);
        self.log.answer(id, &ClientReply::done(None));
        self
    }

    /// The client is asked for an instance whose configuration has this text, and makes it or not.
    pub(super) fn configured_with(mut self, name: &str, text: &str, made: bool) -> Self {
        let config = json!({name: text});
        self = self.asked(&ClientCommand::New {
            client: "a".to_owned(),
            vendor: "acme".to_owned(),
            config: config.as_object().cloned().unwrap_or_default(),
        });
        let reply = match made {
            true => ClientReply::done(None),
            false => ClientReply::failed("other", None, "no fragments"),
        };
        self.log.answer(self.asks, &reply);
        self
    }

    /// The client does not answer its latest command.
    pub(super) fn client_hangs(self) -> Self {
        self.leaves(Departure::NoReply)
    }

    /// The client crashes on its latest command.
    pub(super) fn client_gone(self) -> Self {
        self.leaves(Departure::Crashed)
    }

    fn leaves(mut self, kind: Departure) -> Self {
        let gone = ClientGone {
            kind,
            why: "signal 11".to_owned(),
        };
        self.log.gone(self.asks, &gone);
        self
    }
}

/// What the mock's journal has.
impl Log {
    /// From now on each request of the client comes to nothing in this way.
    pub(super) fn failing(mut self, how: BadReply) -> Self {
        self.failing = Some(how);
        self
    }

    /// The client was measured, by one probe.
    pub(super) fn measured(mut self, measurement: &Measurement) -> Self {
        let probe = Probe {
            raw: 1,
            wait_ms: 0,
            settle_ms: 0,
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

    /// The vendor tells lifetimes in this unit.
    pub(super) fn lifetimes_in(mut self, unit: ExpiresIn) -> Self {
        self.profile.token.expires_in = unit;
        self
    }

    /// Requests come on this connection from now on.
    pub(super) fn connection(mut self, id: u64) -> Self {
        self.connection = id;
        self
    }

    /// A request as `fill` makes it.
    pub(super) fn entered(self, endpoint: &str, fill: impl FnOnce(&mut Entry)) -> Self {
        self.entry(endpoint, fill)
    }

    fn entry(mut self, endpoint: &str, fill: impl FnOnce(&mut Entry)) -> Self {
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
    pub(super) fn takes(mut self, millis: i64) -> Self {
        self.takes_ms = Some(millis);
        self
    }

    /// A POST of `body` to `/things` with token `id`.
    pub(super) fn posted(self, id: u64, status: u16, body: &str) -> Self {
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
    pub(super) fn refused_with(self, id: u64, body: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.presented = Some(TokenId(id));
            entry.fault = (!body.starts_with('{')).then_some(FaultId(1));
            entry.reply = Some(reply(401, body));
        })
    }

    /// An API request that a fault answers with this status and body.
    pub(super) fn api_answer(self, id: u64, status: u16, body: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.presented = Some(TokenId(id));
            entry.fault = Some(FaultId(1));
            entry.reply = Some(reply(status, body));
        })
    }

    /// An API request that is served with this body.
    pub(super) fn api_reply(self, id: u64, body: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(id));
            entry.reply = Some(reply(200, body));
        })
    }

    /// A request that creates something: failed by a fault of this status, or taken.
    pub(super) fn create_request(self, failed: Option<u16>, headers: &[(&str, &str)]) -> Self {
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
    pub(super) fn cut_grant(self, id: u64) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.fault = Some(FaultId(1));
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, r#"{"access_token":"«t»"}"#));
        })
    }

    /// A token request that has no answer yet.
    pub(super) fn held_login(self) -> Self {
        self.entry("token", |_| {})
    }

    /// A token request that is refused with this body.
    pub(super) fn login_refused_with(self, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.reply = Some(reply(401, body));
        })
    }

    /// A request to `endpoint` that is redirected to `url`.
    pub(super) fn sent_to(self, endpoint: &str, url: &str) -> Self {
        self.entry(endpoint, |entry| {
            entry.outcome = Some(Outcome::Faulted);
            let mut reply = reply(307, "");
            reply.headers = owned(&[("location", url)]);
            entry.reply = Some(reply);
        })
    }

    /// What follows arrives so many milliseconds later.
    pub(super) fn later(mut self, millis: i64) -> Self {
        self.later_ms += millis;
        self
    }

    /// What follows arrives at this listener beside the scenario's own, or at its own when empty.
    pub(super) fn at(mut self, place: &'static str) -> Self {
        self.place = place;
        self
    }

    /// An API request with token 1 that is answered with 429 and this `Retry-After`.
    pub(super) fn throttled(self, value: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.presented = Some(TokenId(1));
            let mut reply = reply(429, "");
            reply.headers = owned(&[("retry-after", value)]);
            entry.reply = Some(reply);
        })
    }

    /// A token request that got token `id`.
    pub(super) fn grant(self, id: u64) -> Self {
        let body = json!({"access_token": format!("«token {id}»")}).to_string();
        self.granted(id, &body)
    }

    /// A token request that got token `id` in a reply of this body.
    pub(super) fn granted(self, id: u64, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, body));
        })
    }

    /// The same, a reply that was held for so many milliseconds.
    pub(super) fn granted_late(self, id: u64, body: &str, held_ms: i64) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, body));
            entry.completed = Some(Timestamp::from_millis(entry.arrived.as_millis() + held_ms));
        })
    }

    /// An API request with token `id` that was served so many milliseconds after the first arrival.
    pub(super) fn api_at(self, id: u64, at_ms: i64) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(id));
            entry.reply = Some(reply(200, "{}"));
            entry.arrived = Timestamp::from_millis(entry.arrived.as_millis() + at_ms);
        })
    }

    /// The same with token 1 on this connection.
    pub(super) fn api_on(self, connection: u64, at_ms: i64) -> Self {
        self.entry("things", |entry| {
            entry.connection = connection;
            entry.outcome = Some(Outcome::Admitted);
            entry.presented = Some(TokenId(1));
            entry.reply = Some(reply(200, "{}"));
            entry.arrived = Timestamp::from_millis(entry.arrived.as_millis() + at_ms);
        })
    }

    /// The vendor does this on purpose: the fault of this number.
    pub(super) fn fault(self, number: u64, then: &Value) -> Self {
        self.control("faults", &json!({"id": number, "then": then}))
    }

    /// A token request that got token `id` in a reply of this body, which met a fault of this
    /// number.
    pub(super) fn bent_grant(self, number: u64, id: u64, body: &str) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.fault = Some(FaultId(number));
            entry.reply = Some(reply(200, body));
        })
    }

    /// A request to this endpoint in whose place the fault of this number sent a page of HTML.
    pub(super) fn page(self, endpoint: &str, number: u64) -> Self {
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
    pub(super) fn granted_at(self, target: &str, id: u64) -> Self {
        self.entry("token", |entry| {
            target.clone_into(&mut entry.target);
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(reply(200, r#"{"access_token":"«t»"}"#));
        })
    }

    /// A token request that was refused.
    pub(super) fn refused_login(self) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Denied);
            entry.reply = Some(reply(401, "{}"));
        })
    }

    /// A token request in whose place a fault answered.
    pub(super) fn failed_login(self, status: u16) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Faulted);
            entry.reply = Some(reply(status, "{}"));
        })
    }

    /// An API request with token `id`: admitted, refused with 401, or answered with 500 by a fault.
    pub(super) fn api(self, id: u64, outcome: Outcome) -> Self {
        let status = match outcome {
            Outcome::Admitted => 200,
            Outcome::Denied => 401,
            _ => 500,
        };
        self.api_status(id, outcome, status)
    }

    /// The same with another status.
    pub(super) fn api_status(self, id: u64, outcome: Outcome, status: u16) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(outcome);
            entry.presented = Some(TokenId(id));
            entry.reply = Some(reply(status, "{}"));
        })
    }

    /// An API request with token `id` and these headers.
    pub(super) fn api_with(self, id: u64, headers: &[(&str, &str)], outcome: Outcome) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(outcome);
            entry.presented = Some(TokenId(id));
            entry.headers = owned(headers);
            entry.reply = Some(reply(200, "{}"));
        })
    }

    /// An API request whose reply names this URL.
    pub(super) fn created(self, url: &str) -> Self {
        self.entry("things", |entry| {
            entry.outcome = Some(Outcome::Admitted);
            entry.reply = Some(reply(201, json!({"url": url}).to_string()));
        })
    }

    /// A request that was granted, opened or admitted.
    pub(super) fn arrival(
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
    pub(super) fn operation(self, name: &str, sent: &Value, answered: &Value) -> Self {
        let body = match answered {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        self.operation_status(name, sent, 200, &body)
    }

    /// An operation that was answered with this status and no tokens.
    pub(super) fn failed_operation(self, name: &str, sent: &Value, status: u16) -> Self {
        self.operation_status(name, sent, status, "{}")
    }

    fn operation_status(self, name: &str, sent: &Value, status: u16, body: &str) -> Self {
        self.entry("pool", |entry| {
            entry.headers = owned(&[("X-Amz-Target", &format!("Service.{name}"))]);
            entry.body = Some(sent.to_string());
            entry.reply = Some(reply(status, body));
        })
    }

    /// An API request with these headers; `refused` is why it was denied.
    pub(super) fn signed(
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
