//! Refreshing an access token (RFC 6749 §6).

use locum_core::Secret;

use super::Tokens;
use super::issuer::{Form, Issuer};
use super::reply::tokens;
use crate::cache::Fetched;
use crate::config::Credentials;
use crate::error::Error;

pub(super) async fn renew(
    issuer: &Issuer,
    credentials: &Credentials,
    refresh: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    issuer
        .persist(|| async {
            let form = Form::new()
                .with("grant_type", "refresh_token")
                .with("refresh_token", refresh.expose());
            let (form, basic) = issuer.authenticate(form, credentials);
            let requested_at = issuer.now();
            let reply = issuer.post_form(&issuer.url, &form, basic).await?;
            tokens(issuer, requested_at, &reply, "refresh token")
        })
        .await
}
