//! Facts about a vendor that are reported and not judged.

use super::effect::{Step, concluded, precondition, unseen};
use crate::evidence::{Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-13", |view| concluded(status_of_the_varied_call(view))),
    Rule::vendor("VEN-30", |view| concluded(metadata_says(view))),
];

/// How the vendor answers the call that departs from the documented one.
fn status_of_the_varied_call(view: &View<'_>) -> Step<Finding> {
    let Some(call) = view.evidence.varied(Operation::Call).next() else {
        return unseen(view, "no such call was made");
    };
    let control = precondition(view, Operation::Call, &Variation::Documented)?;
    match call.reaction() {
        Reaction::Served | Reaction::Refused => {
            Ok(Finding::fact(call.sentence(), call).beside(control))
        }
        reaction => {
            let what = format!("{} ({})", call.sentence(), reaction.words());
            let absent = || unobserved(view, &what).seen_in(call);
            Ok(gone(&call).unwrap_or_else(absent))
        }
    }
}

/// What the metadata document (RFC 8414 §2) says as the expected member.
fn metadata_says(view: &View<'_>) -> Step<Finding> {
    let name = view.expected.member.as_deref().unwrap_or_default();
    let read = precondition(view, Operation::Metadata, &Variation::Documented)?;
    match &read.json()[name] {
        serde_json::Value::Null => unseen(view, &format!("the metadata names no {name}")),
        value => Ok(Finding::fact(format!("{name}: {value}"), read)),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const VARIED: &str = "without the header Tenant";

    fn failed(failure: BadReply) -> Grade {
        match failure {
            BadReply::Closed => Grade::Gone,
            _ => Grade::Unobserved,
        }
    }

    #[test]
    fn a_status_is_a_fact_beside_its_control() {
        let varied = || Log::new().exchange("call", VARIED, 403, "");
        check(&varied(), "VEN-13", Grade::Unobserved);
        let pair = varied().exchange("call", "", 200, "[]");
        check(&pair, "VEN-13", Grade::Fact);
        let refused = varied().exchange("call", "", 401, "");
        check(&refused, "VEN-13", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("call", "", 200, "[]")
                .failed("call", VARIED, failure);
            check(&log, "VEN-13", failed(failure));
        }
    }

    #[test]
    fn metadata_is_reported_when_it_is_there() {
        let log = |status, body| Log::new().exchange("metadata", "", status, body);
        let body = r#"{"grant_types_supported":["a"]}"#;
        check(&log(200, body), "VEN-30", Grade::Fact);
        check(&log(200, "{}"), "VEN-30", Grade::Unobserved);
        check(&log(404, body), "VEN-30", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("metadata", "", failure);
            check(&log, "VEN-30", failed(failure));
        }
    }
}
