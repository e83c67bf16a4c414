//! Amazon Cognito's user pool: sign in, refresh, the challenge for a new password, revocation.
//!
//! Every operation is a POST to one root, named by `X-Amz-Target`; every client error is a 400
//! with its class in `__type`.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use locum_core::Secret;
use serde_json::{Value, json};

use super::Tokens;
use super::issuer::Issuer;
use super::reply::bearer;
use crate::cache::Fetched;
use crate::config::CognitoConfig;
use crate::error::{self, Error};
use crate::family::{Challenge, Family};
use crate::lifetime::lifetime;
use crate::moment::Moment;
use crate::operation::Reply;
use crate::retry::retry_after;

const PROVIDER: &str = "AWSCognitoIdentityProviderService";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// `InitiateAuth` with name and password.
pub(super) async fn sign_in(
    issuer: &Issuer,
    family: &Family,
    username: &str,
    password: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    let body = json!({
        "ClientId": pools(issuer)?.client_id,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": username, "PASSWORD": password.expose()},
    });
    let (requested_at, reply) = initiate(issuer, &body).await?;
    if let Some(session) = reply["Session"].as_str()
        && reply["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    {
        family.keep_challenge(Challenge {
            username: username.to_owned(),
            session: Secret::new(session),
        });
    }
    tokens(issuer, requested_at, &reply)
}

/// `InitiateAuth` with a refresh token; the reply normally holds no new one.
pub(super) async fn refresh(issuer: &Issuer, refresh: &Secret) -> Result<Fetched<Tokens>, Error> {
    let body = json!({
        "ClientId": pools(issuer)?.client_id,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": refresh.expose()},
    });
    let (requested_at, reply) = initiate(issuer, &body).await?;
    tokens(issuer, requested_at, &reply)
}

/// `RespondToAuthChallenge` with a new password. It is not repeated: a session is used once.
pub(super) async fn answer_new_password(
    issuer: &Issuer,
    challenge: &Challenge,
    new_password: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    let body = json!({
        "ClientId": pools(issuer)?.client_id,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": challenge.session.expose(),
        "ChallengeResponses": {
            "USERNAME": challenge.username,
            "NEW_PASSWORD": new_password.expose(),
        },
    });
    let requested_at = issuer.now();
    let reply = operation(issuer, PROVIDER, "RespondToAuthChallenge", &body).await?;
    tokens(issuer, requested_at, &parse(&reply)?)
}

/// `RevokeToken`: the reply's body is empty.
pub(super) async fn revoke(issuer: &Issuer, token: &Secret) -> Result<(), Error> {
    let body = json!({"Token": token.expose(), "ClientId": pools(issuer)?.client_id});
    operation(issuer, PROVIDER, "RevokeToken", &body)
        .await
        .map(drop)
}

/// The pools, which a Cognito vendor cannot do without.
pub(super) fn pools(issuer: &Issuer) -> Result<&CognitoConfig, Error> {
    let pools = issuer.cognito.as_ref();
    pools.ok_or(Error::Config("the pools of this vendor are missing"))
}

async fn initiate(issuer: &Issuer, body: &Value) -> Result<(Moment, Value), Error> {
    let attempt = || async {
        let requested_at = issuer.now();
        let reply = operation(issuer, PROVIDER, "InitiateAuth", body).await?;
        Ok((requested_at, parse(&reply)?))
    };
    issuer.persist(attempt).await
}

/// One operation of a Cognito service.
pub(super) async fn operation(
    issuer: &Issuer,
    service: &str,
    name: &str,
    body: &Value,
) -> Result<Reply, Error> {
    let mut headers = HeaderMap::new();
    let target = HeaderValue::from_str(&format!("{service}.{name}"));
    headers.insert(TARGET, target.expect("names are letters"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    let reply = issuer.post(&issuer.url, headers, body.to_string()).await?;
    if reply.status.is_success() {
        return Ok(reply);
    }
    Err(refusal(issuer, &reply))
}

/// Reads a reply's JSON.
pub(super) fn parse(reply: &Reply) -> Result<Value, Error> {
    serde_json::from_slice(&reply.body).map_err(|_| Error::Malformed("a reply that is no JSON"))
}

fn tokens(issuer: &Issuer, requested_at: Moment, reply: &Value) -> Result<Fetched<Tokens>, Error> {
    if let Some(challenge) = reply["ChallengeName"].as_str() {
        return Err(Error::Challenge(match challenge {
            "NEW_PASSWORD_REQUIRED" => error::Challenge::NewPassword,
            _ => error::Challenge::Other,
        }));
    }
    let result = &reply["AuthenticationResult"];
    let text = |name: &str| result[name].as_str().filter(|text| !text.is_empty());
    let access =
        text("AccessToken").ok_or(Error::Malformed("a sign-in reply without an access token"))?;
    Ok(Fetched {
        value: Tokens {
            bearer: bearer(access)?,
            access: access.into(),
            id: text("IdToken").map(Secret::from),
            refresh: text("RefreshToken").map(Secret::from),
        },
        requested_at,
        lifetime: lifetime(
            &issuer.facts,
            &result["ExpiresIn"],
            access,
            requested_at.wall,
        ),
    })
}

/// What an error of a Cognito service means, by its class; its message is not kept.
fn refusal(issuer: &Issuer, reply: &Reply) -> Error {
    let status = reply.status.as_u16();
    let wait = || retry_after(&reply.headers, issuer.clock.now());
    let code = class(&reply.body).unwrap_or_else(|| status.to_string());
    match &*code {
        "TooManyRequestsException" | "LimitExceededException" => {
            let wait = wait();
            Error::Throttled { status, wait }
        }
        "NotAuthorizedException"
        | "UserNotFoundException"
        | "UserNotConfirmedException"
        | "PasswordResetRequiredException" => Error::Auth {
            what: "credentials",
            code,
            status,
        },
        _ if matches!(status, 429 | 503) => {
            let wait = wait();
            Error::Throttled { status, wait }
        }
        _ => Error::Status {
            what: "the sign-in",
            code,
            status,
        },
    }
}

/// The class of an error: the part of `__type` after a `#`, where it looks like a class.
fn class(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let class = body["__type"].as_str()?.rsplit('#').next()?;
    let is_class = class.ends_with("Exception")
        && class.len() <= 64
        && class.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_class.then(|| class.to_owned())
}
