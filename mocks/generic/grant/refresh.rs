//! The refresh token (RFC 6749 §6), with rotation and what follows when an old one comes again
//! (RFC 9700 §4.14.2).

use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::Reply;
use locum_server::store::{Change, TokenQuery};

use crate::generic::issue::{IssueRequest, answer};
use crate::generic::login::Login;
use crate::generic::token::TokenRequest;

/// Answers `grant_type=refresh_token`.
///
/// # Errors
/// `missing_parameter`, `unknown_refresh_token`, `foreign_token`, `spent_refresh_token`,
/// `expired_refresh_token`, `revoked_refresh_token`, `disabled_user`, `wider_scope`.
pub(in crate::generic) async fn grant(request: &TokenRequest) -> Result<Reply, Denial> {
    let value = request.required("refresh_token")?;
    let mock = &request.mock;
    let unknown = |got: String| {
        Denial::new(DenialKind::UnknownToken, "unknown_refresh_token")
            .expected("a refresh token of this stage")
            .got(got)
    };
    let token = mock.find(&value).await;
    let token = token.ok_or_else(|| unknown("a value that was not issued here".to_owned()))?;
    mock.note_presented_token(&token).await;
    if token.kind != TokenKind::Refresh {
        return Err(unknown(token.name()));
    }
    let login = Login::of(&token).ok_or_else(|| unknown(token.name()))?;
    // "The refresh token is bound to the client to which it was issued."
    if login.client != request.client.client_id {
        let denial = Denial::new(DenialKind::WrongToken, "foreign_token")
            .expected(format!("a refresh token of `{}`", request.client.client_id))
            .got(format!("one of `{}`", login.client));
        request.refuse(denial)?;
    }
    is_live(request, &token, &login).await?;
    if !login.is_good(&request.principals) {
        let denial = Denial::new(DenialKind::Disabled, "disabled_user")
            .expected("a user who is there and enabled")
            .got(format!("`{}`", login.principal()));
        request.refuse(denial)?;
    }
    let scope = narrowed(request, &login)?;
    let rotates = mock.setting_on("rotate_refresh");
    if rotates {
        // Of two requests at once only one finds it unspent.
        let before = mock.change(token.id, Change::Spend).await;
        is_live(request, before.as_ref().unwrap_or(&token), &login).await?;
    }
    let issue = IssueRequest {
        facts: &request.facts,
        login: &login,
        scope,
        parent: Some(token.id),
        refresh: rotates,
    };
    Ok(answer(mock, &issue).await)
}

/// "The scope of the access request … MUST NOT include any scope not originally granted".
fn narrowed(request: &TokenRequest, login: &Login) -> Result<String, Denial> {
    let Some(asked) = request.form.text("scope") else {
        return Ok(login.scope.clone());
    };
    if let Some(stray) = asked.split(' ').find(|word| !login.has(word)) {
        let denial = Denial::new(DenialKind::Invalid, "wider_scope")
            .expected(format!("a part of `{}`", login.scope))
            .got(format!("`{stray}`"));
        request.refuse(denial)?;
    }
    Ok(asked)
}

async fn is_live(request: &TokenRequest, token: &Token, login: &Login) -> Result<(), Denial> {
    let mock = &request.mock;
    let end = |kind, reason: &str| {
        Denial::new(kind, reason)
            .expected("a live refresh token")
            .got(token.name())
    };
    match mock.state_of(token) {
        TokenState::Live => Ok(()),
        TokenState::Expired => request.refuse(end(DenialKind::Expired, "expired_refresh_token")),
        TokenState::Revoked => request.refuse(end(DenialKind::Revoked, "revoked_refresh_token")),
        TokenState::Spent => {
            let refused = request.refuse(end(DenialKind::Revoked, "spent_refresh_token"));
            let ends = request.facts.file.refresh().reuse_ends_login;
            if refused.is_err() && ends && mock.effect_enabled("revoke_family") {
                end_login(request, login).await;
            }
            refused
        }
    }
}

/// Revokes all tokens of a login.
pub(in crate::generic) async fn end_login(request: &TokenRequest, login: &Login) {
    let query = TokenQuery {
        login: Some(login.number),
        ..TokenQuery::default()
    };
    request.mock.revoke(query).await;
}
