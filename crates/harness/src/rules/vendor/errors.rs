//! What error replies look like.

use locum_core::{Finding, Grade};

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// Every error reply has a JSON body and says so; at least one of each of `statuses` was seen.
pub fn are_json(view: &View<'_>, statuses: &[u16]) -> Finding {
    each(view, statuses, |exchange| {
        let reply = exchange.reply.filter(|reply| reply.status >= 400)?;
        let content_type = reply.header("content-type").unwrap_or_default();
        if !content_type.to_ascii_lowercase().contains("json") {
            return Some((
                "a JSON body".to_owned(),
                format!("content type `{content_type}`"),
            ));
        }
        let is_json = serde_json::from_str::<serde_json::Value>(&reply.body).is_ok();
        (!is_json).then(|| {
            (
                "a JSON body".to_owned(),
                "a body that is no JSON".to_owned(),
            )
        })
    })
}

/// Every error reply with one of `statuses` has `member` as text or list; at least one of each was
/// seen.
pub fn have_member(view: &View<'_>, statuses: &[u16], member: &str) -> Finding {
    each(view, statuses, |exchange| {
        let reply = exchange
            .reply
            .filter(|reply| statuses.contains(&reply.status))?;
        let body = reply.json();
        let value = &body[member];
        (!value.is_string() && !value.is_array()).then(|| {
            (
                format!("{member} as text or list"),
                format!("{member} is {value}"),
            )
        })
    })
}

/// Looks at every exchange; `fault` says what was expected and what was seen.
fn each(
    view: &View<'_>,
    statuses: &[u16],
    fault: impl Fn(&Exchange<'_>) -> Option<(String, String)>,
) -> Finding {
    let mut proof = Vec::new();
    let mut open = statuses.to_vec();
    for exchange in view.log.exchanges() {
        if let Some(gone) = gone(&exchange) {
            return gone;
        }
        if let Some((expected, seen)) = fault(&exchange) {
            let seen = format!("{}: {seen}", sentence(&exchange));
            return Finding::new(Grade::Broken, seen.clone())
                .because(expected, seen)
                .proved_by([exchange.seq]);
        }
        let status = exchange.reply.map_or(0, |reply| reply.status);
        if status >= 400 {
            proof.push(exchange.seq);
        }
        open.retain(|wanted| *wanted != status);
    }
    if let Some(status) = open.first() {
        return unobserved(view, &format!("no {status} was provoked"));
    }
    Finding::new(Grade::Met, format!("{} error replies", proof.len())).proved_by(proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn json(replies: &[(u16, &str, &str)], expected: Grade) {
        let log = replies
            .iter()
            .fold(Log::new(), |log, (status, kind, body)| {
                log.typed("call", "without a token", *status, kind, body)
            });
        check(&log, |view| are_json(view, &[401, 404]), expected);
    }

    #[test]
    fn each_error_is_json_or_not() {
        let (good, json_type) = ((401, "application/json", "{}"), "application/problem+json");
        json(&[good, (404, json_type, "[]")], Grade::Met);
        json(&[good], Grade::Unobserved);
        json(&[(200, "text/html", "<p>"), good], Grade::Unobserved);
        json(&[good, (404, "text/plain", "{}")], Grade::Broken);
        json(&[good, (404, json_type, "")], Grade::Broken);
        json(&[good, (500, "", "")], Grade::Broken);
    }

    fn member(replies: &[(u16, &str)], expected: Grade) {
        let log = replies.iter().fold(Log::new(), |log, (status, body)| {
            log.exchange("call", "without a token", *status, body)
        });
        check(
            &log,
            |view| have_member(view, &[401, 422], "detail"),
            expected,
        );
    }

    #[test]
    fn each_error_has_its_member_or_not() {
        let good = (401, r#"{"detail":"no"}"#);
        member(&[good, (422, r#"{"detail":[]}"#)], Grade::Met);
        member(&[good, (422, r#"{"detail":{}}"#)], Grade::Broken);
        member(&[good, (422, r#"{"details":"no"}"#)], Grade::Broken);
        member(&[good], Grade::Unobserved);
    }
}
