//! A log in a few words, for the tests of the rules.

use std::sync::Arc;
use std::time::Duration;

use locum_core::profile::SocketFacts;
use locum_core::{
    Entry, EntryId, Finding, Grade, ManualClock, Outcome, Profile, Timestamp, TokenId,
};
use serde_json::json;

use super::View;
use crate::evidence::{EvidenceLog, Side};
use crate::http::{Reply, Request};
use crate::subject::Answer;

const PROFILE: &str = r#"
vendor = "acme"
title = "Acme"
[urls]
token = "/token"
[endpoints.token]
methods = ["POST"]
path = "/token"
[token]
grant = "client_credentials"
expires_in = "seconds"
lifetime_s = 3600
[signature]
region = "r"
service = "s"
[denials.default]
status = 400
"#;

/// A log under construction.
pub(crate) struct Log {
    log: EvidenceLog,
    profile: Profile,
    entries: u64,
    asks: u64,
}

impl Log {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        Self {
            log: EvidenceLog::new(clock, Duration::ZERO),
            profile: Profile::parse("acme.toml", PROFILE).expect("it parses"),
            entries: 0,
            asks: 0,
        }
    }

    pub(crate) fn hide(mut self, value: &str, name: &str) -> Self {
        self.log.hide(value, name);
        self
    }

    pub(crate) fn hide_pair(mut self, id: &str, secret: &str, name: &str) -> Self {
        self.log.hide_pair(id, secret, name);
        self
    }

    pub(crate) fn exchange(self, act: &str, how: &str, status: u16, body: &str) -> Self {
        self.sent(act, how, "", status, body)
    }

    /// An exchange whose request shows `sent` in a header.
    pub(crate) fn sent(
        mut self,
        act: &str,
        how: &str,
        sent: &str,
        status: u16,
        body: &str,
    ) -> Self {
        let request = Request::new("GET", "/")
            .header("Host", "h")
            .header("Authorization", sent);
        let seq = self.log.sends(act, how, &request);
        let reply = Reply {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        self.log.receives(seq, Ok(&reply));
        self
    }

    /// An exchange whose reply says what its body is.
    pub(crate) fn typed(
        self,
        act: &str,
        how: &str,
        status: u16,
        content_type: &str,
        body: &str,
    ) -> Self {
        self.headed(act, how, status, ("Content-Type", content_type), body)
    }

    /// An exchange whose reply has a challenge.
    pub(crate) fn replied(
        self,
        act: &str,
        how: &str,
        status: u16,
        challenge: &str,
        body: &str,
    ) -> Self {
        self.headed(act, how, status, ("WWW-Authenticate", challenge), body)
    }

    fn headed(
        mut self,
        act: &str,
        how: &str,
        status: u16,
        (name, value): (&str, &str),
        body: &str,
    ) -> Self {
        let seq = self.log.sends(act, how, &Request::new("GET", "/"));
        let reply = Reply {
            status,
            headers: vec![(name.to_owned(), value.to_owned())],
            body: body.as_bytes().to_vec(),
        };
        self.log.receives(seq, Ok(&reply));
        self
    }

    /// A login that is answered with a JWT of these claims, at the date of `Date`.
    pub(crate) fn jwt(mut self, sent: &str, date: &str, claims: &serde_json::Value) -> Self {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let header = encode(r#"{"alg":"HS256"}"#);
        let token = format!("{header}.{}.c2ln", encode(&claims.to_string()));
        self.log.hide(&token, "access token 1");
        let request = Request::new("POST", "/token").body(sent);
        let seq = self.log.sends("login", "", &request);
        let reply = Reply {
            status: 200,
            headers: vec![("Date".to_owned(), date.to_owned())],
            body: json!({"access_token": token}).to_string().into_bytes(),
        };
        self.log.receives(seq, Ok(&reply));
        self.log.decodes(seq, &token);
        self
    }

    /// A socket that was opened, and what the vendor sent on it.
    pub(crate) fn opened(
        mut self,
        how: &str,
        status: u16,
        accept: &str,
        frames: &[(&'static str, &str)],
    ) -> Self {
        let seq = self.log.sends("open", how, &crate::http::upgrade("/"));
        let reply = Reply {
            status,
            headers: vec![("Sec-WebSocket-Accept".to_owned(), accept.to_owned())],
            body: Vec::new(),
        };
        self.log.receives(seq, Ok(&reply));
        for (opcode, text) in frames {
            self.log.passes(seq, Side::Vendor, opcode, text);
        }
        self
    }

    /// A vendor that has tenants.
    pub(crate) fn with_tenants() -> Self {
        let mut log = Self::new();
        let path = "/realms/{tenant}/token".to_owned();
        log.profile.urls.insert("token".to_owned(), path);
        log.profile.api.tenant_header = Some("Tenant-Name".to_owned());
        log.profile.socket = Some(SocketFacts {
            token_parameter: "token".to_owned(),
            token_prefix: "Bearer ".to_owned(),
            max_frame: 1,
        });
        log
    }

    /// The mock saw a request that it granted or admitted.
    pub(crate) fn arrival(
        self,
        endpoint: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.entry(endpoint, |entry| {
            entry.outcome = Some(match endpoint {
                "token" => Outcome::Granted,
                _ => Outcome::Admitted,
            });
            target.clone_into(&mut entry.target);
            entry.headers = headers;
            entry.body = Some(body.to_owned());
        })
    }

    pub(crate) fn cut(mut self, act: &str, why: &str) -> Self {
        let seq = self.log.sends(act, "", &Request::new("GET", "/"));
        self.log.receives(seq, Err(why));
        self
    }

    /// The harness turned the mock, or measured something.
    pub(crate) fn control(mut self, call: &str, body: serde_json::Value) -> Self {
        self.log.turns(call, body);
        self
    }

    pub(crate) fn advance(mut self, seconds: f64) -> Self {
        self.log.turns("clock", json!({"advance_s": seconds}));
        self
    }

    /// The client is asked for a call, and answers with `status` after what `seen` adds.
    pub(crate) fn call(mut self, status: u16, seen: impl FnOnce(Self) -> Self) -> Self {
        self.asks += 1;
        let id = self.asks;
        self.log.asks(id, &json!({"op": "call"}));
        self = seen(self);
        let answer = serde_json::to_value(Answer::done(Some(status))).expect("json");
        self.log.answers(id, &answer);
        self
    }

    /// The client's clock is set.
    pub(crate) fn client_clock(mut self, offset_s: f64) -> Self {
        self.asks += 1;
        self.log
            .asks(self.asks, &json!({"op": "clock", "offset_s": offset_s}));
        self
    }

    /// The mock saw a token request that got token `id`.
    pub(crate) fn grant(self, id: u64) -> Self {
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
        })
    }

    /// The mock saw a token request that got token `id` in a reply of this body.
    pub(crate) fn granted(self, id: u64, body: &str) -> Self {
        let body = body.to_owned();
        self.entry("token", |entry| {
            entry.outcome = Some(Outcome::Granted);
            entry.issued = vec![TokenId(id)];
            entry.reply = Some(locum_core::journal::EntryReply {
                status: 200,
                headers: Vec::new(),
                body: Some(body),
            });
        })
    }

    /// The mock saw an API request with token `id`.
    pub(crate) fn api(self, id: u64, outcome: Outcome) -> Self {
        self.entry("members", |entry| {
            entry.outcome = Some(outcome);
            entry.presented = Some(TokenId(id));
        })
    }

    /// The mock saw an operation of a service that names it in `X-Amz-Target`.
    pub(crate) fn operation(
        self,
        name: &str,
        sent: &serde_json::Value,
        reply: &serde_json::Value,
    ) -> Self {
        self.entry("pool", |entry| {
            let target = format!("Service.{name}");
            entry.headers = vec![("X-Amz-Target".to_owned(), target)];
            entry.body = Some(sent.to_string());
            entry.reply = Some(locum_core::journal::EntryReply {
                status: 200,
                headers: Vec::new(),
                body: Some(reply.to_string()),
            });
        })
    }

    /// The mock saw an API request with these headers; `refused` is why it was denied.
    pub(crate) fn signed(
        self,
        method: &str,
        headers: &[(&str, &str)],
        refused: Option<&str>,
    ) -> Self {
        self.entry("tasks", |entry| {
            method.clone_into(&mut entry.method);
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            entry.headers = headers.iter().map(owned).collect();
            entry.outcome = Some(refused.map_or(Outcome::Admitted, |_| Outcome::Denied));
            entry.denial = refused.map(|reason| {
                locum_core::Denial::new(locum_core::DenialKind::BadSignature, reason)
            });
        })
    }

    /// The client was asked for something.
    pub(crate) fn asked(mut self, op: &str) -> Self {
        self.asks += 1;
        self.log.asks(self.asks, &json!({"op": op}));
        self
    }

    fn entry(mut self, endpoint: &str, fill: impl FnOnce(&mut Entry)) -> Self {
        self.entries += 1;
        let mut entry: Entry = serde_json::from_value(json!({
            "id": self.entries, "connection": 1, "vendor": "acme", "endpoint": endpoint,
            "arrived": "2026-11-24T10:00:00Z", "method": "GET", "target": "/", "headers": []
        }))
        .expect("an entry");
        entry.id = EntryId(self.entries);
        fill(&mut entry);
        self.log.sees(entry);
        self
    }
}

/// What `rule` makes of `log`.
pub(crate) fn check(log: &Log, rule: impl Fn(&View<'_>) -> Finding, expected: Grade) {
    let view = View {
        log: &log.log,
        profile: &log.profile,
    };
    let finding = rule(&view);
    assert_eq!(finding.grade, expected, "{finding:?}");
    if !matches!(expected, Grade::Unobserved) {
        assert!(!finding.evidence.is_empty(), "no evidence: {finding:?}");
    }
}
