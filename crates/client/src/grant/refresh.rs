//! Refreshing an access token (RFC 6749 §6).

use locum_core::Secret;

use super::Tokens;
use super::issuer::{Form, Issuer};
use super::reply::tokens;
use crate::cache::Fresh;
use crate::config::Credentials;
use crate::error::Error;

pub(super) async fn renew(
    issuer: &Issuer,
    credentials: &Credentials,
    refresh: &Secret,
) -> Result<Fresh<Tokens>, Error> {
    issuer
        .persist(|| async {
            let form = Form::new()
                .with("grant_type", "refresh_token")
                .with("refresh_token", refresh.expose());
            let (form, basic) = issuer.authenticate(form, credentials);
            let sent = issuer.now();
            let reply = issuer.post_form(&issuer.url, &form, basic).await?;
            tokens(issuer, sent, &reply, "refresh token")
        })
        .await
}
