//! Amazon Cognito's identity pool: temporary AWS credentials for an id token.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Secret, Timestamp};
use serde_json::{Value, json};

use super::cognito::{operation, parse_json, pools};
use super::issuer::Issuer;
use crate::cache::Fetched;
use crate::error::Error;
use crate::lifetime::MAX_LIFETIME;
use crate::moment::Moment;
use crate::retry::date;
use crate::session::CredentialSession;
use crate::sign::AwsCredentials;

const IDENTITY_POOL_SERVICE: &str = "AWSCognitoIdentityService";

/// Obtains AWS credentials. An id token that the pool refuses is renewed once.
pub(super) async fn obtain(
    issuer: Arc<Issuer>,
    session: Arc<CredentialSession>,
) -> Result<Fetched<AwsCredentials>, Error> {
    let entry = super::tokens(&issuer, &session).await?;
    match exchange(&issuer, &session, entry.value.id.as_ref()).await {
        Err(Error::Auth { .. }) => session.tokens.invalidate(entry.generation),
        outcome => return outcome,
    }
    let entry = super::tokens(&issuer, &session).await?;
    exchange(&issuer, &session, entry.value.id.as_ref()).await
}

/// `GetId`, once a session, then `GetCredentialsForIdentity`.
async fn exchange(
    issuer: &Issuer,
    session: &CredentialSession,
    id_token: Option<&Secret>,
) -> Result<Fetched<AwsCredentials>, Error> {
    let id_token = id_token.ok_or(Error::Malformed("the sign-in reply has no IdToken"))?;
    let pools = pools(issuer)?;
    // The provider's name is AWS's, whatever address serves the pool.
    let provider = format!(
        "cognito-idp.{}.amazonaws.com/{}",
        pools.region, pools.user_pool_id
    );
    let logins = json!({ provider: id_token.expose() });
    if session.identity_id().is_none() {
        let body = json!({"IdentityPoolId": pools.identity_pool_id, "Logins": logins});
        let (_, _, reply) = post(issuer, "GetId", &body).await?;
        session.set_identity_id(reply["IdentityId"].as_str().map(str::to_owned));
    }
    let identity_id = session
        .identity_id()
        .ok_or(Error::Malformed("the GetId reply has no IdentityId"))?;
    let body = json!({"IdentityId": identity_id, "Logins": logins});
    let outcome = post(issuer, "GetCredentialsForIdentity", &body).await;
    if matches!(&outcome, Err(Error::Status { status: 400, .. })) {
        // The identity may have been deleted: the next exchange starts with GetId.
        session.set_identity_id(None);
    }
    let (requested_at, now, reply) = outcome?;
    parse_credentials(requested_at, now, &reply["Credentials"])
}

/// One operation: when it was sent, the vendor's time of day (ours if it sends no `Date`), and
/// the reply.
async fn post(
    issuer: &Issuer,
    name: &str,
    body: &Value,
) -> Result<(Moment, Timestamp, Value), Error> {
    let attempt = || async {
        let requested_at = issuer.now();
        let reply = operation(issuer, IDENTITY_POOL_SERVICE, name, body).await?;
        let now = date(&reply.headers).unwrap_or(requested_at.wall);
        Ok((requested_at, now, parse_json(&reply)?))
    };
    issuer.with_retries(attempt).await
}

/// Parses `Credentials`. `Expiration` counts seconds since the epoch, whole or fractional, by the
/// vendor's clock; the lifetime is its distance from `now` on the same clock.
fn parse_credentials(
    requested_at: Moment,
    now: Timestamp,
    reply: &Value,
) -> Result<Fetched<AwsCredentials>, Error> {
    let text = |name: &str| reply[name].as_str().filter(|text| !text.is_empty());
    let (Some(id), Some(key), Some(token)) =
        (text("AccessKeyId"), text("SecretKey"), text("SessionToken"))
    else {
        return Err(Error::Malformed("the AWS credentials are incomplete"));
    };
    #[expect(clippy::cast_precision_loss, reason = "a date of this age is exact")]
    let now = now.as_millis() as f64 / 1000.0;
    let left = reply["Expiration"].as_f64().unwrap_or(0.0) - now;
    Ok(Fetched {
        value: AwsCredentials {
            access_key_id: id.to_owned(),
            secret_key: key.into(),
            session_token: Some(token.into()),
        },
        requested_at,
        lifetime: Duration::from_secs_f64(left.clamp(0.0, MAX_LIFETIME.as_secs_f64())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expiration: &Value, expected: Duration) {
        let reply = json!({
            "AccessKeyId": "ASIA", "SecretKey": "k", "SessionToken": "t",
            "Expiration": expiration,
        });
        let requested_at = Moment::default();
        let fetched =
            parse_credentials(requested_at, Timestamp::from_seconds(1000), &reply).expect("whole");
        assert_eq!(fetched.lifetime, expected, "{expiration}");
    }

    #[test]
    fn an_expiration_is_whole_or_fractional_seconds() {
        check(&json!(4600), Duration::from_hours(1));
        check(&json!(1000.5), Duration::from_millis(500));
        check(&json!(999), Duration::ZERO);
        check(&json!(null), Duration::ZERO);
        check(&json!(1e300), MAX_LIFETIME);
    }

    #[test]
    fn incomplete_credentials_are_refused() {
        let reply = json!({"AccessKeyId": "ASIA", "SecretKey": "", "SessionToken": "t"});
        assert!(parse_credentials(Moment::default(), Timestamp::default(), &reply).is_err());
    }
}
