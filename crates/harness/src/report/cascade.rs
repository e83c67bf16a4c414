//! Rows that could not be judged because of one fault that another row tells: fifty rows that need a
//! login say nothing that the login's own row does not say better.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use locum_core::{Requirement, RequirementId, Verdict};

use crate::catalogue::{catalogue, contract_of};
use crate::evidence::{Exchange, Operation};
use crate::verdict::{Ending, EvidenceRef, Scenario, VerdictRow};

/// What one fault kept from being judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cascade {
    /// The vendor.
    pub vendor: String,
    /// The side.
    pub judge: Judge,
    /// What did not work: `no login gave a token`.
    pub what: String,
    /// The rows that tell of it, if any does.
    pub causes: Vec<RequirementId>,
    /// The rows that could not be judged because of it.
    pub rows: Vec<RequirementId>,
}

impl Cascade {
    /// `no login gave a token, see VEN-16 and RSP-02`.
    pub fn why(&self) -> String {
        let ids: Vec<&str> = self.causes.iter().map(|id| id.0.as_str()).collect();
        match ids.split_last() {
            None => self.what.clone(),
            Some((one, [])) => format!("{}, see {one}", self.what),
            Some((last, others)) => format!("{}, see {} and {last}", self.what, others.join(", ")),
        }
    }

    /// `48 rows could not be judged: no login gave a token, see VEN-16 and RSP-02`.
    pub fn sentence(&self) -> String {
        let rows = if self.rows.len() == 1 { "row" } else { "rows" };
        format!(
            "{} {rows} could not be judged: {}",
            self.rows.len(),
            self.why()
        )
    }
}

/// What nothing can be judged without: the row that judges it, what is said where it never worked,
/// and the operations by which it is seen to work. What comes later needs what comes before.
const STEPS: [(&str, &str, &[Operation]); 3] = [
    (
        "VEN-16",
        "no login gave a token",
        &[Operation::Login, Operation::SignIn],
    ),
    (
        "BRR-01",
        "no documented call was served",
        &[Operation::Call],
    ),
    ("WSS-22", "no websocket opened", &[Operation::OpenSocket]),
];

/// The cascades among `verdicts`, those with the most rows first.
pub(super) fn cascades(verdicts: &[VerdictRow], scenarios: &[Scenario]) -> Vec<Cascade> {
    let mut found: BTreeMap<(String, Judge, String), Vec<RequirementId>> = BTreeMap::new();
    for row in verdicts.iter().filter(|row| is_open(row)) {
        if let Some(root) = root(row, verdicts, scenarios) {
            let key = (row.vendor.clone(), row.judge, root);
            found.entry(key).or_default().push(row.id.clone());
        }
    }
    let mut all: Vec<Cascade> = found
        .into_iter()
        .map(|((vendor, judge, root), rows)| {
            let mine = |row: &&VerdictRow| row.vendor == vendor && row.judge == judge;
            let mine: Vec<&VerdictRow> = verdicts.iter().filter(mine).collect();
            let (what, causes) = told(&root, &mine, scenarios);
            Cascade {
                vendor,
                judge,
                what,
                causes,
                rows,
            }
        })
        .collect();
    all.sort_by_key(|cascade| std::cmp::Reverse(cascade.rows.len()));
    all
}

fn is_open(row: &VerdictRow) -> bool {
    row.verdict == Verdict::Inconclusive
}

/// The row on which it hangs that `row` could not be judged: that of a step that never worked in its
/// scenarios, or one that it needs and that is broken. `None` where it has a reason of its own.
fn root(row: &VerdictRow, verdicts: &[VerdictRow], scenarios: &[Scenario]) -> Option<String> {
    let shown = scenarios.iter().filter(|scenario| {
        scenario.vendor == row.vendor
            && scenario.judge == row.judge
            && scenario.ending == Ending::Ran
            && scenario.ids.contains(&row.id)
    });
    let shown: Vec<&Scenario> = shown.collect();
    let mut steps = STEPS.iter().filter(|(id, ..)| *id != row.id.0);
    let failed = steps.find(|(_, _, operations)| never_worked(&shown, operations));
    failed.map(|(id, ..)| (*id).to_owned()).or_else(|| {
        let known = catalogue().get(&row.id.0)?;
        broken_need(known, row, verdicts, &mut vec![row.id.clone()])
    })
}

/// Whether the documented requests of these operations were made in `scenarios` and never served in
/// any of those that made them.
fn never_worked(scenarios: &[&Scenario], operations: &[Operation]) -> bool {
    let mut attempts = scenarios
        .iter()
        .flat_map(|scenario| attempts(scenario, operations))
        .peekable();
    attempts.peek().is_some() && attempts.all(|exchange| !exchange.is_served())
}

fn attempts<'a>(
    scenario: &'a Scenario,
    operations: &[Operation],
) -> impl Iterator<Item = Exchange<'a>> {
    let exchanges = scenario.evidence.exchanges();
    exchanges.filter(move |exchange| {
        exchange.is_documented() && operations.contains(&exchange.operation)
    })
}

/// The broken row at the end of what `known` needs.
fn broken_need(
    known: &Requirement,
    row: &VerdictRow,
    verdicts: &[VerdictRow],
    seen: &mut Vec<RequirementId>,
) -> Option<String> {
    for id in known.needs_at(row.judge, contract_of(&row.vendor)) {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id.clone());
        let mut others = verdicts.iter();
        let need = others
            .find(|other| other.id == id && other.vendor == row.vendor && other.judge == row.judge);
        let Some(need) = need else { continue };
        if matches!(need.verdict, Verdict::Fail | Verdict::Error) {
            return Some(id.0);
        }
        let further = catalogue().get(&id.0).filter(|_| is_open(need));
        if let Some(root) = further.and_then(|next| broken_need(next, row, verdicts, seen)) {
            return Some(root);
        }
    }
    None
}

/// What is said of the fault at `root`, and the rows that tell of it.
fn told(root: &str, rows: &[&VerdictRow], scenarios: &[Scenario]) -> (String, Vec<RequirementId>) {
    let Some((_, words, operations)) = STEPS.iter().find(|(id, ..)| *id == root) else {
        return (
            "a row that they need is broken".to_owned(),
            vec![RequirementId(root.to_owned())],
        );
    };
    let shows = |proof: &EvidenceRef| {
        let mut scenarios = scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.key == proof.scenario);
        scenario.is_some_and(|scenario| {
            attempts(scenario, operations)
                .any(|exchange| proof.entries.contains(&exchange.seq) && !exchange.is_served())
        })
    };
    let is_broken = |row: &VerdictRow| matches!(row.verdict, Verdict::Fail | Verdict::Error);
    let causes = rows.iter().filter(|row| is_broken(row));
    let mut causes: Vec<RequirementId> = causes
        .filter(|row| row.evidence.iter().any(&shows))
        .map(|row| row.id.clone())
        .collect();
    causes.sort_by_key(|id| id.0 != root);
    if !causes.is_empty() {
        return ((*words).to_owned(), causes);
    }
    // Nobody is to blame: the row itself says why.
    let mut rows = rows.iter();
    let why = rows.find(|row| row.id.0 == root && is_open(row));
    let why = why.map(|row| format!(": {}", row.reason));
    (format!("{words}{}", why.unwrap_or_default()), causes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    /// A login that was answered with this status, and a row that needs a token.
    fn report(status: u16, login: Verdict) -> (Vec<VerdictRow>, Vec<Scenario>) {
        let body = if status == 200 {
            r#"{"access_token":"t"}"#
        } else {
            "{}"
        };
        let mut scenario = testing::answered(status, ("a", "b"), body);
        scenario.ids.push(RequirementId("BRR-10".to_owned()));
        let proof = EvidenceRef {
            scenario: scenario.key.clone(),
            entries: scenario.evidence.exchanges().map(|one| one.seq).collect(),
        };
        let mut rows = testing::report().verdicts;
        rows.truncate(2);
        rows[0].verdict = login;
        rows[0].reason = "login was answered with 429".to_owned();
        rows[0].evidence = vec![proof];
        rows[1].id = RequirementId("BRR-10".to_owned());
        rows[1].verdict = Verdict::Inconclusive;
        (rows, vec![scenario])
    }

    #[test]
    fn what_a_failed_login_hides_is_told_with_the_login() {
        let (rows, scenarios) = report(400, Verdict::Fail);
        let found = cascades(&rows, &scenarios);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].sentence(),
            "1 row could not be judged: no login gave a token, see VEN-16"
        );
        assert_eq!(found[0].rows, [RequirementId("BRR-10".to_owned())]);
    }

    #[test]
    fn where_nobody_is_to_blame_the_reason_is_told() {
        let (mut rows, scenarios) = report(429, Verdict::Inconclusive);
        rows[0].evidence.clear();
        let found = cascades(&rows, &scenarios);
        assert_eq!(
            found[0].sentence(),
            "1 row could not be judged: no login gave a token: login was answered with 429"
        );
    }

    #[test]
    fn a_row_with_a_reason_of_its_own_is_in_no_cascade() {
        let (rows, scenarios) = report(200, Verdict::Pass);
        assert_eq!(cascades(&rows, &scenarios), []);
    }

    /// A selection of rows leaves out some of those that a row needs: the search ended at the first.
    #[test]
    fn a_need_that_was_not_judged_hides_no_broken_one() {
        let (mut rows, _) = report(200, Verdict::Pass);
        rows[0].id = RequirementId("BRR-01".to_owned());
        rows[0].verdict = Verdict::Fail;
        // It needs VEN-16, too, which is not among the rows.
        rows[1].id = RequirementId("BAS-14".to_owned());
        let found = cascades(&rows, &[]);
        let of_rows: Vec<&[RequirementId]> = found.iter().map(|one| &*one.rows).collect();
        assert_eq!(of_rows, [[RequirementId("BAS-14".to_owned())]]);
    }

    #[test]
    fn what_needs_a_broken_row_hangs_on_it() {
        let (mut rows, _) = report(200, Verdict::Pass);
        rows[0].id = RequirementId("BRR-01".to_owned());
        rows[0].verdict = Verdict::Fail;
        rows[1].id = RequirementId("VEN-26".to_owned());
        let found = cascades(&rows, &[]);
        assert_eq!(found[0].rows, [RequirementId("VEN-26".to_owned())]);
        assert_eq!(found[0].what, "no documented call was served");
    }
}
