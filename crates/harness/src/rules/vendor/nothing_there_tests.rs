//! What VEN-41 and VEN-44 have to say of things that nobody has, and of creations of nothing; their
//! rule is that of all refusals.

use crate::rules::testing::{Log, check, check_failures_behind};
use crate::verdict::Grade;

fn beside_a_served_call(phrase: &str, status: u16, body: &str) -> Log {
    Log::new()
        .exchange("call", "", 200, "{}")
        .exchange("call", phrase, status, body)
}

#[test]
fn what_nobody_has_is_answered_with_404() {
    for phrase in [
        "on a path that nobody knows",
        "at /api/v1/groups/g-2/tasks/t-1",
    ] {
        let log = |status| beside_a_served_call(phrase, status, "{}");
        check(&log(404), "VEN-41", Grade::Met);
        check(&log(403), "VEN-41", Grade::Met);
        check(&log(400), "VEN-41", Grade::Tolerated);
        check(&log(200), "VEN-41", Grade::Broken);
        check(&log(500), "VEN-41", Grade::Unobserved);
    }
}

#[test]
fn a_creation_without_its_fields_makes_nothing() {
    for phrase in ["by POST, and at /scribe", "by POST, and at /transcribe"] {
        let log = |status, body: &str| beside_a_served_call(phrase, status, body);
        check(&log(422, "{}"), "VEN-44", Grade::Met);
        check(&log(400, "{}"), "VEN-44", Grade::Met);
        check(&log(404, "{}"), "VEN-44", Grade::Tolerated);
        check(&log(202, r#"{"scribe_id":4}"#), "VEN-44", Grade::Broken);
        check(&log(200, ""), "VEN-44", Grade::Broken);
        check(&log(500, "{}"), "VEN-44", Grade::Unobserved);
        check(&log(302, ""), "VEN-44", Grade::Unobserved);
        let alone = Log::new().exchange("call", phrase, 422, "{}");
        check(&alone, "VEN-44", Grade::Unobserved);
        let served = || Log::new().exchange("call", "", 200, "{}");
        check_failures_behind(served, "VEN-44", "call", phrase);
    }
}

#[test]
fn an_id_that_is_none_is_no_id() {
    let log = |status| beside_a_served_call("at /scribe/no-number", status, "{}");
    for fine in [422, 400, 404] {
        check(&log(fine), "VEN-44", Grade::Met);
    }
    check(&log(403), "VEN-44", Grade::Tolerated);
    check(&log(200), "VEN-44", Grade::Broken);
    let unknown = |status| beside_a_served_call("at /scribe/999999999", status, "{}");
    check(&unknown(404), "VEN-44", Grade::Met);
    check(&unknown(422), "VEN-44", Grade::Tolerated);
    check(&unknown(200), "VEN-44", Grade::Broken);
}
