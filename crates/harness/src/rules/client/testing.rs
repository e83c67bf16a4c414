//! A client's traffic in a few words: what it was asked here, what the journal saw of it in
//! [`journal`].

mod journal;

use locum_core::journal::EntryReply;
use locum_core::requirement::Judge;
use locum_core::{Outcome, TokenId};
use serde_json::{Value, json};

use crate::measurement::{Measurement, Unit};
use crate::rules::testing::{Log, check_side};
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

/// A client that keeps its token and reads its lifetime in `unit`, with a margin between `lo` and `hi`
/// seconds.
pub(super) fn measurement(unit: Unit, lo: u64, hi: u64) -> Measurement {
    Measurement {
        cached: true,
        unit,
        lo,
        hi,
        share: None,
        background: false,
        note: None,
        assumed_s: None,
        kept_lives: None,
        longest: 172_800,
    }
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
        entry.spelling = serde_json::from_value(note.clone()).expect("a spelling");
        entry.outcome = Some(Outcome::Granted);
        entry.issued = vec![TokenId(1), TokenId(2), TokenId(3)];
        entry.reply = Some(reply(200, tokens.to_string()));
    })
}

/// The same, refused.
pub(super) fn refused(log: Log, headers: &[(&str, &str)], body: &str, note: &Value) -> Log {
    log.entered("token", |entry| {
        "POST".clone_into(&mut entry.method);
        "/realms/t/token".clone_into(&mut entry.target);
        entry.headers = owned(headers);
        entry.body_length = body.len() as u64;
        entry.body = Some(body.to_owned());
        entry.spelling = serde_json::from_value(note.clone()).expect("a spelling");
        entry.outcome = Some(Outcome::Denied);
        entry.reply = Some(reply(401, r#"{"error":"invalid_client"}"#.to_owned()));
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
        entry.spelling = serde_json::from_value(note.clone()).expect("a spelling");
        entry.outcome = Some(Outcome::Admitted);
        entry.reply = Some(reply(200, "{}"));
    })
}

/// What the client was asked for.
impl Log {
    pub(super) fn asked(mut self, command: &ClientCommand) -> Self {
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

    /// The client is asked for a call, and reports this error after what `seen` adds.
    pub(super) fn fails_as(mut self, error: &str, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked_for_a_call();
        let id = self.asks;
        self = seen(self);
        let reply = ClientReply::failed(error, None, "no");
        self.log.answer(id, &reply);
        self
    }

    /// The client is asked for a call to `path`, and succeeds after what `seen` adds.
    pub(super) fn call_to(mut self, path: &str, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked(&ClientCommand::get("a", path));
        let id = self.asks;
        self = seen(self);
        self.log.answer(id, &ClientReply::done(Some(200)));
        self
    }

    /// The client is asked for `command`, and says that it has done it after what `seen` adds.
    fn carries_out(mut self, command: &ClientCommand, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked(command);
        let id = self.asks;
        self = seen(self);
        self.log.answer(id, &ClientReply::done(None));
        self
    }

    /// The client is made, with what `seen` adds.
    pub(super) fn made(self, seen: impl FnOnce(Self) -> Self) -> Self {
        let command = ClientCommand::New {
            client: "a".to_owned(),
            vendor: "v".to_owned(),
            config: serde_json::Map::new(),
        };
        self.carries_out(&command, seen)
    }

    /// The client reads the list at `/things` to its end, with what `seen` adds.
    pub(super) fn lists(self, seen: impl FnOnce(Self) -> Self) -> Self {
        let command = ClientCommand::List {
            client: "a".to_owned(),
            path: "/things".to_owned(),
            timeout_ms: None,
        };
        self.carries_out(&command, seen)
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

    /// The client is asked for a new password, and says that it has not changed it.
    pub(super) fn password_change_fails(mut self) -> Self {
        self = self.asked_for_a_new_password();
        let reply = ClientReply::failed("other", None, "no challenge is open");
        self.log.answer(self.asks, &reply);
        self
    }

    pub(super) fn asked_to_revoke(self) -> Self {
        self.asked(&ClientCommand::Revoke {
            client: "a".to_owned(),
        })
    }

    /// The client is asked to revoke, and says that it did, or failed, after what `seen` adds.
    pub(super) fn revoke_answered(mut self, done: bool, seen: impl FnOnce(Self) -> Self) -> Self {
        self = self.asked_to_revoke();
        let id = self.asks;
        self = seen(self);
        let reply = match done {
            true => ClientReply::done(None),
            false => ClientReply::failed("other", Some(503), "not revoked"),
        };
        self.log.answer(id, &reply);
        self
    }

    /// The client `name` is asked for a call that it does not answer.
    pub(super) fn unanswered_at(self, name: &str, seen: impl FnOnce(Self) -> Self) -> Self {
        seen(self.asked(&ClientCommand::get(name, "/things")))
    }

    pub(super) fn asked_to_open(self, url: &str) -> Self {
        self.asked(&ClientCommand::WsOpen {
            client: "a".to_owned(),
            url: url.to_owned(),
            timeout_ms: None,
        })
    }

    /// The client is asked for a socket, and reports after what `seen` adds that it is open or not.
    pub(in crate::rules::client) fn opens(
        mut self,
        succeeds: bool,
        seen: impl FnOnce(Self) -> Self,
    ) -> Self {
        self = self.asked_to_open("wss://h/s?tenant-name=t");
        let id = self.asks;
        self = seen(self);
        let reply = match succeeds {
            true => ClientReply {
                ws: Some("ws-1".to_owned()),
                ..ClientReply::done(None)
            },
            false => ClientReply::failed("other", None, "not opened"),
        };
        self.log.answer(id, &reply);
        self
    }

    /// The client is asked to end the session, and reports that it has or has not.
    pub(in crate::rules::client) fn ends_session(mut self, succeeds: bool) -> Self {
        let ws = "ws-1".to_owned();
        self = self.asked(&ClientCommand::WsClose { ws });
        let reply = match succeeds {
            true => ClientReply::done(None),
            false => ClientReply::failed("other", None, "lost"),
        };
        self.log.answer(self.asks, &reply);
        self
    }

    /// The answer to the latest command tells this.
    pub(in crate::rules::client) fn opening_fails_with(mut self, message: &str) -> Self {
        self = self.asked_to_open("wss://h/s?tenant-name=t");
        let reply = ClientReply::failed("other", None, message);
        self.log.answer(self.asks, &reply);
        self
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

    /// The instance `name` is asked for a call, which fails with this status or with none.
    pub(super) fn answers_at(
        mut self,
        name: &str,
        status: Option<u16>,
        seen: impl FnOnce(Self) -> Self,
    ) -> Self {
        self = self.asked(&ClientCommand::get(name, "/things"));
        let id = self.asks;
        self = seen(self);
        let reply = ClientReply::failed("other", status, "failed");
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

    /// The client is asked to open a websocket to `url`, which fails with this message.
    pub(super) fn fails_to_open(
        mut self,
        url: &str,
        message: &str,
        seen: impl FnOnce(Self) -> Self,
    ) -> Self {
        self = self.asked_to_open(url);
        let id = self.asks;
        self = seen(self);
        let reply = ClientReply::failed("other", None, message);
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
    pub(super) fn creates(self, seen: impl FnOnce(Self) -> Self) -> Self {
        let command = ClientCommand::Create {
            client: "a".to_owned(),
            path: "/things".to_owned(),
            timeout_ms: None,
        };
        self.carries_out(&command, seen)
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
