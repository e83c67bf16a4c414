//! Header lines: which of them hold credentials, and which part of their values.

use std::ops::Range;

use locum_core::Secret;

use super::pairs;
use super::plan::{Plan, Treatment};
use super::scan::shows_a_credential;
use super::vocabulary::{HeaderKind, header_kind};

/// Authentication schemes (IANA's registry, and those that APIs invented): no secrets.
const SCHEMES: &[&str] = &[
    "apikey",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "gnap",
    "hawk",
    "hoba",
    "jwt",
    "mac",
    "mutual",
    "negotiate",
    "ntlm",
    "oauth",
    "scram-sha-1",
    "scram-sha-256",
    "token",
    "vapid",
];

/// Subprotocols that are no credential: of IANA's registry, and words that announce one.
const SUBPROTOCOLS: &[&str] = &[
    "access_token",
    "authorization",
    "bearer",
    "chat",
    "graphql-transport-ws",
    "graphql-ws",
    "json",
    "jwt",
    "mqtt",
    "soap",
    "stomp",
    "superchat",
    "token",
    "v10.stomp",
    "v11.stomp",
    "v12.stomp",
    "wamp",
    "xmpp",
];

/// Attributes of a cookie whose values say nothing (RFC 6265 §4.1).
const ATTRIBUTES: &[&str] = &[
    "domain", "expires", "max-age", "path", "samesite", "priority",
];

/// Marks the credentials in the value of header `name`.
pub(super) fn mark(name: &str, value: &str, literal: &dyn Fn(&str) -> bool, plan: &mut Plan) {
    let all = 0..value.len();
    let is = |one: &str| name.eq_ignore_ascii_case(one);
    match header_kind(name) {
        _ if is("authorization") || is("proxy-authorization") => authorization(value, plan),
        _ if is("cookie") => cookies(value, false, plan),
        _ if is("set-cookie") => cookies(value, true, plan),
        _ if is("sec-websocket-protocol") => subprotocols(value, plan),
        _ if is("location") || is("content-location") || is("referer") => {
            pairs::target(value, literal, plan);
        }
        _ if is("www-authenticate") || is("proxy-authenticate") => {}
        HeaderKind::Public => plan.public.push(all),
        HeaderKind::Sensitive => credential(value, all, plan),
        HeaderKind::Other if is_target(value) => pairs::target(value, literal, plan),
        HeaderKind::Other if shows_a_credential(value) => plan.mask(all, value),
        HeaderKind::Other => {}
    }
}

/// A URL, or a path with a query.
fn is_target(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_url = memchr::memchr_iter(b':', bytes).any(|at| bytes[at..].starts_with(b"://"));
    is_url || (bytes.first() == Some(&b'/') && memchr::memchr(b'?', bytes).is_some())
}

/// Masks what follows the scheme; a lone word is masked unless it is a scheme.
fn credential(value: &str, range: Range<usize>, plan: &mut Plan) {
    let scheme = value.split([' ', '\t']).next().unwrap_or_default();
    let is_scheme = |known: &&str| known.eq_ignore_ascii_case(scheme);
    if !SCHEMES.iter().any(is_scheme) {
        return plan.mask(range, value);
    }
    let rest = &value[scheme.len()..];
    let shown = rest.trim_start_matches([' ', '\t']);
    let range = value.len() - shown.len()..value.len();
    let basic = basic(value).filter(|(id, secret)| is_id(id) && !secret.is_empty());
    let Some((id, secret)) = basic else {
        return plan.mask(range, shown);
    };
    let name = super::known::name_of(&id);
    let put = |plan: &mut Plan, value: &str| {
        let treatment = Treatment::Name(Secret::new(value), name.clone());
        plan.put(range.clone(), treatment);
    };
    put(plan, shown);
    put(plan, &secret);
    plan.named("secret");
    let form = pairs::plain(&secret);
    if form != secret {
        put(plan, &form);
    }
}

/// Whether `id` may be shown as whose secret it is.
fn is_id(id: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@+:/%".contains(&byte);
    let mut is_token = false;
    super::runs::of(id.as_bytes(), &mut |run| {
        is_token |= !matches!(run, super::runs::Run::Candidate(_));
    });
    !id.is_empty() && id.len() <= 128 && id.bytes().all(is_part) && !is_token
}

fn authorization(value: &str, plan: &mut Plan) {
    if value.starts_with("AWS4-HMAC-SHA256") {
        return signature(value, plan);
    }
    credential(value, 0..value.len(), plan);
}

/// The id and the secret of a Basic value, where both are shown.
fn basic(value: &str) -> Option<(String, String)> {
    let basic = crate::request::basic(value).ok().flatten()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&basic.id), text(&basic.secret)))
}

/// Access key id, scope and signature are no secrets, and without them no mismatch is found;
/// anything else may be one.
fn signature(value: &str, plan: &mut Plan) {
    let mut at = 0;
    for word in value.split([' ', ',']) {
        let range = at..at + word.len();
        at = range.end + 1;
        let (name, text) = word.split_once('=').unwrap_or(("", word));
        let is_of = |allowed: &[u8], longest: usize| {
            text.len() <= longest
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || allowed.contains(&byte))
        };
        let is_plain = match name {
            "Credential" => is_scope(text),
            "SignedHeaders" => is_of(b";-_", 1000),
            "Signature" => text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            _ => word.is_empty() || word == "AWS4-HMAC-SHA256",
        };
        if !is_plain {
            let known = matches!(name, "Credential" | "SignedHeaders" | "Signature");
            let start = if known {
                range.end - text.len()
            } else {
                range.start
            };
            plan.mask(start..range.end, &value[start..range.end]);
        }
    }
}

/// `AKID/20261124/eu-west-2/execute-api/aws4_request`, or a part of it.
fn is_scope(text: &str) -> bool {
    let id = text.split('/').next().unwrap_or_default();
    let is_id = (16..=32).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let is_rest =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/-_".contains(&byte);
    is_id && text.len() <= 120 && text[id.len()..].bytes().all(is_rest)
}

/// Masks the value of each cookie; names and attributes stay.
fn cookies(value: &str, is_set: bool, plan: &mut Plan) {
    let mut at = 0;
    for (number, part) in value.split(';').enumerate() {
        let range = at..at + part.len();
        at = range.end + 1;
        let name = part.split('=').next().unwrap_or_default();
        let is_attribute =
            is_set && number > 0 && ATTRIBUTES.contains(&name.trim().to_ascii_lowercase().as_str());
        let is_flag = is_set
            && number > 0
            && matches!(
                part.trim().to_ascii_lowercase().as_str(),
                "secure" | "httponly" | "partitioned"
            );
        if is_attribute || is_flag {
            continue;
        }
        let start = match part.contains('=') {
            true => range.start + name.len() + 1,
            false => range.start + (part.len() - part.trim_start().len()),
        };
        plan.mask(start..range.end, &value[start..range.end]);
    }
}

fn subprotocols(value: &str, plan: &mut Plan) {
    let mut at = 0;
    for part in value.split(',') {
        let range = at..at + part.len();
        at = range.end + 1;
        let name = part.trim();
        if !SUBPROTOCOLS.contains(&name.to_ascii_lowercase().as_str()) {
            let start = range.start + (part.len() - part.trim_start().len());
            plan.mask(start..start + name.len(), name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expected: &str) {
        let mut plan = Plan::default();
        mark(name, value, &|_| false, &mut plan);
        let names: Vec<_> = plan.marks.iter().map(|_| Some("*".to_owned())).collect();
        assert_eq!(plan.render(value, &names, usize::MAX), expected, "{name}");
    }

    #[test]
    fn each_header_is_read_for_what_it_is() {
        check("Authorization", "Bearer  abc", "Bearer  *");
        check("Authorization", "abc", "*");
        check("Authorization", "hunter2 abc", "*");
        check("authorization", "Bearer", "Bearer");
        check("X-Auth-Token", "abc", "*");
        check("apikey", "abc", "*");
        check("X-Api-Key", "Bearer abc", "Bearer *");
        check("Cookie", "a=1; b=2;c", "a=*; b=*;*");
        check(
            "Set-Cookie",
            "a=1; Path=/x; HttpOnly",
            "a=*; Path=/x; HttpOnly",
        );
        check("Sec-WebSocket-Protocol", "bearer, abc", "bearer, *");
        check("Location", "/cb?code=x&state=y", "/cb?code=*&state=y");
        check("X-Original-URL", "/cb?token=x", "/cb?token=*");
        check("X-Debug", "password: x", "*");
        check(
            "Content-Type",
            "application/json; charset=utf-8",
            "application/json; charset=utf-8",
        );
        check(
            "WWW-Authenticate",
            "Bearer error=\"invalid_token\"",
            "Bearer error=\"invalid_token\"",
        );
        let scope = "AKIDEXAMPLEAKIDEXAMP/20261124/eu-west-2/execute-api/aws4_request";
        let good = format!(
            "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={}",
            "0".repeat(64)
        );
        check("Authorization", &good, &good);
        check(
            "Authorization",
            "AWS4-HMAC-SHA256 x Credential=secret/x,Signature=y",
            "AWS4-HMAC-SHA256 * Credential=*,Signature=*",
        );
    }
}
