//! Margins and units as they were measured, and what they come to.

use locum_core::profile::ExpiresIn;
use locum_core::{Outcome, TokenId};
use serde_json::json;

use crate::measurement::{Measurement, Unit};
use crate::rules::client::testing::{check, measurement, password, reply, tokens};
use crate::rules::testing::Log;
use crate::verdict::Grade;

use crate::rules::client::tests::Traffic;

pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
    ("EXP-01", |log| log.measured(&measurement(Unit::S, 59, 60))),
    ("EXP-02", |log| log.measured(&measurement(Unit::S, 59, 60))),
    ("EXP-03", |log| {
        let log = log.lifetimes_in(ExpiresIn::Milliseconds);
        log.measured(&measurement(Unit::Ms, 0, 0))
    }),
    ("CLI-10", seconds),
    ("COG-09@scribe", seconds),
];

pub(in crate::rules::client) fn is_measured(id: &str) -> bool {
    GOOD.iter().any(|(known, _)| *known == id)
}

fn seconds(log: Log) -> Log {
    let log = log.lifetimes_in(ExpiresIn::Seconds);
    log.measured(&measurement(Unit::S, 0, 0))
}

fn measured(measurement: &Measurement) -> Log {
    Log::new().measured(measurement)
}

#[test]
fn a_margin_is_met_and_none_is_not() {
    check(
        &measured(&measurement(Unit::S, 59, 60)),
        "EXP-01",
        Grade::Met,
    );
    check(
        &measured(&measurement(Unit::S, 0, 0)),
        "EXP-01",
        Grade::Broken,
    );
    check(
        &measured(&measurement(Unit::None, 0, 0)),
        "EXP-01",
        Grade::Fact,
    );
    let share = Measurement {
        share: Some((0.1, 0.25)),
        ..measurement(Unit::S, 0, 0)
    };
    check(&measured(&share), "EXP-01", Grade::Met);
    let unknown = measurement(Unit::Unknown, 0, 0);
    check(&measured(&unknown), "EXP-01", Grade::Unobserved);
    let uncached = Measurement {
        cached: false,
        ..measurement(Unit::Unknown, 0, 0)
    };
    check(&measured(&uncached), "EXP-01", Grade::Unobserved);
}

/// A client that renews beside the call passed, since a second token was fetched in time.
#[test]
fn a_token_whose_life_has_passed_is_not_shown() {
    let measured_as = |unit, cached| Measurement {
        cached,
        ..measurement(unit, 59, 60)
    };
    let known = |unit, cached| Log::new().measured_before(&measured_as(unit, cached));
    let ended = |log: Log| {
        let log = log.lifetimes_in(ExpiresIn::Seconds);
        let log = log.call(200, |log| log.grant(1).api(1, Outcome::Admitted));
        log.control("tokens/expire", &json!({"kind": "access"}))
    };
    let stale = |log: Log| {
        log.call(200, |log| {
            log.api(1, Outcome::Denied)
                .grant(2)
                .api(2, Outcome::Admitted)
        })
    };
    let fresh = |log: Log| log.call(200, |log| log.grant(2).api(2, Outcome::Admitted));
    let s = || ended(known(Unit::S, true));
    check(&stale(s()), "EXP-01@corti", Grade::Broken);
    check(&fresh(s()), "EXP-01@corti", Grade::Met);
    check(&s(), "EXP-01@corti", Grade::NotApplicable);
    for (unit, cached) in [
        (Unit::Ms, true),
        (Unit::None, true),
        (Unit::Unknown, true),
        (Unit::S, false),
    ] {
        check(
            &stale(ended(known(unit, cached))),
            "EXP-01@corti",
            Grade::NotApplicable,
        );
    }
    check(
        &stale(ended(Log::new())),
        "EXP-01@corti",
        Grade::NotApplicable,
    );
}

/// A token of an hour that is kept for two was called one that lives five minutes.
#[test]
fn several_lives_are_told_as_such() {
    let kept = |lives| Measurement {
        assumed_s: Some(345_600),
        kept_lives: Some(lives),
        ..measurement(Unit::None, 0, 0)
    };
    let finding = check(&measured(&kept(2.0)), "EXP-01", Grade::Broken);
    let reason = finding.reason();
    assert!(
        reason.contains("2.0 of its lives: 345600 s when told 172800 s"),
        "{reason}"
    );
    let s = |log: Log| log.lifetimes_in(ExpiresIn::Seconds);
    let finding = check(&s(measured(&kept(2.0))), "CLI-10", Grade::Unobserved);
    assert!(finding.reason().contains("several of its lives"));
    check(&s(measured(&kept(1000.0))), "CLI-10", Grade::Broken);
}

/// What is not known since the client stopped answering is neither a margin nor none.
#[test]
fn a_search_that_ended_early_knows_no_margin() {
    let ended = |hi| Measurement {
        note: Some("`call` failed".to_owned()),
        ..measurement(Unit::S, 0, hi)
    };
    for id in ["EXP-01", "EXP-02"] {
        check(&measured(&ended(0)), id, Grade::Unobserved);
        check(&measured(&ended(60)), id, Grade::Met);
    }
}

/// One page asks for renewal ahead of the end; the others leave it to the client.
#[test]
fn a_token_without_end_is_warned_of_where_the_page_says_so() {
    let kept = |turned_s| {
        let log = Log::new().turned_probe(turned_s, 1);
        log.measured(&measurement(Unit::None, 0, 0))
    };
    check(&kept(3601), "EXP-01@athelas", Grade::Tolerated);
    check(&kept(3600), "EXP-01@athelas", Grade::Fact);
    check(&kept(3601), "EXP-01@corti", Grade::Fact);
    let renewed = Log::new().turned_probe(3601, 2);
    let renewed = renewed.measured(&measurement(Unit::None, 0, 0));
    check(&renewed, "EXP-01@athelas", Grade::Fact);
}

#[test]
fn a_margin_above_half_of_the_lifetime_is_too_large() {
    // The profile of the tests has tokens of an hour.
    check(
        &measured(&measurement(Unit::S, 59, 60)),
        "EXP-02",
        Grade::Met,
    );
    let large = measurement(Unit::S, 3000, 3001);
    check(&measured(&large), "EXP-02", Grade::Broken);
    let share = |share| Measurement {
        share: Some(share),
        ..measurement(Unit::S, 0, 0)
    };
    check(&measured(&share((0.5, 0.51))), "EXP-02", Grade::Met);
    check(&measured(&share((0.52, 0.53))), "EXP-02", Grade::Broken);
    check(&measured(&share((0.5, 0.75))), "EXP-02", Grade::Unobserved);
}

#[test]
fn the_unit_is_the_vendors() {
    let ms = |log: Log| log.lifetimes_in(ExpiresIn::Milliseconds);
    let s = |log: Log| log.lifetimes_in(ExpiresIn::Seconds);
    check(
        &ms(measured(&measurement(Unit::Ms, 0, 0))),
        "EXP-03",
        Grade::Met,
    );
    check(
        &ms(measured(&measurement(Unit::S, 0, 0))),
        "EXP-03",
        Grade::Broken,
    );
    check(
        &s(measured(&measurement(Unit::S, 0, 0))),
        "CLI-10",
        Grade::Met,
    );
    check(
        &s(measured(&measurement(Unit::Ms, 0, 0))),
        "CLI-10",
        Grade::Broken,
    );
    let none = measurement(Unit::None, 0, 0);
    check(&s(measured(&none)), "CLI-10", Grade::Unobserved);
}

#[test]
fn half_an_hour_ends_the_tokens() {
    let signed_in = || {
        let log = Log::new().entered("pool", |entry| {
            let target = ("X-Amz-Target".to_owned(), "Pool.InitiateAuth".to_owned());
            entry.headers = vec![target];
            entry.issued = vec![TokenId(1)];
            entry.reply = Some(reply(200, tokens(1).to_string()));
        });
        log.client_clock(1801.0)
    };
    let shows = |log: Log| {
        log.entered("pool", |entry| {
            let target = "Pool.GetCredentialsForIdentity".to_owned();
            entry.headers = vec![("X-Amz-Target".to_owned(), target)];
            entry.presented = Some(TokenId(1));
            entry.reply = Some(reply(200, "{}"));
        })
    };
    let renews = |log: Log| log.operation("InitiateAuth", &password(), &tokens(2));
    check(&shows(renews(signed_in())), "COG-09", Grade::Met);
    check(&renews(shows(signed_in())), "COG-09", Grade::Broken);
    check(&signed_in(), "COG-09", Grade::Unobserved);
    check(
        &Log::new().client_clock(1801.0),
        "COG-09",
        Grade::Unobserved,
    );
}
