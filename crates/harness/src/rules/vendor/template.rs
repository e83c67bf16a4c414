//! Templates that the account has not.

use super::effect::{Step, all_refused, concluded, control, every};
use crate::evidence::{Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-64", |view| {
    concluded(unknown_templates_are_refused(view))
})];

/// A form with the id of a template that the account has not makes nothing, beside one with its own.
fn unknown_templates_are_refused(view: &View<'_>) -> Step<Finding> {
    let unknown = every(view, Operation::SendForm, &Variation::UnknownTemplate);
    let proof = all_refused(view, &unknown)?;
    let own = control(view, Operation::SendForm, &Variation::Documented)?;
    Ok(Finding::met(unknown[0].sentence(), proof).beside(own))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const UNKNOWN: &str = "with a template that the account has not";

    #[test]
    fn an_unknown_template_makes_nothing() {
        let log = |own, unknown| {
            Log::new()
                .exchange("form", "create", own, "{}")
                .exchange("form", UNKNOWN, unknown, "{}")
        };
        check(&log(202, 403), "VEN-64", Grade::Met);
        check(&log(202, 422), "VEN-64", Grade::Met);
        check(&log(202, 202), "VEN-64", Grade::Broken);
        check(&log(422, 422), "VEN-64", Grade::Unobserved);
        check(&log(202, 429), "VEN-64", Grade::Unobserved);
        check(&Log::new(), "VEN-64", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new()
                .exchange("form", "create", 202, "{}")
                .failed("form", UNKNOWN, failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Unobserved,
            };
            check(&log, "VEN-64", grade);
        }
    }
}
