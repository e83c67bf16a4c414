//! Logins at tenants that do not exist.

use super::deviation::Deviations;
use super::effect::{Step, concluded, control, settled, unseen};
use crate::evidence::{Exchange, LoginVariation, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-31", |view| {
    concluded(unknown_tenants_give_nothing(view))
})];

const NOWHERE: Variation = Variation::Login(LoginVariation::UnknownTenant);
const IN_OTHER_CASE: Variation = Variation::Login(LoginVariation::TenantInOtherCase);

/// Nobody gets a token of a tenant that does not exist, beside one of the tenant that does. A path in
/// other letter case is another path (RFC 3986 §6.2.2.1), but no page of the vendor says so: a token
/// there is tolerated. So is a vendor that fails over the name.
fn unknown_tenants_give_nothing(view: &View<'_>) -> Step<Finding> {
    let is_elsewhere =
        |login: &Exchange<'_>| *login.variation == NOWHERE || *login.variation == IN_OTHER_CASE;
    let sent: Vec<Exchange<'_>> = view
        .evidence
        .varied(Operation::Login)
        .filter(is_elsewhere)
        .collect();
    let (mut wrong, mut tolerated) = (Deviations::default(), Deviations::default());
    for login in &sent {
        let accepted = || format!("{}: accepted", login.sentence());
        match () {
            () if login.got_something() && *login.variation == NOWHERE => {
                wrong.add("no token", accepted(), login);
            }
            () if login.got_something() => tolerated.add("no token", accepted(), login),
            () if login.status() == 500 => tolerated.add("a refusal", login.sentence(), login),
            () => {}
        }
    }
    let control = control(view, Operation::Login, &Variation::Documented);
    let finding = wrong
        .broken()
        .or_else(|| tolerated.finding(Grade::Tolerated));
    if let Some(finding) = finding {
        let was_accepted = sent.iter().any(Exchange::got_something);
        return match control {
            Ok(control) => Ok(finding.beside(control)),
            Err(_) if was_accepted => Ok(finding),
            // A vendor that fails anyway says nothing of the tenant.
            Err(unseen) => Err(unseen),
        };
    }
    settled(view, &sent)?;
    match Proof::all(&sent) {
        Some(proof) => Ok(Finding::met(format!("{} refused", sent.len()), proof).beside(control?)),
        None => unseen(view, "no login at a tenant that does not exist was made"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    const TOKEN: &str = r#"{"access_token":"t-0123"}"#;
    const NOWHERE: &str = "for a tenant that does not exist";
    const IN_OTHER_CASE: &str = "for the tenant in other letter case";

    fn log(phrase: &str, status: u16, body: &str) -> Log {
        Log::new()
            .exchange("login", "", 200, TOKEN)
            .exchange("login", phrase, status, body)
    }

    #[test]
    fn a_tenant_that_does_not_exist_gives_nothing() {
        for (phrase, accepted) in [(NOWHERE, Grade::Broken), (IN_OTHER_CASE, Grade::Tolerated)] {
            check(&log(phrase, 404, "{}"), "VEN-31", Grade::Met);
            check(&log(phrase, 200, TOKEN), "VEN-31", accepted);
            check(&log(phrase, 400, TOKEN), "VEN-31", accepted);
            check(&log(phrase, 500, "{}"), "VEN-31", Grade::Tolerated);
            check(&log(phrase, 503, "{}"), "VEN-31", Grade::Unobserved);
            check(&log(phrase, 429, "{}"), "VEN-31", Grade::Unobserved);
            let alone = Log::new().exchange("login", phrase, 404, "{}");
            check(&alone, "VEN-31", Grade::Unobserved);
            let failed_alone = Log::new().exchange("login", phrase, 500, "{}");
            check(&failed_alone, "VEN-31", Grade::Unobserved);
            let accepted_alone = Log::new().exchange("login", phrase, 200, TOKEN);
            check(&accepted_alone, "VEN-31", accepted);
        }
        let documented = Log::new().exchange("login", "", 200, TOKEN);
        check(&documented, "VEN-31", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_refusal() {
        for failure in FAILURES {
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                BadReply::ServerError => Grade::Tolerated,
                _ => Grade::Unobserved,
            };
            let log = Log::new().exchange("login", "", 200, TOKEN);
            check(&log.failed("login", NOWHERE, failure), "VEN-31", grade);
        }
    }
}
