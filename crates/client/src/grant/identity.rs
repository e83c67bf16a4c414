//! Amazon Cognito's identity pool: temporary AWS credentials for an id token.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Secret, Timestamp};
use serde_json::{Value, json};

use super::cognito::{operation, parse, pools};
use super::issuer::Issuer;
use crate::cache::Fetched;
use crate::error::Error;
use crate::family::Family;
use crate::lifetime::LONGEST;
use crate::moment::Moment;
use crate::retry::date;
use crate::sign::AwsCredentials;

const IDENTITY: &str = "AWSCognitoIdentityService";

/// Obtains AWS credentials. An id token that the pool refuses is renewed once.
pub(crate) async fn aws_credentials(
    issuer: Arc<Issuer>,
    family: Arc<Family>,
) -> Result<Fetched<AwsCredentials>, Error> {
    let entry = family.tokens(&issuer).await?;
    match exchange(&issuer, &family, entry.value.id.as_ref()).await {
        Err(Error::Auth { .. }) => family.tokens.invalidate(entry.generation),
        outcome => return outcome,
    }
    let entry = family.tokens(&issuer).await?;
    exchange(&issuer, &family, entry.value.id.as_ref()).await
}

/// `GetId`, once a family, then `GetCredentialsForIdentity`.
async fn exchange(
    issuer: &Issuer,
    family: &Family,
    id_token: Option<&Secret>,
) -> Result<Fetched<AwsCredentials>, Error> {
    let id_token = id_token.ok_or(Error::Malformed("a sign-in reply without an id token"))?;
    let pools = pools(issuer)?;
    // The provider's name is AWS's, wherever the pool is served from.
    let provider = format!(
        "cognito-idp.{}.amazonaws.com/{}",
        pools.region, pools.user_pool_id
    );
    let logins = json!({ provider: id_token.expose() });
    if family.identity().is_none() {
        let body = json!({"IdentityPoolId": pools.identity_pool_id, "Logins": logins});
        let (_, _, reply) = ask(issuer, "GetId", &body).await?;
        family.keep_identity(reply["IdentityId"].as_str().map(str::to_owned));
    }
    let identity = family.identity();
    let identity = identity.ok_or(Error::Malformed("a GetId reply without an identity"))?;
    let body = json!({"IdentityId": identity, "Logins": logins});
    let outcome = ask(issuer, "GetCredentialsForIdentity", &body).await;
    if matches!(&outcome, Err(Error::Status { status: 400, .. })) {
        // The identity is gone; the next exchange asks for it anew.
        family.keep_identity(None);
    }
    let (requested_at, now, reply) = outcome?;
    credentials(requested_at, now, &reply["Credentials"])
}

/// One operation; with it when it was sent, and the vendor's time of day, or ours.
async fn ask(
    issuer: &Issuer,
    name: &str,
    body: &Value,
) -> Result<(Moment, Timestamp, Value), Error> {
    let attempt = || async {
        let requested_at = issuer.now();
        let reply = operation(issuer, IDENTITY, name, body).await?;
        let now = date(&reply.headers).unwrap_or(requested_at.wall);
        Ok((requested_at, now, parse(&reply)?))
    };
    issuer.persist(attempt).await
}

/// Reads `Credentials`. `Expiration` is a date in seconds, whole or fractional, by the vendor's
/// clock: what counts is its distance from the vendor's now.
fn credentials(
    requested_at: Moment,
    now: Timestamp,
    reply: &Value,
) -> Result<Fetched<AwsCredentials>, Error> {
    let text = |name: &str| reply[name].as_str().filter(|text| !text.is_empty());
    let lacks = Error::Malformed("AWS credentials that lack a part");
    let (Some(id), Some(key), Some(token)) =
        (text("AccessKeyId"), text("SecretKey"), text("SessionToken"))
    else {
        return Err(lacks);
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
        lifetime: Duration::from_secs_f64(left.clamp(0.0, LONGEST.as_secs_f64())),
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
            credentials(requested_at, Timestamp::from_seconds(1000), &reply).expect("whole");
        assert_eq!(fetched.lifetime, expected, "{expiration}");
    }

    #[test]
    fn an_expiration_is_whole_or_fractional_seconds() {
        check(&json!(4600), Duration::from_hours(1));
        check(&json!(1000.5), Duration::from_millis(500));
        check(&json!(999), Duration::ZERO);
        check(&json!(null), Duration::ZERO);
        check(&json!(1e300), LONGEST);
    }

    #[test]
    fn credentials_without_a_part_are_none() {
        let reply = json!({"AccessKeyId": "ASIA", "SecretKey": "", "SessionToken": "t"});
        assert!(credentials(Moment::default(), Timestamp::default(), &reply).is_err());
    }
}
