//! The harness as the user of an Amazon Cognito identity pool: an identity, AWS credentials, and what
//! presigned URLs lead to.

use std::time::Duration;

use aws_credential_types::Credentials;
use locum_core::{Secret, Timestamp};
use serde_json::{Value, json};

use crate::Error;
use crate::caller::oauth::unknown;
use crate::caller::sigv4::other_region;
use crate::caller::variation::{NEVER_ISSUED, signature_changed};
use crate::evidence::{IdentityVariation, Operation, SignInVariation, SignedVariation, Variation};
use crate::http::{Request, Url};
use crate::run::context::ScenarioContext;

/// An identity that no pool has given out, behind its region.
const NO_IDENTITY: &str = "00000000-0000-4000-8000-000000000000";

/// AWS credentials and presigned URLs that are said to live longer than this have no end for us.
const MAX_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// How long after their end credentials are tried, in seconds: at a mock, and at a real endpoint.
const AFTER_END_S: [f64; 2] = [60.0, 300.0];

impl ScenarioContext {
    /// Fetches temporary AWS credentials for the latest session.
    pub async fn fetch_credentials(&mut self) -> Result<(), Error> {
        self.fetch_credentials_again(&Variation::Documented).await
    }

    /// The same, as `variation` calls it.
    pub(super) async fn fetch_credentials_again(
        &mut self,
        variation: &Variation,
    ) -> Result<(), Error> {
        let Some(id) = self.latest_id_token() else {
            return Ok(());
        };
        let Some(identity) = self.get_identity(&id, variation).await? else {
            self.log.limitation("the login got no identity");
            return Ok(());
        };
        let mut body = self.identity_body(&id);
        body["IdentityId"] = identity.into();
        let found = self.get_credentials(variation, &body).await?;
        let text = |name: &str| found[name].as_str().map(str::to_owned);
        if let (Some(access_key_id), Some(key), Some(token)) =
            (text("AccessKeyId"), text("SecretKey"), text("SessionToken"))
        {
            self.log.hide(&key, "secret key");
            self.log.hide(&token, "session token");
            let credentials = Credentials::new(access_key_id, key, Some(token), None, "vendor");
            self.aws = Some(credentials);
            self.aws_end = found["Expiration"].as_f64().and_then(instant);
        }
        Ok(())
    }

    /// Another login of the account gets credentials of its own.
    pub async fn fetch_credentials_of_another_login(&mut self) -> Result<(), Error> {
        let (own, end) = (self.aws.take(), self.aws_end);
        self.sign_in(&Variation::Again).await?;
        self.fetch_credentials_again(&Variation::Again).await?;
        self.other_aws = self.aws.take();
        (self.aws, self.aws_end) = (own, end);
        Ok(())
    }

    /// Asks for an identity and for credentials of the user's own identity, with the id token under
    /// another provider's name.
    pub async fn ask_under(&mut self, variation: IdentityVariation) -> Result<(), Error> {
        let Some(id) = self.latest_id_token() else {
            return Ok(());
        };
        let own = self.own_identity();
        let mut body = self.identity_body(&id);
        let changed = Variation::Identity(variation);
        if variation == IdentityVariation::AnotherIdentityPool {
            let region = self.target.credential("region");
            body["IdentityPoolId"] = format!("{region}:{NO_IDENTITY}").into();
            let asked = self.cognito(Operation::GetIdentity, &changed, &body).await;
            return asked.map(drop);
        }
        if variation == IdentityVariation::AccessToken {
            let session = self.sessions.last();
            let access = session.and_then(|session| session.pairs.last());
            let Some(access) = access.map(|(access, _)| access.clone()) else {
                return Ok(());
            };
            body = self.identity_body(&access);
            return self.ask_both(&changed, body, own).await;
        }
        let near = match variation {
            IdentityVariation::SignatureChanged => Some(signature_changed(id.expose())),
            IdentityVariation::UnknownToken => Some(NEVER_ISSUED.to_owned()),
            _ => None,
        };
        if let Some(near) = near {
            self.log.hide(&near, "changed id token");
            body = self.identity_body(&Secret::new(near));
            return self.ask_both(&changed, body, own).await;
        }
        if variation == IdentityVariation::NoLogins {
            return self.ask_as_a_guest(&changed, &body).await;
        }
        let (region, pool) = (
            self.target.credential("region"),
            self.target.credential("user_pool_id"),
        );
        let provider = match variation {
            IdentityVariation::AnotherPool => {
                format!("cognito-idp.{region}.amazonaws.com/{region}_Locum0000")
            }
            IdentityVariation::AnotherRegion => {
                let other = other_region(region);
                let pool = pool.replacen(region, other, 1);
                format!("cognito-idp.{other}.amazonaws.com/{pool}")
            }
            IdentityVariation::LongerName => {
                format!("locum-cognito-idp.{region}.amazonaws.com/{pool}")
            }
            IdentityVariation::NameWithATail => {
                format!("cognito-idp.{region}.amazonaws.com/{pool}0")
            }
            other => return Err(unknown("login", &Variation::Identity(other))),
        };
        body["Logins"] = json!({provider: id.expose()});
        self.ask_both(&changed, body, own).await
    }

    /// Asks for an identity of the pool in `body` without Logins, and for the credentials of what it is
    /// given.
    async fn ask_as_a_guest(&mut self, changed: &Variation, body: &Value) -> Result<(), Error> {
        let asked = json!({"IdentityPoolId": body["IdentityPoolId"]});
        let reply = self
            .cognito(Operation::GetIdentity, changed, &asked)
            .await?;
        let identity = reply.map(|reply| reply.json()["IdentityId"].clone());
        if let Some(identity @ Value::String(_)) = identity {
            let asked = json!({"IdentityId": identity});
            self.get_credentials(changed, &asked).await?;
        }
        Ok(())
    }

    /// Asks with `body` for an identity, and for credentials of the identity `own`.
    async fn ask_both(
        &mut self,
        changed: &Variation,
        mut body: Value,
        own: String,
    ) -> Result<(), Error> {
        self.cognito(Operation::GetIdentity, changed, &body).await?;
        body["IdentityId"] = own.into();
        self.get_credentials(changed, &body).await.map(drop)
    }

    /// Asks for credentials without Logins, or of an identity that is not the login's own.
    pub async fn ask_for_others(&mut self, variation: IdentityVariation) -> Result<(), Error> {
        let Some(id) = self.latest_id_token() else {
            return Ok(());
        };
        let mut body = self.identity_body(&id);
        body["IdentityId"] = self.own_identity().into();
        match variation {
            IdentityVariation::NoLogins => drop(body["Logins"].take()),
            IdentityVariation::EmptyLogins => body["Logins"] = json!({}),
            IdentityVariation::UnknownIdentity => {
                let region = self.target.credential("region");
                body["IdentityId"] = format!("{region}:{NO_IDENTITY}").into();
            }
            IdentityVariation::ForeignIdentity => {
                let second = Variation::SignIn(SignInVariation::SecondUser);
                let before = self.sessions.len();
                self.sign_in(&second).await?;
                let theirs = self.sessions.drain(before..).next_back();
                let theirs = theirs.and_then(|session| session.pairs.first().cloned());
                let Some((_, theirs)) = theirs else {
                    self.log.limitation("the other user got no token");
                    return Ok(());
                };
                let identity = self
                    .get_identity(&theirs, &Variation::Identity(variation))
                    .await?;
                let Some(identity) = identity else {
                    self.log.limitation("the other user got no identity");
                    return Ok(());
                };
                body["IdentityId"] = identity.into();
            }
            other => return Err(unknown("identity", &Variation::Identity(other))),
        }
        let changed = Variation::Identity(variation);
        self.get_credentials(&changed, &body).await.map(drop)
    }

    /// Lets the time of the AWS credentials pass, and a minute more, and signs a call with them.
    pub async fn use_ended_credentials(&mut self) -> Result<(), Error> {
        let now = self.vendor_now();
        match self.aws_end.map(|end| end.since(now)) {
            Some(left) if left <= MAX_LIFETIME => {
                let more = AFTER_END_S[usize::from(self.stage.is_none())];
                self.advance(left.as_secs_f64() + more).await?;
            }
            _ => {
                self.log
                    .limitation("the credentials name no end that is near");
                return Ok(());
            }
        }
        self.call_signed(Some(SignedVariation::EndedCredentials))
            .await
    }

    /// Gets a presigned URL and uses it once.
    pub async fn use_presigned(&mut self) -> Result<(), Error> {
        if self.stage.is_none() {
            // Nothing is created there for what could not be seen to its end.
            return Err(
                self.lacks("the end of a presigned URL is not waited for at a real endpoint")
            );
        }
        let url = self.signed_url()?;
        let special = Some(SignedVariation::WithBody);
        let reply = self.signed_call(url, special, &Variation::Documented);
        let reply = reply.await?.map(|reply| reply.json()).unwrap_or_default();
        let Some(url) = reply["url"].as_str() else {
            self.log.limitation("no presigned URL was handed out");
            return Ok(());
        };
        self.presigned = Some((url.to_owned(), "PUT"));
        self.request_presigned(&Variation::Documented).await
    }

    /// Lets the time of the presigned URL pass, and uses it again.
    pub async fn use_presigned_late(&mut self) -> Result<(), Error> {
        let seconds = self.presigned.as_ref().and_then(|(url, _)| {
            let lives = parameter(url, "X-Amz-Expires")?.parse::<u64>().ok()?;
            (lives <= MAX_LIFETIME.as_secs()).then_some(lives)
        });
        let Some(seconds) = seconds else {
            self.log.limitation("the URL names no X-Amz-Expires");
            return Ok(());
        };
        #[expect(clippy::cast_precision_loss, reason = "at most a week")]
        self.advance(seconds as f64 + 1.0).await?;
        self.request_presigned(&Variation::AfterEnd).await
    }

    /// Uses a URL that the user presigned two minutes ago, for five minutes or for one.
    pub async fn use_own_presigned(&mut self, variation: &Variation) -> Result<(), Error> {
        let lives_s = match variation {
            Variation::AfterEnd => 60,
            _ => 300,
        };
        let Some(url) = self.presign(lives_s)? else {
            return Ok(());
        };
        let request = Request::new("GET", &url.target);
        let operation = Operation::UsePresigned;
        let reply = self.exchange(operation, None, variation, &url, &request);
        let is_refused = reply
            .await
            .is_some_and(|reply| (400..500).contains(&reply.status));
        if is_refused && variation.is_documented() {
            return Err(self.lacks("the vendor takes no URL that its user presigned"));
        }
        Ok(())
    }

    async fn request_presigned(&mut self, variation: &Variation) -> Result<(), Error> {
        let Some((url, method)) = self.presigned.clone() else {
            self.log.limitation("there was no presigned URL");
            return Ok(());
        };
        let Ok(url) = Url::parse(&url) else {
            self.log.limitation("the presigned URL cannot be used");
            return Ok(());
        };
        let request = Request::new(method, &url.target).body("x");
        self.exchange(Operation::UsePresigned, None, variation, &url, &request)
            .await;
        Ok(())
    }

    /// The identity of the user's own login, as the vendor told it.
    fn own_identity(&self) -> String {
        let exchanges = self.log.evidence().documented(Operation::GetIdentity);
        let mut found = exchanges.filter_map(|exchange| {
            let body = exchange.json();
            body["IdentityId"].as_str().map(str::to_owned)
        });
        found.next().unwrap_or_default()
    }

    async fn get_identity(
        &mut self,
        id: &Secret,
        variation: &Variation,
    ) -> Result<Option<String>, Error> {
        let body = self.identity_body(id);
        let reply = self
            .cognito(Operation::GetIdentity, variation, &body)
            .await?;
        let body = reply.map(|reply| reply.json()).unwrap_or_default();
        Ok(body["IdentityId"].as_str().map(str::to_owned))
    }

    async fn get_credentials(
        &mut self,
        variation: &Variation,
        body: &Value,
    ) -> Result<Value, Error> {
        let mut asked = json!({"IdentityId": body["IdentityId"]});
        if !body["Logins"].is_null() {
            asked["Logins"] = body["Logins"].clone();
        }
        let reply = self
            .cognito(Operation::GetCredentials, variation, &asked)
            .await?;
        let body = reply.map(|reply| reply.json()).unwrap_or_default();
        Ok(body["Credentials"].clone())
    }

    fn latest_id_token(&mut self) -> Option<Secret> {
        let session = self.sessions.last();
        let id = session.and_then(|session| session.pairs.last());
        let id = id.map(|(_, id)| id.clone());
        if id.is_none() {
            self.log
                .limitation("there was no id token to fetch credentials with");
        }
        id
    }
}

/// A time in epoch seconds, whole or fractional.
fn instant(seconds: f64) -> Option<Timestamp> {
    // Beyond the year 9999 it is no time of a clock.
    #[expect(clippy::cast_possible_truncation, reason = "it was bounded")]
    (0.0..253_402_300_800.0)
        .contains(&seconds)
        .then(|| Timestamp::from_millis((seconds * 1000.0) as i64))
}

/// The value of a parameter in the query of `url`, as it stands there.
fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(have, _)| *have == name);
    found.next().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_time_and_milliseconds_are_none() {
        let seen = |seconds| instant(seconds).map(Timestamp::as_millis);
        assert_eq!(seen(1_795_366_000.25), Some(1_795_366_000_250));
        assert_eq!(seen(1_795_366_000_250.0), None);
        assert_eq!(seen(-1.0), None);
    }

    #[test]
    fn parameters_are_read_as_they_stand() {
        let url = "http://h/x?X-Amz-Expires=60&X-Amz-Signature=ab";
        assert_eq!(parameter(url, "X-Amz-Expires"), Some("60"));
        assert_eq!(parameter(url, "X-Amz-Signature"), Some("ab"));
        assert_eq!(parameter(url, "x"), None);
        assert_eq!(parameter("http://h/x", "x"), None);
    }
}
