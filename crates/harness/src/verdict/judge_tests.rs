use super::*;

/// A row in short: id, level, precondition.
type Row<'a> = (&'a str, &'a str, &'a str);

/// A scenario in short: id, ending or grades.
enum Shows<'a> {
    Grades(&'a str, &'a [Grade]),
    Ends(&'a str, Ending),
}

fn catalogue(rows: &[Row<'_>]) -> Catalogue {
    let line = |(id, level, precondition): &Row<'_>| {
        format!("{id}\t{level}\trfc\t-\tvendor\tv\t.\t{precondition}\t-\t-\t-")
    };
    let lines: Vec<String> = rows.iter().map(line).collect();
    let table = ["header".to_owned(), lines.join("\n")].join("\n");
    Catalogue::parse(&table).expect("eleven cells")
}

fn check(rows: &[Row<'_>], shows: &[Shows<'_>], expected: &[Verdict]) -> Vec<VerdictRow> {
    let catalogue = catalogue(rows);
    let scenario = |(at, shows): (usize, &Shows<'_>)| {
        let (id, ending, grades) = match shows {
            Shows::Grades(id, grades) => (id, Ending::Ran, *grades),
            Shows::Ends(id, ending) => (id, ending.clone(), &[][..]),
        };
        Scenario {
            key: format!("s-{}", at + 1),
            title: "a scenario".to_owned(),
            vendor: "v".to_owned(),
            judge: Judge::Vendor,
            ids: vec![RequirementId((*id).to_owned())],
            ending,
            findings: grades
                .iter()
                .map(|grade| Finding::new(*grade, format!("{grade:?}")).proved_by([7]))
                .collect(),
        }
    };
    let scenarios: Vec<Scenario> = shows.iter().enumerate().map(scenario).collect();
    let scope = Scope {
        catalogue: &catalogue,
        vendors: &["v".to_owned()],
        judge: Judge::Vendor,
        ids: &[],
    };
    let verdicts = judge(&scope, &scenarios);
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
        let row = ("A-01", level, "[any]");
        check(
            &[row],
            &[Shows::Grades("A-01", &[Grade::Broken])],
            &[verdict],
        );
    }
    check(
        &[A],
        &[Shows::Grades("A-01", &[Grade::Tolerated])],
        &[Verdict::Warn],
    );
    check(
        &[A],
        &[Shows::Grades("A-01", &[Grade::Fact])],
        &[Verdict::Info],
    );
    check(
        &[A],
        &[Shows::Grades("A-01", &[Grade::Gone])],
        &[Verdict::Error],
    );
}

#[test]
fn a_row_that_nobody_reached_is_not_run() {
    check(&[A], &[], &[Verdict::NotRun]);
    check(
        &[A],
        &[Shows::Ends("A-01", Ending::NotReached)],
        &[Verdict::NotRun],
    );
}

#[test]
fn a_row_that_no_step_judged_is_inconclusive() {
    let verdicts = check(
        &[A],
        &[Shows::Grades("A-01", &[])],
        &[Verdict::Inconclusive],
    );
    assert_eq!(verdicts[0].reason, "no step judged it");
}

#[test]
fn a_broken_scenario_is_our_fault_whatever_the_precondition() {
    let rows = [A, ("B-01", "MUST", "[any] needs A-01=PASS")];
    let broken = Ending::Broken("undefined step".to_owned());
    check(
        &rows,
        &[
            Shows::Ends("B-01", broken),
            Shows::Grades("A-01", &[Grade::Broken]),
        ],
        &[Verdict::Fail, Verdict::Harness],
    );
}

#[test]
fn the_worst_scenario_counts_among_those_that_saw_something() {
    check(
        &[A],
        &[
            Shows::Grades("A-01", &[Grade::Unobserved]),
            Shows::Grades("A-01", &[Grade::Met]),
        ],
        &[Verdict::Pass],
    );
    check(
        &[A],
        &[
            Shows::Grades("A-01", &[Grade::Broken]),
            Shows::Grades("A-01", &[Grade::Met]),
        ],
        &[Verdict::Fail],
    );
}

#[test]
fn within_one_scenario_every_part_must_be_seen() {
    let gap = &[Grade::Met, Grade::Unobserved, Grade::Fact];
    check(
        &[A],
        &[Shows::Grades("A-01", gap)],
        &[Verdict::Inconclusive],
    );
    let bad = &[Grade::Unobserved, Grade::Tolerated, Grade::Met];
    check(&[A], &[Shows::Grades("A-01", bad)], &[Verdict::Warn]);
}

#[test]
fn a_need_that_did_not_pass_leaves_the_row_open() {
    let rows = [("B-01", "MUST", "[any] needs A-01=PASS"), A];
    for (grade, a, b) in [
        (Grade::Met, Verdict::Pass, Verdict::Pass),
        (Grade::Broken, Verdict::Fail, Verdict::Inconclusive),
        (
            Grade::Unobserved,
            Verdict::Inconclusive,
            Verdict::Inconclusive,
        ),
    ] {
        let shows = [
            Shows::Grades("A-01", &[grade]),
            Shows::Grades("B-01", &[Grade::Met]),
        ];
        check(&rows, &shows, &[b, a]);
    }
    let verdicts = check(
        &rows,
        &[Shows::Grades("B-01", &[Grade::Broken])],
        &[Verdict::Inconclusive, Verdict::NotRun],
    );
    assert_eq!(verdicts[0].reason, "needs A-01=PASS, which is NOT_RUN");
    assert_eq!(verdicts[0].observed.as_deref(), Some("without it: Broken"));
}

#[test]
fn an_unless_closes_only_on_fail() {
    let rows = [("B-01", "MUST", "[any] unless A-01=FAIL"), A];
    let met = |grade| {
        [
            Shows::Grades("A-01", std::slice::from_ref(grade)),
            Shows::Grades("B-01", &[Grade::Met]),
        ]
    };
    check(
        &rows,
        &met(&Grade::Tolerated),
        &[Verdict::Pass, Verdict::Warn],
    );
    check(
        &rows,
        &met(&Grade::Broken),
        &[Verdict::Inconclusive, Verdict::Fail],
    );
}

#[test]
fn a_circle_of_needs_ends() {
    let rows = [
        ("A-01", "MUST", "[any] needs B-01=PASS"),
        ("B-01", "MUST", "[any] needs A-01=PASS"),
    ];
    let shows = [
        Shows::Grades("A-01", &[Grade::Met]),
        Shows::Grades("B-01", &[Grade::Met]),
    ];
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
    let catalogue = catalogue(&rows);
    let scope = Scope {
        catalogue: &catalogue,
        vendors: &["v".to_owned()],
        judge: Judge::Vendor,
        ids: &[RequirementId("B-01".to_owned())],
    };
    let verdicts = judge(&scope, &[]);
    let ids: Vec<(&str, usize)> = verdicts
        .iter()
        .map(|row| (row.id.0.as_str(), row.needed_by.len()))
        .collect();
    assert_eq!(ids, [("A-01", 1), ("B-01", 0)]);
}

#[test]
fn evidence_names_the_scenario_and_its_records() {
    let verdicts = check(
        &[A],
        &[Shows::Grades("A-01", &[Grade::Met])],
        &[Verdict::Pass],
    );
    let proof = Evidence {
        scenario: "s-1".to_owned(),
        entries: vec![7],
    };
    assert_eq!(verdicts[0].evidence, [proof]);
}
