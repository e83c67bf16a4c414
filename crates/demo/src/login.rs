//! How a token is obtained at Athelas, Pattern and Corti: one form to one URL.

mod form;
mod keys;
mod lifetime;
mod reply;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use form::encode;
pub(crate) use lifetime::lifetime;

use crate::cache::Fetched;
use crate::client::Client;
use crate::clock::Moment;
use crate::cognito;
use crate::failure::{Failure, Kind, Lasting};
use crate::http::{Fault, Reply, Request};
use crate::retry::{self, MAX_ATTEMPTS, Next};
use crate::tokens::Tokens;
use crate::vendor::Grant;

/// How long one token request may take.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// A reply, and when its request was sent and it was read.
pub(crate) struct Timed {
    pub(crate) sent: Moment,
    pub(crate) received: Moment,
    pub(crate) reply: Reply,
}

/// Obtains new tokens: with the refresh token, if there is one, else by the first grant. `at_end`
/// says that they replace tokens whose lifetime is over.
pub(crate) async fn obtain(client: Arc<Client>, at_end: bool) -> Result<Fetched<Tokens>, Failure> {
    let behaviour = &client.behaviour;
    let held = client.refresh_token();
    if behaviour.refresh.used && (held.is_some() || behaviour.refresh.without_token && at_end) {
        let token = held.as_deref().unwrap_or_default();
        let mut outcome = refresh(&client, token).await;
        if behaviour.refresh.loops_after_lost_reply && client.lost_a_reply() {
            for _ in 0..6 {
                outcome = refresh(&client, token).await;
            }
            return outcome.map_err(|failure| failure.lasting(Lasting::No));
        }
        for _ in 1..behaviour.refresh.refused_tries {
            if !matches!(&outcome, Err(failure) if failure.lasting == Lasting::Refused) {
                break;
            }
            outcome = refresh(&client, token).await;
        }
        match outcome {
            Err(failure) if failure.lasting == Lasting::Refused => {
                if !behaviour.refresh.keeps_refused {
                    client.set_refresh_token(None);
                }
                if behaviour.refresh.refusal_is_final {
                    return Err(failure.lasting(Lasting::No));
                }
            }
            outcome => return outcome,
        }
    }
    let mut outcome = log_in(&client).await;
    for _ in 1..behaviour.retry.refused_logins {
        if !matches!(&outcome, Err(failure) if failure.lasting == Lasting::Refused) {
            break;
        }
        outcome = log_in(&client).await;
    }
    outcome
}

async fn log_in(client: &Client) -> Result<Fetched<Tokens>, Failure> {
    if client.vendor.grant == Grant::Cognito {
        return cognito::log_in(client).await;
    }
    let request = form::login(client)?;
    let timed = attempts(client, &request).await?;
    let read = reply::tokens(client, timed).await;
    if read.is_err() && client.behaviour.reply.unreadable_is_kept {
        client.fail_from_now_on();
    }
    read
}

async fn refresh(client: &Client, token: &str) -> Result<Fetched<Tokens>, Failure> {
    if client.vendor.grant == Grant::Cognito {
        return cognito::refresh(client, token).await;
    }
    let request = form::refresh(client, token)?;
    let timed = attempts(client, &request).await?;
    reply::tokens(client, timed).await
}

/// Sends a token request until it is answered, a few times at most.
pub(crate) async fn attempts(client: &Client, request: &Request) -> Result<Timed, Failure> {
    let retry = &client.behaviour.retry;
    let limit = (!retry.waits_forever).then_some(TOKEN_TIMEOUT);
    let tries = if retry.each_call_asks_in_outage {
        1
    } else {
        client.behaviour.style.attempts.unwrap_or(MAX_ATTEMPTS)
    };
    let mut attempt = 0;
    loop {
        let sent = client.clock.now();
        crate::log::debug(|| format!("{} {}", request.method, request.url.shown()));
        let outcome = client.http.send(request, limit).await;
        let received = client.clock.now();
        let (failure, pause) = match outcome {
            Ok(reply) if needs_retry(&reply) => {
                let failure = refusal(client, &reply);
                let pause = match reply.status {
                    429 if retry.token_throttle_ignored => {
                        Some(retry::gap(attempt, retry.token_gap_s, &client.random))
                    }
                    429 | 503
                        if !retry.token_retry_after_ignored
                            && (reply.status == 429 || reply.header("retry-after").is_some()) =>
                    {
                        let now = received.wall;
                        match retry::throttled(&reply, attempt, now, retry, &client.random) {
                            Next::Wait(pause) => Some(pause),
                            Next::GiveUp => None,
                        }
                    }
                    _ => Some(retry::gap(attempt, retry.token_gap_s, &client.random)),
                };
                (failure, pause)
            }
            Ok(reply) => {
                let redirected = (300..400).contains(&reply.status);
                if redirected
                    && client.behaviour.follow.token_redirects
                    && let Some(next) = request.redirected(&reply)
                {
                    return Box::pin(attempts(client, &next)).await;
                }
                if reply.is_success() {
                    return Ok(Timed {
                        sent,
                        received,
                        reply,
                    });
                }
                return Err(refusal(client, &reply));
            }
            Err(Fault::Cut(reply)) if client.reads_raw_text() && !reply.body.is_empty() => {
                return Ok(Timed {
                    sent,
                    received,
                    reply,
                });
            }
            Err(fault) => {
                if matches!(fault, Fault::Cut(_)) {
                    client.mark_lost_reply();
                }
                let again = !matches!(fault, Fault::Tls | Fault::Timeout | Fault::Protocol);
                let pause = retry::gap(attempt, retry.token_gap_s, &client.random);
                (
                    fault_failure(&fault).lasting(Lasting::Outage),
                    again.then_some(pause),
                )
            }
        };
        attempt += 1;
        match pause {
            Some(pause) if attempt < tries => tokio::time::sleep(pause).await,
            _ => return Err(told(client, failure)),
        }
    }
}

/// Throttling by a status, or by Cognito's class of it.
pub(crate) fn needs_retry(reply: &Reply) -> bool {
    reply.status == 429 || reply.status >= 500 || is_cognito_throttling(reply)
}

fn is_cognito_throttling(reply: &Reply) -> bool {
    let names = ["TooManyRequestsException", "LimitExceededException"];
    let text = || reply.text();
    reply.status == 400 && {
        let text = text();
        names.iter().any(|name| text.contains(name))
    }
}

/// Whether a 400 says that it is about credentials: by the codes of RFC 6749 §5.2 or Cognito's class.
fn names_credentials(reply: &Reply) -> bool {
    let codes = [
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
    ];
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let code = body["error"].as_str().or(body["__type"].as_str());
    let code = code.and_then(|code| code.rsplit('#').next());
    code.is_some_and(|code| codes.contains(&code))
}

/// The failure that a refusing reply of the token endpoint stands for.
fn refusal(client: &Client, reply: &Reply) -> Failure {
    let status = reply.status;
    let failure = match status {
        429 => Failure::new(Kind::Throttled, "the token endpoint asks to wait"),
        400 if is_cognito_throttling(reply) => {
            Failure::new(Kind::Throttled, "the sign-in service asks to wait")
        }
        300..400 => Failure::other("the token endpoint redirects; credentials stay here"),
        401 | 403 => Failure::new(Kind::Auth, "the credentials were refused"),
        400 if names_credentials(reply) => Failure::new(Kind::Auth, "the credentials were refused"),
        500.. => Failure::other("the token endpoint is out of order"),
        _ => Failure::other("the token endpoint refused the request"),
    };
    let lasting = match failure.kind {
        Kind::Throttled => Lasting::Outage,
        _ if status >= 500 => Lasting::Outage,
        _ if status >= 400 => Lasting::Refused,
        _ => Lasting::No,
    };
    let mut failure = failure.status(status).lasting(lasting);
    if client.behaviour.tell.error_has_reply {
        failure.message = format!("login failed: {}", reply.text());
    }
    told(client, failure)
}

fn told(client: &Client, mut failure: Failure) -> Failure {
    let tell = &client.behaviour.tell;
    if tell.login_fault_is_auth || tell.throttling_is_auth && failure.kind == Kind::Throttled {
        failure.kind = Kind::Auth;
        failure.message = "wrong credentials".to_owned();
    }
    failure
}

/// The failure that a fault of the connection stands for.
pub(crate) fn fault_failure(fault: &Fault) -> Failure {
    match fault {
        Fault::Connect => Failure::new(Kind::Network, "the connection was refused"),
        Fault::Tls => Failure::new(Kind::Tls, "the TLS handshake failed"),
        Fault::Cut(_) => Failure::new(Kind::Network, "the connection ended within the reply"),
        Fault::Protocol => Failure::other("the reply is not HTTP/1.1"),
        Fault::Timeout => Failure::new(Kind::Timeout, "no reply came in time"),
    }
}
