//! What is looked for wherever it stands: secrets that the stage knows, those that this exchange
//! showed before, and what looks like a token; in every spelling.

use std::ops::Range;

use locum_core::Secret;

use super::known::{Known, is_alone};
use super::plan::{Plan, Treatment};
use super::runs::{self, Run};
use super::views::{self, View};
use super::vocabulary::is_sensitive_bytes;

/// From this length on a secret of the exchange is found within words, too.
const MIN_WITHIN: usize = 8;

/// Texts up to this length are searched without preparation.
const SHORT: usize = 256;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a> {
    /// The stage's secrets.
    pub(super) known: &'a Known,
    /// Values that stood where credentials stand, with their names.
    pub(super) seen: &'a [(Secret, String)],
}

/// Marks in `text` what is looked for.
pub(super) fn scan(text: &str, sought: Sought<'_>, plan: &mut Plan) {
    let Some(views) = views::of(text.as_bytes()) else {
        // Whoever nests escapes so deep hides something.
        return plan.mask(0..text.len(), text);
    };
    one(text.as_bytes(), None, sought, plan);
    for view in &views {
        one(&view.bytes, Some(view), sought, plan);
    }
}

fn one(bytes: &[u8], view: Option<&View>, sought: Sought<'_>, plan: &mut Plan) {
    let source = |range: Range<usize>| view.map_or(range.clone(), |view| view.source(range));
    sought.known.find(bytes, &mut |range, name| {
        plan.put(source(range), Treatment::Replace(name.to_owned()));
    });
    for (value, name) in sought.seen {
        let value = value.expose().as_bytes();
        if !holds(bytes, value) {
            continue;
        }
        for at in memchr::memmem::find_iter(bytes, value) {
            let range = at..at + value.len();
            if value.len() >= MIN_WITHIN || is_alone(bytes, &range) {
                plan.put(source(range), Treatment::Replace(name.clone()));
            }
        }
    }
    runs::of(bytes, &mut |run| {
        let (Run::Token(shown) | Run::Random(shown) | Run::Candidate(shown)) = &run;
        let range = source(shown.clone());
        if view.is_none() && plan.has_masked(&range) {
            return;
        }
        let value = Secret::new(String::from_utf8_lossy(&bytes[shown.clone()]).into_owned());
        let stays = match run {
            Run::Token(_) => false,
            Run::Random(_) => plan.is_public(&range),
            Run::Candidate(_) => true,
        };
        let treatment = match stays {
            true => Treatment::Candidate(value),
            false => Treatment::Mask(value),
        };
        plan.put(range, treatment);
    });
}

/// Whether one of `seen` stands in `text`, in any spelling; so it is with escapes nested too deep.
pub(super) fn shows_any(text: &str, seen: &[(Secret, String)]) -> bool {
    let shows = |bytes: &[u8]| {
        seen.iter()
            .any(|(value, _)| holds(bytes, value.expose().as_bytes()))
    };
    !seen.is_empty()
        && (shows(text.as_bytes())
            || views::of(text.as_bytes())
                .is_none_or(|views| views.iter().any(|view| shows(&view.bytes))))
}

/// Whether `value` stands in `bytes`. A searcher takes longer to make than to search a short text.
fn holds(bytes: &[u8], value: &[u8]) -> bool {
    if value.len() > bytes.len() {
        return false;
    }
    match value.first() {
        Some(first) if bytes.len() <= SHORT => {
            memchr::memchr_iter(*first, bytes).any(|at| bytes[at..].starts_with(value))
        }
        _ => memchr::memmem::find(bytes, value).is_some(),
    }
}

/// Whether a credential stands in `text` as in `password: x`, `password=x` or `<password>x`, in any
/// spelling.
pub(super) fn shows_a_credential(text: &str) -> bool {
    assigns(text.as_bytes())
        || views::of(text.as_bytes())
            .is_none_or(|views| views.iter().any(|view| assigns(&view.bytes)))
}

fn assigns(text: &[u8]) -> bool {
    memchr::memchr3_iter(b'=', b':', b'>', text).any(|at| {
        let has_value = text[at + 1..]
            .iter()
            .any(|byte| !byte.is_ascii_whitespace() && !b"\"'=:>".contains(byte));
        has_value && is_sensitive_bytes(word_before(&text[..at]))
    })
}

/// The name that ends `text`, without what closes it.
fn word_before(text: &[u8]) -> &[u8] {
    let is_closer = |byte: &u8| byte.is_ascii_whitespace() || b"\"'\\".contains(byte);
    let end = text.len() - text.iter().rev().take_while(|byte| is_closer(byte)).count();
    let is_part = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']' | b'%')
    };
    let length = text[..end]
        .iter()
        .rev()
        .take_while(|byte| is_part(byte))
        .count();
    &text[end - length..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_assigned_in_many_ways() {
        for text in [
            "password: hunter2",
            "a&password=x",
            "<password>x</password>",
            "'password' : 'x'",
            "{\\\"password\\\":\\\"x\\\"}",
            "%70assword=x",
            "password%3Dx",
            "user[password]=x",
            "<u client_secret=\"x\"/>",
            "%257Bpassword%253Ax",
        ] {
            assert!(shows_a_credential(text), "{text}");
        }
        for text in [
            "enter your password",
            "2026-01-01T00:00:00Z",
            "https://h/oauth/token?a=b",
            "password:",
            "a=b&c=d",
            "error=\"invalid_token\"",
        ] {
            assert!(!shows_a_credential(text), "{text}");
        }
    }
}
