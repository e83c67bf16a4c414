//! Signed calls that the vendor has to admit (AWS Signature Version 4).

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Operation, Reaction, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("SIG-01", |view| {
    concluded(calls_admitted(view))
})];

/// Each correctly signed call is served. One for a thing that does not exist is admitted when the
/// same call with a wrong signature gets no further than the guard; where nothing is there whatever the
/// signature, it tells nothing, and the others stand.
fn calls_admitted(view: &View<'_>) -> Step<Finding> {
    let calls: Vec<Exchange<'_>> = view
        .evidence
        .exchanges_for(Operation::Call)
        .filter(|call| match call.variation {
            Variation::Documented => true,
            Variation::Signed(special) => special.is_correct(),
            _ => false,
        })
        .collect();
    if !calls.iter().any(Exchange::is_documented) {
        return unseen(view, "no plain signed call was made");
    }
    let missing = |call: &&Exchange<'_>| is_missing(call);
    let (missing, found): (Vec<&Exchange<'_>>, Vec<&Exchange<'_>>) =
        calls.iter().partition(missing);
    let refused = found.iter().filter(|call| {
        !call.is_served() && !matches!(call.reaction(), Reaction::Gone(_) | Reaction::Throttled)
    });
    if let Some(proof) = Proof::all(refused.clone().copied()) {
        let seen: Vec<String> = refused
            .map(|call| format!("{} ({})", call.sentence(), call.reaction().words()))
            .collect();
        let expected = "a correct signature is accepted";
        return Ok(Finding::broken(expected, seen.join("; "), proof));
    }
    if let Some(gone) = calls.iter().find_map(gone) {
        return Ok(gone);
    }
    if let Some(call) = found.iter().find(|call| !call.is_served()) {
        return Err(Box::new(unobserved(view, &call.sentence()).seen_in(*call)));
    }
    let (mut admitted, mut controls, mut left_out) = (found, Vec::new(), String::new());
    for call in missing {
        if let Some(control) = wrongly_signed(view, call) {
            admitted.push(call);
            controls.push(control);
        } else {
            left_out = format!("; {}, whatever its signature", call.sentence());
        }
    }
    let Some(proof) = Proof::all(admitted.iter().copied()) else {
        return unseen(view, "no call was made");
    };
    let met = Finding::met(
        format!("{} calls admitted{left_out}", admitted.len()),
        proof,
    );
    Ok(match Proof::all(&controls) {
        Some(control) => met.beside(control),
        None => met,
    })
}

/// Whether the call was answered with 404: there is no such thing, or no such path.
fn is_missing(call: &Exchange<'_>) -> bool {
    !call.is_documented() && call.is_refused() && call.status() == 404
}

/// The same call with a wrong signature, refused by the guard and not because nothing is there.
fn wrongly_signed<'a>(view: &View<'a>, signed: &Exchange<'_>) -> Option<Exchange<'a>> {
    view.evidence.varied(Operation::Call).find(|call| {
        matches!(call.variation, Variation::Signed(special) if !special.is_correct())
            && call.request.method == signed.request.method
            && call.request.target == signed.request.target
            && call.is_refused()
            && call.status() != 404
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const ENCODED: &str = "with an encoded path";
    const CHANGED: &str = "with an encoded path after signing";

    fn plain() -> Log {
        Log::new().exchange("call", "", 200, "[]")
    }

    #[test]
    fn a_correct_signature_is_accepted_in_every_spelling() {
        let log = |status, body| plain().exchange("call", "with an unsorted query", status, body);
        check(&log(200, "[]"), "SIG-01", Grade::Met);
        check(&log(403, ""), "SIG-01", Grade::Broken);
        check(&log(400, ""), "SIG-01", Grade::Broken);
        check(&log(429, ""), "SIG-01", Grade::Unobserved);
        let alone = Log::new().exchange("call", "with an unsorted query", 200, "[]");
        check(&alone, "SIG-01", Grade::Unobserved);
        let changed = plain().exchange("call", "with another path after signing", 403, "");
        check(&changed, "SIG-01", Grade::Met);
    }

    /// Everything but 401 and 403 counted as admitted.
    #[test]
    fn a_failure_admits_nothing() {
        for failure in FAILURES {
            let log = plain().failed("call", "with an unsorted query", failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "SIG-01", grade);
            check(&Log::new().failed("call", "", failure), "SIG-01", grade);
        }
    }

    #[test]
    fn what_is_not_there_is_admitted_beside_a_wrong_signature_that_is_not() {
        let log = |status| plain().exchange("call", ENCODED, status, "{}");
        check(&log(200), "SIG-01", Grade::Met);
        check(&log(403), "SIG-01", Grade::Broken);
        check(&log(404), "SIG-01", Grade::Met);
        let changed = |status| log(404).exchange("call", CHANGED, status, "{}");
        check(&changed(403), "SIG-01", Grade::Met);
        // Nothing was seen of the path, and enough of the plain call.
        check(&changed(404), "SIG-01", Grade::Met);
        check(&changed(500), "SIG-01", Grade::Met);
        let plain_one = Log::new().exchange("call", "", 404, "{}");
        check(&plain_one, "SIG-01", Grade::Broken);
    }
}
