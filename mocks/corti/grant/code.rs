//! The authorization code (RFC 6749 §4.1.3).

use locum_core::{Denial, DenialKind, Place, Token, TokenKind, TokenState};
use locum_server::Reply;
use locum_server::store::Change;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{TokenRequest, pkce};
use crate::corti::issue::{Grant, IssueRequest, answer};
use crate::corti::login::{self, Account, Ended, Login};

/// Where a code's record keeps the authorization request it answers.
const REQUEST: &str = "request";

/// What an authorization request leaves with its code.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::corti) struct Request {
    /// Has to come again, letter by letter; `None` where the request left it out.
    pub(in crate::corti) redirect_uri: Option<String>,
    /// RFC 7636 §4.3.
    pub(in crate::corti) challenge: Option<String>,
    /// "No method given = `plain`."
    pub(in crate::corti) method: Option<String>,
}

impl Request {
    /// What a code's record keeps, beside its login.
    pub(in crate::corti) fn extra(&self, login: &Login) -> Map<String, Value> {
        let mut extra = login.extra();
        let request = serde_json::to_value(self).expect("a request is JSON");
        extra.insert(REQUEST.to_owned(), request);
        extra
    }

    fn of(token: &Token) -> Option<Self> {
        serde_json::from_value(token.extra.get(REQUEST)?.clone()).ok()
    }
}

/// Answers a request whose `grant_type` is `authorization_code`. Its `scope` is not read.
///
/// # Errors
/// In this order: `missing_code`, `invalid_code`, `code_user_disabled`, `wrong_redirect_uri`,
/// `foreign_code`, and those of PKCE. "Any failure from `User disabled` on spends the code."
pub(in crate::corti) async fn grant(token_request: &TokenRequest<'_>) -> Result<Reply, Denial> {
    let TokenRequest {
        mock, form, client, ..
    } = *token_request;
    let value = form.read_by_grant("code").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "missing_code")
            .expected("code in the form")
            .absent(Place::Form, ["code"])
    })?;
    let (token, login, request) = spent(token_request, value).await?;
    if let Account::UserDisabled | Account::Gone = login.account(token_request.realm) {
        token_request.refuse(
            DenialKind::Disabled,
            "code_user_disabled",
            login.principal(),
        )?;
    }
    if form.read_by_grant("redirect_uri") != request.redirect_uri.as_deref() {
        let got = form.read_by_grant("redirect_uri").unwrap_or("none");
        token_request.refuse(DenialKind::Invalid, "wrong_redirect_uri", got)?;
    }
    if login.client != client.client_id {
        token_request.refuse(DenialKind::WrongToken, "foreign_code", &client.client_id)?;
    }
    if let Err(denial) = pkce::check(&request, form.read_by_grant("code_verifier")) {
        mock.refuse(&token_request.request.endpoint, denial)?;
    }
    let issue_request = IssueRequest {
        realm: token_request.realm,
        login: &login,
        grant: Grant::Code,
        scope: login.scope.clone(),
        parent: Some(token.id),
        refresh: true,
    };
    Ok(answer(mock, &issue_request).await)
}

/// Uses the code up. "Replay ends the client session: all its tokens die."
async fn spent(
    token_request: &TokenRequest<'_>,
    value: &str,
) -> Result<(Token, Login, Request), Denial> {
    let mock = token_request.mock;
    let invalid = |kind| Denial::new(kind, "invalid_code").expected("a code that was not used yet");
    let unknown = || {
        invalid(DenialKind::UnknownToken)
            .presented(value, TokenKind::Code)
            .presented_by(token_request.client.client_id.clone())
    };
    let token = mock
        .find(value)
        .await
        .filter(|token| {
            token.kind == TokenKind::Code
                && token.tenant.as_ref() == Some(&token_request.realm.name)
        })
        .ok_or_else(unknown)?;
    mock.note_presented_token(&token).await;
    let login = Login::of(&token).ok_or_else(unknown)?;
    let request = Request::of(&token).ok_or_else(unknown)?;
    let before = mock
        .change(token.id, Change::Spend)
        .await
        .ok_or_else(unknown)?;
    match mock.state_of(&before) {
        TokenState::Live => {}
        TokenState::Spent => {
            let refused = mock.refuse(
                &token_request.request.endpoint,
                invalid(DenialKind::Revoked).got(token.name()),
            );
            if refused.is_err() && mock.effect_enabled("revoke_family") {
                login::end(mock, login.number, Ended::ClientSession, &login.client).await;
            }
            refused?;
        }
        TokenState::Expired => mock.refuse(
            &token_request.request.endpoint,
            invalid(DenialKind::Expired).got(token.name()),
        )?,
        TokenState::Revoked => return Err(invalid(DenialKind::Revoked).got(token.name())),
    }
    Ok((token, login, request))
}
