use locum_core::Catalogue;
use locum_core::requirement::Judge;
use serde_json::json;

use super::*;
use crate::evidence::{Event, Record};
use crate::selection::Selection;

/// A row in short: id, level, precondition.
type Row<'a> = (&'a str, &'a str, &'a str);

/// Each finds what the first record of the evidence says.
static RULES: [Rule; 4] = [
    Rule::vendor("A-01", as_written),
    Rule::vendor("B-01", as_written),
    Rule::vendor("C-01", as_written),
    Rule::vendor("E-01", as_written).everywhere(),
];

fn as_written(view: &View<'_>) -> Finding {
    let Some(record) = view.evidence.records().first() else {
        return Finding::unobserved("nothing");
    };
    let Event::Control { call, .. } = &record.event else {
        return Finding::unobserved("nothing");
    };
    match call.as_str() {
        "met" => Finding::met("met", record.seq),
        "fact" => Finding::fact("fact", record.seq),
        "tolerated" => Finding::tolerated("better", "tolerated", record.seq),
        "broken" => Finding::broken("whole", "broken", record.seq),
        "broken beside" => Finding::broken("whole", "broken", record.seq).beside(record.seq),
        "severe" => Finding::deviation(Grade::Severe, "closed", "open", record.seq),
        "gone" => Finding::gone("gone", record.seq),
        _ => Finding::unobserved("unobserved"),
    }
}

/// A scenario in short: id, what its rule finds, how it ends.
struct Shows<'a>(&'a str, &'a str, Ending);

fn ran<'a>(id: &'a str, finds: &'a str) -> Shows<'a> {
    Shows(id, finds, Ending::Ran)
}

fn catalogue(rows: &[Row<'_>]) -> Catalogue {
    let line = |(id, level, precondition): &Row<'_>| {
        format!("{id}\t{level}\trfc\t-\tvendor\tv\t.\t{precondition}\t-\t-\t-")
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    let table = ["header".to_owned(), lines.join("\n")].join("\n");
    Catalogue::parse(&table).expect("eleven cells")
}

fn scenario(at: usize, Shows(id, finds, ending): &Shows<'_>) -> Scenario {
    let event = Event::Control {
        call: (*finds).to_owned(),
        body: json!(null),
    };
    let records = vec![Record {
        seq: RecordId::read(1),
        t_ms: 0,
        event,
    }];
    Scenario {
        key: format!("s-{}", at + 1),
        title: "a scenario".to_owned(),
        vendor: "v".to_owned(),
        judge: Judge::Vendor,
        ids: vec![RequirementId((*id).to_owned())],
        seed: 0,
        urls: BTreeMap::new(),
        ending: ending.clone(),
        evidence: Evidence::from_records(records),
    }
}

fn judged(rows: &[Row<'_>], shows: &[Shows<'_>], ids: &[RequirementId]) -> Vec<VerdictRow> {
    let catalogue = catalogue(rows);
    let scope = Scope {
        catalogue: &catalogue,
        vendors: &["v".to_owned()],
        judge: Judge::Vendor,
        selection: &Selection::of_ids(ids),
    };
    let scenarios: Vec<Scenario> = shows
        .iter()
        .enumerate()
        .map(|(at, shows)| scenario(at, shows))
        .collect();
    let profile = crate::testing::profile(|profile| "v".clone_into(&mut profile.vendor));
    let find = |id: &str, _| RULES.iter().find(|rule| rule.id == id);
    judge_by(&find, &scope, &[profile], &scenarios)
}

fn check(rows: &[Row<'_>], shows: &[Shows<'_>], expected: &[Verdict]) -> Vec<VerdictRow> {
    let verdicts = judged(rows, shows, &[]);
    let words: Vec<Verdict> = verdicts.iter().map(|row| row.verdict).collect();
    assert_eq!(words, expected);
    verdicts
}

const A: Row<'_> = ("A-01", "MUST", "[any]");

#[test]
fn the_level_weighs_a_deviation() {
    for (level, verdict) in [
        ("MUST", Verdict::Fail),
        ("SHOULD", Verdict::Warn),
        ("MAY", Verdict::Info),
    ] {
        check(
            &[("A-01", level, "[any]")],
            &[ran("A-01", "broken")],
            &[verdict],
        );
    }
    check(&[A], &[ran("A-01", "tolerated")], &[Verdict::Warn]);
    check(&[A], &[ran("A-01", "fact")], &[Verdict::Info]);
    check(&[A], &[ran("A-01", "gone")], &[Verdict::Error]);
}

#[test]
fn a_row_that_nobody_reached_is_not_run() {
    check(&[A], &[], &[Verdict::NotRun]);
    let unreached = Shows("A-01", "", Ending::NotReached);
    check(&[A], &[unreached], &[Verdict::NotRun]);
}

#[test]
fn a_tagged_row_without_a_rule_is_our_fault() {
    let row = ("X-01", "MUST", "[any]");
    let verdicts = check(&[row], &[ran("X-01", "met")], &[Verdict::Harness]);
    assert!(verdicts[0].reason.contains("no rule judges it"));
}

#[test]
fn a_broken_scenario_is_our_fault_whatever_the_precondition() {
    let rows = [A, ("B-01", "MUST", "[any] needs A-01=PASS")];
    let broken = Ending::Broken("undefined step".to_owned());
    check(
        &rows,
        &[Shows("B-01", "met", broken), ran("A-01", "broken")],
        &[Verdict::Fail, Verdict::Harness],
    );
}

/// A HARNESS hid a FAIL.
#[test]
fn our_fault_hides_no_deviation() {
    let broken = || Ending::Broken("undefined step".to_owned());
    let beside = [Shows("A-01", "met", broken()), ran("A-01", "broken")];
    check(&[A], &beside, &[Verdict::Fail]);
    check(&[A], &[Shows("A-01", "broken", broken())], &[Verdict::Fail]);
    for deviation in ["broken", "severe"] {
        let unreached = Shows("A-01", deviation, Ending::NotReached);
        check(&[A], &[unreached], &[Verdict::Fail]);
    }
}

/// A PASS hid that another scenario had not seen what it was to show.
#[test]
fn what_was_unseen_in_one_scenario_is_not_hidden_by_another() {
    for (first, second, expected) in [
        ("unobserved", "met", Verdict::Inconclusive),
        ("met", "unobserved", Verdict::Inconclusive),
        ("broken", "met", Verdict::Fail),
        ("broken", "gone", Verdict::Fail),
        ("gone", "tolerated", Verdict::Error),
        ("tolerated", "unobserved", Verdict::Warn),
        ("fact", "met", Verdict::Info),
        ("met", "met", Verdict::Pass),
    ] {
        check(
            &[A],
            &[ran("A-01", first), ran("A-01", second)],
            &[expected],
        );
        check(
            &[A],
            &[ran("A-01", second), ran("A-01", first)],
            &[expected],
        );
    }
    let unreached = Shows("A-01", "", Ending::NotReached);
    check(&[A], &[ran("A-01", "met"), unreached], &[Verdict::NotRun]);
    let elsewhere = Shows(
        "A-01",
        "",
        Ending::NotApplicable("no second account".to_owned()),
    );
    let verdicts = check(&[A], &[ran("A-01", "met"), elsewhere], &[Verdict::Pass]);
    assert!(verdicts[0].reason.contains("no second account"));
}

#[test]
fn several_findings_of_one_row_keep_all_their_evidence() {
    let shows = [
        ran("A-01", "broken"),
        ran("A-01", "met"),
        ran("A-01", "broken"),
    ];
    let verdicts = check(&[A], &shows, &[Verdict::Fail]);
    let named: Vec<&str> = verdicts[0]
        .evidence
        .iter()
        .map(|evidence| evidence.scenario.as_str())
        .collect();
    assert_eq!(named, ["s-1", "s-3"]);
    assert_eq!(verdicts[0].evidence[0].entries, [RecordId::read(1)]);
}

#[test]
fn a_rule_that_reaches_everywhere_sees_deviations_of_other_scenarios() {
    let rows = [A, ("E-01", "MUST", "[any]")];
    check(
        &rows,
        &[ran("E-01", "met"), ran("A-01", "broken")],
        &[Verdict::Fail, Verdict::Fail],
    );
    // That another scenario does not show it says nothing.
    check(
        &rows,
        &[ran("E-01", "met"), ran("A-01", "unobserved")],
        &[Verdict::Inconclusive, Verdict::Pass],
    );
    check(
        &rows,
        &[ran("E-01", "unobserved"), ran("A-01", "met")],
        &[Verdict::Pass, Verdict::Inconclusive],
    );
}

#[test]
fn a_need_that_did_not_pass_leaves_the_row_open() {
    let rows = [("B-01", "MUST", "[any] needs A-01=PASS"), A];
    for (finds, a, b) in [
        ("met", Verdict::Pass, Verdict::Pass),
        ("broken", Verdict::Fail, Verdict::Inconclusive),
        ("unobserved", Verdict::Inconclusive, Verdict::Inconclusive),
    ] {
        check(&rows, &[ran("A-01", finds), ran("B-01", "met")], &[b, a]);
    }
    let verdicts = check(
        &rows,
        &[ran("B-01", "broken")],
        &[Verdict::Inconclusive, Verdict::NotRun],
    );
    assert_eq!(
        verdicts[0].reason,
        "counts only where A-01 passes, and it is NOT_RUN"
    );
    assert_eq!(verdicts[0].observed.as_deref(), Some("without it: broken"));
}

/// A vendor that served any signed or unsigned call ended with exit 0: the row of correct signatures
/// was open, and closed those of wrong ones.
#[test]
fn a_failure_beside_its_own_control_needs_no_other_row() {
    let rows = [("B-01", "MUST", "[any] needs A-01=PASS"), A];
    let shows = |finds| [ran("A-01", "unobserved"), ran("B-01", finds)];
    let open = Verdict::Inconclusive;
    check(&rows, &shows("broken"), &[open, open]);
    check(&rows, &shows("broken beside"), &[Verdict::Fail, open]);
}

#[test]
fn an_unless_closes_only_on_fail() {
    let rows = [("B-01", "MUST", "[any] unless A-01=FAIL"), A];
    let met = |finds| [ran("A-01", finds), ran("B-01", "met")];
    check(&rows, &met("tolerated"), &[Verdict::Pass, Verdict::Warn]);
    check(
        &rows,
        &met("broken"),
        &[Verdict::Inconclusive, Verdict::Fail],
    );
}

#[test]
fn a_circle_of_needs_ends() {
    let rows = [
        ("A-01", "MUST", "[any] needs B-01=PASS"),
        ("B-01", "MUST", "[any] needs A-01=PASS"),
    ];
    let shows = [ran("A-01", "met"), ran("B-01", "met")];
    check(
        &rows,
        &shows,
        &[Verdict::Inconclusive, Verdict::Inconclusive],
    );
}

#[test]
fn a_selection_takes_along_what_it_needs_and_says_for_whom() {
    let rows = [
        A,
        ("B-01", "MUST", "[any] needs A-01=PASS"),
        ("C-01", "MUST", "[any]"),
    ];
    let verdicts = judged(&rows, &[], &[RequirementId("B-01".to_owned())]);
    let ids: Vec<(&str, usize)> = verdicts
        .iter()
        .map(|row| (row.id.0.as_str(), row.needed_by.len()))
        .collect();
    assert_eq!(ids, [("A-01", 1), ("B-01", 0)]);
}
