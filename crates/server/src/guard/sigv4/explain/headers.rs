//! What else a client could have signed as the headers: mostly what a hop changed after signing.

use super::super::canonical::{self, Parts};
use super::super::claim::Claim;
use super::{Attempt, Mistake};

/// Headers that proxies, load balancers and HTTP libraries add or change on the way.
const HOP_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "keep-alive",
    "te",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
];

/// What libraries send for these headers before a hop writes them anew.
const USUAL: &[(&str, &[&str])] = &[
    (
        "accept",
        &[
            "*/*",
            "application/json",
            "application/json, text/plain, */*",
        ],
    ),
    (
        "accept-encoding",
        &[
            "identity",
            "gzip",
            "br",
            "gzip,deflate",
            "gzip, deflate",
            "gzip, deflate, br",
            "gzip, deflate, br, zstd",
            "gzip, compress, deflate, br",
            "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
            "deflate, gzip",
            "*",
            "",
        ],
    ),
    ("cache-control", &["no-cache", "no-store", "max-age=0"]),
    ("connection", &["keep-alive", "close", "Keep-Alive"]),
    ("content-length", &["0", ""]),
    ("expect", &["100-continue"]),
];

/// The headers that a hop may have changed, in words; empty where none of them is signed.
pub(super) fn suspects(claim: &Claim) -> String {
    let names: Vec<&str> = claim
        .signed_headers
        .iter()
        .map(String::as_str)
        .filter(|name| HOP_HEADERS.contains(name))
        .collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("signed headers that a hop may change: {}", names.join(", ")),
    }
}

/// Each mistake with the parts that it gives.
pub(super) fn mistakes(attempt: &Attempt<'_>) -> Vec<Mistake<Parts>> {
    let mut all = Vec::new();
    for (name, value) in &attempt.ours.headers {
        for (sentence, other) in others(attempt, name, value) {
            all.push(Mistake::new(sentence, replaced(attempt, name, &other)));
        }
    }
    all.push(Mistake::new(
        "the headers: the client signed their values as they stand, with their runs of blanks",
        as_sent(attempt),
    ));
    all
}

/// What a client could have signed as the value of `name`.
fn others(attempt: &Attempt<'_>, name: &str, value: &str) -> Vec<(String, String)> {
    match name {
        "host" => hosts(attempt, value),
        "content-type" => content_types(value),
        _ if HOP_HEADERS.contains(&name) => changed_by_a_hop(name, value),
        _ => Vec::new(),
    }
}

fn hosts(attempt: &Attempt<'_>, host: &str) -> Vec<(String, String)> {
    let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let mut all = vec![(
        "the host: the client signed it without its port".to_owned(),
        bare.to_owned(),
    )];
    for port in ["443", "80"] {
        let sentence = format!("the host: the client signed it with the port {port}");
        all.push((sentence, format!("{bare}:{port}")));
    }
    for name in ["x-forwarded-host", "x-original-host"] {
        if let Some(other) = canonical::header(attempt.request.lines, name) {
            let sentence =
                format!("the host: a hop replaced it, {name} has the one that was signed");
            all.push((sentence, other));
        }
    }
    all.push((
        "the host: the client signed it in lower case".to_owned(),
        host.to_ascii_lowercase(),
    ));
    all
}

/// HTTP libraries add the charset after signing, or write it differently.
fn content_types(value: &str) -> Vec<(String, String)> {
    let media = value.split(';').next().unwrap_or_default().trim();
    let charsets = [
        "; charset=utf-8",
        ";charset=utf-8",
        "; charset=UTF-8",
        ";charset=UTF-8",
        "",
    ];
    let mut values: Vec<String> = charsets
        .iter()
        .map(|charset| format!("{media}{charset}"))
        .collect();
    values.extend(["application/json", "application/x-www-form-urlencoded", ""].map(str::to_owned));
    values
        .into_iter()
        .map(|other| {
            let sentence = format!(
                "the header content-type: it was signed as `{other}`, a library changed it"
            );
            (sentence, other)
        })
        .collect()
}

fn changed_by_a_hop(name: &str, value: &str) -> Vec<(String, String)> {
    let usual = USUAL.iter().find(|(have, _)| *have == name);
    let mut values: Vec<String> = usual
        .map(|(_, values)| values.iter().map(|value| (*value).to_owned()).collect())
        .unwrap_or_default();
    // A hop adds itself to the end of a list.
    let commas = value.match_indices(',').map(|(at, _)| at);
    values.extend(commas.map(|at| value[..at].trim_end().to_owned()));
    values
        .into_iter()
        .map(|other| {
            let sentence =
                format!("signed headers that a hop may change: {name}, it was signed as `{other}`");
            (sentence, other)
        })
        .collect()
}

fn replaced(attempt: &Attempt<'_>, name: &str, value: &str) -> Parts {
    let mut headers = attempt.ours.headers.clone();
    for (_, have) in headers.iter_mut().filter(|(have, _)| have == name) {
        value.clone_into(have);
    }
    attempt.with_headers(headers)
}

fn as_sent(attempt: &Attempt<'_>) -> Parts {
    let mut headers = attempt.ours.headers.clone();
    for (name, value) in &mut headers {
        let mut lines = attempt.request.lines.iter();
        if let Some((_, sent)) = lines.find(|(have, _)| have.eq_ignore_ascii_case(name)) {
            sent.clone_into(value);
        }
    }
    attempt.with_headers(headers)
}
