//! API calls that the vendor should serve, and what it says of bad values.

use std::collections::BTreeMap;

use super::deviation::Deviations;
use super::members;
use crate::evidence::{Exchange, Message, Operation, Reaction, is_html};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BRR-01", documented_calls_are_served),
    Rule::vendor("VEN-06", forms_are_answered_as_documented),
    Rule::vendor("VEN-11", bad_value_is_explained),
    Rule::vendor("VEN-43", what_was_handed_in_can_be_read),
];

/// Every documented call with a token is served.
fn documented_calls_are_served(view: &View<'_>) -> Finding {
    let mut calls = view.evidence.documented(Operation::Call);
    let absent = |call: &Exchange<'_>| call.status() == 404 && call.is_refused();
    if view.evidence.account_variables().is_some()
        && let Some(call) = calls.find(absent)
    {
        // The page's sample names something that a user's own account need not have.
        let reason = format!(
            "{}: the supplied account may have nothing at the page's sample address",
            call.sentence()
        );
        return Finding::unobserved(reason).seen_in(call);
    }
    let calls = view.evidence.documented(Operation::Call);
    each(view, calls, "no call was made", |call| {
        let words = format!("{} ({})", call.sentence(), call.reaction().words());
        (!call.is_served()).then(|| ("the call to be served".to_owned(), words))
    })
}

/// Each form is answered with its status and its members.
fn forms_are_answered_as_documented(view: &View<'_>) -> Finding {
    let forms = view.evidence.documented(Operation::SendForm);
    let known = forms.filter(|form| expected_form(view, form).is_some());
    each(view, known, "no such form was sent", |form| {
        let wanted = expected_form(view, form)?;
        let expected = format!("{} with the documented members", wanted.status);
        if !form.is_served() || form.status() != wanted.status {
            return Some((expected, form.sentence()));
        }
        let (_, observed) = members::fault(&form.json(), &wanted.members)?;
        Some((expected, format!("{}: {observed}", form.sentence())))
    })
}

/// What a form made can be read under the id that the reply told, with its members.
fn what_was_handed_in_can_be_read(view: &View<'_>) -> Finding {
    let forms = view.evidence.documented(Operation::SendForm);
    let made: Vec<Exchange<'_>> = forms.filter(Exchange::is_served).collect();
    let [Some(told), Some(own)] = [0, 1].map(|at| view.expected.identity.get(at)) else {
        return unobserved(view, "no id is documented");
    };
    let reads = view.evidence.documented(Operation::Call);
    let reads = reads.filter(|read| expected_form(view, read).is_some());
    each(view, reads, "nothing that was handed in was read", |read| {
        let wanted = expected_form(view, read)?;
        let expected = format!("{} with the documented members", wanted.status);
        if !read.is_served() || read.status() != wanted.status {
            return Some((expected, read.sentence()));
        }
        let body = read.json();
        if let Some((_, observed)) = members::fault(&body, &wanted.members) {
            return Some((expected, format!("{}: {observed}", read.sentence())));
        }
        let is_of = |form: &Exchange<'_>| form.json().pointer(told) == body.pointer(own);
        let seen = format!("{}: of another id", read.sentence());
        (!made.iter().any(is_of)).then(|| ("what was handed in".to_owned(), seen))
    })
}

fn expected_form<'a>(
    view: &View<'a>,
    form: &Exchange<'_>,
) -> Option<&'a crate::catalogue::FormExpectation> {
    view.expected.forms.get(form.endpoint?)
}

/// A bad value is answered with the documented status and a message of its own, not only the status
/// text; beside a documented call of the same address that is served.
fn bad_value_is_explained(view: &View<'_>) -> Finding {
    let status = view.expected.status.unwrap_or(422);
    let documented = view.evidence.documented(Operation::Call);
    let served: BTreeMap<&str, Exchange<'_>> = documented
        .filter(Exchange::is_served)
        .map(|call| (call.path(), call))
        .collect();
    let calls = view.evidence.varied(Operation::Call);
    let calls = calls.filter(|call| served.contains_key(call.path()));
    let calls: Vec<Exchange<'_>> = calls.collect();
    if calls.is_empty() && view.evidence.varied(Operation::Call).next().is_some() {
        return unobserved(view, "no documented call of the same address was served");
    }
    let beside = calls.first().and_then(|call| served.get(call.path()));
    let finding = each(
        view,
        calls.iter().copied(),
        "no bad value was sent",
        |call| {
            let reply = call.reply?;
            let specific = is_specific(reply);
            if reply.status == status && specific {
                return None;
            }
            let without = if specific { "" } else { " and no message" };
            let expected = format!("{status} with a specific message");
            Some((expected, format!("{}{without}", call.sentence())))
        },
    );
    match beside {
        Some(control) if finding.grade() == Grade::Met => finding.beside(control),
        _ => finding,
    }
}

/// Looks at each exchange that was answered: all that `fault` finds is the proof of one finding.
/// Silence and a request for patience leave the matter open.
fn each<'a>(
    view: &View<'_>,
    exchanges: impl Iterator<Item = Exchange<'a>>,
    none: &str,
    fault: impl Fn(&Exchange<'a>) -> Option<(String, String)>,
) -> Finding {
    let (mut wrong, mut seen, mut unanswered) = (Deviations::default(), Vec::new(), None);
    for exchange in exchanges {
        match exchange.reaction() {
            Reaction::Gone(_) => unanswered = gone(&exchange),
            Reaction::Throttled => {
                unanswered = Some(Finding::unobserved(exchange.sentence()).seen_in(exchange));
            }
            _ => {
                if let Some((expected, observed)) = fault(&exchange) {
                    wrong.add(expected, observed, exchange);
                }
                seen.push(exchange);
            }
        }
    }
    match (wrong.broken().or(unanswered), Proof::all(&seen)) {
        (Some(finding), _) => finding,
        (None, None) => unobserved(view, none),
        (None, Some(proof)) => {
            let sentences: Vec<String> = seen.iter().map(Exchange::sentence).collect();
            Finding::met(sentences.join("; "), proof)
        }
    }
}

/// Whether a body says more than the status line does.
fn is_specific(reply: &Message) -> bool {
    let body = reply.body.trim();
    !body.is_empty() && !is_html(reply) && !is_status_text(body, reply.status)
}

fn is_status_text(body: &str, status: u16) -> bool {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let bare = |text: &str| {
        let text = text.trim().trim_matches('"').to_ascii_lowercase();
        let number = status.to_string();
        let text = text.strip_prefix(&number).unwrap_or(&text).trim();
        text.is_empty() || text == reason.to_ascii_lowercase()
    };
    match serde_json::from_str(body) {
        Ok(serde_json::Value::Object(members)) => members
            .values()
            .all(|value| value.is_number() || value.as_str().is_some_and(bare)),
        _ => bare(body),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    /// A 404 and a 500 were called acceptance.
    #[test]
    fn a_call_is_served_with_data_or_not_at_all() {
        let calls = |status| Log::new().exchange("call", "", status, "[]");
        check(&calls(200), "BRR-01", Grade::Met);
        for status in [401, 403, 404, 500, 302] {
            check(&calls(status), "BRR-01", Grade::Broken);
        }
        check(&calls(429), "BRR-01", Grade::Unobserved);
        check(&Log::new().cut("call", ""), "BRR-01", Grade::Gone);
        let second = calls(200).exchange("call", "", 401, "");
        check(&second, "BRR-01", Grade::Broken);
    }

    /// A correct vendor failed when the page's sample was not in the user's own account.
    #[test]
    fn a_sample_that_the_account_lacks_is_no_fault_of_the_vendor() {
        let call = |status| {
            let log = Log::new().supplied(&["LOCUM_USERNAME"]);
            log.exchange("call", "", status, r#"{"detail":"Scribe not found"}"#)
        };
        check(&call(404), "BRR-01", Grade::Unobserved);
        check(&call(200), "BRR-01", Grade::Met);
        for status in [401, 403, 500] {
            check(&call(status), "BRR-01", Grade::Broken);
        }
    }

    fn create(status: u16, body: &str, expected: Grade) {
        let log = Log::new().exchange("form", "create", status, body);
        check(&log, "VEN-06", expected);
    }

    #[test]
    fn a_form_is_answered_with_its_status_and_members() {
        let good =
            r#"{"scribe_id":1,"status":"IN_PROGRESS","submitted_at":"2026-11-24T10:00:00Z"}"#;
        create(202, good, Grade::Met);
        create(200, good, Grade::Broken);
        create(500, good, Grade::Broken);
        create(202, &good.replace(":1", ":\"1\""), Grade::Broken);
        create(202, r#"{"scribe_id":1}"#, Grade::Broken);
        create(429, "{}", Grade::Unobserved);
        let other = Log::new().exchange("form", "other", 202, good);
        check(&other, "VEN-06", Grade::Unobserved);
    }

    #[test]
    fn each_form_counts() {
        let log = Log::new().exchange("form", "create", 500, "").exchange(
            "form",
            "regenerate",
            202,
            r#"{"scribe_id":1,"status":"IN_PROGRESS"}"#,
        );
        check(&log, "VEN-06", Grade::Broken);
    }

    #[test]
    fn what_was_handed_in_is_read_or_not() {
        let log = |status, body: &str| {
            Log::new()
                .exchange("form", "transcribe", 202, r#"{"transcription_id":7}"#)
                .called(("transcription", ""), "/transcribe/7", status, body)
        };
        let good = r#"{"id":7,"task_status":"STT_PROCESSING","raw_text":null}"#;
        check(&log(200, good), "VEN-43", Grade::Met);
        for (old, new) in [
            ("7", "\"7\""),
            ("7", "8"),
            ("STT_PROCESSING", "done"),
            ("null", "3"),
        ] {
            check(&log(200, &good.replace(old, new)), "VEN-43", Grade::Broken);
        }
        check(&log(404, "{}"), "VEN-43", Grade::Broken);
        check(&log(429, "{}"), "VEN-43", Grade::Unobserved);
        check(&Log::new(), "VEN-43", Grade::Unobserved);
    }

    #[test]
    fn a_message_says_more_than_the_status() {
        let bad = |status, body| {
            let log = Log::new().exchange("call", "", 200, "[]");
            log.exchange("call", "with limit=0", status, body)
        };
        let words = r#"{"message":"limit must be at least 1"}"#;
        check(&bad(422, words), "VEN-11", Grade::Met);
        check(&bad(422, "limit is too small"), "VEN-11", Grade::Met);
        for bare in [
            "",
            "Unprocessable Entity",
            "422 unprocessable entity",
            r#"{"status":422,"error":"Unprocessable Entity"}"#,
            "<html>limit is too small</html>",
        ] {
            check(&bad(422, bare), "VEN-11", Grade::Broken);
        }
        check(&bad(400, words), "VEN-11", Grade::Broken);
        check(&bad(200, "[]"), "VEN-11", Grade::Broken);
        check(&bad(429, words), "VEN-11", Grade::Unobserved);
        let alone = Log::new().exchange("call", "with limit=0", 422, words);
        check(&alone, "VEN-11", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_never_as_wanted() {
        for failure in FAILURES {
            let served = Log::new().exchange("call", "", 200, "[]");
            for (id, log) in [
                ("BRR-01", Log::new().failed("call", "", failure)),
                ("VEN-06", Log::new().failed("form", "create", failure)),
                ("VEN-11", served.failed("call", "with limit=0", failure)),
            ] {
                let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                assert_ne!(finding.grade(), Grade::Met, "{id} {failure:?}: {finding:?}");
            }
        }
    }
}
