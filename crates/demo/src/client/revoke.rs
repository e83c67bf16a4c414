//! Revoking what the instance holds.

use std::sync::Arc;

use super::Client;
use crate::cognito;
use crate::failure::Failure;
use crate::http::{Body, Request, Url};
use crate::login::{encode, fault_failure};
use crate::vendor::Grant;

impl Client {
    /// Revokes the refresh token or, where there is none, the access token (RFC 7009).
    pub(crate) async fn revoke(self: &Arc<Self>) -> Result<(), Failure> {
        let (config, switches) = (self.config(), &self.behaviour.revocation);
        let refresh = self.refresh_token().filter(|_| !switches.of_access_token);
        let access = self.tokens.peek().map(|entry| entry.value().access.clone());
        let hint = if refresh.is_some() {
            "refresh_token"
        } else {
            "access_token"
        };
        let token = refresh.or(access);
        let token = token.ok_or_else(|| Failure::other("there is no token to revoke"))?;
        if self.vendor.grant == Grant::Cognito {
            return cognito::revoke(self, &token).await;
        }
        let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let body = encode(
            &[
                parameter("token", &token),
                parameter("token_type_hint", hint),
                parameter("client_id", config.client_id()),
                parameter("client_secret", config.client_secret()),
            ],
            true,
        );
        let mut url = Url::parse(&config.token_url)?;
        let base = url.path().trim_end_matches("/token").to_owned();
        url.target = format!("{base}/revoke");
        let mut request = Request::new(if switches.by_get { "GET" } else { "POST" }, url);
        request.own_connection = true;
        if switches.by_get {
            request.url.add_query(&body);
        } else {
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
            request.body = Body::Bytes(body.into_bytes());
        }
        self.revoke_by(&request).await
    }

    /// Sends a revocation, and forgets what it ended.
    pub(crate) async fn revoke_by(&self, request: &Request) -> Result<(), Failure> {
        let switches = &self.behaviour.revocation;
        let reply = self.http.send(request, None).await;
        let reply = reply.map_err(|fault| fault_failure(&fault))?;
        let done = reply.is_success() || reply.status == 503 && switches.unavailable_is_done;
        if !done {
            // The token is still good (RFC 7009 §2.2.1).
            return Err(Failure::other("the token was not revoked").status(reply.status));
        }
        if !switches.keeps_tokens {
            self.set_refresh_token(None);
            self.tokens.drop_entry();
        }
        if !switches.keeps_credentials {
            self.credentials.drop_entry();
        }
        Ok(())
    }
}
