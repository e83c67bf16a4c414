//! Amazon Cognito's user pool: sign-in, refresh, the challenge for a new password, revocation.
//!
//! Every operation is a POST to one root, named by `X-Amz-Target`; every client error is a 400
//! with its class in `__type`.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use locum_core::Secret;
use serde_json::{Value, json};

use super::issuer::Issuer;
use crate::cache::Fetched;
use crate::config::CognitoConfig;
use crate::error::{Challenge, Error};
use crate::lifetime::lifetime;
use crate::moment::Moment;
use crate::operation::Reply;
use crate::retry::retry_after;
use crate::session::{CredentialSession, PendingChallenge};
use crate::tokens::{Tokens, bearer_header};

const USER_POOL_SERVICE: &str = "AWSCognitoIdentityProviderService";
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// `InitiateAuth` with name and password.
pub(super) async fn sign_in(
    issuer: &Issuer,
    session: &CredentialSession,
    username: &str,
    password: &Secret,
) -> Result<Fetched<Tokens>, Error> {
    let body = json!({
        "ClientId": pools(issuer)?.client_id,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": username, "PASSWORD": password.expose()},
    });
    let (requested_at, reply) = retried(issuer, "InitiateAuth", &body).await?;
    if let Some(challenge_session) = reply["Session"].as_str()
        && reply["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    {
        session.set_challenge(PendingChallenge {
            username: username.to_owned(),
            session: Secret::new(challenge_session),
        });
    }
    parse_tokens(issuer, requested_at, &reply)
}

/// `InitiateAuth` with a refresh token; without rotation the reply holds no new one. Where refresh
/// tokens rotate that flow is off: "Refresh token rotation must be completed with
/// GetTokensFromRefreshToken" (AWS API reference, RefreshTokenRotationType).
pub(super) async fn refresh(issuer: &Issuer, token: &Secret) -> Result<Fetched<Tokens>, Error> {
    let client_id = &pools(issuer)?.client_id;
    let body = json!({
        "ClientId": client_id,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": token.expose()},
    });
    let (requested_at, reply) = match retried(issuer, "InitiateAuth", &body).await {
        Err(Error::Status { code, .. }) if code == "InvalidParameterException" => {
            let body = json!({"ClientId": client_id, "RefreshToken": token.expose()});
            retried(issuer, "GetTokensFromRefreshToken", &body).await?
        }
        other => other?,
    };
    parse_tokens(issuer, requested_at, &reply)
}

/// `RespondToAuthChallenge` with a new password. Not retried: a `Session` is valid once.
pub(super) async fn answer_new_password(
    issuer: &Issuer,
    challenge: &PendingChallenge,
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
    let reply = operation(issuer, USER_POOL_SERVICE, "RespondToAuthChallenge", &body).await?;
    parse_tokens(issuer, requested_at, &parse_json(&reply)?)
}

/// `RevokeToken` with a refresh token; the reply's body is empty.
pub(super) async fn revoke(issuer: &Issuer, token: &Secret) -> Result<(), Error> {
    let body = json!({"Token": token.expose(), "ClientId": pools(issuer)?.client_id});
    operation(issuer, USER_POOL_SERVICE, "RevokeToken", &body)
        .await
        .map(drop)
}

/// The configured pools, which every operation needs.
pub(super) fn pools(issuer: &Issuer) -> Result<&CognitoConfig, Error> {
    let pools = issuer.cognito.as_ref();
    pools.ok_or(Error::Config("cognito is missing"))
}

async fn retried(issuer: &Issuer, name: &str, body: &Value) -> Result<(Moment, Value), Error> {
    let attempt = || async {
        let requested_at = issuer.now();
        let reply = operation(issuer, USER_POOL_SERVICE, name, body).await?;
        Ok((requested_at, parse_json(&reply)?))
    };
    issuer.with_retries(attempt).await
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
    headers.insert(
        TARGET,
        target.expect("service and operation names are letters"),
    );
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    let reply = issuer
        .post(&issuer.token_url, headers, body.to_string())
        .await?;
    if reply.status.is_success() {
        return Ok(reply);
    }
    Err(error_of(issuer, &reply))
}

pub(super) fn parse_json(reply: &Reply) -> Result<Value, Error> {
    serde_json::from_slice(&reply.body).map_err(|_| Error::Malformed("the body is not valid JSON"))
}

fn parse_tokens(
    issuer: &Issuer,
    requested_at: Moment,
    reply: &Value,
) -> Result<Fetched<Tokens>, Error> {
    if let Some(challenge) = reply["ChallengeName"].as_str() {
        return Err(Error::Challenge(match challenge {
            "NEW_PASSWORD_REQUIRED" => Challenge::NewPassword,
            _ => Challenge::Other,
        }));
    }
    let result = &reply["AuthenticationResult"];
    let text = |name: &str| result[name].as_str().filter(|text| !text.is_empty());
    let access =
        text("AccessToken").ok_or(Error::Malformed("the sign-in reply has no AccessToken"))?;
    Ok(Fetched {
        value: Tokens {
            bearer: bearer_header(access)?,
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

/// The error that a reply of a Cognito service stands for, by its class; its message, which might
/// repeat a secret, is dropped.
fn error_of(issuer: &Issuer, reply: &Reply) -> Error {
    let status = reply.status.as_u16();
    let throttled = || Error::Throttled {
        status,
        wait: retry_after(&reply.headers, issuer.clock.now()),
    };
    let code = class(&reply.body).unwrap_or_else(|| status.to_string());
    match &*code {
        "TooManyRequestsException" | "LimitExceededException" => throttled(),
        "NotAuthorizedException"
        | "RefreshTokenReuseException"
        | "UserNotFoundException"
        | "UserNotConfirmedException"
        | "PasswordResetRequiredException" => Error::Auth {
            what: "credentials",
            code,
            status,
        },
        _ if matches!(status, 429 | 503) => throttled(),
        _ => Error::Status {
            what: "the sign-in",
            code,
            status,
        },
    }
}

/// The class of an error: the part of `__type` after a `#`, if it has the form of a class name.
fn class(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let class = body["__type"].as_str()?.rsplit('#').next()?;
    let is_class = class.ends_with("Exception")
        && class.len() <= 64
        && class.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_class.then(|| class.to_owned())
}
