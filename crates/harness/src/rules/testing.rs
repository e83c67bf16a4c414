//! A log in a few words, for the tests of the rules.

use std::sync::Arc;
use std::time::Duration;

use locum_core::profile::{
    ExpiresIn, Grant, SecretIn, SignatureFacts, SocketFacts, SocketMessages, TokenFormat,
};
use locum_core::{Clock, ManualClock, Profile, Timestamp};
use serde_json::json;

use super::{Rule, View};
use crate::catalogue::Expectation;
use crate::evidence::{Evidence, EvidenceLog, Opcode, Operation, Side, Variation};
use crate::http::{HttpError, Reply, Request};
use crate::verdict::{Finding, Grade};

/// A log under construction. Operations and variations are named by words: `login`,
/// `with another client secret`.
pub(crate) struct Log {
    pub(super) log: EvidenceLog,
    clock: Arc<ManualClock>,
    pub(super) profile: Profile,
    /// How many entries of a mock's journal it has.
    pub(super) entries: u64,
    /// How many commands a client was given.
    pub(super) asks: u64,
    /// How much later than the log's time the next entry arrives, in milliseconds.
    pub(super) later_ms: i64,
    /// How long after its arrival the next entry is answered, in milliseconds, if that is known.
    pub(super) takes_ms: Option<i64>,
    /// Where: a listener beside the scenario's own, or its own when empty.
    pub(super) place: &'static str,
    /// In which way each request of a client comes to nothing, if all do.
    pub(super) failing: Option<BadReply>,
    /// The connection of further requests.
    pub(super) connection: u64,
    /// The certificate that it showed; empty without TLS.
    pub(super) certificate: &'static str,
}

/// What each kind of reaction looks like, for table tests of whole rules.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BadReply {
    ServerError,
    Html,
    Redirect,
    Closed,
    Unreadable,
}

/// Every way in which a vendor can give no answer worth the name.
pub(crate) const FAILURES: [BadReply; 5] = [
    BadReply::ServerError,
    BadReply::Html,
    BadReply::Redirect,
    BadReply::Closed,
    BadReply::Unreadable,
];

/// Frames of a websocket: what each is, and what it carries.
pub(crate) type Frames<'a> = &'a [(&'static str, &'a str)];

/// The operation that tests call by this word.
fn operation(word: &str) -> Operation {
    match word {
        "login" => Operation::Login,
        "call" => Operation::Call,
        "plain login" => Operation::PlainLogin,
        "page" => Operation::ListPage,
        "form" => Operation::SendForm,
        "create" => Operation::Create,
        "read" => Operation::Read,
        "revoke" => Operation::Revoke,
        "renew" => Operation::Renew,
        "metadata" => Operation::Metadata,
        "other login" => Operation::OtherLogin,
        "attempt" => Operation::Attempt,
        "authorize" => Operation::Authorize,
        "page of login" => Operation::SubmitLogin,
        "redeem" => Operation::Redeem,
        "other call" => Operation::OtherCall,
        "sign-in" => Operation::SignIn,
        "refresh" => Operation::Refresh,
        "challenge" => Operation::AnswerChallenge,
        "use access" => Operation::UseAccessToken,
        "use id" => Operation::UseIdToken,
        "revoke refresh" => Operation::RevokeRefreshToken,
        "change" => Operation::ChangePassword,
        "code request" => Operation::AskForCode,
        "reset" => Operation::ResetPassword,
        "preflight" => Operation::Preflight,
        "identity" => Operation::GetIdentity,
        "credentials" => Operation::GetCredentials,
        "open" => Operation::OpenSocket,
        "upgrade" => Operation::Upgrade,
        "frame" => Operation::Frame,
        "update" => Operation::Update,
        "delete" => Operation::Delete,
        "key set" => Operation::KeySet,
        "introspect" => Operation::Introspect,
        "sign-out" => Operation::SignOut,
        "start srp" => Operation::StartSrp,
        "prove srp" => Operation::ProveSrp,
        "code" => Operation::ShowCode,
        "presigned" => Operation::UsePresigned,
        "person" => Operation::PersonLogin,
        "userinfo" => Operation::UserInfo,
        "logout" => Operation::Logout,
        other => panic!("no operation is called `{other}`"),
    }
}

/// The variation of this phrase; of a form, whose phrase is its endpoint, none.
fn variation(operation: Operation, phrase: &str) -> Variation {
    if operation == Operation::SendForm {
        return Variation::parse(operation, phrase).unwrap_or(Variation::Documented);
    }
    Variation::parse(operation, phrase)
        .unwrap_or_else(|| panic!("no {operation} is known `{phrase}`"))
}

impl Log {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        Self {
            log: EvidenceLog::new(Arc::clone(&clock) as Arc<dyn Clock>, Duration::ZERO),
            clock,
            profile: crate::testing::profile(|profile| {
                profile.signature = Some(SignatureFacts {
                    region: "r".to_owned(),
                    service: "s".to_owned(),
                });
            }),
            entries: 0,
            asks: 0,
            later_ms: 0,
            takes_ms: None,
            place: "",
            failing: None,
            connection: 1,
            certificate: "",
        }
    }

    /// The vendor's facts.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What was written down so far.
    pub(crate) fn evidence(&self) -> &Evidence {
        self.log.evidence()
    }

    pub(crate) fn hide(mut self, value: &str, name: &str) -> Self {
        self.log.hide(value, name);
        self
    }

    pub(crate) fn hide_pair(mut self, id: &str, secret: &str, name: &str) -> Self {
        self.log.hide_pair(id, secret, name);
        self
    }

    /// A documented or varied request that is answered with this status and body. A body that
    /// begins like JSON says so.
    pub(crate) fn exchange(self, word: &str, phrase: &str, status: u16, body: &str) -> Self {
        self.sent(word, phrase, "", status, body)
    }

    /// An exchange whose request shows `sent` in a header.
    pub(crate) fn sent(
        self,
        word: &str,
        phrase: &str,
        sent: &str,
        status: u16,
        body: &str,
    ) -> Self {
        let request = Request::new("GET", "/")
            .header("Host", "h")
            .header("Authorization", sent);
        let json = body.starts_with(['{', '[']);
        let headers = json.then_some(("Content-Type", "application/json"));
        self.raw(word, phrase, &request, status, headers, body)
    }

    /// An exchange whose request has this body.
    pub(crate) fn sent_body(
        self,
        word: &str,
        phrase: &str,
        sent: &str,
        status: u16,
        body: &str,
    ) -> Self {
        let request = Request::new("POST", "/").body(sent);
        let json = Some(("Content-Type", "application/json"));
        self.raw(word, phrase, &request, status, json, body)
    }

    /// An exchange whose request has this header.
    pub(crate) fn sent_in(
        self,
        word: &str,
        phrase: &str,
        (name, value): (&str, &str),
        status: u16,
        body: &str,
    ) -> Self {
        let request = Request::new("GET", "/").header(name, value);
        let header = Some(("Content-Type", "application/json"));
        self.raw(word, phrase, &request, status, header, body)
    }

    /// An exchange whose reply says what its body is.
    pub(crate) fn typed(
        self,
        word: &str,
        phrase: &str,
        status: u16,
        content_type: &str,
        body: &str,
    ) -> Self {
        let header = Some(("Content-Type", content_type));
        self.raw(
            word,
            phrase,
            &Request::new("GET", "/"),
            status,
            header,
            body,
        )
    }

    /// An exchange whose reply has a challenge.
    pub(crate) fn replied(
        self,
        word: &str,
        phrase: &str,
        status: u16,
        challenge: &str,
        body: &str,
    ) -> Self {
        let header = Some(("WWW-Authenticate", challenge));
        self.raw(
            word,
            phrase,
            &Request::new("GET", "/"),
            status,
            header,
            body,
        )
    }

    /// An exchange whose reply has these headers.
    pub(crate) fn headed(
        self,
        word: &str,
        phrase: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let request = Request::new("GET", "/");
        self.raw(
            word,
            phrase,
            &request,
            status,
            headers.iter().copied(),
            body,
        )
    }

    /// A documented exchange whose request has this `Authorization`, and whose reply has these
    /// headers.
    pub(crate) fn sent_with_reply(
        self,
        word: &str,
        authorization: &str,
        status: u16,
        headers: &[(&str, &str)],
    ) -> Self {
        let request = Request::new("GET", "/").header("Authorization", authorization);
        self.raw(word, "", &request, status, headers.iter().copied(), "{}")
    }

    /// An exchange whose request has this target, and whose reply has these headers.
    pub(crate) fn asked_at(
        self,
        word: &str,
        phrase: &str,
        target: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let request = Request::new("GET", target);
        self.raw(
            word,
            phrase,
            &request,
            status,
            headers.iter().copied(),
            body,
        )
    }

    /// A call of `endpoint` at this target.
    pub(crate) fn called(
        mut self,
        (endpoint, phrase): (&str, &str),
        target: &str,
        status: u16,
        body: &str,
    ) -> Self {
        let variation = variation(Operation::Call, phrase);
        let request = Request::new("GET", target);
        let endpoint = Some(endpoint);
        let seq = self
            .log
            .request(Operation::Call, endpoint, &variation, &request);
        let reply = Reply {
            status,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        };
        self.log.reply(seq, Ok(&reply));
        self
    }

    /// A login with this form that is answered with a JWT of these claims, and with `more` members.
    pub(crate) fn logs_in_by(
        self,
        form: &str,
        claims: &serde_json::Value,
        more: &serde_json::Value,
    ) -> Self {
        let mut body = more.clone();
        body["access_token"] = "t-0123".into();
        let request = Request::new("POST", "/token").body(form);
        let json = Some(("Content-Type", "application/json"));
        self.raw("login", "", &request, 200, json, &body.to_string())
            .holds_jwt("access_token", claims)
    }

    fn raw<'a>(
        mut self,
        word: &str,
        phrase: &str,
        request: &Request,
        status: u16,
        header: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &str,
    ) -> Self {
        let operation = operation(word);
        let endpoint = (operation == Operation::SendForm).then_some(phrase);
        let variation = variation(operation, phrase);
        let seq = self.log.request(operation, endpoint, &variation, request);
        let headers = header.into_iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let reply = Reply {
            status,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        };
        self.log.reply(seq, Ok(&reply));
        self
    }

    /// An exchange in which the vendor failed in this way.
    pub(crate) fn failed(self, word: &str, phrase: &str, how: BadReply) -> Self {
        self.failed_request(word, phrase, &Request::new("GET", "/"), how)
    }

    /// A documented exchange whose request shows `sent`, in which the vendor failed in this way.
    pub(crate) fn failed_with(self, word: &str, sent: &str, how: BadReply) -> Self {
        let request = Request::new("GET", "/").header("Authorization", sent);
        self.failed_request(word, "", &request, how)
    }

    fn failed_request(self, word: &str, phrase: &str, request: &Request, how: BadReply) -> Self {
        const JSON: Option<(&str, &str)> = Some(("Content-Type", "application/json"));
        let html = Some(("Content-Type", "text/html"));
        let (status, header, body) = match how {
            BadReply::ServerError => (500, JSON, r#"{"error":"boom"}"#),
            BadReply::Html => (200, html, "<html>hello</html>"),
            BadReply::Redirect => (302, None, ""),
            BadReply::Unreadable => (200, JSON, "{\"a\":"),
            BadReply::Closed => return self.cut_request(word, phrase, request),
        };
        self.raw(word, phrase, request, status, header, body)
    }

    /// The same of a request that shows `sent` in a header.
    pub(crate) fn failed_showing(
        self,
        word: &str,
        phrase: &str,
        sent: &str,
        how: BadReply,
    ) -> Self {
        let request = Request::new("GET", "/")
            .header("Host", "h")
            .header("Authorization", sent);
        let html = Some(("Content-Type", "text/html"));
        let json = Some(("Content-Type", "application/json"));
        match how {
            BadReply::ServerError => self.raw(word, phrase, &request, 500, json, "{}"),
            BadReply::Html => self.raw(word, phrase, &request, 200, html, "<html>hello</html>"),
            BadReply::Redirect => self.raw(word, phrase, &request, 302, None, ""),
            BadReply::Closed => self.cut_request(word, phrase, &request),
            BadReply::Unreadable => self.raw(word, phrase, &request, 200, json, "{\"a\":"),
        }
    }

    /// A login that is answered with a JWT of these claims, at the date of `Date`.
    pub(crate) fn jwt(mut self, sent: &str, date: &str, claims: &serde_json::Value) -> Self {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let header = encode(r#"{"alg":"HS256"}"#);
        let token = format!("{header}.{}.c2ln", encode(&claims.to_string()));
        self.log.hide(&token, "access token 1");
        let request = Request::new("POST", "/token").body(sent);
        let seq = self
            .log
            .request(Operation::Login, None, &Variation::Documented, &request);
        let reply = Reply {
            status: 200,
            headers: vec![("Date".to_owned(), date.to_owned())],
            body: json!({"access_token": token}).to_string().into_bytes(),
        };
        self.log.reply(seq, Ok(&reply));
        self.log.jwt(seq, "access_token", &token);
        self
    }

    /// A login that is answered with a JWT of these claims, and with `more` members.
    pub(crate) fn issues_jwt(
        mut self,
        sent: &str,
        claims: &serde_json::Value,
        more: &serde_json::Value,
    ) -> Self {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let header = encode(r#"{"alg":"HS256"}"#);
        let token = format!("{header}.{}.c2ln", encode(&claims.to_string()));
        self.log.hide(&token, "access token 1");
        let mut body = more.clone();
        body["access_token"] = token.clone().into();
        self = self.sent("login", "", sent, 200, &body.to_string());
        let last = self.log.evidence().exchanges().last().expect("a request");
        let seq = last.seq;
        self.log.jwt(seq, "access_token", &token);
        self
    }

    /// A JWT with these claims came as `member` of the reply to the last request.
    pub(crate) fn holds_jwt(mut self, member: &str, claims: &serde_json::Value) -> Self {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let header = encode(r#"{"alg":"RS256","kid":"k-1"}"#);
        let token = format!("{header}.{}.c2ln", encode(&claims.to_string()));
        let last = self.log.evidence().exchanges().last().expect("a request");
        let seq = last.seq;
        self.log.jwt(seq, member, &token);
        self
    }

    /// A socket that was opened, and what passed on it: `text`, `close`, `eof` or
    /// `silence` from the vendor, `sent` from the harness.
    pub(crate) fn opened(
        self,
        phrase: &str,
        status: u16,
        accept: &str,
        frames: &[(&'static str, &str)],
    ) -> Self {
        self.opened_at("/", phrase, status, accept, frames)
    }

    /// A socket that was opened for one frame, and what passed on it.
    pub(crate) fn framed(self, phrase: &str, status: u16, frames: &[(&'static str, &str)]) -> Self {
        self.upgraded_at(("frame", "/"), phrase, status, "", frames)
    }

    /// A TLS handshake with a host of the vendor's.
    pub(crate) fn hello(
        mut self,
        offer: crate::evidence::TlsOffer,
        answer: crate::evidence::TlsAnswer,
    ) -> Self {
        self.log.tls_hello("h", offer, answer);
        self
    }

    /// A request for an upgrade that offers something, agreed to with these headers.
    pub(crate) fn upgraded(
        mut self,
        phrase: &str,
        (name, offer): (&str, &str),
        headers: &[(&str, &str)],
    ) -> Self {
        let request = crate::http::upgrade("/").header(name, offer);
        self = self.raw(
            "upgrade",
            phrase,
            &request,
            101,
            headers.iter().copied(),
            "",
        );
        self
    }

    /// The same at `target`.
    pub(crate) fn opened_at(
        self,
        target: &str,
        phrase: &str,
        status: u16,
        accept: &str,
        frames: &[(&'static str, &str)],
    ) -> Self {
        self.upgraded_at(("open", target), phrase, status, accept, frames)
    }

    fn upgraded_at(
        mut self,
        (word, target): (&str, &str),
        phrase: &str,
        status: u16,
        accept: &str,
        frames: &[(&'static str, &str)],
    ) -> Self {
        let operation = operation(word);
        let variation = variation(operation, phrase);
        let mut request = crate::http::upgrade(target);
        // The sample key of RFC 6455 §1.3.
        let sample = "dGhlIHNhbXBsZSBub25jZQ==".to_owned();
        let mut headers = request.headers.iter_mut();
        if let Some((_, key)) = headers.find(|(name, _)| name == "Sec-WebSocket-Key") {
            *key = sample;
        }
        let seq = self.log.request(operation, None, &variation, &request);
        let reply = Reply {
            status,
            headers: [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", accept),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            body: Vec::new(),
        };
        self.log.reply(seq, Ok(&reply));
        for (kind, text) in frames {
            let (side, opcode) = match *kind {
                "sent" => (Side::Harness, Opcode::Text),
                "text" => (Side::Vendor, Opcode::Text),
                "close" => (Side::Vendor, Opcode::Close),
                "ping" => (Side::Harness, Opcode::Ping),
                "odd" => (Side::Harness, Opcode::Odd),
                "our close" => (Side::Harness, Opcode::Close),
                "bad" => (Side::Vendor, Opcode::Odd),
                "pong" => (Side::Vendor, Opcode::Pong),
                "eof" => (Side::Vendor, Opcode::Eof),
                _ => (Side::Vendor, Opcode::Silence),
            };
            self.log.frame(seq, side, opcode, text);
        }
        self
    }

    /// A vendor whose profile differs by `change`.
    fn with(change: impl FnOnce(&mut Profile)) -> Self {
        let mut log = Self::new();
        change(&mut log.profile);
        log
    }

    /// A vendor whose users sign in at a user pool.
    pub(crate) fn of_a_user_pool() -> Self {
        Self::with(|profile| profile.token.grant = Grant::Cognito)
    }

    /// A vendor whose page shows the credentials in a Basic header.
    pub(crate) fn with_basic() -> Self {
        Self::with(|profile| profile.token.secret_in = SecretIn::Basic)
    }

    /// A vendor whose page shows this scope.
    pub(crate) fn with_scope(scope: &str) -> Self {
        Self::with(|profile| profile.token.scope = Some(scope.to_owned()))
    }

    /// A vendor that counts milliseconds.
    pub(crate) fn with_milliseconds() -> Self {
        Self::with(|profile| profile.token.expires_in = ExpiresIn::Milliseconds)
    }

    /// A vendor whose access tokens are JWTs.
    pub(crate) fn with_jwts() -> Self {
        Self::with(|profile| profile.token.format = TokenFormat::Jwt)
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
            max_frame: 100,
            messages: SocketMessages {
                configuration: "config".to_owned(),
                accepted: "ACCEPTED".to_owned(),
                end: "end".to_owned(),
                ended: vec!["ENDED".to_owned()],
            },
            ..SocketFacts::default()
        });
        log
    }

    /// A request whose connection was closed without a reply.
    pub(crate) fn cut(self, word: &str, phrase: &str) -> Self {
        self.cut_request(word, phrase, &Request::new("GET", "/"))
    }

    fn cut_request(mut self, word: &str, phrase: &str, request: &Request) -> Self {
        let operation = operation(word);
        let endpoint = (operation == Operation::SendForm).then_some(phrase);
        let variation = variation(operation, phrase);
        let seq = self.log.request(operation, endpoint, &variation, request);
        let closed = HttpError::Network(std::io::ErrorKind::UnexpectedEof);
        self.log.reply(seq, Err(&closed));
        self
    }

    /// The account is the user's own, given by these variables.
    pub(crate) fn supplied(mut self, variables: &[&str]) -> Self {
        let variables: Vec<String> = variables.iter().map(|name| (*name).to_owned()).collect();
        self.log.account(&variables);
        self
    }

    /// What this run cannot show.
    pub(crate) fn limitation(mut self, what: &str) -> Self {
        self.log.limitation(what);
        self
    }

    /// The harness turned the mock, or measured something.
    /// The number of the latest request's record.
    pub(crate) fn last_request(&self) -> u64 {
        let last = self.log.evidence().exchanges().last();
        last.expect("a request").seq.number()
    }

    pub(crate) fn control(mut self, call: &str, body: &serde_json::Value) -> Self {
        self.log.control(call, body);
        self
    }

    /// Values of this kind were issued.
    pub(crate) fn room(mut self, kind: &str, values: &[&str]) -> Self {
        let values: Vec<_> = values
            .iter()
            .map(|value| locum_core::Secret::new(*value))
            .collect();
        self.log.room(kind, &values);
        self
    }

    /// So much real time passes.
    pub(crate) fn wait(self, time: Duration) -> Self {
        self.clock.advance(time);
        self
    }

    pub(crate) fn advance(mut self, seconds: f64) -> Self {
        self.log.control("clock", &json!({"advance_s": seconds}));
        self
    }

    /// What the rule makes of it, with the requirement's own data for the vendor that it is for.
    pub(crate) fn judge(&self, rule: &Rule) -> Finding {
        let row = crate::catalogue::catalogue().get(rule.id).expect(rule.id);
        let vendor = row.vendors.first().map_or("", String::as_str);
        self.judged_as(rule.judge, Expectation::of(rule.id, vendor))
    }

    fn judged_as(&self, judge: fn(&View<'_>) -> Finding, expected: &Expectation) -> Finding {
        judge(&View {
            evidence: self.log.evidence(),
            profile: &self.profile,
            expected,
        })
    }
}

/// No failure of this exchange is an answer to the rule of `id` for a vendor, nor is silence.
pub(crate) fn check_failures(id: &str, word: &str, phrase: &str) {
    check(&Log::new(), id, Grade::Unobserved);
    check_failures_behind(Log::new, id, word, phrase);
}

/// The same behind the exchanges of `log`.
pub(crate) fn check_failures_behind(log: impl Fn() -> Log, id: &str, word: &str, phrase: &str) {
    let rule = super::find(id, locum_core::requirement::Judge::Vendor).expect(id);
    for failure in FAILURES {
        let finding = log().failed(word, phrase, failure).judge(rule);
        let is_open = matches!(finding.grade(), Grade::Unobserved | Grade::Gone);
        assert!(is_open, "{id}: {finding:?}");
    }
}

/// What the rule of `id` for a vendor makes of `log`; `id@vendor` picks that vendor's data.
pub(crate) fn check(log: &Log, id: &str, expected: Grade) {
    check_side(log, id, locum_core::requirement::Judge::Vendor, expected);
}

pub(super) fn check_side(
    log: &Log,
    id: &str,
    side: locum_core::requirement::Judge,
    expected: Grade,
) -> Finding {
    let (id, vendor) = id.split_once('@').unwrap_or((id, ""));
    let rule = super::find(id, side).unwrap_or_else(|| panic!("no rule {id}"));
    let finding = if vendor.is_empty() {
        log.judge(rule)
    } else {
        log.judged_as(rule.judge, Expectation::of(id, vendor))
    };
    assert_eq!(finding.grade(), expected, "{id}: {finding:#?}");
    finding
}
