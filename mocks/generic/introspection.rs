//! Token introspection (RFC 7662) and revocation (RFC 7009).

use std::sync::Arc;

use locum_core::{Denial, DenialKind, Outcome, Token, TokenKind, TokenState};
use locum_server::grant::client_auth::ClientAuth;
use locum_server::store::{Change, TokenQuery};
use locum_server::{Mock, Reply, Request};
use serde_json::{Map, Value, json};

use super::login::Login;
use super::token::{TokenRequest, form, missing, proven};
use super::{Facts, State};

/// The proven client's request, and the token that it names.
async fn read(
    facts: &Arc<Facts>,
    mock: &Mock,
    request: &Request,
) -> Result<(TokenRequest, Option<Token>), Denial> {
    let form = form(mock, request)?;
    let token_request = proven(facts, mock, request, form)?;
    let value = token_request.form.text("token");
    let value = value.ok_or_else(|| missing("token"))?;
    let token = mock
        .find(&value)
        .await
        .filter(|token| matches!(token.kind, TokenKind::Access | TokenKind::Refresh));
    Ok((token_request, token))
}

/// Answers an introspection request: `{"active":false}` for whatever does not work, and no word why
/// (RFC 7662 §2.2).
///
/// # Errors
/// Those of client authentication; a client without a secret is refused with `wrong_auth_method`,
/// since "the protected resource … MUST" authorize itself (§2.1).
pub(super) async fn introspect(
    facts: Arc<Facts>,
    mock: Mock,
    request: Request,
) -> Result<Reply, Denial> {
    let (token_request, token) = read(&facts, &mock, &request).await?;
    if token_request.client.public {
        return Err(Denial::new(DenialKind::Unsupported, "wrong_auth_method")
            .expected("a client with a secret or a key")
            .got(ClientAuth::None.registered()));
    }
    let active = token.filter(|token| mock.state_of(token) == TokenState::Live);
    let body = match active
        .as_ref()
        .and_then(|token| Some((token, Login::of(token)?)))
    {
        Some((token, login)) => described(&facts, &mock, token, &login),
        None => json!({"active": false}),
    };
    Ok(Reply::json(200, &body).header("cache-control", "no-store"))
}

fn described(facts: &Facts, mock: &Mock, token: &Token, login: &Login) -> Value {
    let principals = mock.state::<State>().principals.get();
    let (_, user) = login.account(&principals);
    let mut members = Map::new();
    members.insert("active".into(), true.into());
    if !token.scope.is_empty() {
        members.insert("scope".into(), token.scope.clone().into());
    }
    members.insert("client_id".into(), login.client.clone().into());
    if let Some(user) = user {
        members.insert("username".into(), user.username.clone().into());
    }
    if token.kind == TokenKind::Access {
        let kind = facts.file.token.token_type.clone();
        members.insert("token_type".into(), kind.into());
    }
    if let Some(end) = token.expires {
        members.insert("exp".into(), end.as_seconds().into());
    }
    members.insert("iat".into(), token.issued.as_seconds().into());
    let subject = user.map_or(login.client.as_str(), |user| user.subject());
    members.insert("sub".into(), subject.into());
    members.insert("iss".into(), facts.issuer(mock).into());
    Value::Object(members)
}

/// Answers a revocation request: 200 for a token that ended, is unknown or was revoked (RFC 7009
/// §2.2). A refresh token takes the tokens of its login with it (§2.1).
///
/// # Errors
/// Those of client authentication, `missing_parameter`, `foreign_token`.
pub(super) async fn revoke(
    facts: Arc<Facts>,
    mock: Mock,
    request: Request,
) -> Result<Reply, Denial> {
    let (token_request, token) = read(&facts, &mock, &request).await?;
    let Some(token) = token else {
        return Ok(Reply::status(200));
    };
    mock.note_presented_token(&token).await;
    // "verifies whether the token was issued to the client making the revocation request".
    if token.client.as_deref() != Some(token_request.client.client_id.as_str()) {
        let denial = Denial::new(DenialKind::WrongToken, "foreign_token")
            .expected(format!("a token of `{}`", token_request.client.client_id))
            .got(token.name());
        token_request.refuse(denial)?;
    }
    if mock.effect_enabled("revoke") {
        if token.kind == TokenKind::Refresh {
            let query = TokenQuery {
                login: Some(token.login),
                ..TokenQuery::default()
            };
            mock.revoke(query).await;
        } else {
            mock.change(token.id, Change::Revoke).await;
        }
    }
    Ok(Reply::status(200).outcome(Outcome::Revoked))
}
