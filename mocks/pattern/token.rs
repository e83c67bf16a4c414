//! `POST /api/auth/token`: "The bearer token is the access token needed for all other API
//! endpoints."

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use locum_core::profile::SecretIn;
use locum_core::{Denial, DenialKind};
use locum_server::grant::client_credentials::{self, Client, Policy};
use locum_server::{Mock, Reply, Request, rate};
use serde_json::Value;

use super::State;

/// Answers a token request.
pub(super) async fn token(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let state = mock.state::<State>();
    if mock.setting_is("require_accept", "406") {
        let accept = request.header("accept")?.unwrap_or_default();
        if !accept.contains("application/json") {
            return Err(Denial::new(DenialKind::Unsupported, "not_acceptable")
                .expected("Accept: application/json")
                .got(match accept {
                    "" => "no Accept".to_owned(),
                    accept => format!("Accept: {accept}"),
                }));
        }
    }
    let lifetime = Duration::from_millis(mock.setting_u64("token_ttl_ms"));
    let policy = Policy {
        secret_in: SecretIn::Basic,
        either_place: mock.setting_is("body_credentials", "accept"),
        basic_raw: !mock.setting_is("basic_decoding", "form"),
        basic_form: !mock.setting_is("basic_decoding", "raw"),
        refuse_repeated: mock.setting_is("repeated_param", "400"),
        lifetime,
        expires_in: expires_in(&mock, lifetime),
    };
    let brake = Brake {
        limit: mock.setting_u64("wrong_secrets"),
        seen: Mutex::default(),
    };
    let reply = client_credentials::grant(&mock, &request, &policy, |id| {
        let client = state.with_client(id, |client| Client {
            id: client.client_id.clone(),
            secret: client.client_secret.clone(),
            enabled: client.enabled,
            allowed: client
                .grants
                .iter()
                .any(|grant| grant == "client_credentials"),
        });
        client.filter(|_| !brake.stops(&mock, &state, id))
    })
    .await;
    brake.put_on(&mock, &state, reply)
}

/// RFC 6749 §2.3.1: "the authorization server MUST protect any endpoint utilizing it against brute
/// force attacks."
struct Brake {
    /// Wrong secrets of a client in a minute; 0 for no limit.
    limit: u64,
    /// The client of this request, and how long it has to wait.
    seen: Mutex<(String, Option<Duration>)>,
}

impl Brake {
    const WINDOW: Duration = Duration::from_secs(60); // the setting's own unit

    /// Whether the client has shown so many wrong secrets that it is not listened to.
    fn stops(&self, mock: &Mock, state: &State, id: &str) -> bool {
        let wait = state
            .failures
            .wait(id, self.limit, Self::WINDOW, mock.now())
            .filter(|wait| mock.refuse("token", too_many(mock, *wait)).is_err());
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (id.to_owned(), wait);
        wait.is_some()
    }

    /// The answer, or 429 to a client that is not listened to; a wrong secret is counted.
    fn put_on(
        &self,
        mock: &Mock,
        state: &State,
        reply: Result<Reply, Denial>,
    ) -> Result<Reply, Denial> {
        let (id, waits) = &*self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = waits {
            return Err(too_many(mock, *wait));
        }
        let is_wrong = |denial: &Denial| denial.kind == DenialKind::BadSecret;
        if reply.as_ref().is_err_and(is_wrong) {
            // A client that is over the limit was stopped before.
            let _ = state
                .failures
                .admit(id, self.limit, Self::WINDOW, mock.now());
        }
        reply
    }
}

/// "(integer) The number of milliseconds after which the token expires."
fn expires_in(mock: &Mock, lifetime: Duration) -> Option<Value> {
    let raw = match mock.setting_is("expires_in_unit", "s") {
        true => lifetime.as_secs(),
        false => u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX),
    };
    match mock.setting_text("expires_in_form").as_str() {
        "absent" => None,
        "null" => Some(Value::Null),
        "string" => Some(raw.to_string().into()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the setting asks for a fraction"
        )]
        "float" => Some((raw as f64 + 0.5).into()),
        _ => Some(raw.into()),
    }
}

/// "Rate limit exceeded. Wait a few seconds and retry": with the header that the setting asks for.
pub(super) fn too_many(mock: &Mock, wait: Duration) -> Denial {
    let reason = match mock.setting_text("rate_limit_headers").as_str() {
        "retry_after_s" => "rate_limit_seconds",
        "retry_after_date" => "rate_limit_date",
        _ => "rate_limit",
    };
    Denial::new(DenialKind::Limit, reason)
        .expected("fewer requests a minute")
        .param("seconds", rate::retry_after_seconds(wait))
        .param("date", rate::retry_after_date(mock.now(), wait))
}
