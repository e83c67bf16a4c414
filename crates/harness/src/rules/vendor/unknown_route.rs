//! Paths that the API does not have.

use super::effect::{Step, concluded, control, made, settled};
use crate::evidence::{Operation, SignedVariation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-79", |view| {
    concluded(nothing_is_served_there(view))
})];

/// A rightly signed call of a path that nobody knows is refused, beside one of the documented path that
/// is served.
fn nothing_is_served_there(view: &View<'_>) -> Step<Finding> {
    let unknown = Variation::Signed(SignedVariation::UnknownPath);
    let asked = made(view, Operation::Call, &unknown)?;
    let served = control(view, Operation::Call, &Variation::Documented)?;
    if asked.is_served() {
        let seen = format!("{}: accepted", asked.sentence());
        return Ok(Finding::broken("a refusal", seen, asked).beside(served));
    }
    settled(view, &[asked])?;
    Ok(Finding::met(asked.sentence(), asked).beside(served))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check, check_failures_behind};
    use crate::verdict::Grade;

    const NOWHERE: &str = "signed, on a path that nobody knows";

    #[test]
    fn a_path_that_nobody_knows_serves_nothing() {
        let known = || Log::new().exchange("call", "", 200, "[]");
        let log = |status| known().exchange("call", NOWHERE, status, "{}");
        check(&log(403), "VEN-79", Grade::Met);
        check(&log(404), "VEN-79", Grade::Met);
        check(&log(200), "VEN-79", Grade::Broken);
        check(&log(429), "VEN-79", Grade::Unobserved);
        check(&known(), "VEN-79", Grade::Unobserved);
        let alone = Log::new().exchange("call", NOWHERE, 403, "{}");
        check(&alone, "VEN-79", Grade::Unobserved);
        check_failures_behind(known, "VEN-79", "call", NOWHERE);
    }
}
