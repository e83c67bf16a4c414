//! Reads token responses (RFC 6749 §5.1) and token errors (§5.2).

use std::collections::BTreeMap;

use locum_core::{Secret, Timestamp};
use serde_json::Value;
use serde_json::value::RawValue;

use super::issuer::Issuer;
use crate::cache::Fetched;
use crate::error::Error;
use crate::lifetime::lifetime;
use crate::moment::Moment;
use crate::operation::Reply;
use crate::retry::retry_after;
use crate::tokens::{Tokens, bearer_header};

/// Parses a token response; `what` names what was refused, if the reply is a refusal.
pub(super) fn parse_tokens(
    issuer: &Issuer,
    requested_at: Moment,
    reply: &Reply,
    what: &'static str,
) -> Result<Fetched<Tokens>, Error> {
    if !reply.status.is_success() {
        return Err(error_of(reply, what, issuer.clock.now()));
    }
    let members = members(&reply.body)?;
    let access = text(&members, "access_token")
        .ok_or(Error::Malformed("the token response has no access_token"))?;
    if let Some(kind) = text(&members, "token_type")
        && !kind.eq_ignore_ascii_case("bearer")
    {
        // RFC 6749 §7.1: a client must not use a token of a type that it does not understand.
        return Err(Error::Malformed("token_type is not bearer"));
    }
    let expires_in = member(&members, "expires_in");
    let lifetime = lifetime(&issuer.facts, &expires_in, &access, requested_at.wall);
    Ok(Fetched {
        value: Tokens {
            bearer: bearer_header(&access)?,
            access: Secret::new(access),
            id: text(&members, "id_token").map(Secret::new),
            refresh: text(&members, "refresh_token").map(Secret::new),
        },
        requested_at,
        lifetime,
    })
}

/// The members of a JSON object, each unparsed: a number out of range must not fail the whole.
fn members(body: &[u8]) -> Result<BTreeMap<String, Box<RawValue>>, Error> {
    serde_json::from_slice(body)
        .map_err(|_| Error::Malformed("the token response is not a JSON object"))
}

fn member(members: &BTreeMap<String, Box<RawValue>>, name: &str) -> Value {
    let Some(raw) = members.get(name) else {
        return Value::Null;
    };
    // A number out of range becomes its text.
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::from(raw.get()))
}

fn text(members: &BTreeMap<String, Box<RawValue>>, name: &str) -> Option<String> {
    match member(members, name) {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// The error that a reply other than 2xx stands for; of its text only a known error code is kept.
pub(super) fn error_of(reply: &Reply, what: &'static str, now: Timestamp) -> Error {
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

/// The `error` member, if it is a code of RFC 6749 §5.2 or RFC 7009 §2.2.1. Other text might
/// repeat a secret that was sent.
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
