//! Token revocation (RFC 7009).

use locum_core::Secret;

use super::form::Form;
use super::issuer::Issuer;
use super::reply::error_of;
use crate::config::Credentials;
use crate::error::Error;

/// Revokes `token`; only a 2xx confirms it. RFC 7009 §2.2.1: after a 503 "the client must assume
/// the token still exists".
pub(super) async fn revoke(
    issuer: &Issuer,
    credentials: &Credentials,
    token: &Secret,
    hint: &str,
) -> Result<(), Error> {
    let url = issuer.revoke_url.as_ref();
    let url = url.ok_or(Error::Config("revoke_url is missing"))?;
    let form = Form::new()
        .with("token", token.expose())
        .with("token_type_hint", hint);
    let (form, basic) = form.authenticated(credentials, issuer.facts.secret_in);
    let reply = issuer.post_form(url, &form, basic).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    Err(error_of(&reply, "credentials", issuer.clock.now()))
}
