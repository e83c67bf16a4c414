//! What else a client could have signed as the query.

use super::super::Spelling;
use super::super::canonical::{self, encode};
use super::{Attempt, LEFT_RAW, LEFT_RAW_BY_ENCODE_URI, Mistake, lower_escapes, raw_characters};

/// Parameters that no signature in the query covers.
const SIGNATURE: &str = "X-Amz-Signature";

/// Each mistake with the query that it gives.
pub(super) fn mistakes(attempt: &Attempt<'_>) -> Vec<Mistake<String>> {
    let ours = &attempt.ours.query;
    let now = attempt.policy.spelling;
    let received = &without_signature(attempt.request.query());
    let pairs = encoded(received, now, b"");
    let kept_raw = |kept: &[u8]| {
        let mut pairs = encoded(received, now, kept);
        pairs.sort();
        joined(&pairs)
    };
    let characters = |query: String| {
        let raw = raw_characters(&query, ours);
        Mistake::new(
            format!("the query: the client signed characters as they stand{raw}"),
            query,
        )
    };
    let sorted = {
        let mut parts: Vec<&str> = received.split('&').collect();
        parts.sort_unstable();
        parts.join("&")
    };
    vec![
        Mistake::new(
            "the query: one side takes a `+` for a space, the other as it stands",
            canonical::query(received, !now.plus_is_space, &[]),
        ),
        Mistake::new(
            "the query: the client signed it as it stands, neither encoded nor sorted",
            received.clone(),
        ),
        Mistake::new(
            "the query: the client sorted it and did not encode it",
            sorted,
        ),
        Mistake::new("the query: the client left it out", String::new()),
        Mistake::new(
            "the query: the client encoded it twice",
            encode(ours.as_bytes(), b"=&-_.~"),
        ),
        Mistake::new(
            "the query: the client encoded it and did not sort it",
            joined(&pairs),
        ),
        Mistake::new(
            "the query: the client wrote its escapes with lower-case digits",
            lower_escapes(ours),
        ),
        characters(kept_raw(LEFT_RAW)),
        characters(kept_raw(b"/")),
        characters(kept_raw(LEFT_RAW_BY_ENCODE_URI)),
        Mistake::new(
            "the query: the client signed a space as `+`, form encoding",
            ours.replace("%20", "+"),
        ),
        Mistake::new("the query: the client signed it decoded", decoded(&pairs)),
        Mistake::new(
            "the query: the client signed names without a value without their `=`",
            bare(ours),
        ),
        Mistake::new(
            "the query: the client sorted `name=value` as a whole, not by name and then value",
            sorted_whole(&pairs),
        ),
        Mistake::new(
            "the query: the client signed a repeated name once, with its last value",
            once(pairs.iter().rev()),
        ),
        Mistake::new(
            "the query: the client signed a repeated name once, with its first value",
            once(pairs.iter()),
        ),
        Mistake::new(
            "the query: the client sorted the names and left the values of a repeated one in their order",
            sorted_names(&pairs),
        ),
    ]
}

fn without_signature(query: &str) -> String {
    let parts: Vec<&str> = query
        .split('&')
        .filter(|part| part.split('=').next() != Some(SIGNATURE))
        .collect();
    parts.join("&")
}

type Pairs = Vec<(String, String)>;

/// Names and values, decoded and encoded anew with `kept` characters as they stand.
fn encoded(query: &str, spelling: Spelling, kept: &[u8]) -> Pairs {
    let again = |part: &str| encode(&canonical::decode(part, spelling.plus_is_space), kept);
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect()
}

fn joined(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn decoded(pairs: &[(String, String)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort();
    String::from_utf8_lossy(&canonical::decode(&joined(&pairs), false)).into_owned()
}

fn bare(query: &str) -> String {
    let parts: Vec<&str> = query
        .split('&')
        .map(|part| part.strip_suffix('=').unwrap_or(part))
        .collect();
    parts.join("&")
}

fn sorted_whole(pairs: &[(String, String)]) -> String {
    let whole = joined(pairs);
    let mut parts: Vec<&str> = whole.split('&').collect();
    parts.sort_unstable();
    parts.join("&")
}

fn once<'a>(pairs: impl Iterator<Item = &'a (String, String)>) -> String {
    let mut kept = Pairs::new();
    for pair in pairs {
        if kept.iter().all(|(name, _)| *name != pair.0) {
            kept.push(pair.clone());
        }
    }
    kept.sort();
    joined(&kept)
}

fn sorted_names(pairs: &[(String, String)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
    joined(&pairs)
}
