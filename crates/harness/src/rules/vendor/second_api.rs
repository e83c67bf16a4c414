//! The API that takes the access token itself, without a signature.

use super::effect::{Step, all_refused, concluded, unseen};
use crate::evidence::{Exchange, Operation, SignedVariation, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::Finding;

use SignedVariation as S;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-80", |view| {
    concluded(takes_the_access_token_alone(view))
})];

/// Where the access token alone is served, near misses of it and no token are not.
fn takes_the_access_token_alone(view: &View<'_>) -> Step<Finding> {
    let whole = Variation::Signed(S::SecondApi);
    let Some(served) = view.evidence.first(Operation::Call, &whole) else {
        return unseen(view, "there is no second API");
    };
    if !served.is_served() {
        let what = format!("{}: no second API, or another one", served.sentence());
        let absent = || unobserved(view, &what).seen_in(served);
        return Err(Box::new(gone(&served).unwrap_or_else(absent)));
    }
    let calls = view.evidence.varied(Operation::Call);
    let others: Vec<Exchange<'_>> = calls.filter(|call| *call.variation != whole).collect();
    let is_wrong = |call: &Exchange<'_>| matches!(call.variation, Variation::Signed(special) if special.is_at_the_second_api());
    let wrong: Vec<Exchange<'_>> = others.into_iter().filter(is_wrong).collect();
    if wrong.is_empty() {
        return unseen(view, "no near miss of the access token was shown");
    }
    let proof = all_refused(view, &wrong)?;
    Ok(Finding::met(format!("{} refused", wrong.len()), proof).beside(served))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check, check_failures_behind};
    use crate::verdict::Grade;

    const WHOLE: &str = "at the second API with the access token alone";
    const ALTERED: &str = "at the second API with the token's signature changed";

    #[test]
    fn an_access_token_is_taken_and_no_near_miss_of_it() {
        let log = |whole, altered| {
            let log = Log::new().exchange("call", WHOLE, whole, r#"{"tasks":[]}"#);
            log.exchange("call", ALTERED, altered, r#"{"tasks":[]}"#)
        };
        check(&log(200, 401), "VEN-80", Grade::Met);
        check(&log(200, 403), "VEN-80", Grade::Met);
        check(&log(200, 200), "VEN-80", Grade::Broken);
        check(&log(404, 404), "VEN-80", Grade::Unobserved);
        check(&log(404, 200), "VEN-80", Grade::Unobserved);
        check(&Log::new(), "VEN-80", Grade::Unobserved);
        let served = || Log::new().exchange("call", WHOLE, 200, "[]");
        check(&served(), "VEN-80", Grade::Unobserved);
        check_failures_behind(served, "VEN-80", "call", ALTERED);
    }
}
