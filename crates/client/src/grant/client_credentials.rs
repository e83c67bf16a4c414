//! The client credentials grant (RFC 6749 §4.4).

use super::Tokens;
use super::issuer::{Form, Issuer};
use super::reply::tokens;
use crate::cache::Fetched;
use crate::config::Credentials;
use crate::error::Error;

pub(super) async fn obtain(
    issuer: &Issuer,
    credentials: &Credentials,
) -> Result<Fetched<Tokens>, Error> {
    issuer
        .persist(|| async {
            let mut form = Form::new().with("grant_type", "client_credentials");
            if let Some(scope) = &issuer.facts.scope {
                form = form.with("scope", scope);
            }
            let (form, basic) = issuer.authenticate(form, credentials);
            let requested_at = issuer.now();
            let reply = issuer.post_form(&issuer.url, &form, basic).await?;
            tokens(issuer, requested_at, &reply, "credentials")
        })
        .await
}
