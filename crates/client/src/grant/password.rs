//! The resource owner password credentials grant (RFC 6749 §4.3), or what a vendor calls so.

use locum_core::Secret;

use super::form::Form;
use super::issuer::Issuer;
use super::reply::parse_tokens;
use crate::cache::Fetched;
use crate::error::Error;
use crate::tokens::Tokens;

pub(super) async fn obtain(
    issuer: &Issuer,
    username: &str,
    password: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    issuer
        .with_retries(|| async {
            let mut form = Form::new();
            if issuer.facts.sends_grant_type {
                form = form.with("grant_type", "password");
            }
            form = form
                .with("username", username)
                .with("password", password.expose());
            let requested_at = issuer.now();
            let reply = issuer.post_form(&issuer.token_url, &form, None).await?;
            parse_tokens(issuer, requested_at, &reply, "credentials")
        })
        .await
}
