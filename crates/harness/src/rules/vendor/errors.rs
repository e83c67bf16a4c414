//! What error replies look like.

use super::deviation::Deviations;
use super::http::is_no_http;
use crate::catalogue::ErrorExpectation;
use crate::evidence::{Exchange, Message, Operation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("ERR-13", errors_have_their_form).everywhere(),
    Rule::vendor("VEN-05", errors_have_their_form).everywhere(),
];

/// Every error reply has the form that the requirement gives its status. Each status that is named
/// has to be seen; those that share a member, once one of them was.
fn errors_have_their_form(view: &View<'_>) -> Finding {
    let (mut wrong, mut seen) = (Deviations::default(), Vec::new());
    let mut unanswered = None;
    for exchange in view.evidence.exchanges().filter(may_have_a_body) {
        let Some(reply) = exchange.reply.filter(|reply| reply.status >= 400) else {
            unanswered = unanswered.or_else(|| gone(&exchange));
            continue;
        };
        let mut wanted = view.expected.errors.iter();
        let Some(wanted) = wanted.find(|wanted| is_for(wanted, reply)) else {
            continue;
        };
        if let Some((expected, observed)) = fault(reply, wanted.member.as_deref()) {
            let observed = format!("{}: {observed}", exchange.sentence());
            wrong.add(expected, observed, exchange);
        }
        seen.push(exchange);
    }
    if let Some(finding) = wrong.broken().or(unanswered) {
        return finding;
    }
    let was_seen = |status: &u16| seen.iter().any(|error| error.status() == *status);
    let required = |wanted: &&ErrorExpectation| {
        wanted.member.is_none() || wanted.statuses.iter().any(was_seen)
    };
    let missing = view
        .expected
        .errors
        .iter()
        .filter(required)
        .find_map(|wanted| wanted.statuses.iter().find(|status| !was_seen(status)));
    match (missing, Proof::all(&seen)) {
        (None, Some(proof)) => Finding::met("each error reply is as expected", proof),
        (Some(status), _) => unobserved(view, &format!("no {status} was provoked")),
        (None, None) => unobserved(view, "no error was provoked"),
    }
}

/// Whether the vendor answers it, and may say something: a HEAD is answered without a body (RFC 9110
/// §9.3.2), and what is no HTTP, or comes without TLS, may be answered in front of the vendor.
fn may_have_a_body(exchange: &Exchange<'_>) -> bool {
    exchange.request.method != "HEAD"
        && exchange.operation != Operation::PlainLogin
        && !is_no_http(exchange)
}

/// Whether an expectation speaks of this reply: one that asks for no member is for all.
fn is_for(wanted: &ErrorExpectation, reply: &Message) -> bool {
    wanted.member.is_none() || wanted.statuses.contains(&reply.status)
}

fn fault(reply: &Message, member: Option<&str>) -> Option<(String, String)> {
    if let Some(member) = member {
        let value = &reply.json()[member];
        let fits = value.is_string() || value.is_array();
        return (!fits).then(|| {
            let observed = format!("{member} is {value}");
            (format!("{member} as text or list"), observed)
        });
    }
    let content_type = reply.header("content-type").unwrap_or_default();
    let says_json = content_type.to_ascii_lowercase().contains("json");
    let is_json = serde_json::from_str::<serde_json::Value>(&reply.body).is_ok();
    let observed = match (says_json, is_json) {
        (true, true) => return None,
        (false, _) => format!("content type `{content_type}`"),
        (true, false) => "a body that is not valid JSON".to_owned(),
    };
    Some(("a JSON body".to_owned(), observed))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const GOOD: [(u16, &str, &str); 4] = [
        (401, "application/json", "{}"),
        (404, "application/json", "{}"),
        (405, "application/problem+json", "[]"),
        (422, "application/json", "{}"),
    ];

    fn typed(replies: &[(u16, &str, &str)]) -> Log {
        let call = |log: Log, (status, kind, body): &(u16, &str, &str)| {
            log.typed("call", "without a token", *status, kind, body)
        };
        replies.iter().fold(Log::new(), call)
    }

    #[test]
    fn each_error_is_json_or_not() {
        check(&typed(&GOOD), "ERR-13", Grade::Met);
        check(&typed(&GOOD[1..]), "ERR-13", Grade::Unobserved);
        let with = |reply| typed(&[&GOOD[..], &[reply]].concat());
        check(&with((200, "text/html", "<p>")), "ERR-13", Grade::Met);
        check(&with((400, "text/plain", "{}")), "ERR-13", Grade::Broken);
        check(
            &with((400, "application/json", "")),
            "ERR-13",
            Grade::Broken,
        );
        check(&with((500, "", "")), "ERR-13", Grade::Broken);
    }

    /// What has no body, or is answered by somebody else, is no error reply of the vendor's.
    #[test]
    fn a_reply_without_a_body_of_its_own_is_left_out() {
        let raw = "with a raw space in the target";
        let log = typed(&GOOD).typed("call", raw, 400, "text/plain", "no");
        check(&log, "ERR-13", Grade::Met);
    }

    fn member(replies: &[(u16, &str)], expected: Grade) {
        let log = replies.iter().fold(Log::new(), |log, (status, body)| {
            log.exchange("call", "without a token", *status, body)
        });
        check(&log, "VEN-05", expected);
    }

    #[test]
    fn each_error_has_its_member_or_not() {
        let (not_authorized, not_found) =
            ((401, r#"{"detail":"no"}"#), (404, r#"{"detail":"no"}"#));
        let good = [not_authorized, not_found, (422, r#"{"detail":[]}"#)];
        member(&good, Grade::Met);
        let with = |reply, expected| member(&[&good[..], &[reply]].concat(), expected);
        with((422, r#"{"detail":{}}"#), Grade::Broken);
        with((422, r#"{"details":"no"}"#), Grade::Broken);
        with((429, r#"{"details":"slow down"}"#), Grade::Met);
        with((429, r#"{"detail":"slow down"}"#), Grade::Broken);
        member(&[not_authorized], Grade::Unobserved);
        // Too many requests stand for themselves.
        member(&[(429, r#"{"details":"slow down"}"#)], Grade::Met);
        member(&[(200, "{}")], Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_error_of_the_requirement() {
        for failure in FAILURES {
            for id in ["ERR-13", "VEN-05"] {
                let log = Log::new().failed("login", "", failure);
                let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                assert_ne!(finding.grade(), Grade::Met, "{id} {failure:?}: {finding:?}");
            }
        }
    }
}
