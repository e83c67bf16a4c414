//! Token revocation (RFC 7009).

use locum_core::Secret;

use super::issuer::{Form, Issuer};
use super::reply::refusal;
use crate::config::Credentials;
use crate::error::Error;

/// Revokes `token`. RFC 7009 §2.2.1: after a 503 "the client must assume the token still exists";
/// any other status than 200 is no confirmation either.
pub(super) async fn revoke(
    issuer: &Issuer,
    credentials: &Credentials,
    token: &Secret,
    hint: &str,
) -> Result<(), Error> {
    let url = issuer.revoke_url.as_ref();
    let url = url.ok_or(Error::Config("no revocation endpoint is configured"))?;
    let form = Form::new()
        .with("token", token.expose())
        .with("token_type_hint", hint);
    let (form, basic) = issuer.authenticate(form, credentials);
    let reply = issuer.post_form(url, &form, basic).await?;
    if reply.status.is_success() {
        return Ok(());
    }
    Err(refusal(&reply, "credentials", issuer.clock.now()))
}
