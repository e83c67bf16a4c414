//! The harness as a caller of the vendor: logins, calls, pages.

use std::time::Duration;

use locum_core::Secret;
use serde_json::Value;

use crate::Error;
use crate::caller::{ApiRequest, TokenRequest, vary_call, vary_login};
use crate::catalogue::Supplied;
use crate::evidence::{CallVariation, LoginVariation, Operation, Redactor, Variation, issued_in};
use crate::http::{self, HttpError, Reply, Request, Url, multipart};
use crate::run::context::{ObtainedToken, ScenarioContext};
use crate::run::manners::Turn;

/// A list with more pages than this has no end for us.
const MAX_PAGES: usize = 50;

/// What is said of a near miss that is none.
pub(super) const SAME_LOGIN: &str =
    "with this account the changed login would be as good as the right one";

impl ScenarioContext {
    /// Logs in as documented, or with the one thing changed that `variation` names.
    pub async fn login(&mut self, variation: &Variation) -> Result<(), Error> {
        let mut login = TokenRequest::documented(&self.profile, &self.target)?;
        let documented = login.request();
        match variation {
            Variation::Documented => {}
            Variation::Account(account) => {
                let target = self.target_of(*account)?;
                login = TokenRequest::documented(&self.profile, &target)?;
            }
            Variation::Login(change) => {
                vary_login(change, &mut login);
                if !self.add_what_others_have(change, &mut login)? {
                    return Ok(());
                }
            }
            other => return Err(unknown("login", other)),
        }
        let request = login.request();
        // Where the vendor's page has the credentials there, it is the documented login.
        let is_place = matches!(variation, Variation::Login(LoginVariation::SecretIn(_)));
        let variation = match is_place && request == documented {
            true => &Variation::Documented,
            false => variation,
        };
        let is_spelling = matches!(
            variation,
            Variation::Login(LoginVariation::BasicSpelling(_))
        );
        let id = self.target.credential(&login.credential_fields[0].0);
        let is_of_id = matches!(
            variation,
            Variation::Login(LoginVariation::Field(_, name)) if *name == login.credential_fields[0].0
        );
        // RFC 9562 §4: a UUID is read in either case.
        let is_read_alike = is_of_letter_case(variation) && is_of_id && crate::http::is_uuid(id);
        if is_read_alike || is_of_the_account(variation) && request == documented {
            // Where nothing else is asked, nothing was to be seen.
            if *variation == Variation::Login(LoginVariation::OthersSecret) {
                return Err(self.lacks("the other account has the secret of the first"));
            }
            self.log.limitation(SAME_LOGIN);
            return Ok(());
        }
        if !variation.is_documented() && !is_spelling && request == documented {
            return Err(Error::Step(format!(
                "a login {variation} is the documented one"
            )));
        }
        self.hide_credential_fields(&login);
        let reply = self
            .exchange(Operation::Login, None, variation, &login.url, &request)
            .await;
        if let Some(reply) = reply
            && (200..300).contains(&reply.status)
        {
            self.hold(&reply.json());
        }
        Ok(())
    }

    /// Adds to a varied login what the documented one has nothing of; `false` when that is not at
    /// hand.
    fn add_what_others_have(
        &mut self,
        change: &LoginVariation,
        login: &mut TokenRequest,
    ) -> Result<bool, Error> {
        match change {
            LoginVariation::OtherClientInForm => {
                let other = self.supplied(Supplied::AnotherClient)?;
                let id = other.get("client_id").and_then(Value::as_str);
                let field = ("client_id".to_owned(), id.unwrap_or_default().to_owned());
                login.parameters.push(field);
            }
            LoginVariation::SecretOfAnother => {
                if self.target.supplied(Supplied::AnotherClient).is_none() {
                    // The other logins are judged without it.
                    return Ok(false);
                }
                let other = self.supplied(Supplied::AnotherClient)?;
                let secret = other.get("client_secret").and_then(Value::as_str);
                login.credential_fields[1].1 = secret.map(str::to_owned);
            }
            LoginVariation::OthersSecret => {
                let any = [Supplied::AnotherClient, Supplied::Inactive];
                let (_, other) = self.supplied_one_of(&any)?;
                let field = &mut login.credential_fields[1];
                let secret = other.get(&field.0).and_then(Value::as_str);
                field.1 = secret.map(str::to_owned);
            }
            LoginVariation::BearerToken => {
                let Ok(token) = self.token() else {
                    self.log.limitation("there was no token to log in with");
                    return Ok(false);
                };
                login.authorization = Some(format!("Bearer {}", token.value.expose()));
            }
            _ => {}
        }
        Ok(true)
    }

    /// Calls the API with the latest token, or with the one thing changed that `how` names.
    pub async fn call(&mut self, variation: &Variation) -> Result<(), Error> {
        let token = self.tokens.last().map(|held| held.value.clone());
        self.call_with(token, variation).await
    }

    /// Calls the API with the token that the caller got first.
    pub async fn call_with_first(&mut self) -> Result<(), Error> {
        let token = self.tokens.first().map(|held| held.value.clone());
        self.call_with(token, &Variation::Documented).await
    }

    pub(super) async fn call_with(
        &mut self,
        token: Option<Secret>,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Some(token) = token else {
            self.log.limitation("there was no token to call with");
            return Ok(());
        };
        let path = match variation {
            Variation::Call(change) => change.path(),
            _ => None,
        };
        let mut call = match path {
            Some(path) => {
                let url = format!("{}{}", self.target.url("api")?, self.target.fill(path)?);
                ApiRequest::to(&self.profile, &self.target, &url, token.expose())?
            }
            None => ApiRequest::documented(&self.profile, &self.target, token.expose())?,
        };
        let documented = call.request();
        self.vary(&mut call, variation, &token)?;
        let needs_letters = *variation == Variation::Call(CallVariation::OtherCase);
        if needs_letters && call.request() == documented {
            self.log
                .limitation("the token has no letter that could be in the other case");
            return Ok(());
        }
        self.exchange(Operation::Call, None, variation, &call.url, &call.request())
            .await;
        Ok(())
    }

    /// Calls the profile's endpoint `name`, which may be followed by an id, with the one thing
    /// changed that `variation` names.
    pub async fn call_endpoint(&mut self, name: &str, variation: &Variation) -> Result<(), Error> {
        let token = self.tokens.last().map(|held| held.value.clone());
        let token = token.unwrap_or_else(|| Secret::new(""));
        let Some(mut call) = self.endpoint_call(name, token.expose())? else {
            return Ok(());
        };
        self.vary(&mut call, variation, &token)?;
        let request = call.request();
        self.exchange(Operation::Call, Some(name), variation, &call.url, &request)
            .await;
        Ok(())
    }

    /// A call of the endpoint `name`; `None` where the vendor's replies did not tell the id in its
    /// path, which is written down.
    fn endpoint_call(&mut self, name: &str, token: &str) -> Result<Option<ApiRequest>, Error> {
        match ApiRequest::endpoint(&self.profile, &self.target, name, token) {
            Ok(call) => Ok(Some(call)),
            Err(untold @ Error::NotTold(_)) => {
                self.log.limitation(&untold.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a form without a token to the profile's endpoint `name`, which may be followed by an
    /// id. Where nobody looks at the token it makes something, which needs leave.
    pub async fn send_form_without_token(
        &mut self,
        name: &str,
        fields: &[(String, String)],
    ) -> Result<(), Error> {
        self.needs_leave()?;
        let mut call = ApiRequest::endpoint(&self.profile, &self.target, name, "")?;
        call.authorization.clear();
        // Whoever has no token need not know a template.
        let fill = |value: &String| self.target.fill(value).unwrap_or_else(|_| "1".to_owned());
        let fields = fields.iter();
        let filled: Vec<_> = fields
            .map(|(field, value)| (field.clone(), fill(value)))
            .collect();
        call.body = Some(multipart(&filled));
        let how = Variation::Call(CallVariation::NoToken);
        let request = call.request();
        self.exchange(Operation::Call, Some(name), &how, &call.url, &request)
            .await;
        Ok(())
    }

    /// Sends a form to the profile's endpoint `name`. It makes something, which needs leave.
    pub async fn send_form(
        &mut self,
        name: &str,
        fields: &[(String, String)],
    ) -> Result<(), Error> {
        self.send_form_as(&Variation::Documented, name, fields)
            .await
    }

    /// The same, as `variation` calls it.
    pub async fn send_form_as(
        &mut self,
        variation: &Variation,
        name: &str,
        fields: &[(String, String)],
    ) -> Result<(), Error> {
        self.needs_leave()?;
        let Ok(token) = self.token().cloned() else {
            self.log.limitation("there was no token to write with");
            return Ok(());
        };
        let Some(mut call) = self.endpoint_call(name, token.value.expose())? else {
            return Ok(());
        };
        let mut filled = Vec::new();
        for (field, value) in fields {
            let Ok(value) = self.target.fill(value) else {
                let why = Supplied::lacking(&[Supplied::Template], &self.profile.vendor);
                return Err(self.lacks(why));
            };
            filled.push((field.clone(), value));
        }
        call.body = Some(multipart(&filled));
        let reply = self
            .exchange(
                Operation::SendForm,
                Some(name),
                variation,
                &call.url,
                &call.request(),
            )
            .await;
        if let Some(reply) = reply {
            self.target.learn(&reply.json());
        }
        Ok(())
    }

    /// Changes the one thing of `call`, which shows `token`, that `variation` names.
    pub(super) fn vary(
        &mut self,
        call: &mut ApiRequest,
        variation: &Variation,
        token: &Secret,
    ) -> Result<(), Error> {
        let change = match variation {
            Variation::Documented => return Ok(()),
            Variation::Call(change) => change,
            other => return Err(unknown("call", other)),
        };
        vary_call(change, call, token.expose());
        if matches!(change, CallVariation::TokenAsAtSocket) {
            let facts = self.profile.socket.clone();
            let facts =
                facts.ok_or_else(|| Error::Step("this vendor has no sockets".to_owned()))?;
            let value = format!("{}{}", facts.token_prefix, token.expose());
            call.query.push((facts.token_parameter, value));
        }
        if matches!(change, CallVariation::CredentialsInBasic) {
            let mut login = TokenRequest::documented(&self.profile, &self.target)?;
            login.secret_in = vec![locum_core::profile::SecretIn::Basic];
            let request = login.request();
            let mut headers = request.headers.into_iter();
            let header = headers.find(|(name, _)| name == "Authorization");
            call.authorization = header.map(|(_, value)| value).into_iter().collect();
            let shown = call.authorization.concat();
            self.log
                .hide(shown.trim_start_matches("Basic "), "Basic credentials");
        }
        if matches!(
            change,
            CallVariation::LastCharacterChanged
                | CallVariation::SignatureChanged
                | CallVariation::OtherCase
                | CallVariation::LetterInFront
                | CallVariation::LastLetterCut
                | CallVariation::BlankAmid
                | CallVariation::UnknownToken
        ) {
            let altered = call.authorization.concat();
            self.log
                .hide(altered.trim_start_matches("Bearer "), "altered token");
        }
        Ok(())
    }

    /// Reads the documented list page by page, `limit` entries each, as far as `next` links lead
    /// on the same host; a list that fits one page is read once more, a third of it a page.
    pub async fn read_pages(&mut self, limit: &str, next: &str) -> Result<(), Error> {
        let entries = self.read_pages_once(limit, next).await?;
        if let (Some(entries @ 2..), Some((name, _))) = (entries, limit.split_once('=')) {
            let fewer = format!("{name}={}", entries.div_ceil(3));
            self.read_pages_once(&fewer, next).await?;
        }
        Ok(())
    }

    /// Reads once; how many entries the only page had, where there was but one.
    async fn read_pages_once(&mut self, limit: &str, next: &str) -> Result<Option<usize>, Error> {
        let list = crate::catalogue::Expectation::of("VEN-10", &self.profile.vendor)
            .list
            .clone()
            .unwrap_or_default();
        let Ok(token) = self.token().cloned() else {
            self.log
                .limitation("there was no token to read a list with");
            return Ok(None);
        };
        let mut call = ApiRequest::documented(&self.profile, &self.target, token.value.expose())?;
        if let Some((name, value)) = limit.split_once('=') {
            call.query.push((name.to_owned(), value.to_owned()));
        }
        for number in 0..MAX_PAGES {
            let request = call.request();
            let page = self
                .exchange(
                    Operation::ListPage,
                    None,
                    &Variation::Documented,
                    &call.url,
                    &request,
                )
                .await;
            let Some(reply) = page else {
                return Ok(None);
            };
            let body = reply.json();
            let Some(link) = body[next].as_str().map(str::to_owned) else {
                let entries = body[&list].as_array().map(Vec::len);
                return Ok(entries.filter(|_| number == 0));
            };
            let Ok(url) = Url::parse(&link) else {
                return Ok(None);
            };
            // A token goes nowhere but to the host that was asked.
            if !url.same_origin(&call.url) {
                return Ok(None);
            }
            let is_empty = body[&list].as_array().is_some_and(Vec::is_empty);
            if url == call.url || is_empty {
                return Ok(None);
            }
            call = ApiRequest::to(&self.profile, &self.target, &link, token.value.expose())?;
        }
        self.log.limitation("the list did not end");
        Ok(None)
    }

    /// Sends and writes down; what came back is for further use and never written as it is.
    pub(crate) async fn exchange(
        &mut self,
        operation: Operation,
        endpoint: Option<&str>,
        variation: &Variation,
        url: &Url,
        request: &Request,
    ) -> Option<Reply> {
        if self.is_pending && operation != Operation::Delete {
            return None;
        }
        let mut request = request.clone();
        if !request.omits.contains(&"Host") {
            let host = ("Host".to_owned(), url.authority());
            request.headers.insert(0, host);
        }
        let seq = self.log.request(operation, endpoint, variation, &request);
        let is_due = operation == Operation::Delete;
        let is_login = matches!(
            operation,
            Operation::Login | Operation::SignIn | Operation::PersonLogin
        );
        // The scenario about the login makes it once, and in other ways, whatever was seen of it.
        let is_repeated = is_login && !self.is_about_the_login;
        let turn = self.turn(is_due).await;
        let refused = self.gate.refused(operation).filter(|_| is_repeated);
        let outcome = match (&turn, refused) {
            (Ok(_), Some(stopped)) => {
                self.stopped = Some(stopped);
                Err(HttpError::NotSent("the account was refused before"))
            }
            (Ok(_), None) => {
                let (trust, timeout) = (&self.target.trust, self.manners.reply_timeout);
                let outcome = http::send(url, &request, trust, timeout).await;
                self.gate.learn(&outcome, variation.is_documented());
                outcome
            }
            (Err(_), _) => Err(HttpError::NotSent("no more requests are made")),
        };
        match outcome {
            Ok(reply) => {
                self.vendor_clock.learn(&reply);
                let body = reply.json();
                self.hide_issued(&reply);
                self.log.reply(seq, Ok(&reply));
                if is_login
                    && variation.is_documented()
                    && let Some(login) = self.log.evidence().documented(operation).last()
                {
                    self.gate.learn_login(&login);
                }
                drop(turn);
                for (member, token) in tokens_in(&body) {
                    self.log.jwt(seq, member, token);
                    if !member.to_ascii_lowercase().starts_with("refresh") {
                        self.issued.push((seq, member, Secret::new(token)));
                    }
                }
                Some(reply)
            }
            Err(error) => {
                self.log.reply(seq, Err(&error));
                None
            }
        }
    }

    /// Waits until a request may be sent; `is_due` where it has to be sent.
    pub(super) async fn turn(&mut self, is_due: bool) -> Result<Option<Turn>, HttpError> {
        self.gate.turn(is_due).await.map_err(|stopped| {
            self.stopped = Some(stopped);
            HttpError::NotSent("no more requests are made")
        })
    }

    /// What a variation made of a secret is a secret, too: the vendor must not repeat it either.
    pub(super) fn hide_credential_fields(&mut self, login: &TokenRequest) {
        let field = |at: usize| login.credential_fields[at].1.as_deref().unwrap_or_default();
        let name = format!("changed {}", login.credential_fields[1].0.replace('_', " "));
        // A name that stands for a secret is none.
        if field(0) != field(1) {
            self.log.hide(field(1), &name);
        }
        self.log
            .hide_pair(field(0), field(1), &format!("pair with {name}"));
    }

    /// Tokens of a reply are secrets from now on, wherever the vendor puts them and however the
    /// reply is spoilt. The name of a token in which a secret of the account stands says so.
    pub(super) fn hide_issued(&mut self, reply: &Reply) {
        let body = reply.json();
        let text = String::from_utf8_lossy(&reply.body);
        let in_members = [
            ("/access_token", "access token"),
            ("/refresh_token", "refresh token"),
            ("/id_token", "id token"),
            ("/AuthenticationResult/AccessToken", "access token"),
            ("/AuthenticationResult/IdToken", "id token"),
            ("/AuthenticationResult/RefreshToken", "refresh token"),
            ("/Session", "session"),
            ("/Credentials/SecretKey", "secret key"),
            ("/Credentials/SessionToken", "session token"),
        ];
        let in_members = in_members
            .iter()
            .filter_map(|(pointer, word)| Some((*word, body.pointer(pointer)?.as_str()?)));
        let mut of_account = Redactor::default();
        for (value, name) in self.target.secrets() {
            of_account.hide(&value, &name);
        }
        for (word, token) in in_members {
            self.named += 1;
            let mut name = format!("{word} {}", self.named);
            let inside = of_account.redact(token);
            if let Some((_, secret)) = inside.split_once('«') {
                let secret = secret.split('»').next().unwrap_or_default();
                name += &format!(" with «{secret}»");
            }
            self.log.hide(token, &name);
        }
        // A browser's way back holds the code, and its cookies open a session.
        let places = reply.headers.iter().filter_map(|(name, value)| {
            match name.to_ascii_lowercase().as_str() {
                "location" => Some(("code", value.split("code=").nth(1)?.split('&').next()?)),
                "set-cookie" => {
                    let pair = value.split(';').next()?;
                    Some(("cookie", pair.split_once('=')?.1))
                }
                _ => None,
            }
        });
        for (word, secret) in places.filter(|(_, secret)| secret.len() >= 8) {
            self.named += 1;
            self.log.hide(secret, &format!("{word} {}", self.named));
        }
        for (word, token) in issued_in(&text) {
            if self.log.redact(token) == token {
                self.named += 1;
                self.log.hide(token, &format!("{word} {}", self.named));
            }
        }
    }

    pub(crate) fn hold(&mut self, body: &Value) {
        if let Some(token) = body["refresh_token"].as_str() {
            self.refresh_token = Some(Secret::new(token));
        }
        self.id_token = body["id_token"].as_str().map(Secret::new);
        let Some(token) = body["access_token"]
            .as_str()
            .filter(|token| !token.is_empty())
        else {
            return;
        };
        // RFC 6749 A.12: visible characters. A line break in a header would be another header.
        if token.chars().any(char::is_control) {
            self.log
                .limitation("the token has control characters: no header can carry it");
            return;
        }
        let facts = &self.profile.token;
        let told = body["expires_in"].as_u64();
        let lifetime = told.and_then(|raw| facts.expires_in.from_wire(raw));
        let name = self.log.redact(token);
        let held = ObtainedToken {
            name: name.trim_matches(['«', '»']).to_owned(),
            value: Secret::new(token),
            // A lifetime beyond a century is no fact but a fault: time is not turned so far.
            lifetime: lifetime
                .unwrap_or_else(|| facts.lifetime())
                .min(Duration::from_hours(876_600)),
            issued_at: self.turned(),
            held_at: tokio::time::Instant::now(),
        };
        self.tokens.push(held);
    }
}

/// Whether it depends on the account whether anything is changed: on its letters, on its name, on the
/// secrets of others.
fn is_of_the_account(variation: &Variation) -> bool {
    is_of_letter_case(variation)
        || matches!(
            variation,
            Variation::Login(
                LoginVariation::NameForSecret
                    | LoginVariation::OthersSecret
                    | LoginVariation::SecretOfAnother
            )
        )
}

/// Whether nothing but the letter case of a field or of the address is changed.
fn is_of_letter_case(variation: &Variation) -> bool {
    use crate::evidence::FieldChange::OtherCase;
    matches!(
        variation,
        Variation::Login(
            LoginVariation::Field(OtherCase, _)
                | LoginVariation::FieldInBasic(OtherCase, _)
                | LoginVariation::TenantInOtherCase
        )
    )
}

/// A step asked for a variation that the operation does not have.
pub(crate) fn unknown(what: &str, variation: &Variation) -> Error {
    Error::Step(format!("no {what} is known `{variation}`"))
}

/// The tokens of a reply that may be JWTs, by the member that holds each.
fn tokens_in(body: &Value) -> impl Iterator<Item = (&'static str, &str)> {
    let members = [
        ("access_token", "/access_token"),
        ("id_token", "/id_token"),
        ("refresh_token", "/refresh_token"),
        ("AccessToken", "/AuthenticationResult/AccessToken"),
        ("IdToken", "/AuthenticationResult/IdToken"),
    ];
    members
        .into_iter()
        .filter_map(|(name, pointer)| Some((name, body.pointer(pointer)?.as_str()?)))
}
