//! An exchange as it was on the wire, in lines for a person.

use http::StatusCode;

use crate::evidence::{Event, Exchange, Message, RecordId, is_html};
use crate::verdict::{EvidenceRef, Scenario};

/// The exchanges of the harness that a piece of evidence names, each once, with their scenario.
pub(super) fn exchanges<'a>(
    scenarios: &'a [Scenario],
    evidence: &EvidenceRef,
) -> Vec<(&'a Scenario, Exchange<'a>)> {
    let named = |scenario: &&Scenario| scenario.key == evidence.scenario;
    let Some(scenario) = scenarios.iter().find(named) else {
        return Vec::new();
    };
    let mut requests: Vec<RecordId> = Vec::new();
    for entry in &evidence.entries {
        if let Some(request) = request_of(scenario, *entry)
            && !requests.contains(&request)
        {
            requests.push(request);
        }
    }
    let all = scenario.evidence.exchanges();
    all.filter(|exchange| requests.contains(&exchange.seq))
        .map(|exchange| (scenario, exchange))
        .collect()
}

/// The request that a record is, or belongs to.
fn request_of(scenario: &Scenario, entry: RecordId) -> Option<RecordId> {
    let mut records = scenario.evidence.records().iter();
    match &records.find(|record| record.seq == entry)?.event {
        Event::Request { .. } => Some(entry),
        Event::Reply { request, .. }
        | Event::Jwt { request, .. }
        | Event::Cut { request, .. }
        | Event::Frame { request, .. } => Some(*request),
        _ => None,
    }
}

/// `POST /api/auth/token (login by GET)`.
pub(super) fn sent(exchange: &Exchange<'_>) -> String {
    let request = exchange.request;
    format!(
        "{} {} ({})",
        request.method,
        request.target,
        exchange.words()
    )
}

/// What came back: status, the headers that say something, and the body.
pub(super) fn received(exchange: &Exchange<'_>) -> String {
    match (exchange.reply, exchange.cut) {
        (Some(reply), _) => message(reply),
        (None, Some((_, why))) => format!("no reply: {why}"),
        (None, None) => "no reply".to_owned(),
    }
}

fn message(reply: &Message) -> String {
    let mut parts = vec![status(reply.status)];
    let told = match reply.status {
        300..=399 => &["location"][..],
        401 => &["www-authenticate"],
        429 | 503 => &["retry-after"],
        _ => &[],
    };
    for name in told {
        if let Some(value) = reply.header(name) {
            parts.push(format!("{name}: {value}"));
        }
    }
    parts.push(body(reply));
    parts.join("  ")
}

/// `401 Unauthorized`.
pub(super) fn status(code: u16) -> String {
    let known = StatusCode::from_u16(code).ok();
    let reason = known.and_then(|status| status.canonical_reason());
    reason.map_or_else(|| code.to_string(), |reason| format!("{code} {reason}"))
}

fn body(reply: &Message) -> String {
    if is_html(reply) {
        let titled = title(&reply.body).map(|title| format!(" with the title “{title}”"));
        return format!("a web page{}", titled.unwrap_or_default());
    }
    let text: Vec<&str> = reply.body.split_whitespace().collect();
    if text.is_empty() {
        return "(no body)".to_owned();
    }
    let text = bounded(&text.join(" "));
    let media_type = reply.header("content-type").unwrap_or("no content type");
    if media_type.to_ascii_lowercase().contains("json") {
        text
    } else {
        format!("({media_type}) {text}")
    }
}

/// Most characters of a body that are told; the evidence has all of it.
const MAX_BODY: usize = 600;

/// The beginning of a long text, and how long it is.
fn bounded(text: &str) -> String {
    let length = text.chars().count();
    if length <= MAX_BODY {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(MAX_BODY).collect();
    format!("{beginning} … ({length} characters in all)")
}

/// The title of a web page.
pub(super) fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find('<')?;
    let words: Vec<&str> = page[start..end].split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, headers: &[(&str, &str)], body: &str, expected: &str) {
        let headers = headers.iter();
        let reply = Message {
            status,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned(),
        };
        assert_eq!(message(&reply), expected);
    }

    #[test]
    fn a_reply_is_told_by_what_matters_of_it() {
        let json = ("Content-Type", "application/json");
        check(
            401,
            &[json, ("WWW-Authenticate", "Bearer")],
            "{\"a\":\n 1}",
            "401 Unauthorized  www-authenticate: Bearer  {\"a\": 1}",
        );
        check(
            302,
            &[("Location", "/login")],
            "",
            "302 Found  location: /login  (no body)",
        );
        check(
            200,
            &[("Content-Type", "text/html")],
            "<html><TITLE>Sign\n in</TITLE>",
            "200 OK  a web page with the title “Sign in”",
        );
        check(799, &[], "x", "799  (no content type) x");
        let long = "é".repeat(700);
        let told = format!("200 OK  {} … (700 characters in all)", "é".repeat(600));
        check(200, &[json], &long, &told);
    }
}
