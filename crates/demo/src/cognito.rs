//! Scribe: Amazon Cognito's user pool and identity pool.
//!
//! Every operation is a POST to one URL, named by `X-Amz-Target`; refusals are 400 with the class
//! in `__type`.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::behaviour::OnChallenge;
use crate::cache::Fetched;
use crate::client::Client;
use crate::failure::{Failure, Kind, Lasting};
use crate::http::{Body, Request, Url};
use crate::login::{Timed, attempts};
use crate::signing::Credentials;
use crate::tokens::Tokens;

pub(crate) const USER_POOL: &str = "AWSCognitoIdentityProviderService";
const IDENTITY_POOL: &str = "AWSCognitoIdentityService";

fn media_type(client: &Client) -> &'static str {
    match client.behaviour.cognito.plain_media_type {
        true => "application/json",
        false => "application/x-amz-json-1.1",
    }
}

/// One operation, tried a few times where the service is busy or down.
pub(crate) async fn operation(
    client: &Client,
    service: &str,
    name: &str,
    body: &Value,
) -> Result<Timed, Failure> {
    let mut request = Request::new("POST", Url::parse(&client.config().token_url)?);
    if !client.behaviour.cognito.unnamed_operations {
        request = request.header("X-Amz-Target", format!("{service}.{name}"));
    }
    let mut request = request
        .header("Content-Type", media_type(client))
        .header("Accept-Encoding", "gzip")
        .header("User-Agent", "locum-demo/0.1");
    request.own_connection = true;
    request.body = Body::Bytes(body.to_string().into_bytes());
    attempts(client, &request).await
}

/// InitiateAuth with user name and password.
pub(crate) async fn log_in(client: &Client) -> Result<Fetched<Tokens>, Failure> {
    if client.challenge().is_some() && client.behaviour.cognito.on_challenge != OnChallenge::Ignored
    {
        return Err(challenged(client));
    }
    let config = client.config();
    let (Some(username), Some(password)) = (&config.username, &config.password) else {
        return Err(Failure::new(
            Kind::Auth,
            "there is no password to log in with",
        ));
    };
    if client.behaviour.cognito.srp_with_typed_name {
        let timed = crate::srp::log_in(client, username, password).await?;
        return read_tokens(client, &timed);
    }
    let body = json!({
        "ClientId": config.client_id(),
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": username, "PASSWORD": password},
    });
    let timed = operation(client, USER_POOL, "InitiateAuth", &body).await?;
    read_tokens(client, &timed)
}

/// GetTokensFromRefreshToken, which serves with and without rotation: "If refresh token rotation is
/// disabled, issues new ID and access tokens only" (AWS API reference).
pub(crate) async fn refresh(client: &Client, token: &str) -> Result<Fetched<Tokens>, Failure> {
    let body = json!({"ClientId": client.config().client_id(), "RefreshToken": token});
    let timed = operation(client, USER_POOL, "GetTokensFromRefreshToken", &body).await?;
    read_tokens(client, &timed)
}

/// A new password, which is the password from now on: RespondToAuthChallenge where one is asked for,
/// else ChangePassword.
pub(crate) async fn change_password(client: &Arc<Client>, new: &str) -> Result<(), Failure> {
    let config = client.config();
    let Some(session) = client.challenge() else {
        return change_with_token(client, new).await;
    };
    let username = config.username.as_deref().unwrap_or_default();
    let responses = if client.behaviour.cognito.wrong_challenge_keys {
        json!({"username": username, "newPassword": new})
    } else {
        let old = config.password.as_deref().unwrap_or_default();
        let new = match client.behaviour.cognito.answers_with_old_password {
            true => old,
            false => new,
        };
        json!({"USERNAME": username, "NEW_PASSWORD": new})
    };
    let body = json!({
        "ClientId": config.client_id(),
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": session,
        "ChallengeResponses": responses,
    });
    let timed = operation(client, USER_POOL, "RespondToAuthChallenge", &body).await?;
    client.set_challenge(None);
    client.set_password(new);
    client.tokens.put(read_tokens(client, &timed)?);
    Ok(())
}

/// ChangePassword with the tokens of the sign-in, which stay in force.
async fn change_with_token(client: &Arc<Client>, new: &str) -> Result<(), Failure> {
    let entry = client.token().await?;
    let tokens = entry.value();
    let token = match &tokens.id {
        Some(id) if client.behaviour.cognito.changes_with_id_token => id,
        _ => &tokens.access,
    };
    let body = json!({
        "PreviousPassword": client.config().password,
        "ProposedPassword": new,
        "AccessToken": token,
    });
    operation(client, USER_POOL, "ChangePassword", &body).await?;
    client.set_password(new);
    Ok(())
}

/// RevokeToken with the refresh token; its reply has no body.
pub(crate) async fn revoke(client: &Client, token: &str) -> Result<(), Failure> {
    let body = json!({"Token": token, "ClientId": client.config().client_id()});
    let mut request = Request::new("POST", Url::parse(&client.config().token_url)?)
        .header("X-Amz-Target", format!("{USER_POOL}.RevokeToken"))
        .header("Content-Type", media_type(client));
    request.own_connection = true;
    request.body = Body::Bytes(body.to_string().into_bytes());
    client.revoke_by(&request).await
}

fn read_tokens(client: &Client, timed: &Timed) -> Result<Fetched<Tokens>, Failure> {
    let reply: Value = serde_json::from_slice(&timed.reply.body)
        .map_err(|_| Failure::other("the sign-in reply is not valid JSON"))?;
    if reply["ChallengeName"].is_string() {
        return met_challenge(client, timed, &reply);
    }
    let result = &reply["AuthenticationResult"];
    let text = |name: &str| {
        let text = result[name].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let Some(access) = text("AccessToken") else {
        return Err(Failure::other("the sign-in reply has no access token"));
    };
    client.adopt_refresh_token(text("RefreshToken").as_deref());
    let lifetime_ms = crate::login::lifetime(client, timed, &result["ExpiresIn"], &access)?;
    Ok(Fetched {
        value: Tokens {
            id: text("IdToken"),
            token_type: "Bearer".to_owned(),
            access,
        },
        sent: timed.sent,
        received: timed.received,
        lifetime_ms,
    })
}

fn met_challenge(
    client: &Client,
    timed: &Timed,
    reply: &Value,
) -> Result<Fetched<Tokens>, Failure> {
    let session = reply["Session"].as_str().unwrap_or_default();
    client.set_challenge(Some(session.to_owned()));
    if client.behaviour.cognito.on_challenge != OnChallenge::Ignored {
        return Err(challenged(client));
    }
    Ok(Fetched {
        value: Tokens {
            access: session.to_owned(),
            ..Tokens::default()
        },
        sent: timed.sent,
        received: timed.received,
        lifetime_ms: Some(0),
    })
}

fn challenged(client: &Client) -> Failure {
    match client.behaviour.cognito.on_challenge {
        OnChallenge::Unhandled => Failure::other("KeyError: AuthenticationResult"),
        _ => Failure::new(Kind::Challenge, "the vendor asks for a new password first"),
    }
}

/// AWS credentials for the id token; one that the pool refuses is replaced once.
pub(crate) async fn credentials(client: Arc<Client>) -> Result<Fetched<Credentials>, Failure> {
    let entry = client.token().await?;
    match exchange(&client, entry.value()).await {
        Err(failure) if failure.lasting == Lasting::Refused => {
            client.tokens.refuse(entry.generation);
        }
        outcome => return outcome,
    }
    let entry = client.token().await?;
    let outcome = exchange(&client, entry.value()).await;
    // What was refused is the token, not the caller's credentials.
    outcome.map_err(|failure| match failure.lasting {
        Lasting::Refused => failure.lasting(Lasting::No),
        _ => failure,
    })
}

/// GetId, once a session, then GetCredentialsForIdentity.
async fn exchange(client: &Client, tokens: &Tokens) -> Result<Fetched<Credentials>, Failure> {
    let (config, switches) = (client.config(), &client.behaviour.cognito);
    let token = match &tokens.id {
        Some(id) if !switches.access_token_in_logins => id,
        _ => &tokens.access,
    };
    let provider = format!(
        "cognito-idp.{}.amazonaws.com/{}",
        config.region, config.user_pool_id
    );
    let logins = json!({ provider: token });
    let known = client.identity().filter(|_| !switches.identity_each_time);
    let identity = if let Some(identity) = known {
        identity
    } else {
        let body = json!({"IdentityPoolId": config.identity_pool_id, "Logins": logins});
        let timed = operation(client, IDENTITY_POOL, "GetId", &body).await?;
        let reply: Value = serde_json::from_slice(&timed.reply.body).unwrap_or_default();
        let identity = reply["IdentityId"].as_str();
        let identity = identity.ok_or_else(|| Failure::other("the reply has no identity"))?;
        client.set_identity(identity);
        identity.to_owned()
    };
    let body = json!({"IdentityId": identity, "Logins": logins});
    let timed = operation(client, IDENTITY_POOL, "GetCredentialsForIdentity", &body).await?;
    read_credentials(client, &timed)
}

/// `Expiration` counts seconds since the epoch, whole or fractional, by the vendor's clock.
fn read_credentials(client: &Client, timed: &Timed) -> Result<Fetched<Credentials>, Failure> {
    let incomplete = || Failure::other("the AWS credentials are incomplete");
    let reply: Value = serde_json::from_slice(&timed.reply.body).map_err(|_| incomplete())?;
    let reply = &reply["Credentials"];
    let text = |name: &str| {
        let text = reply[name].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(incomplete)
    };
    if client.behaviour.tell.log_has_secret_key {
        crate::log::debug(|| {
            format!(
                "credentials {} {}",
                reply["AccessKeyId"], reply["SecretKey"]
            )
        });
    }
    let date = timed.reply.header("date");
    let date = date.and_then(locum_core::Timestamp::parse_http_date);
    let now = date.unwrap_or(timed.sent.wall);
    let expiration = reply["Expiration"].as_f64().unwrap_or_default();
    let left_ms = match client.behaviour.cognito.credentials_for_a_second {
        true => 1000,
        false => (crate::clock::millis(expiration) - now.as_millis()).max(0),
    };
    Ok(Fetched {
        value: Credentials {
            key_id: text("AccessKeyId")?,
            key: text("SecretKey")?,
            session_token: text("SessionToken")?,
        },
        sent: timed.sent,
        received: timed.received,
        lifetime_ms: (!client.behaviour.style.ignores_lifetimes).then_some(left_ms),
    })
}
