//! What a token reply holds, and what a refusal means.

use std::collections::BTreeMap;

use http::HeaderValue;
use locum_core::{Secret, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Tokens;
use super::issuer::Issuer;
use crate::cache::Fetched;
use crate::error::Error;
use crate::lifetime::lifetime;
use crate::moment::Moment;
use crate::operation::Reply;
use crate::retry::retry_after;

/// Reads a reply of RFC 6749 §5.1; `what` names what a refusal refuses.
pub(super) fn tokens(
    issuer: &Issuer,
    requested_at: Moment,
    reply: &Reply,
    what: &'static str,
) -> Result<Fetched<Tokens>, Error> {
    if !reply.status.is_success() {
        return Err(refusal(reply, what, issuer.clock.now()));
    }
    let members = members(&reply.body)?;
    let access = text(&members, "access_token")
        .ok_or(Error::Malformed("a token reply without an access token"))?;
    if let Some(kind) = text(&members, "token_type")
        && !kind.eq_ignore_ascii_case("bearer")
    {
        // RFC 6749 §7.1: a client must not use a token of a type that it does not understand.
        return Err(Error::Malformed("a token of a type that is not bearer"));
    }
    let expires_in = member(&members, "expires_in");
    let lifetime = lifetime(&issuer.facts, &expires_in, &access, requested_at.wall);
    Ok(Fetched {
        value: Tokens {
            bearer: bearer(&access)?,
            access: Secret::new(access),
            id: text(&members, "id_token").map(Secret::new),
            refresh: text(&members, "refresh_token").map(Secret::new),
        },
        requested_at,
        lifetime,
    })
}

/// `Bearer` and one space, whatever the letter case of `token_type` (RFC 6750 §2.1).
pub(super) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let unfit = Error::Malformed("an access token that fits into no header");
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unfit);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| unfit)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The members of a JSON object, each unread: a number that no type holds must not spoil the rest.
fn members(body: &[u8]) -> Result<BTreeMap<String, Box<RawValue>>, Error> {
    serde_json::from_slice(body)
        .map_err(|_| Error::Malformed("a token reply that is no JSON object"))
}

fn member(members: &BTreeMap<String, Box<RawValue>>, name: &str) -> Value {
    let Some(raw) = members.get(name) else {
        return Value::Null;
    };
    // A number out of range is handed on as its text.
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::from(raw.get()))
}

fn text(members: &BTreeMap<String, Box<RawValue>>, name: &str) -> Option<String> {
    match member(members, name) {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// What a reply other than 2xx means; nothing of its text is kept but a known error code.
pub(super) fn refusal(reply: &Reply, what: &'static str, now: Timestamp) -> Error {
    let status = reply.status.as_u16();
    let code = known_code(&reply.body).unwrap_or_else(|| status.to_string());
    match (status, &*code) {
        (429 | 503, _) => Error::Throttled {
            status,
            wait: retry_after(&reply.headers, now),
        },
        (401 | 403, _)
        | (400, "invalid_grant" | "invalid_client" | "unauthorized_client" | "access_denied") => {
            Error::Auth { what, code, status }
        }
        _ => Error::Status {
            what: "the token request",
            code,
            status,
        },
    }
}

/// The `error` member, where it is a code of RFC 6749 §5.2 or RFC 7009 §2.2.1. Any other text
/// might repeat what was sent.
fn known_code(body: &[u8]) -> Option<String> {
    const CODES: [&str; 8] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "unsupported_token_type",
    ];
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = body["error"].as_str()?;
    CODES.contains(&code).then(|| code.to_owned())
}
