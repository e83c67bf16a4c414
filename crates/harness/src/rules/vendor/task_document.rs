//! The document of a task, which is put to the address that its creation told.

use super::effect::{Step, concluded, made, settled, unseen};
use crate::evidence::{Operation, Variation};
use crate::rules::{Rule, View, gone};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-75", |view| concluded(the_address_takes_it(view))),
    Rule::vendor("VEN-76", |view| concluded(the_query_grants_it(view))),
];

const PUT: Operation = Operation::UsePresigned;

/// The address takes the document with 200: the vendor's libraries take anything else for a failure.
fn the_address_takes_it(view: &View<'_>) -> Step<Finding> {
    let put = made(view, PUT, &Variation::Documented)?;
    if put.status() == 200 && put.is_served() {
        return Ok(Finding::met("200", put));
    }
    if let Some(gone) = gone(&put) {
        return Err(Box::new(gone));
    }
    settled(view, &[put])?;
    Ok(Finding::broken("200", put.sentence(), put))
}

/// Its path alone takes nothing, beside the whole address, which does.
fn the_query_grants_it(view: &View<'_>) -> Step<Finding> {
    let bare = made(view, PUT, &Variation::WithoutGrant)?;
    let whole = made(view, PUT, &Variation::Documented)?;
    if !whole.is_served() {
        return unseen(view, "the whole address took nothing");
    }
    if bare.is_served() {
        let seen = format!("{}: taken", bare.sentence());
        return Ok(Finding::broken("a refusal", seen, bare).beside(whole));
    }
    settled(view, &[bare])?;
    Ok(Finding::met(bare.sentence(), bare).beside(whole))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check, check_failures, check_failures_behind};
    use crate::verdict::Grade;

    const BARE: &str = "without its grant";

    #[test]
    fn an_address_takes_its_document() {
        let put = |status| Log::new().exchange("presigned", "", status, "");
        check(&put(200), "VEN-75", Grade::Met);
        check(&put(204), "VEN-75", Grade::Broken);
        check(&put(403), "VEN-75", Grade::Broken);
        check(&Log::new(), "VEN-75", Grade::Unobserved);
        check_failures("VEN-75", "presigned", "");
    }

    #[test]
    fn a_path_takes_nothing() {
        let put = |whole, bare| {
            let log = Log::new().exchange("presigned", "", whole, "");
            log.exchange("presigned", BARE, bare, "")
        };
        check(&put(200, 403), "VEN-76", Grade::Met);
        check(&put(200, 200), "VEN-76", Grade::Broken);
        check(&put(200, 204), "VEN-76", Grade::Broken);
        check(&put(403, 403), "VEN-76", Grade::Unobserved);
        let whole = || Log::new().exchange("presigned", "", 200, "");
        check(&whole(), "VEN-76", Grade::Unobserved);
        check_failures_behind(whole, "VEN-76", "presigned", BARE);
    }
}
