//! The token reply.

use serde_json::{Map, Value};

use super::lifetime::{claims, lifetime};
use super::{Timed, keys};
use crate::behaviour::TokenFrom;
use crate::cache::Fetched;
use crate::client::Client;
use crate::failure::Failure;
use crate::tokens::Tokens;

/// Members that a client of the four vendors knows.
const KNOWN: [&str; 8] = [
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "refresh_token",
    "id_token",
    "refresh_expires_in",
    "not-before-policy",
];

/// Reads the tokens of a reply, and checks that it is one.
pub(super) async fn tokens(client: &Client, timed: Timed) -> Result<Fetched<Tokens>, Failure> {
    let switches = &client.behaviour.reply;
    let mut body = timed.reply.body.clone();
    if let Some(length) = timed.reply.first_chunk
        && switches.first_chunk_only
    {
        body.truncate(length);
    }
    let media_type = timed.reply.header("content-type");
    if switches.media_type_as_text && media_type != Some("application/json") {
        return Err(Failure::other("the token reply is not application/json"));
    }
    let object = match serde_json::from_slice::<Map<String, Value>>(&body) {
        Ok(object) => object,
        Err(_) if switches.token_from == TokenFrom::RawText => Map::new(),
        Err(_) => return Err(Failure::other("the token reply is not a JSON object")),
    };
    if switches.strict_members && object.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Failure::other("the token reply has an unknown member"));
    }
    let mut access = match switches.token_from {
        TokenFrom::Json => text(&object, "access_token"),
        TokenFrom::FirstMember => object.values().next().and_then(Value::as_str),
        TokenFrom::RawText => None,
    }
    .map(str::to_owned)
    .or_else(|| cut_out(&body).filter(|_| switches.token_from == TokenFrom::RawText));
    if access.is_none() && switches.missing_is_undefined {
        access = Some("undefined".to_owned());
    }
    let Some(mut access) = access else {
        return Err(Failure::other("the token reply has no access token"));
    };
    let token_type = text(&object, "token_type").unwrap_or("Bearer").to_owned();
    if !token_type.eq_ignore_ascii_case("bearer") && !switches.any_token_type {
        return Err(Failure::other("the token is not a bearer token"));
    }
    check_form(client, &access).await?;
    if let Some(most) = switches.token_buffer {
        access.truncate(most);
    }
    if client.behaviour.tell.log_has_token {
        crate::log::debug(|| format!("token {access}"));
    }
    let refresh = text(&object, "refresh_token").map(str::to_owned);
    client.adopt_refresh_token(refresh.as_deref());
    let expires_in = object.get("expires_in").unwrap_or(&Value::Null);
    let mut lifetime_ms = lifetime(client, &timed, expires_in, &access)?;
    let no_refresh = object.get("refresh_expires_in") == Some(&0.into());
    if no_refresh && client.behaviour.expiry.zero_refresh_ends_token {
        lifetime_ms = Some(0);
    }
    Ok(Fetched {
        value: Tokens {
            access,
            id: text(&object, "id_token").map(str::to_owned),
            token_type,
        },
        sent: timed.sent,
        received: timed.received,
        lifetime_ms,
    })
}

/// What the token must look like: nothing, for an honest client.
async fn check_form(client: &Client, access: &str) -> Result<(), Failure> {
    let switches = &client.behaviour.reply;
    let jwt = claims(access);
    if switches.needs_jwt && jwt.is_none() {
        return Err(Failure::other("the access token is not a JWT"));
    }
    if switches.aud_must_be_text
        && let Some(jwt) = &jwt
        && jwt["aud"].is_array()
    {
        return Err(Failure::other("the access token cannot be decoded"));
    }
    if client.behaviour.login.verifies_with_first_key && jwt.is_some() {
        keys::verify_with_first(client, access).await?;
    }
    Ok(())
}

/// A member that is a text and not empty.
fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = object.get(name).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
}

/// What follows `"access_token":"`, up to a quote or the end.
fn cut_out(body: &[u8]) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    let (_, rest) = body.split_once("\"access_token\"")?;
    let (_, rest) = rest.split_once('"')?;
    let token = rest.split('"').next()?;
    (!token.is_empty()).then(|| token.to_owned())
}
