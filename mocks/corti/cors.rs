//! Cross-origin requests (Fetch standard): Keycloak lets the origins of a client in, and answers
//! 403 instead of its result to others.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply, Request};

use super::realm::Client;

/// Refusals of an endpoint before the client is known: they carry no header of CORS.
const BEFORE_CLIENT: [&str; 8] = [
    "broken_form",
    "https_required",
    "invalid_origin",
    "missing_grant_type",
    "realm_body_too_large",
    "realm_disabled",
    "unparsable_media_type",
    "unsupported_grant",
];

/// The origin that a browser names.
fn origin(request: &Request) -> Option<String> {
    let value = request.headers.get(http::header::ORIGIN)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Lets the origins of `client` in. Nothing may have happened before this: "code unspent, session
/// alive, rotation not counted".
///
/// # Errors
/// `invalid_origin`.
pub(super) fn admit(request: &Request, client: &Client) -> Result<(), Denial> {
    match origin(request) {
        Some(origin)
            if !client
                .web_origins
                .iter()
                .any(|have| *have == origin || have == "*") =>
        {
            Err(Denial::new(DenialKind::Forbidden, "invalid_origin")
                .expected(format!("an origin that `{}` lists", client.client_id))
                .got(origin))
        }
        _ => Ok(()),
    }
}

/// The answer to `OPTIONS`; `family` says which methods it allows.
pub(super) fn preflight(mock: &Mock, request: &Request, family: &str) -> Reply {
    let reply = Reply::status(200);
    let reply = match origin(request) {
        Some(origin) => {
            reply.with_headers_of(mock.profile(), family, &[("origin".to_owned(), origin)])
        }
        None => reply,
    };
    reply.with_headers_of(mock.profile(), "h0", &[])
}

/// Words the answer of an endpoint whose client is known, or could not be authenticated: then any
/// origin is reflected.
pub(super) fn dress(mock: &Mock, request: &Request, answer: Result<Reply, Denial>) -> Reply {
    let reply = answer.unwrap_or_else(|denial| Reply::denied(mock.profile(), denial));
    let reason = reply
        .denial
        .as_ref()
        .map_or("", |denial| denial.reason.as_str());
    if BEFORE_CLIENT.contains(&reason) {
        return reply;
    }
    reflect(mock, request, reply, "cors_answer")
}

/// Reflects any origin with the headers of `family`.
pub(super) fn reflect(mock: &Mock, request: &Request, reply: Reply, family: &str) -> Reply {
    match origin(request) {
        Some(origin) => {
            reply.with_headers_of(mock.profile(), family, &[("origin".to_owned(), origin)])
        }
        None => reply,
    }
}
