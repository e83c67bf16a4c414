//! Targets, queries and forms: pairs of a name and a value as they are spelled.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode_str;

use super::plan::Plan;
use super::vocabulary::{is_marker, is_public, is_sensitive};

/// Words of a scheme that may stand before a token, and how their space is spelled.
const PREFIXES: &[&str] = &["bearer%20", "bearer+", "bearer ", "bearer%2520"];

/// Words behind `token` in a path that are no credential.
const ACTIONS: &[&str] = &[
    "info",
    "introspect",
    "logout",
    "new",
    "refresh",
    "revoke",
    "status",
    "validate",
];

/// Marks the pairs in `range` of `text`. Where a separator is in doubt, both readings count: a
/// value that is masked ends at the next `&`.
pub(super) fn pairs(text: &str, range: Range<usize>, plan: &mut Plan) {
    let mut start = range.start;
    while start < range.end {
        let rest = &text[start..range.end];
        let end = start + rest.find(['&', ';', '?', '\n', '#']).unwrap_or(rest.len());
        let part = &text[start..end];
        let whole = start + rest.find('&').unwrap_or(rest.len());
        let Some((name, value)) = part.split_once('=') else {
            if hides(part) {
                plan.mask(start..whole, plain(&text[start..whole]));
                start = whole + 1;
            } else {
                start = end + 1;
            }
            continue;
        };
        let at = start + name.len() + 1;
        let plain_name = plain(name.trim());
        if is_sensitive(&plain_name) {
            credential(text, at..whole, plan);
            plan.named(&plain_name);
            start = whole + 1;
        } else {
            if is_public(name) {
                plan.public.push(at..at + value.len());
            }
            start = end + 1;
        }
    }
}

/// A part without an equal sign, such as `password:x` or `password/x`.
fn hides(part: &str) -> bool {
    let name = plain(part);
    is_sensitive(&name)
        && name
            .bytes()
            .any(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-'))
}

/// Masks the value in `range`, all but the word of its scheme: how the space behind `Bearer` is
/// spelled in a URL is evidence.
fn credential(text: &str, range: Range<usize>, plan: &mut Plan) {
    let value = &text[range.clone()];
    let prefix = PREFIXES.iter().map(|prefix| prefix.len()).find(|length| {
        let start = value.get(..*length).unwrap_or_default();
        PREFIXES
            .iter()
            .any(|prefix| start.eq_ignore_ascii_case(prefix))
    });
    let start = range.start + prefix.unwrap_or(0);
    plan.mask(start..range.end, plain(&text[start..range.end]));
}

/// A spelled value as a form's reader sees it.
pub(super) fn plain(spelled: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'+', b'%', spelled.as_bytes()).is_none() {
        return spelled.into();
    }
    let form = spelled.replace('+', " ");
    percent_decode_str(&form)
        .decode_utf8_lossy()
        .into_owned()
        .into()
}

/// Marks a target or URL: credentials in its path, query and fragment. `literal` knows the
/// segments that the vendor's own paths have.
pub(super) fn target(text: &str, literal: &dyn Fn(&str) -> bool, plan: &mut Plan) {
    let end = text.find(['?', '#']).unwrap_or(text.len());
    path(&text[..end], literal, plan);
    userinfo(&text[..end], plan);
    if end < text.len() {
        pairs(text, end + 1..text.len(), plan);
    }
}

fn path(path: &str, literal: &dyn Fn(&str) -> bool, plan: &mut Plan) {
    let (mut start, mut announced) = (0, false);
    for segment in path.split('/') {
        let range = start..start + segment.len();
        start = range.end + 1;
        if segment.is_empty() {
            continue;
        }
        let name = plain(segment);
        let announces = is_marker(&name);
        let is_word = || ACTIONS.contains(&segment) || announces || literal(segment);
        let assigns = name
            .split_once(['=', ':', ';'])
            .is_some_and(|(_, value)| !value.is_empty())
            && hides(segment);
        if assigns || (announced && !is_word()) {
            plan.mask(range, name);
            announced = false;
        } else {
            announced = announces;
        }
    }
}

/// `https://user:password@host/`.
fn userinfo(url: &str, plan: &mut Plan) {
    let Some(start) = url.find("//").map(|at| at + 2) else {
        return;
    };
    let authority = url[start..].split('/').next().unwrap_or_default();
    if let Some(length) = authority.rfind('@') {
        plan.mask(start..start + length, plain(&authority[..length]));
    }
}

/// Whether `text` has the shape of a form and nothing that a form spells otherwise.
pub(super) fn is_form(text: &str) -> bool {
    let is_sign = |byte| {
        matches!(
            byte,
            b'"' | b'\'' | b'<' | b'>' | b'{' | b'}' | b'\\' | b'`' | b'|' | b'^'
        )
    };
    let is_part = |byte: u8| byte > b' ' && byte != 0x7f && !is_sign(byte);
    text.bytes().all(is_part) && text.split('&').all(|part| part.is_empty() || is_pair(part))
}

fn is_pair(part: &str) -> bool {
    match part.split_once('=') {
        Some((name, _)) => !name.is_empty(),
        // A name alone; anything else may be a value that lost its name.
        None => {
            part.len() <= 32
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(plan: &Plan, text: &str) -> String {
        let names: Vec<_> = plan.marks.iter().map(|_| Some("*".to_owned())).collect();
        plan.render(text, &names, usize::MAX)
    }

    fn check(text: &str, expected: &str) {
        let mut plan = Plan::default();
        target(text, &|segment| segment == "oauth", &mut plan);
        assert_eq!(shown(&plan, text), expected);
    }

    #[test]
    fn credentials_of_a_target_are_masked() {
        check(
            "/a?x=1&token=Bearer%20abc&y=2",
            "/a?x=1&token=Bearer%20*&y=2",
        );
        check("/a?tenant=t?token=Bearer+abc", "/a?tenant=t?token=Bearer+*");
        check("/a?x=1;password=a;b&y=2", "/a?x=1;password=*&y=2");
        check("/a?%70assword=x", "/a?%70assword=*");
        check(
            "/a?password[]=x&password%5B%5D=y",
            "/a?password[]=*&password%5B%5D=*",
        );
        check("/a#access_token=x&state=s", "/a#access_token=*&state=s");
        check("/a?authorization=x", "/a?authorization=*");
        check("/a?password:x&b", "/a?*&b");
        check("/token/abc/x", "/token/*/x");
        check("/oauth/token", "/oauth/token");
        check("/token/oauth/revoke", "/token/oauth/revoke");
        check("/a;token=abc/b", "/*/b");
        check("http://u:p@h/a", "http://*@h/a");
        check(
            "/realms/x/protocol/openid-connect/token/introspect",
            "/realms/x/protocol/openid-connect/token/introspect",
        );
    }
}
