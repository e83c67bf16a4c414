//! The authorization endpoint (RFC 6749 §4.1.1): what is asked, who logs in, and the way back.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Denial, DenialKind, Outcome, TokenKind};
use locum_server::grant::pkce::Challenge;
use locum_server::{Form, Mock, NewToken, Reply, Request};

use super::file::{Authorize, Grant, LoginBy};
use super::grant::code::{AuthorizedRequest, REQUEST};
use super::grant::password;
use super::login::{Login, granted_scope};
use super::principals::{Client, Principals, User};
use super::token::unknown_scope;
use super::{Facts, State, page};

/// A request whose client and redirection are known.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) scope: String,
    nonce: Option<String>,
    challenge: Option<Challenge>,
    login_hint: Option<String>,
    prompt: Vec<String>,
}

/// Answers an authorization request: an error page, a way back, or the login page.
pub(super) async fn authorize(
    facts: Arc<Facts>,
    mock: Mock,
    request: Request,
) -> Result<Reply, Denial> {
    let form = match request.method.as_str() {
        "POST" => request.form(),
        _ => request.query(),
    };
    let principals = mock.state::<State>().principals.get();
    let (client, redirect_uri) = match destination(&mock, &request, &principals, &form) {
        Ok(destination) => destination,
        Err(denial) => return Ok(page::error(&mock, denial)),
    };
    let mut asked = Asked {
        client,
        redirect_uri,
        state: form.text("state"),
        scope: String::new(),
        nonce: form.text("nonce"),
        challenge: None,
        login_hint: form.text("login_hint"),
        prompt: form
            .text("prompt")
            .map(|prompt| prompt.split(' ').map(str::to_owned).collect())
            .unwrap_or_default(),
    };
    let authorize = facts.file.authorize.as_ref();
    let authorize = authorize.expect("the endpoint is there because the table is");
    if let Err((error, denial)) = asked.check(&facts, authorize, &form)
        && let Err(denial) = mock.refuse(&request.endpoint, denial)
    {
        return Ok(asked.failed(&facts, &mock, error, denial));
    }
    let user = match logged_in(&mock, &request, &principals, authorize, &asked, &form) {
        Ok(Some(user)) => user,
        Ok(None) => return Ok(page::login(&mock, &facts, &asked, &form, None)),
        Err(Refused::Back(error, denial)) => {
            return Ok(asked.failed(&facts, &mock, error, denial));
        }
        Err(Refused::Page(denial)) => {
            return Ok(page::login(&mock, &facts, &asked, &form, Some(denial)));
        }
    };
    Ok(asked.succeeded(&facts, &mock, user).await)
}

/// The client and where the answer goes. A fault here is never sent anywhere: "the authorization
/// server … MUST NOT automatically redirect the user-agent to the invalid redirection URI" (§4.1.2.1).
fn destination(
    mock: &Mock,
    request: &Request,
    principals: &Principals,
    form: &Form,
) -> Result<(Client, String), Denial> {
    for name in ["client_id", "redirect_uri"] {
        if form.all(name).count() > 1 {
            return Err(Denial::new(DenialKind::Repeated, "repeated_parameter")
                .expected(format!("one {name}"))
                .got("several"));
        }
    }
    let absent = |name: &str| {
        Denial::new(DenialKind::Missing, "missing_parameter")
            .expected(format!("{name} in the query"))
            .got("none")
            .param("parameter", name)
    };
    let id = form.text("client_id").ok_or_else(|| absent("client_id"))?;
    mock.note_principal(id.clone());
    let client = principals.client(&id).ok_or_else(|| {
        Denial::new(DenialKind::UnknownPrincipal, "unregistered_client")
            .expected("a client of this stage")
            .got(format!("`{id}`"))
    })?;
    if !client.enabled {
        let denial = Denial::new(DenialKind::Disabled, "unregistered_client")
            .expected("a client that is enabled")
            .got(format!("`{id}`, which is disabled"));
        mock.refuse(&request.endpoint, denial)?;
    }
    let uri = form.text("redirect_uri");
    let uri = uri.ok_or_else(|| absent("redirect_uri"))?;
    // RFC 9700 §4.1.3: "exact string matching".
    if !client.redirect_uris.contains(&uri) {
        let denial = Denial::new(DenialKind::Invalid, "unregistered_redirect_uri")
            .expected(format!(
                "redirect_uri {}",
                client.redirect_uris.join(" or ")
            ))
            .got(uri.clone());
        mock.refuse(&request.endpoint, denial)?;
    }
    Ok((client.clone(), uri))
}

/// Why nobody is logged in.
enum Refused {
    /// The client is told.
    Back(&'static str, Denial),
    /// The person is told.
    Page(Denial),
}

/// Who logs in; `None` when the page has to be shown first.
fn logged_in<'a>(
    mock: &Mock,
    request: &Request,
    principals: &'a Principals,
    authorize: &Authorize,
    asked: &Asked,
    form: &Form,
) -> Result<Option<&'a User>, Refused> {
    let denied = |error, kind, reason: &str, expected: &str, got: String| {
        Refused::Back(error, Denial::new(kind, reason).expected(expected).got(got))
    };
    if authorize.login == LoginBy::Auto {
        let user = if let Some(name) = &asked.login_hint {
            principals.user(name).ok_or_else(|| {
                denied(
                    "login_required",
                    DenialKind::UnknownPrincipal,
                    "unknown_login_hint",
                    "a user of this stage in login_hint",
                    format!("`{name}`"),
                )
            })?
        } else {
            let mut able = principals.users.iter().filter(|user| user.enabled);
            able.next().ok_or_else(|| {
                let got = "no user who may log in".to_owned();
                let kind = DenialKind::Disabled;
                denied("access_denied", kind, "access_denied", "a user", got)
            })?
        };
        if !user.enabled {
            let got = format!("`{}`, who is disabled", user.username);
            let kind = DenialKind::Disabled;
            return Err(denied(
                "access_denied",
                kind,
                "access_denied",
                "a user",
                got,
            ));
        }
        return Ok(Some(user));
    }
    if asked.prompt.iter().any(|prompt| prompt == "none") {
        let got = "prompt=none, and nobody is logged in".to_owned();
        let kind = DenialKind::ChallengeRequired;
        let expected = "a login page that may be shown";
        return Err(denied(
            "login_required",
            kind,
            "login_required",
            expected,
            got,
        ));
    }
    // Only a form that was sent can log in: a link could name the password otherwise.
    if request.method != "POST" || form.first("decision").is_none() {
        return Ok(None);
    }
    if form.first("decision") == Some(b"deny") {
        let got = "the user's refusal".to_owned();
        let kind = DenialKind::Forbidden;
        return Err(denied(
            "access_denied",
            kind,
            "access_denied",
            "consent",
            got,
        ));
    }
    let name = form.text("username").unwrap_or_default();
    let word = form.first("password").unwrap_or_default();
    password::user(mock, &request.endpoint, principals, &name, word)
        .map(Some)
        .map_err(Refused::Page)
}

impl Asked {
    /// The faults of which the client is told, with their `error`.
    fn check(
        &mut self,
        facts: &Facts,
        authorize: &Authorize,
        form: &Form,
    ) -> Result<(), (&'static str, Denial)> {
        let invalid = |denial: Denial| ("invalid_request", denial);
        if let Some(name) = form.repeated() {
            return Err(invalid(
                Denial::new(DenialKind::Repeated, "repeated_parameter")
                    .expected("each parameter once (RFC 6749 §3.1)")
                    .got(format!("`{name}` twice")),
            ));
        }
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
        ] {
            if form.first(name).is_some() {
                let denial = Denial::new(DenialKind::Unsupported, "unsupported_request_object")
                    .expected("plain parameters")
                    .got(name);
                return Err((error, denial));
            }
        }
        match form.text("response_type").as_deref() {
            Some("code") => {}
            None => {
                return Err(invalid(
                    Denial::new(DenialKind::Missing, "missing_parameter")
                        .expected("response_type=code")
                        .got("none")
                        .param("parameter", "response_type"),
                ));
            }
            Some(other) => {
                let denial = Denial::new(DenialKind::Unsupported, "unsupported_response_type")
                    .expected("response_type=code")
                    .got(format!("response_type={other}"));
                return Err(("unsupported_response_type", denial));
            }
        }
        if let Some(mode) = form.text("response_mode").filter(|mode| mode != "query") {
            return Err(invalid(
                Denial::new(DenialKind::Unsupported, "unsupported_response_mode")
                    .expected("response_mode=query")
                    .got(format!("response_mode={mode}")),
            ));
        }
        if !self.client.may(&facts.file, Grant::AuthorizationCode) {
            let denial = Denial::new(DenialKind::Unsupported, "unauthorized_client")
                .expected("a client that may use authorization_code")
                .got(format!("`{}`", self.client.client_id));
            return Err(("unauthorized_client", denial));
        }
        let scope = form.text("scope");
        self.scope = granted_scope(facts, &self.client, scope.as_deref())
            .map_err(|stray| ("invalid_scope", unknown_scope(facts, &self.client, &stray)))?;
        let (value, method) = (
            form.text("code_challenge"),
            form.text("code_challenge_method"),
        );
        self.challenge = Challenge::read(value.as_deref(), method.as_deref(), authorize.pkce_plain)
            .map_err(invalid)?;
        // RFC 9700 §2.1.1: "Public clients MUST use PKCE".
        if self.challenge.is_none() && (authorize.pkce_required || self.client.public) {
            return Err(invalid(
                Denial::new(DenialKind::Missing, "missing_challenge")
                    .expected("code_challenge and code_challenge_method=S256")
                    .got("none"),
            ));
        }
        if self.prompt.len() > 1 && self.prompt.iter().any(|prompt| prompt == "none") {
            return Err(invalid(
                Denial::new(DenialKind::Invalid, "wrong_prompt")
                    .expected("prompt=none alone (OpenID Connect Core §3.1.2.1)")
                    .got(format!("prompt={}", self.prompt.join(" "))),
            ));
        }
        Ok(())
    }

    /// Goes back with an error (§4.1.2.1).
    fn failed(&self, facts: &Facts, mock: &Mock, error: &str, denial: Denial) -> Reply {
        let mut reply = self.back(facts, mock, &[("error", error)]);
        reply.outcome = Some(Outcome::Denied);
        reply.denial = Some(denial);
        reply
    }

    /// Issues a code and goes back with it (§4.1.2).
    async fn succeeded(&self, facts: &Facts, mock: &Mock, user: &User) -> Reply {
        let login = Login {
            number: mock.new_login(),
            client: self.client.client_id.clone(),
            user: Some(user.username.clone()),
            scope: self.scope.clone(),
            auth_time: Some(mock.now().as_seconds()),
            nonce: self.nonce.clone(),
        };
        let code = mock.random_alphanumeric(43);
        let lives = Duration::from_secs(mock.setting_u64("code_ttl_s"));
        let mut new = NewToken::new(TokenKind::Code, login.principal(), login.number, lives);
        new.client = Some(login.client.clone());
        new.scope.clone_from(&login.scope);
        new.extra = login.extra();
        let request = AuthorizedRequest {
            redirect_uri: self.redirect_uri.clone(),
            challenge: self.challenge.clone(),
        };
        let request = serde_json::to_value(request).expect("a request is JSON");
        new.extra.insert(REQUEST.to_owned(), request);
        mock.issue(&code, new).await;
        self.back(facts, mock, &[("code", &code)])
    }

    /// 302 to the client with `pairs`, `state` and `iss` (RFC 9207) in the query.
    fn back(&self, facts: &Facts, mock: &Mock, pairs: &[(&str, &str)]) -> Reply {
        let issuer = facts.issuer(mock);
        let mut all: Vec<(&str, &str)> = pairs.to_vec();
        all.extend(self.state.as_deref().map(|state| ("state", state)));
        all.push(("iss", &issuer));
        let pairs: Vec<String> = all
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let joint = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        Reply::status(302)
            .header(
                "location",
                format!("{}{joint}{}", self.redirect_uri, pairs.join("&")),
            )
            .header("cache-control", "no-store")
    }
}

/// What a query's value may hold as it is: the unreserved characters (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, PLAIN).to_string()
}
