//! The authorization code (RFC 6749 §4.1.3), used once.

use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::Reply;
use locum_server::grant::pkce::{self, Challenge};
use locum_server::store::Change;
use serde::{Deserialize, Serialize};

use super::refresh::end_login;
use crate::generic::issue::{IssueRequest, answer};
use crate::generic::login::Login;
use crate::generic::token::TokenRequest;

/// Where a code's record keeps the request that it answers.
pub(in crate::generic) const REQUEST: &str = "request";

/// What an authorization request leaves with its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::generic) struct AuthorizedRequest {
    /// Has to come again, letter by letter.
    pub(in crate::generic) redirect_uri: String,
    /// RFC 7636 §4.3.
    pub(in crate::generic) challenge: Option<Challenge>,
}

/// Answers `grant_type=authorization_code`.
///
/// # Errors
/// `missing_parameter`, `unknown_code`, `foreign_code`, `spent_code`, `expired_code`,
/// `revoked_code`, `wrong_redirect_uri`, `disabled_user`, and those of [`pkce::check`].
pub(in crate::generic) async fn grant(request: &TokenRequest) -> Result<Reply, Denial> {
    let value = request.required("code")?;
    let redirect_uri = request.required("redirect_uri")?;
    let mock = &request.mock;
    let unknown = |got: String| {
        Denial::new(DenialKind::UnknownToken, "unknown_code")
            .expected("a code of this stage")
            .got(got)
    };
    let token = mock.find(&value).await;
    let token = token.ok_or_else(|| unknown("a value that was not issued here".to_owned()))?;
    mock.note_presented_token(&token).await;
    let login = Login::of(&token).filter(|_| token.kind == TokenKind::Code);
    let login = login.ok_or_else(|| unknown(token.name()))?;
    if login.client != request.client.client_id {
        let denial = Denial::new(DenialKind::WrongToken, "foreign_code")
            .expected(format!("a code of `{}`", request.client.client_id))
            .got(format!("one of `{}`", login.client));
        request.refuse(denial)?;
    }
    spend(request, &token, &login).await?;
    let authorized: AuthorizedRequest = token
        .extra
        .get(REQUEST)
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .ok_or_else(|| unknown(token.name()))?;
    if authorized.redirect_uri != redirect_uri {
        let denial = Denial::new(DenialKind::Invalid, "wrong_redirect_uri")
            .expected(format!("redirect_uri {}", authorized.redirect_uri))
            .got(redirect_uri);
        request.refuse(denial)?;
    }
    let verifier = request.form.text("code_verifier");
    if let Err(denial) = pkce::check(authorized.challenge.as_ref(), verifier.as_deref()) {
        request.refuse(denial)?;
    }
    if !login.is_good(&request.principals) {
        let denial = Denial::new(DenialKind::Disabled, "disabled_user")
            .expected("a user who is there and enabled")
            .got(format!("`{}`", login.principal()));
        request.refuse(denial)?;
    }
    let issue = IssueRequest {
        facts: &request.facts,
        login: &login,
        scope: login.scope.clone(),
        parent: Some(token.id),
        refresh: request.refreshes(),
    };
    Ok(answer(mock, &issue).await)
}

/// Uses the code up. "If an authorization code is used more than once, the authorization server MUST
/// deny the request and SHOULD revoke (when possible) all tokens previously issued based on that
/// authorization code" (§4.1.2). A request that fails later has used it up, too.
async fn spend(request: &TokenRequest, token: &Token, login: &Login) -> Result<(), Denial> {
    let mock = &request.mock;
    let before = mock.change(token.id, Change::Spend).await;
    let end = |kind, reason: &str| {
        Denial::new(kind, reason)
            .expected("a live code")
            .got(token.name())
    };
    match mock.state_of(before.as_ref().unwrap_or(token)) {
        TokenState::Live => Ok(()),
        TokenState::Expired => request.refuse(end(DenialKind::Expired, "expired_code")),
        TokenState::Revoked => request.refuse(end(DenialKind::Revoked, "revoked_code")),
        TokenState::Spent => {
            let refused = request.refuse(end(DenialKind::Revoked, "spent_code"));
            if refused.is_err() && mock.effect_enabled("revoke_family") {
                end_login(request, login).await;
            }
            refused
        }
    }
}
