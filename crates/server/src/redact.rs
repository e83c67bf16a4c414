//! Names in place of secrets: whatever enters the journal goes through here first.
//!
//! The places where a credential or token may stand are known: headers, members of forms and JSON
//! bodies, query parameters. What stands there is replaced by its name when the stage issued it,
//! and by «unknown» otherwise, so that a mistyped password does not reach the journal either.

use serde_json::Value;

use crate::Mock;

/// Bodies longer than this are cut in the journal.
const MAX_BODY: usize = 16 << 10;

/// Members of forms, queries and JSON bodies that hold a credential or a token; compared without
/// letter case, `_` and `-`.
const SENSITIVE: &[&str] = &[
    "accesstoken",
    "answer",
    "assertion",
    "clientassertion",
    "clientsecret",
    "code",
    "codeverifier",
    "confirmationcode",
    "idtoken",
    "idtokenhint",
    "newpassword",
    "password",
    "passwordclaimsecretblock",
    "passwordclaimsignature",
    "previouspassword",
    "proposedpassword",
    "refreshtoken",
    "secretblock",
    "secretcode",
    "secretkey",
    "session",
    "sessionstate",
    "sessiontoken",
    "softwaretokenmfacode",
    "srpa",
    "token",
    "xamzsecuritytoken",
    "xamzsignature",
];

/// Whether a member of this name holds a credential or a token.
pub fn is_sensitive(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    SENSITIVE.binary_search(&plain.as_str()).is_ok()
}

/// The name of what `value` is.
async fn name_of(mock: &Mock, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    match mock.find(value).await {
        Some(token) => token.name(),
        None => "«unknown»".to_owned(),
    }
}

/// Header lines as the journal keeps them.
pub async fn lines(mock: &Mock, lines: &[(String, String)]) -> Vec<(String, String)> {
    let mut safe = Vec::with_capacity(lines.len());
    for (name, value) in lines {
        safe.push((name.clone(), header(mock, name, value).await));
    }
    safe
}

async fn header(mock: &Mock, name: &str, value: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "authorization" | "proxy-authorization" => authorization(mock, value).await,
        "x-amz-security-token" => name_of(mock, value).await,
        "cookie" | "set-cookie" => "«cookie»".to_owned(),
        "sec-websocket-protocol" if value.to_ascii_lowercase().contains("bearer") => {
            "«protocols»".to_owned()
        }
        "location" | "referer" => target(mock, value).await,
        _ => value.to_owned(),
    }
}

async fn authorization(mock: &Mock, value: &str) -> String {
    if value.starts_with("AWS4-HMAC-SHA256") {
        // Access key id, scope and signature are no secrets, and without them no mismatch is found;
        // anything else may be one.
        let is_part = |word: &str| {
            let parts = [
                "AWS4-HMAC-SHA256",
                "Credential",
                "SignedHeaders",
                "Signature",
            ];
            parts.contains(&word.split('=').next().unwrap_or_default())
        };
        let words: Vec<&str> = value
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .collect();
        return if words.iter().all(|word| is_part(word)) {
            value.to_owned()
        } else {
            "AWS4-HMAC-SHA256 «unknown»".to_owned()
        };
    }
    let Some(at) = value.find([' ', '\t']) else {
        return name_of(mock, value).await;
    };
    let (scheme, rest) = value.split_at(at);
    let blanks: String = rest
        .chars()
        .take_while(|letter| matches!(letter, ' ' | '\t'))
        .collect();
    let credential = &rest[blanks.len()..];
    if scheme.eq_ignore_ascii_case("basic") {
        let id = crate::request::basic(value).ok().flatten();
        let who = id.map_or_else(
            || "«unknown»".to_owned(),
            |basic| format!("«secret of {}»", String::from_utf8_lossy(&basic.id)),
        );
        return format!("{scheme}{blanks}{who}");
    }
    format!("{scheme}{blanks}{}", name_of(mock, credential).await)
}

/// A target or URL as the journal keeps it: the other bytes of query and fragment stay as they were
/// spelled. A fragment has pairs too: some ways back to a client carry a code there.
pub async fn target(mock: &Mock, target: &str) -> String {
    // Cut before each mark, which stays with what follows it.
    let fragment = target.find('#').unwrap_or(target.len());
    let (rest, fragment) = target.split_at(fragment);
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let mut safe = path.to_owned();
    for part in [query, fragment]
        .into_iter()
        .filter(|part| !part.is_empty())
    {
        let (mark, part) = part.split_at(1);
        safe.push_str(mark);
        safe.push_str(&pairs(mock, part).await);
    }
    safe
}

async fn pairs(mock: &Mock, text: &str) -> String {
    let mut safe = Vec::new();
    for part in text.split('&') {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let plain = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if value.is_empty() || !is_sensitive(&plain) {
            safe.push(part.to_owned());
            continue;
        }
        // The socket token of a URL: how the space of `Bearer ` is spelled is evidence.
        let spelled = ["Bearer%20", "Bearer+", "bearer%20", "bearer+"]
            .into_iter()
            .find(|prefix| value.starts_with(prefix));
        let prefix = spelled.unwrap_or("");
        let form = value[prefix.len()..].replace('+', " ");
        let value = percent_encoding::percent_decode_str(&form)
            .decode_utf8_lossy()
            .into_owned();
        safe.push(format!("{name}={prefix}{}", name_of(mock, &value).await));
    }
    safe.join("&")
}

/// A body as the journal keeps it: forms and JSON with names for what is sensitive, text cut to a
/// bound, anything else by its length alone.
pub async fn body(mock: &Mock, media_type: &str, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    // A body is read for what it is, whatever its media type says: a client that mislabels it has
    // put its password there all the same.
    let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    if (looks_like_json || media_type.contains("json"))
        && let Ok(mut value) = serde_json::from_slice::<Value>(body)
    {
        json(mock, &mut value).await;
        return Some(cut(value.to_string()));
    }
    let text = std::str::from_utf8(body).ok()?;
    let is_multipart =
        media_type.starts_with("multipart/") || text.to_ascii_lowercase().contains("form-data;");
    // A page's form may hold a credential in any of its fields.
    let is_form = media_type.starts_with("text/html") && text.contains("<form");
    if is_multipart || is_form || media_type.starts_with("audio/") {
        return Some(format!("«{} bytes of {media_type}»", body.len()));
    }
    if media_type.contains("json")
        || media_type == "application/x-www-form-urlencoded"
        || looks_like_form(text)
    {
        return Some(cut(pairs(mock, text).await));
    }
    Some(cut(text.to_owned()))
}

fn looks_like_form(text: &str) -> bool {
    text.split('&').any(|part| {
        part.split_once('=')
            .is_some_and(|(name, _)| is_sensitive(name))
    })
}

fn json<'a>(mock: &'a Mock, value: &'a mut Value) -> futures_util::future::BoxFuture<'a, ()> {
    Box::pin(async move {
        match value {
            Value::Object(object) => {
                for (name, member) in object.iter_mut() {
                    match member {
                        Value::String(text)
                            if is_sensitive(name) || name.starts_with("cognito-idp.") =>
                        {
                            *text = name_of(mock, text).await;
                        }
                        Value::String(text) if text.contains("X-Amz-Signature=") => {
                            *text = target(mock, text).await;
                        }
                        _ => json(mock, member).await,
                    }
                }
            }
            Value::Array(list) => {
                for item in list {
                    json(mock, item).await;
                }
            }
            _ => {}
        }
    })
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_BODY {
        let end = (0..=MAX_BODY)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(SENSITIVE.is_sorted());
        assert!(
            is_sensitive("client_secret")
                && is_sensitive("AccessToken")
                && is_sensitive("REFRESH_TOKEN")
        );
        assert!(!is_sensitive("client_id") && !is_sensitive("token_type"));
    }
}
