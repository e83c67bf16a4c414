//! Whom a request is of, before the vendor has looked at it: what it names, and whose tokens it shows.

use locum_core::Token;
use serde_json::Value;

use crate::request::basic;
use crate::{Form, Mock, Request};

/// Where requests name a client or a user.
const NAMES: &[&str] = &["client_id", "username", "ClientId", "USERNAME"];

/// Where requests show a token, beside `Authorization`.
const TOKENS: &[&str] = &[
    "token",
    "access_token",
    "refresh_token",
    "AccessToken",
    "RefreshToken",
    "REFRESH_TOKEN",
];

/// The clients and users of a request.
pub async fn of(mock: &Mock, request: &Request) -> Vec<String> {
    let (mut names, mut shown) = (Vec::new(), Vec::new());
    for form in [request.query(), request.form()] {
        in_form(&form, &mut names, &mut shown);
    }
    if let Ok(body) = serde_json::from_slice(&request.body) {
        in_json(&body, &mut names, &mut shown);
    }
    for value in request.headers.get_all(http::header::AUTHORIZATION) {
        let Ok(value) = value.to_str() else { continue };
        match basic(value) {
            Ok(Some(pair)) => names.push(String::from_utf8_lossy(&pair.id).into_owned()),
            _ => shown.push(value.to_owned()),
        }
    }
    for name in ["x-amz-security-token", "x-api-key"] {
        let value = request.headers.get(name);
        shown.extend(
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
        );
    }
    for value in shown {
        // `Bearer` may stand before it, also in the URL of a websocket.
        let value = value.rsplit(' ').next().unwrap_or_default();
        if let Some(Token {
            client, principal, ..
        }) = mock.find(value).await
        {
            names.extend(client);
            names.push(principal);
        }
    }
    names
}

fn in_form(form: &Form, names: &mut Vec<String>, shown: &mut Vec<String>) {
    names.extend(NAMES.iter().filter_map(|name| form.text(name)));
    shown.extend(TOKENS.iter().filter_map(|name| form.text(name)));
}

/// Members of the body, and of the objects in it.
fn in_json(body: &Value, names: &mut Vec<String>, shown: &mut Vec<String>) {
    for (name, value) in body.as_object().into_iter().flatten() {
        match value {
            Value::String(text) if NAMES.contains(&name.as_str()) => names.push(text.clone()),
            Value::String(text) if TOKENS.contains(&name.as_str()) => shown.push(text.clone()),
            Value::Object(_) => in_json(value, names, shown),
            _ => {}
        }
    }
}
