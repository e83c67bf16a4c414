//! For which time a signature counts, and what a refusal of one says.

use super::effect::both;
use super::refusal::refused_beside;
use crate::evidence::{Exchange, Message, Operation, Reaction, SignedVariation, Variation};
use crate::rules::{Rule, View, unobserved, worst_not_served};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("SIG-11", counts_for_five_minutes),
    Rule::vendor("SIG-14", names_the_class_of_its_refusals),
];

const fn special(exchange: &Exchange<'_>) -> Option<SignedVariation> {
    match exchange.variation {
        Variation::Signed(special) => Some(*special),
        _ => None,
    }
}

/// What is dated within five minutes is served, and what lies beyond is refused.
fn counts_for_five_minutes(view: &View<'_>) -> Finding {
    let dated = |exchange: &Exchange<'_>| special(exchange).map_or(0, SignedVariation::ahead_s);
    let calls: Vec<Exchange<'_>> = view.evidence.exchanges_for(Operation::Call).collect();
    let near = |exchange: &&Exchange<'_>| (1..=300).contains(&dated(exchange).abs());
    let near: Vec<Exchange<'_>> = calls.iter().filter(near).copied().collect();
    let taken = match (
        worst_not_served(&near, "what is dated within five minutes is taken"),
        Proof::all(&near),
    ) {
        (Some(finding), _) => finding,
        (None, Some(proof)) => {
            Finding::met(format!("{} within five minutes served", near.len()), proof)
        }
        (None, None) => unobserved(view, "no call was dated within five minutes"),
    };
    let beyond = |exchange: &Exchange<'_>| dated(exchange).abs() > 300;
    both(
        refused_beside(view, Operation::Call, beyond, |exchange| {
            exchange.is_documented()
        }),
        taken,
    )
}

/// The class in `x-amzn-ErrorType` and the message of each refusal.
fn names_the_class_of_its_refusals(view: &View<'_>) -> Finding {
    let calls = view.evidence.varied(Operation::Call);
    let refused: Vec<Exchange<'_>> = calls
        .filter(|call| call.reaction() == Reaction::Refused)
        .collect();
    let Some(proof) = Proof::all(&refused) else {
        return unobserved(view, "no signed call was refused");
    };
    let mut seen: Vec<String> = refused
        .iter()
        .filter_map(|call| Some(class(call.reply?)))
        .collect();
    seen.dedup();
    Finding::fact(seen.join("; "), proof)
}

fn class(reply: &Message) -> String {
    let kind = reply
        .header("x-amzn-errortype")
        .unwrap_or("no x-amzn-ErrorType");
    let body = reply.json();
    let message = body["message"]
        .as_str()
        .or_else(|| body["Message"].as_str());
    let message: String = message.unwrap_or("no message").chars().take(80).collect();
    format!("{} {kind}: {}", reply.status, message.trim_end())
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    #[test]
    fn a_signature_that_counts_for_twenty_minutes_is_severe() {
        let far = |status| {
            let log = dated([200, 200, 403, 403]);
            log.exchange("call", "dated 20 minutes ahead", status, "{}")
        };
        check(&far(403), "SIG-11", Grade::Met);
        check(&far(200), "SIG-11", Grade::Severe);
        check(&far(500), "SIG-11", Grade::Broken);
        check(&far(429), "SIG-11", Grade::Unobserved);
    }

    fn dated(ahead: [u16; 4]) -> Log {
        let phrases = [
            "dated 4 minutes ahead",
            "dated 4 minutes ago",
            "dated 6 minutes ahead",
            "dated 6 minutes ago",
        ];
        let log = Log::new().exchange("call", "", 200, "[]");
        phrases
            .into_iter()
            .zip(ahead)
            .fold(log, |log, (phrase, status)| {
                log.exchange("call", phrase, status, "{}")
            })
    }

    #[test]
    fn a_signature_counts_for_five_minutes() {
        check(&dated([200, 200, 403, 403]), "SIG-11", Grade::Met);
        check(&dated([200, 200, 403, 200]), "SIG-11", Grade::Broken);
        check(&dated([200, 200, 200, 403]), "SIG-11", Grade::Broken);
        check(&dated([403, 200, 403, 403]), "SIG-11", Grade::Broken);
        check(&dated([200, 403, 403, 403]), "SIG-11", Grade::Broken);
        check(&dated([200, 200, 403, 500]), "SIG-11", Grade::Broken);
        check(&dated([200, 200, 403, 429]), "SIG-11", Grade::Unobserved);
        let alone = Log::new().exchange("call", "dated 6 minutes ago", 403, "");
        check(&alone, "SIG-11", Grade::Unobserved);
    }

    #[test]
    fn the_classes_of_refusals_are_reported() {
        let named = [("x-amzn-ErrorType", "InvalidSignatureException")];
        let log = Log::new().headed("call", "without the session token", 403, &named, "{}");
        check(&log, "SIG-14", Grade::Fact);
        let served = Log::new().exchange("call", "without the session token", 200, "{}");
        check(&served, "SIG-14", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().failed("call", "without the session token", failure);
            check(&log, "SIG-14", Grade::Unobserved);
        }
    }
}
