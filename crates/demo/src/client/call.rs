//! One API call: the request with its token, and what is tried again.

use std::sync::Arc;

use serde_json::Value;

use super::Client;
use super::proof::Proof;
use crate::behaviour::{MissingLifetime, RepeatedBody, RetryAfterReading, SecondPlace};
use crate::failure::{Failure, Kind};
use crate::http::{Body, Reply, Request, Url};
use crate::login::{fault_failure, needs_retry};
use crate::retry::{self, MAX_ATTEMPTS, Next};
use crate::tokens::Tokens;
use crate::vendor::Grant;

/// What the caller asks for, without token.
#[derive(Clone, Debug)]
pub(crate) struct ApiRequest {
    pub(crate) method: String,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl ApiRequest {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: "GET".to_owned(),
            url,
            headers: Vec::new(),
            body: Body::None,
        }
    }
}

impl Client {
    /// The URL of `path`, which is written as it stands behind `api_url`.
    pub(crate) fn api_url(&self, path: &str) -> Result<Url, Failure> {
        let config = self.config();
        let mut url = Url::parse(&format!("{}{path}", config.api_url))?;
        if self.behaviour.api.environment_left_open {
            let base = Url::parse(&config.api_url)?.path().to_owned();
            let open = format!("{base}/{{environment}}");
            url.target = url.target.replacen(&base, &open, 1);
        }
        if self.behaviour.api.base_twice {
            let base = Url::parse(&config.api_url)?;
            url.target = format!("{}{}", base.path(), url.target);
        }
        Ok(url)
    }

    /// Sends an API request until it is answered for good. Any status that the vendor gave is a
    /// reply; a failure is all else.
    pub(crate) async fn call(self: &Arc<Self>, ask: ApiRequest) -> Result<Reply, Failure> {
        let switches = &self.behaviour.retry;
        let (mut resends, mut attempt) = (0, 0);
        loop {
            if self.session().broken {
                return Err(Failure::other("an earlier error"));
            }
            let proof = self.proof().await?;
            let mut request = self.prepared(&ask, &proof);
            if resends > 0 && !self.signs() {
                if switches.repeated_body == RepeatedBody::NoneInGet {
                    "GET".clone_into(&mut request.method);
                }
                request.body = repeated(switches.repeated_body, request.body);
            }
            let outcome = self.send(&request).await;
            let (outcome, pause) = match outcome {
                Ok(reply) if reply.status == 403 && self.signs() => {
                    let again = match &proof {
                        Proof::Signature(entry, _) => self.mends(&reply, entry) && resends == 0,
                        _ => true,
                    };
                    if !again {
                        return Ok(reply);
                    }
                    resends += u32::from(matches!(proof, Proof::Signature(..)));
                    continue;
                }
                Ok(reply)
                    if reply.status == 403
                        && resends == 0
                        && self.behaviour.style.logs_in_after_403
                        && matches!(proof, Proof::Token(_)) =>
                {
                    if let Proof::Token(entry) = &proof {
                        self.tokens.refuse(entry.generation);
                    }
                    resends += 1;
                    continue;
                }
                Ok(reply) if reply.status == 401 => {
                    let Proof::Token(entry) = &proof else {
                        return Ok(reply);
                    };
                    let readable = serde_json::from_slice::<Value>(&reply.body).is_ok();
                    self.tokens.refuse(entry.generation);
                    if self.behaviour.reply.parses_401 && !readable {
                        return Err(Failure::other("the error cannot be parsed"));
                    }
                    let style = &self.behaviour.style;
                    let gives_up = style.resends_idempotent_only && !request.is_idempotent()
                        || self.behaviour.expiry.missing == MissingLifetime::Forever
                        || self.behaviour.cache.keeps_refused;
                    if resends >= switches.resends_after_401 || gives_up {
                        // A client that does not send again fetches the next token all the same.
                        if switches.resends_after_401 == 0 {
                            let _ = self.token().await;
                        }
                        return Ok(reply);
                    }
                    resends += 1;
                    continue;
                }
                Ok(reply) if self.cannot_read(&reply) => {
                    return Err(Failure::other("the error cannot be read"));
                }
                Ok(reply) => {
                    let pause = self.pause_after(&request, &reply, attempt);
                    (Ok(reply), pause)
                }
                Err(fault) => {
                    let pause = retry::gap(attempt, switches.api_gap_s, &self.random);
                    let again = matches!(
                        fault,
                        crate::http::Fault::Connect | crate::http::Fault::Cut(_)
                    ) && request.is_idempotent();
                    (Err(fault_failure(&fault)), again.then_some(pause))
                }
            };
            attempt += 1;
            match pause {
                Some(pause) if attempt < self.behaviour.style.attempts.unwrap_or(MAX_ATTEMPTS) => {
                    tokio::time::sleep(pause).await;
                }
                _ => return outcome,
            }
        }
    }

    /// Whether reading an error reply ends in an error of the client itself.
    fn cannot_read(&self, reply: &Reply) -> bool {
        let is_number = |value: &str| value.trim().parse::<u32>().is_ok();
        let fails_on_date = self.behaviour.retry.retry_after == RetryAfterReading::DateFails;
        let detail = || {
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            body["detail"].is_array()
        };
        fails_on_date
            && reply
                .header("retry-after")
                .is_some_and(|value| !is_number(value))
            || self.behaviour.reply.detail_list_fails && reply.status >= 400 && detail()
    }

    /// How long to wait before the request is sent again; none if it is not.
    fn pause_after(
        &self,
        request: &Request,
        reply: &Reply,
        attempt: u32,
    ) -> Option<std::time::Duration> {
        let switches = &self.behaviour.retry;
        let asked = reply.status == 429 || reply.header("retry-after").is_some();
        if needs_retry(reply) && asked {
            // 429 says that the request was not carried out; 503 leaves that open.
            if reply.status != 429 && !request.is_idempotent() {
                return None;
            }
            let now = self.clock.now().wall;
            return match retry::throttled(reply, attempt, now, switches, &self.random) {
                Next::Wait(pause) => Some(pause),
                Next::GiveUp => None,
            };
        }
        let again = needs_retry(reply) && (request.is_idempotent() || switches.repeats_posts)
            || switches.repeated_statuses.contains(&reply.status);
        again.then(|| retry::gap(attempt, switches.api_gap_s, &self.random))
    }

    /// One exchange; redirects are not followed.
    async fn send(&self, request: &Request) -> Result<Reply, crate::http::Fault> {
        crate::log::debug(|| format!("{} {}", request.method, request.url.shown()));
        let reply = match self.http.send(request, None).await {
            Err(crate::http::Fault::Cut(reply))
                if self.behaviour.reply.half_is_whole && reply.status > 0 =>
            {
                reply
            }
            outcome => outcome?,
        };
        crate::log::debug(|| format!("{} {}", reply.status, request.url.shown()));
        if self.behaviour.cache.dropped_on.contains(&reply.status) {
            self.tokens.drop_entry();
        }
        if self.behaviour.reply.detail_must_be_text && reply.status >= 400 {
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            if body["detail"].is_array() {
                self.session().broken = true;
            }
        }
        let redirects = (300..400).contains(&reply.status);
        if redirects
            && self.behaviour.follow.api_redirects
            && let Some(next) = request.redirected(&reply)
        {
            return self.http.send(&next, None).await;
        }
        Ok(reply)
    }

    /// The request as it is sent.
    fn prepared(&self, ask: &ApiRequest, proof: &Proof) -> Request {
        match proof {
            Proof::Token(entry) => self.with_token(ask, entry.value()),
            Proof::Signature(entry, session_token) => {
                let request = self.signed(self.plain(ask), entry, session_token);
                match self.tokens.peek() {
                    Some(tokens)
                        if self.behaviour.api.token_also_in == Some(SecondPlace::OwnHeader) =>
                    {
                        request.header("X-Authorization", &tokens.value().access)
                    }
                    _ => request,
                }
            }
            Proof::None => self.plain(ask),
        }
    }

    /// The request without proof.
    fn plain(&self, ask: &ApiRequest) -> Request {
        let mut request = Request::new(&ask.method, ask.url.clone())
            .header("Accept", "application/json")
            .header("Accept-Encoding", "gzip")
            .header("User-Agent", "locum-demo/0.1");
        request.body = ask.body.clone();
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if let Some(refresh) = self.refresh_token()
            && self.behaviour.api.refresh_token
        {
            request = request.header("X-Refresh-Token", refresh);
        }
        request
    }

    fn with_token(&self, ask: &ApiRequest, tokens: &Tokens) -> Request {
        let (config, switches) = (self.config(), &self.behaviour.api);
        let mut token = &tokens.access;
        if let Some(id) = &tokens.id
            && switches.id_token
        {
            token = id;
        }
        let value = if self.vendor.grant == Grant::Cognito {
            format!("{}{token}", switches.v2_scheme)
        } else if switches.copies_token_type {
            format!("{} {token}", tokens.token_type)
        } else {
            format!("{}{token}", switches.scheme)
        };
        let mut request = self.plain(ask).header("Authorization", value.clone());
        if let Some(tenant) = &config.tenant
            && switches.tenant
        {
            request = request.header("Tenant-Name", tenant);
        }
        match switches.token_also_in {
            None => {}
            Some(SecondPlace::Query) => request.url.add_query(&format!("access_token={token}")),
            Some(SecondPlace::Cookie) => {
                request = request.header("Cookie", format!("access_token={token}"));
            }
            Some(SecondPlace::Header) => request = request.header("Authorization", value),
            Some(SecondPlace::OwnHeader) => request = request.header("X-Authorization", token),
            Some(SecondPlace::Form) if request.method == "POST" => {
                request.headers.retain(|(name, _)| name != "Content-Type");
                request = request.header("Content-Type", "application/x-www-form-urlencoded");
                request.body = Body::Bytes(format!("access_token={token}").into_bytes());
            }
            Some(SecondPlace::Form) => {}
        }
        request
    }

    /// Whether calls end by the caller's own limit.
    pub(crate) fn has_limits(&self) -> bool {
        let switches = &self.behaviour;
        !switches.retry.waits_forever
            && !switches.flight.failure_strands_waiters
            && !switches.socket.hangs_on_config_timeout
            && switches.retry.retry_after != RetryAfterReading::Unlimited
    }
}

/// The failure that a refusing reply of the API stands for; none if it was served.
pub(crate) fn refusal(reply: &Reply) -> Option<Failure> {
    let kind = match reply.status {
        ..300 => return None,
        401 => Kind::Auth,
        429 => Kind::Throttled,
        _ => Kind::Other,
    };
    let message = match reply.status {
        300..=399 => "the API redirects; the token stays here",
        401 => "the token was refused twice",
        429 => "the API asks to wait",
        500.. => "the API is out of order",
        _ => "the API refused the request",
    };
    Some(Failure::new(kind, message).status(reply.status))
}

fn repeated(form: RepeatedBody, body: Body) -> Body {
    match (form, body) {
        (RepeatedBody::Empty, Body::Bytes(_)) => Body::Bytes(Vec::new()),
        (RepeatedBody::NoneInGet, _) => Body::None,
        (RepeatedBody::RestOfStream, Body::Stream(_)) => Body::Stream(Vec::new()),
        (_, body) => body,
    }
}
