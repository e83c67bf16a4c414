//! The client credentials grant (RFC 6749 §4.4).

use super::form::Form;
use super::issuer::Issuer;
use super::reply::parse_tokens;
use crate::cache::Fetched;
use crate::config::Credentials;
use crate::error::Error;
use crate::tokens::Tokens;

pub(super) async fn obtain(
    issuer: &Issuer,
    credentials: &Credentials,
) -> Result<Fetched<Tokens>, Error> {
    issuer
        .with_retries(|| async {
            let mut form = Form::new().with("grant_type", "client_credentials");
            if let Some(scope) = &issuer.facts.scope {
                form = form.with("scope", scope);
            }
            let (form, basic) = form.authenticated(credentials, issuer.facts.secret_in);
            let requested_at = issuer.now();
            let reply = issuer.post_form(&issuer.token_url, &form, basic).await?;
            parse_tokens(issuer, requested_at, &reply, "credentials")
        })
        .await
}
