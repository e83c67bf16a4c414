//! An `Authorization` that is not exactly the word Bearer, one space and a token of the stage.

use locum_core::spelling::BearerSpelling;

use super::compare;
use crate::store::digest_of;
use crate::{Mock, Request};

const SCHEME: &str = "Bearer ";

/// Whether the redacted `lines` have an `Authorization` of just the word Bearer, one space and a
/// token of the stage: nothing is left to be said of it.
pub(crate) fn is_exact(lines: &[(String, String)]) -> bool {
    let mut lines = lines.iter();
    let line = lines.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let token = line
        .and_then(|(_, value)| value.split_at_checked(SCHEME.len()))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
        .and_then(|(_, token)| token.strip_prefix('«')?.strip_suffix('»'));
    token.is_some_and(|name| name.contains(" token ") && !name.contains(['«', '»']))
}

/// How the `Authorization` of `request`, which is not exact, departs from a bearer token of the
/// stage; `None` where there is none.
pub(super) async fn read(mock: &Mock, request: &Request) -> Option<BearerSpelling> {
    let mut lines = request.lines.iter();
    let (_, value) = lines.find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    if value.starts_with("AWS4-HMAC-SHA256") {
        return None;
    }
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let mut runs: Vec<&str> = value
        .split(|c: char| !c.is_ascii() || !is_part(c as u8))
        .collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    let bare = |run: &'_ str| {
        let (head, rest) = run.split_at_checked(6)?;
        head.eq_ignore_ascii_case("bearer").then(|| rest.to_owned())
    };
    for run in runs.into_iter().take(2) {
        for candidate in [Some(run.to_owned()), bare(run)].into_iter().flatten() {
            if let Some(name) = name_of(mock, &candidate).await {
                let right = format!("{SCHEME}{candidate}");
                return Some(BearerSpelling {
                    holds: Some(name),
                    difference: place(&right, value),
                });
            }
        }
    }
    Some(BearerSpelling {
        holds: None,
        difference: "no token of the stage stands in it".to_owned(),
    })
}

/// The first difference with its place.
fn place(right: &str, shown: &str) -> String {
    let same = right.bytes().zip(shown.bytes());
    let at = same.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let words = match at {
        _ if !shown
            .get(..6)
            .is_some_and(|head| head.eq_ignore_ascii_case("bearer")) =>
        {
            return "the word Bearer is missing".to_owned();
        }
        6 => "after the word Bearer".to_owned(),
        _ => format!("byte {}", at + 1),
    };
    let head: String = right.chars().take(at).collect();
    let rest = shown.as_bytes().get(at..).unwrap_or_default();
    let shown = [head.as_bytes(), rest].concat();
    format!("{words}: {}", compare::difference(right, &shown))
}

async fn name_of(mock: &Mock, value: &str) -> Option<String> {
    mock.stage.store.name(digest_of(value)).await.ok()?
}
