//! `…/revoke` (RFC 7009).

use locum_core::{Denial, DenialKind, Place, Token, TokenKind, TokenState};
use locum_server::store::Change;
use locum_server::{Mock, Reply, Request};

use super::form::Form;
use super::grant::refresh::is_stale;
use super::login::{self, Ended, Login};
use super::realm::RealmRef;
use super::{client, cors, introspect, realm_lookup};

/// Revokes a token.
pub(super) async fn revoke(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_post"));
    }
    let answer = revoked(&mock, &request, &realm).await;
    let answer = answer.or_else(|denial| Ok(realm_lookup::bare(&mock, denial)));
    Ok(cors::dress(&mock, &request, answer))
}

/// "realm → client → duplicate → token"; the hint is ignored.
async fn revoked(mock: &Mock, request: &Request, realm: &RealmRef) -> Result<Reply, Denial> {
    let form = Form::read(mock, request)
        .await
        .map_err(introspect::unreadable)?;
    realm_lookup::must_be_enabled(mock, request, realm)?;
    let client = client::authenticate(mock, request, realm, &form)?;
    cors::admit(request, client)?;
    form.refuse_repeated()?;
    let value = form.first("token").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "revoke_no_token")
            .expected("token in the form")
            .absent(Place::Form, ["token"])
    })?;
    let (token, login) = revocable(mock, realm, value).await?;
    mock.note_presented_token(&token).await;
    if login.client != client.client_id {
        let denial = Denial::new(DenialKind::WrongToken, "unmatching_clients")
            .expected(format!("a token of `{}`", client.client_id))
            .got(token.name());
        mock.refuse(&request.endpoint, denial)?;
    }
    let hint = form.first("token_type_hint").unwrap_or_default();
    let is_hinted = match token.kind {
        TokenKind::Refresh => hint == "refresh_token",
        _ => hint == "access_token",
    };
    match token.kind {
        _ if !is_hinted && !mock.effect_enabled("ignore_hint") => {}
        TokenKind::Access if mock.effect_enabled("revoke_access") => {
            mock.change(token.id, Change::Revoke).await;
        }
        TokenKind::Refresh if mock.effect_enabled("revoke_refresh") => {
            let how = if login::is_shared(mock, &login).await {
                Ended::ClientSession
            } else {
                Ended::Session
            };
            if mock.effect_enabled("revoke_whole_login") {
                login::end(mock, login.number, how, &login.client).await;
            } else {
                mock.change(token.id, Change::Revoke).await;
            }
        }
        _ => {}
    }
    let reply = Reply::status(200).with_headers_of(mock.profile(), "h5", &[]);
    Ok(reply.outcome(locum_core::Outcome::Revoked))
}

/// The token, where it is one that can be revoked.
async fn revocable(mock: &Mock, realm: &RealmRef, value: &str) -> Result<(Token, Login), Denial> {
    // The store finds a token by all of its text: what is tampered with is not found.
    let invalid = || {
        Denial::new(DenialKind::UnknownToken, "revoke_invalid_token")
            .expected(format!("a token of realm `{}`", realm.name))
            .presented(value, None)
    };
    let token = mock.find(value).await.ok_or_else(invalid)?;
    let login = Login::of(&token).ok_or_else(invalid)?;
    if token.tenant.as_ref() != Some(&realm.name) || is_stale(realm, &token, &login) {
        return Err(invalid());
    }
    match token.kind {
        TokenKind::Id => Err(Denial::new(DenialKind::Unsupported, "revoke_unsupported")
            .expected("an access or refresh token")
            .got(token.name())),
        // Its time is not looked at, its session is.
        TokenKind::Access if Ended::of(&token).is_none() => Ok((token, login)),
        TokenKind::Refresh
            if mock.state_of(&token) == TokenState::Live || token.spent && !token.revoked =>
        {
            Ok((token, login))
        }
        _ => Err(invalid().got(token.name())),
    }
}
