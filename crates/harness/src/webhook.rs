//! A vendor's webhook, delivered to a receiver that the user named.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Error;
use crate::http::{self, HttpError, Request, Trust, Url};

/// What the evidence calls a delivery.
pub const CALL: &str = "webhook";

/// How long after the first delivery the second one comes.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The event. Its members are made up: no page of the vendor's shows them.
const EVENT: &str = r#"{"id":"locum-event-1","event":"task.completed"}"#;

/// Checks the address of a receiver.
///
/// # Errors
/// When it is not an http or https URL.
pub fn receiver(url: &str) -> Result<(), Error> {
    let parsed = Url::parse(url).map(drop);
    parsed.map_err(|_| Error::Usage(format!("`{url}` is not an http or https URL")))
}

/// Delivers the event once; what came of it: `status`, `body_bytes`, `elapsed_ms`, or why there was
/// no answer.
#[expect(
    clippy::disallowed_methods,
    reason = "how long the receiver takes is real time, whatever clock a scenario has"
)]
pub async fn deliver(url: &str) -> Value {
    let Ok(parsed) = Url::parse(url) else {
        return json!({"reached": false, "why": "the address cannot be read"});
    };
    let request = Request::new("POST", &parsed.target)
        .header("Content-Type", "application/json")
        .body(EVENT);
    let began = Instant::now();
    let reply = http::send(&parsed, &request, &Trust::default(), http::REPLY_TIMEOUT).await;
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match reply {
        Ok(reply) => json!({
            "reached": true,
            "status": reply.status,
            "body_bytes": reply.body.len(),
            "elapsed_ms": elapsed_ms,
        }),
        Err(error) => {
            let refused = matches!(
                error,
                HttpError::Network(std::io::ErrorKind::ConnectionRefused)
                    | HttpError::Address(_)
                    | HttpError::NotSent(_)
                    | HttpError::Certificate(_)
                    | HttpError::Tls(_)
            );
            json!({"reached": !refused, "why": error.to_string(), "elapsed_ms": elapsed_ms})
        }
    }
}
