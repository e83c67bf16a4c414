//! What requests came to, as the steps of a rule: a step that did not come to what it had to ends
//! the rule with its finding.

use crate::evidence::{Exchange, Operation, Reaction, RecordId, Variation};
use crate::rules::{View, gone, not_served, unobserved};
use crate::verdict::{Finding, Grade, Proof};

/// What a step found, or the finding that ends the rule.
pub(super) type Step<T> = Result<T, Box<Finding>>;

/// The finding of a rule that is written in steps.
pub(super) fn concluded(steps: Step<Finding>) -> Finding {
    steps.unwrap_or_else(|finding| *finding)
}

/// Ends a rule: what had to be seen was not seen.
pub(super) fn unseen<T>(view: &View<'_>, what: &str) -> Step<T> {
    Err(Box::new(unobserved(view, what)))
}

/// `password change naming a wrong present one`.
fn words(operation: Operation, variation: &Variation) -> String {
    let words = format!("{operation} {variation}");
    words.trim_end().to_owned()
}

/// The first request of `operation` with just this variation.
pub(super) fn made<'a>(
    view: &View<'a>,
    operation: Operation,
    variation: &Variation,
) -> Step<Exchange<'a>> {
    match view.evidence.first(operation, variation) {
        Some(exchange) => Ok(exchange),
        None => unseen(
            view,
            &format!("no {} was made", words(operation, variation)),
        ),
    }
}

/// The same, served: anything else deviates from `expected`.
pub(super) fn served<'a>(
    view: &View<'a>,
    operation: Operation,
    variation: &Variation,
    expected: &str,
) -> Step<Exchange<'a>> {
    let exchange = made(view, operation, variation)?;
    if exchange.is_served() {
        return Ok(exchange);
    }
    Err(Box::new(not_served(&exchange, expected)))
}

/// The same, served where the requirement is not about it: without it, nothing can be seen.
pub(super) fn precondition<'a>(
    view: &View<'a>,
    operation: Operation,
    variation: &Variation,
) -> Step<Exchange<'a>> {
    let exchange = made(view, operation, variation)?;
    if exchange.is_served() {
        return Ok(exchange);
    }
    let absent = || unobserved(view, &exchange.sentence()).seen_in(exchange);
    Err(Box::new(gone(&exchange).unwrap_or_else(absent)))
}

/// Every request of `operation` with just this variation.
pub(super) fn every<'a>(
    view: &View<'a>,
    operation: Operation,
    variation: &Variation,
) -> Vec<Exchange<'a>> {
    let all = view.evidence.exchanges_for(operation);
    all.filter(|exchange| exchange.variation == variation)
        .collect()
}

/// One of them that was served: failures beside it say nothing. Without it, nothing can be seen.
pub(super) fn control<'a>(
    view: &View<'a>,
    operation: Operation,
    variation: &Variation,
) -> Step<Exchange<'a>> {
    let mut all = every(view, operation, variation).into_iter();
    match all.find(Exchange::is_served) {
        Some(served) => Ok(served),
        None => precondition(view, operation, variation),
    }
}

/// Each of `exchanges` was served or refused; a vendor that failed or went away said nothing.
pub(super) fn settled(view: &View<'_>, exchanges: &[Exchange<'_>]) -> Step<()> {
    if let Some(gone) = exchanges.iter().find_map(gone) {
        return Err(Box::new(gone));
    }
    let is_settled = |exchange: &&Exchange<'_>| {
        matches!(exchange.reaction(), Reaction::Served | Reaction::Refused)
    };
    match exchanges.iter().find(|exchange| !is_settled(exchange)) {
        None => Ok(()),
        Some(exchange) => {
            let words = exchange.reaction().words();
            let what = format!("not graded: {} ({words})", exchange.sentence());
            Err(Box::new(unobserved(view, &what).seen_in(exchange)))
        }
    }
}

/// Two findings of one requirement as one: the heavier one, or what both met.
pub(super) fn both(one: Finding, other: Finding) -> Finding {
    if (one.grade(), other.grade()) != (Grade::Met, Grade::Met) {
        return if other.grade() > one.grade() {
            other
        } else {
            one
        };
    }
    let joined =
        |of: fn(&Finding) -> &[RecordId]| Proof::all(of(&one).iter().chain(of(&other)).copied());
    let reason = format!("{}; {}", one.reason(), other.reason());
    let (proof, control) = (joined(Finding::evidence), joined(Finding::control));
    match (proof, control) {
        (Some(proof), Some(control)) => Finding::met(reason, proof).beside(control),
        (Some(proof), None) => Finding::met(reason, proof),
        (None, _) => one,
    }
}

/// Each of `exchanges` was refused and got nothing. Those that got something deviate, all
/// together; a vendor that failed has refused nothing.
pub(super) fn all_refused(view: &View<'_>, exchanges: &[Exchange<'_>]) -> Step<Proof> {
    let accepted = exchanges.iter().filter(|exchange| exchange.got_something());
    if let Some(proof) = Proof::all(accepted.clone()) {
        let seen: Vec<String> = accepted
            .map(|exchange| format!("{}: accepted", exchange.sentence()))
            .collect();
        let broken = Finding::broken("a refusal", seen.join("; "), proof);
        return Err(Box::new(broken));
    }
    if let Some(gone) = exchanges.iter().find_map(gone) {
        return Err(Box::new(gone));
    }
    let ungraded = exchanges.iter().find(|exchange| !exchange.is_refused());
    if let Some(exchange) = ungraded {
        let words = exchange.reaction().words();
        let what = format!("not graded: {} ({words})", exchange.sentence());
        return Err(Box::new(unobserved(view, &what).seen_in(exchange)));
    }
    match Proof::all(exchanges) {
        Some(proof) => Ok(proof),
        None => unseen(view, "nothing was there to be refused"),
    }
}
