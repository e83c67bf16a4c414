//! RevokeToken: "In case you suspect that your refresh token has been leaked, you can revoke it with"
//! revoke_token.

use locum_core::{Denial, DenialKind, Outcome, TokenKind};
use locum_server::Reply;
use locum_server::store::TokenQuery;

use super::{Call, invalid};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let value = call.required("Token")?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=.".contains(&byte);
    if !value.bytes().all(is_token) {
        return Err(invalid(
            "1 validation error detected: Value at 'token' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9-_=.]+",
        ));
    }
    let client = call.client()?;
    call.shows_secret(&client)?;
    // "200 with an EMPTY body", for junk and for a second revocation too.
    let reply = Reply::status(200);
    let Some(token) = call.mock.find(value).await else {
        return Ok(reply);
    };
    call.mock.note_presented_token(&token).await;
    if token.kind != TokenKind::Refresh {
        call.refuse(
            Denial::new(DenialKind::Unsupported, "unsupported_token_type")
                .expected("a refresh token")
                .got(token.name()),
        )?;
        return Ok(reply);
    }
    let is_own = token.client.as_deref() == Some(&client.client_id);
    if !is_own && call.mock.effect_enabled("revoke_own_client_alone") {
        // Nobody documents it: another client's token is not this client's to end.
        return Ok(reply);
    }
    // Credentials that were given already live until their Expiration.
    let mut kinds = Vec::new();
    if call.mock.effect_enabled("revoke_refresh") {
        kinds.push(TokenKind::Refresh);
    }
    // "This will also invalidate any access/id token that has been issued with it."
    if call.mock.effect_enabled("revoke_access") {
        kinds.extend([TokenKind::Access, TokenKind::Id]);
    }
    let one_login = call.mock.effect_enabled("revoke_one_login");
    let of_login = TokenQuery {
        principal: Some(token.principal),
        login: one_login.then_some(token.login),
        kinds: Some(kinds),
        ..TokenQuery::default()
    };
    call.mock.revoke(of_login).await;
    Ok(reply.outcome(Outcome::Revoked))
}
