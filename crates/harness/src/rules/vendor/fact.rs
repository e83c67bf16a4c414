//! Facts about a vendor that are reported and not judged.

use locum_core::{Finding, Grade};

use crate::rules::{View, gone, sentence, unobserved};

/// How the vendor answers the call that departs from the documented one.
pub fn status_of_the_altered_call(view: &View<'_>) -> Finding {
    let mut calls = view.log.exchanges();
    let altered = calls.find(|call| call.act == "call" && !call.how.is_empty());
    let Some(call) = altered else {
        return unobserved(view, "no such call was made");
    };
    if let Some(gone) = gone(&call) {
        return gone;
    }
    let served =
        |call: &crate::evidence::Exchange<'_>| call.reply.is_some_and(|reply| reply.is_class(2));
    if !view.log.acts("call", "").any(|call| served(&call)) {
        return unobserved(view, "its accepted twin was never seen");
    }
    Finding::new(Grade::Fact, sentence(&call)).proved_by([call.seq])
}

/// What the metadata document (RFC 8414 §2) says as its member `name`.
pub fn metadata_says(view: &View<'_>, name: &str) -> Finding {
    let Some(read) = view.log.acts("metadata", "").next() else {
        return unobserved(view, "no metadata was asked for");
    };
    if let Some(gone) = gone(&read) {
        return gone;
    }
    let body = read
        .reply
        .filter(|reply| reply.status == 200)
        .map(crate::evidence::Message::json)
        .unwrap_or_default();
    match &body[name] {
        serde_json::Value::Null => unobserved(view, "no metadata document was found"),
        value => Finding::new(Grade::Fact, format!("{name}: {value}")).proved_by([read.seq]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    #[test]
    fn a_status_is_a_fact_beside_its_twin() {
        let how = "without the header Tenant";
        let rule = status_of_the_altered_call;
        let altered = Log::new().exchange("call", how, 403, "");
        check(&altered, rule, Grade::Unobserved);
        check(&altered.exchange("call", "", 200, "[]"), rule, Grade::Fact);
        check(&Log::new(), rule, Grade::Unobserved);
    }

    #[test]
    fn metadata_is_reported_when_it_is_there() {
        let rule = |view: &View<'_>| metadata_says(view, "m");
        let log = |status, body| Log::new().exchange("metadata", "", status, body);
        check(&log(200, r#"{"m":["a"]}"#), rule, Grade::Fact);
        check(&log(200, "{}"), rule, Grade::Unobserved);
        check(&log(404, r#"{"m":["a"]}"#), rule, Grade::Unobserved);
        check(&Log::new(), rule, Grade::Unobserved);
    }
}
