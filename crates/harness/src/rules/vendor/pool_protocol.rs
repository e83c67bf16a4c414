//! The JSON protocol in which a user pool and an identity pool answer (AWS JSON 1.1).

use super::deviation::Deviations;
use super::refusal::each_is_refused;
use crate::evidence::{Exchange, Message, Operation, Variation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("COG-22", replies_are_of_the_protocol).everywhere(),
    Rule::vendor("COG-23", |view| each_is_refused(view, Operation::SignIn)),
];

/// "Content-Type: This header has a static value of application/x-amz-json-1.1."
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

/// The member in which an error says its kind.
const KIND: &str = "__type";

/// The status of each error that is the caller's.
const STATUS: u16 = 400;

/// Each reply with a body has the media type of the protocol, and each refusal is a 400 that says its
/// kind. What is no request of the protocol may be answered in front of it.
fn replies_are_of_the_protocol(view: &View<'_>) -> Finding {
    let (mut wrong, mut seen) = (Deviations::default(), Vec::new());
    for exchange in view.evidence.exchanges().filter(is_of_the_protocol) {
        let is_answer =
            |reply: &&Message| matches!(reply.status, 200..=299 | 400..=428 | 430..=499);
        let Some(reply) = exchange.reply.filter(is_answer) else {
            continue;
        };
        let media_type = reply.header("content-type").unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let mut say = |expected: &str, observed: String| {
            let observed = format!("{}: {observed}", exchange.sentence());
            wrong.add(expected, observed, exchange);
        };
        if !reply.body.is_empty() && !essence.eq_ignore_ascii_case(MEDIA_TYPE) {
            say(MEDIA_TYPE, format!("Content-Type `{media_type}`"));
        }
        if reply.status >= 400 {
            if reply.status != STATUS {
                say("400 for a refusal", format!("{}", reply.status));
            }
            if !reply.json()[KIND].is_string() {
                say("the kind of the error in __type", "no __type".to_owned());
            }
        }
        seen.push(exchange);
    }
    let is_whole = seen.iter().any(Exchange::is_served) && seen.iter().any(Exchange::is_refused);
    match (wrong.broken(), Proof::all(&seen)) {
        (Some(broken), _) => broken,
        (None, Some(proof)) if is_whole => {
            Finding::met(format!("{} replies of the protocol", seen.len()), proof)
        }
        (None, _) => unobserved(view, "no refusal was seen beside a reply that serves"),
    }
}

fn is_of_the_protocol(exchange: &Exchange<'_>) -> bool {
    let is_bent =
        matches!(exchange.variation, Variation::SignIn(change) if change.is_outside_the_protocol());
    exchange.operation.is_cognito() && !is_bent
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const DENIED: &str = r#"{"__type":"ResourceNotFoundException","message":"m"}"#;
    const TOKENS: &str = r#"{"AuthenticationResult":{"AccessToken":"a"}}"#;
    const TYPE: &str = "application/x-amz-json-1.1";

    fn log(good: &str, status: u16, kind: &str, body: &str) -> Log {
        Log::of_a_user_pool()
            .typed("sign-in", "", 200, good, TOKENS)
            .typed("sign-in", "with an unknown client id", status, kind, body)
    }

    #[test]
    fn replies_have_the_type_of_the_protocol_and_refusals_their_kind() {
        check(&log(TYPE, 400, TYPE, DENIED), "COG-22", Grade::Met);
        check(
            &log("application/json", 400, TYPE, DENIED),
            "COG-22",
            Grade::Broken,
        );
        check(
            &log(TYPE, 400, "application/json", DENIED),
            "COG-22",
            Grade::Broken,
        );
        check(&log(TYPE, 401, TYPE, DENIED), "COG-22", Grade::Broken);
        check(
            &log(TYPE, 400, TYPE, r#"{"message":"m"}"#),
            "COG-22",
            Grade::Broken,
        );
        // Too many requests, and a failure, say nothing of it.
        check(&log(TYPE, 429, "", ""), "COG-22", Grade::Unobserved);
        check(&log(TYPE, 500, "", ""), "COG-22", Grade::Unobserved);
    }

    /// A revocation answers with nothing, and what is no request of the protocol is anybody's.
    #[test]
    fn an_empty_reply_and_a_bent_request_are_left_out() {
        let revoked = log(TYPE, 400, TYPE, DENIED).typed("revoke refresh", "", 200, "", "");
        check(&revoked, "COG-22", Grade::Met);
        let bent = log(TYPE, 400, TYPE, DENIED).typed(
            "sign-in",
            "with an operation that nobody knows",
            404,
            "text/xml",
            "<UnknownOperationException/>",
        );
        check(&bent, "COG-22", Grade::Met);
    }

    #[test]
    fn what_is_no_request_is_refused_or_not() {
        let bent = |status, body: &str| {
            Log::of_a_user_pool()
                .exchange("sign-in", "", 200, TOKENS)
                .exchange("sign-in", "without X-Amz-Target", status, body)
        };
        check(&bent(400, DENIED), "COG-23", Grade::Met);
        check(&bent(404, ""), "COG-23", Grade::Met);
        check(&bent(200, TOKENS), "COG-23", Grade::Broken);
        check(&bent(500, ""), "COG-23", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::of_a_user_pool()
                .exchange("sign-in", "", 200, TOKENS)
                .failed("sign-in", "without X-Amz-Target", failure);
            let rule = crate::rules::find("COG-23", locum_core::requirement::Judge::Vendor);
            assert_ne!(
                log.judge(rule.expect("a rule")).grade(),
                Grade::Met,
                "{failure:?}"
            );
        }
    }
}
