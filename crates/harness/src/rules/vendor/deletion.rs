//! What was deleted is gone.

use super::effect::{Step, concluded, every, precondition, settled, unseen};
use crate::evidence::{Exchange, Operation, Variation};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-46", |view| concluded(is_gone(view)))];

/// What its owner read before its deletion is not there after it, or some seconds later.
fn is_gone(view: &View<'_>) -> Step<Finding> {
    let deletion = precondition(view, Operation::Delete, &Variation::Documented)?;
    let reads = every(view, Operation::Read, &Variation::Documented);
    let mut before = reads.iter().filter(|read| read.seq < deletion.seq);
    let Some(before) = before.find(|read| read.is_served()) else {
        return unseen(view, "what was deleted had not been read before");
    };
    let after: Vec<Exchange<'_>> = reads
        .iter()
        .filter(|read| read.seq > deletion.seq)
        .copied()
        .collect();
    let Some(last) = after.last() else {
        return unseen(view, "what was deleted was not asked for again");
    };
    settled(view, &after)?;
    let proof = Proof::from(deletion).and(*last);
    if last.shows_what_is_there() {
        if after.len() == 1 {
            return unseen(
                view,
                "what was deleted was not asked for once more, some seconds later",
            );
        }
        let seen = format!("{}, after {}", last.sentence(), deletion.sentence());
        return Err(Box::new(
            Finding::broken("404 for what was deleted", seen, proof).beside(*before),
        ));
    }
    // The token may be at its end.
    if last.status() == 401 {
        return unseen(view, "the token was refused after the deletion");
    }
    let seen = match last.is_served() {
        true => format!("{}, and shown as deleted", last.sentence()),
        false => last.sentence(),
    };
    Ok(Finding::met(seen, proof).beside(*before))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check, check_failures_behind};
    use crate::verdict::Grade;

    const THERE: &str = r#"{"id":"i-0123","encounter":{"status":"planned"}}"#;

    fn deleted(before: u16, deletion: u16) -> Log {
        Log::new()
            .exchange("read", "", before, THERE)
            .exchange("delete", "", deletion, "")
    }

    #[test]
    fn what_was_deleted_is_gone_or_still_there() {
        let after = |status, body: &str| deleted(200, 204).exchange("read", "", status, body);
        for gone in [404, 410, 403] {
            check(&after(gone, "{}"), "VEN-46", Grade::Met);
        }
        let said = THERE.replace("planned", "deleted");
        check(&after(200, &said), "VEN-46", Grade::Met);
        // A copy may be read from for some seconds.
        let at_once = || after(200, THERE);
        check(&at_once(), "VEN-46", Grade::Unobserved);
        let later = |status| at_once().exchange("read", "", status, THERE);
        check(&later(200), "VEN-46", Grade::Broken);
        check(&later(404), "VEN-46", Grade::Met);
        for open in [401, 429, 500, 302] {
            check(&after(open, "{}"), "VEN-46", Grade::Unobserved);
        }
    }

    #[test]
    fn nothing_is_seen_without_a_read_before_and_a_deletion() {
        let log = |before, deletion| deleted(before, deletion).exchange("read", "", 404, "{}");
        check(&log(404, 204), "VEN-46", Grade::Unobserved);
        check(&log(200, 403), "VEN-46", Grade::Unobserved);
        check(&log(200, 500), "VEN-46", Grade::Unobserved);
        check(&deleted(200, 204), "VEN-46", Grade::Unobserved);
        let alone = Log::new().exchange("delete", "", 204, "");
        check(&alone, "VEN-46", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_absence() {
        check_failures_behind(|| deleted(200, 204), "VEN-46", "read", "");
    }
}
