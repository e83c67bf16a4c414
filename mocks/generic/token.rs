//! The token endpoint: media type, repetitions, `grant_type`, client, grant, in this order.

use std::sync::Arc;

use locum_core::{Denial, DenialKind};
use locum_server::grant::client_auth;
use locum_server::{Form, Mock, Reply, Request};

use super::file::Grant;
use super::login::granted_scope;
use super::principals::{Client, Principals};
use super::{Facts, State, grant};

/// A request whose client is proven.
#[derive(Debug)]
pub(super) struct TokenRequest {
    pub(super) facts: Arc<Facts>,
    pub(super) mock: Mock,
    pub(super) endpoint: String,
    pub(super) form: Form,
    pub(super) client: Client,
    pub(super) principals: Arc<Principals>,
}

/// Answers a token request.
pub(super) async fn token(
    facts: Arc<Facts>,
    mock: Mock,
    request: Request,
) -> Result<Reply, Denial> {
    let form = form(&mock, &request)?;
    let word = form.text("grant_type").ok_or_else(|| {
        let elsewhere = request.query().first("grant_type").is_some();
        Denial::new(DenialKind::Missing, "missing_grant_type")
            .expected("grant_type in the form")
            .got(if elsewhere {
                "grant_type in the query"
            } else {
                "none"
            })
    })?;
    let token_request = proven(&facts, &mock, &request, form)?;
    let grant = Grant::ALL.into_iter().find(|grant| grant.word() == word);
    let Some(grant) = grant.filter(|grant| facts.file.has(*grant)) else {
        let known: Vec<&str> = facts
            .file
            .grants()
            .iter()
            .map(|grant| grant.word())
            .collect();
        return Err(Denial::new(DenialKind::Unsupported, "unsupported_grant")
            .expected(format!("grant_type {}", known.join(" or ")))
            .got(format!("grant_type {word}")));
    };
    if !token_request.client.may(&facts.file, grant) {
        let barred = Denial::new(DenialKind::Unsupported, "unauthorized_client")
            .expected(format!("a client that may use {word}"))
            .got(format!("`{}`", token_request.client.client_id));
        token_request.refuse(barred)?;
    }
    match grant {
        Grant::ClientCredentials => grant::client_credentials::grant(&token_request).await,
        Grant::Password => grant::password::grant(&token_request).await,
        Grant::AuthorizationCode => grant::code::grant(&token_request).await,
        Grant::RefreshToken => grant::refresh::grant(&token_request).await,
    }
}

/// The form of a request to the token endpoint or a neighbour of it.
///
/// # Errors
/// `wrong_media_type`, `repeated_parameter`.
pub(super) fn form(mock: &Mock, request: &Request) -> Result<Form, Denial> {
    if !request.is_form() {
        let media_type = request.media_type();
        return Err(Denial::new(DenialKind::Malformed, "wrong_media_type")
            .expected("application/x-www-form-urlencoded")
            .got(if media_type.is_empty() {
                "no Content-Type".to_owned()
            } else {
                media_type
            }));
    }
    let form = request.form();
    if let Some(name) = form.repeated() {
        let denial = Denial::new(DenialKind::Repeated, "repeated_parameter")
            .expected("each parameter once (RFC 6749 §3.2)")
            .got(format!("`{name}` twice"));
        mock.refuse(&request.endpoint, denial)?;
    }
    Ok(form)
}

/// The client that the request proves; an assertion is used up with it.
///
/// # Errors
/// As of [`client_auth::authenticate`], and `replayed_assertion`.
pub(super) fn proven(
    facts: &Arc<Facts>,
    mock: &Mock,
    request: &Request,
    form: Form,
) -> Result<TokenRequest, Denial> {
    let state = mock.state::<State>();
    let principals = state.principals.get();
    let audiences = facts.audiences(mock);
    let authenticated = client_auth::authenticate(mock, request, &form, &audiences, |id| {
        principals
            .client(id)
            .map(|client| client.registered(&facts.file))
    })?;
    if let Some(assertion) = &authenticated.assertion
        && !state.use_once(&authenticated.id, assertion, mock.now())
    {
        let denial = Denial::new(DenialKind::Revoked, "replayed_assertion")
            .expected("a jti that was not used before")
            .got("the jti of an earlier assertion");
        mock.refuse(&request.endpoint, denial)?;
    }
    let client = principals.client(&authenticated.id);
    Ok(TokenRequest {
        facts: Arc::clone(facts),
        mock: mock.clone(),
        endpoint: request.endpoint.clone(),
        form,
        client: client.expect("it was found a moment ago").clone(),
        principals,
    })
}

impl TokenRequest {
    /// Refuses, unless a twin pardons it.
    ///
    /// # Errors
    /// The denial, as a rule.
    pub(super) fn refuse(&self, denial: Denial) -> Result<(), Denial> {
        self.mock.refuse(&self.endpoint, denial)
    }

    /// A parameter that has to be there.
    ///
    /// # Errors
    /// `missing_parameter`.
    pub(super) fn required(&self, name: &str) -> Result<String, Denial> {
        self.form.text(name).ok_or_else(|| missing(name))
    }

    /// The scope that is granted.
    ///
    /// # Errors
    /// `unknown_scope`.
    pub(super) fn scope(&self) -> Result<String, Denial> {
        let asked = self.form.text("scope");
        granted_scope(&self.facts, &self.client, asked.as_deref())
            .map_err(|stray| unknown_scope(&self.facts, &self.client, &stray))
    }

    /// Whether the reply has a refresh token.
    pub(super) fn refreshes(&self) -> bool {
        self.client.may(&self.facts.file, Grant::RefreshToken)
    }
}

/// A parameter is missing.
pub(super) fn missing(name: &str) -> Denial {
    Denial::new(DenialKind::Missing, "missing_parameter")
        .expected(format!("{name} in the form"))
        .got("none")
        .param("parameter", name)
}

/// `invalid_scope` for `stray`.
pub(super) fn unknown_scope(facts: &Facts, client: &Client, stray: &str) -> Denial {
    let own = client.scopes(&facts.file);
    let expected = if own.is_empty() {
        "no scope".to_owned()
    } else {
        format!("a scope of {}", own.join(", "))
    };
    Denial::new(DenialKind::Invalid, "unknown_scope")
        .expected(expected)
        .got(format!("`{stray}`"))
}
