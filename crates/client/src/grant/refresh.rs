//! Refreshing an access token (RFC 6749 §6).

use locum_core::Secret;

use super::form::Form;
use super::issuer::Issuer;
use super::reply::parse_tokens;
use crate::cache::Fetched;
use crate::config::Credentials;
use crate::error::Error;
use crate::tokens::Tokens;

pub(super) async fn refresh(
    issuer: &Issuer,
    credentials: &Credentials,
    token: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    issuer
        .with_retries(|| async {
            let form = Form::new()
                .with("grant_type", "refresh_token")
                .with("refresh_token", token.expose());
            let (form, basic) = form.authenticated(credentials, issuer.facts.secret_in);
            let requested_at = issuer.now();
            let reply = issuer.post_form(&issuer.token_url, &form, basic).await?;
            parse_tokens(issuer, requested_at, &reply, "refresh token")
        })
        .await
}
