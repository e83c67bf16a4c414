//! How early a client renews, and in which unit it reads a lifetime: from what was measured of it.

use locum_core::profile::ExpiresIn;

use super::{met, plain, unobserved};
use crate::evidence::RecordId;
use crate::measurement::{Measurement, Unit};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("EXP-01", renews_before_the_end),
    Rule::client("EXP-02", the_margin_leaves_room),
    Rule::client("EXP-03", reads_the_unit),
    Rule::client("CLI-10", reads_the_unit),
    Rule::client("COG-09", reads_the_unit),
];

/// The measurement of a client that reuses tokens, and the probes behind it.
fn measured<'a>(view: &View<'a>) -> Result<(Proof, &'a Measurement), Finding> {
    let probes = view.evidence.probes().map(|(seq, _, _)| seq);
    let Some((seq, measurement)) = view.evidence.measurement() else {
        return Err(unobserved(view, "the client was not measured"));
    };
    let proof = Proof::all(probes.collect::<Vec<RecordId>>());
    let Some(proof) = proof.map(|proof| proof.and(seq)) else {
        return Err(unobserved(view, "the client was measured elsewhere"));
    };
    if !measurement.cached {
        return Err(unobserved(view, "the client fetches a token for each call").seen_in(proof));
    }
    Ok((proof, measurement))
}

/// It fetches a new token before the old one ends.
fn renews_before_the_end(view: &View<'_>) -> Finding {
    let (proof, measurement) = match measured(view) {
        Ok(measured) => measured,
        Err(finding) => return finding,
    };
    if measurement.unit == Unit::Unknown {
        return not_told(view, measurement, proof);
    }
    let finding = match (measurement.unit, measurement.has_margin()) {
        (Unit::None, _) => return of_no_field(view, measurement, proof),
        (_, true) => met(view, format!("renews {} ahead", words(measurement)), proof),
        (_, false) => Finding::broken(
            "a new token before the old one ends",
            "renews only once the lifetime is over",
            proof,
        ),
    };
    figures(finding, measurement)
}

/// It takes no time from the reply: it waits for a 401, or takes a lifetime of its own.
fn of_no_field(view: &View<'_>, measurement: &Measurement, proof: Proof) -> Finding {
    let documented = view.profile.token.lifetime_s;
    match measurement.assumed_s {
        None => Finding::fact(
            "no renewal by time was seen: it waits for a 401 as far as can be told",
            proof,
        ),
        Some(assumed) if assumed > documented => Finding::broken(
            "a new token before the old one ends",
            format!(
                "takes each token for {assumed} s whatever the reply says, and they live {documented} s"
            ),
            proof,
        ),
        Some(assumed) => Finding::fact(
            format!("takes each token for {assumed} s whatever the reply says"),
            proof,
        ),
    }
}

/// The margin leaves at least half of the documented lifetime.
fn the_margin_leaves_room(view: &View<'_>) -> Finding {
    let (proof, measurement) = match measured(view) {
        Ok(measured) => measured,
        Err(finding) => return finding,
    };
    if measurement.unit == Unit::None {
        return met(view, "has no margin", proof);
    }
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let lifetime_s = view.profile.token.lifetime_s as f64;
    let Some(margin_s) = measurement.margin_s(lifetime_s) else {
        return not_told(view, measurement, proof);
    };
    let expected = format!("a margin of at most {} s", lifetime_s / 2.0);
    let seen = format!("renews {} ahead", words(measurement));
    let finding = match margin_s <= lifetime_s / 2.0 {
        true => met(view, seen, proof),
        false => Finding::broken(expected, seen, proof),
    };
    figures(finding, measurement)
}

/// It reads the lifetime in the vendor's unit.
fn reads_the_unit(view: &View<'_>) -> Finding {
    if plain::is_plain(view) && view.evidence.measurement().is_none() {
        return plain::goes_on_with_an_ended_token(view);
    }
    let (proof, measurement) = match measured(view) {
        Ok(measured) => measured,
        Err(finding) => return finding,
    };
    let (read, right) = match measurement.unit {
        Unit::Ms => ("milliseconds", ExpiresIn::Milliseconds),
        Unit::S => ("seconds", ExpiresIn::Seconds),
        Unit::None => {
            return unobserved(view, "the client takes no time from the token reply")
                .seen_in(proof);
        }
        Unit::Unknown => return not_told(view, measurement, proof),
    };
    let wanted = view.profile.token.expires_in;
    let finding = match right == wanted {
        true => met(view, format!("the lifetime is read as {read}"), proof),
        false => Finding::broken(
            format!("the lifetime read as {}", word(wanted)),
            format!("the lifetime is read as {read}"),
            proof,
        ),
    };
    figures(finding, measurement)
}

fn not_told(view: &View<'_>, measurement: &Measurement, proof: Proof) -> Finding {
    let note = measurement.note.as_deref();
    unobserved(view, note.unwrap_or("the unit could not be told")).seen_in(proof)
}

const fn word(unit: ExpiresIn) -> &'static str {
    match unit {
        ExpiresIn::Absent => "nothing",
        ExpiresIn::Seconds => "seconds",
        ExpiresIn::Milliseconds => "milliseconds",
    }
}

fn figures(finding: Finding, measurement: &Measurement) -> Finding {
    let finding = finding
        .figure("margin_lo", measurement.lo)
        .figure("margin_hi", measurement.hi);
    match measurement.share {
        Some((least, most)) => finding
            .figure("margin_share_lo", least)
            .figure("margin_share_hi", most),
        None => finding,
    }
}

/// `60 s`, `59 to 61 s`, `10 to 25 % of the lifetime`.
fn words(measurement: &Measurement) -> String {
    if let Some((least, most)) = measurement.share {
        return format!(
            "{:.0} to {:.0} % of the lifetime",
            least * 100.0,
            most * 100.0
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let seconds = |raw: u64| match measurement.unit {
        Unit::Ms => raw as f64 / 1000.0,
        _ => raw as f64,
    };
    let (lo, hi) = (seconds(measurement.lo), seconds(measurement.hi));
    match hi - lo <= 1.0 {
        true => format!("{lo} s"),
        false => format!("{lo} to {hi} s"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use locum_core::profile::ExpiresIn;

    use crate::measurement::{Measurement, Unit};
    use crate::rules::client::testing::check;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    use crate::rules::client::tests::Traffic;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("EXP-01", |log| log.measured(&plain(Unit::S, 59, 60))),
        ("EXP-02", |log| log.measured(&plain(Unit::S, 59, 60))),
        ("EXP-03", |log| {
            let log = log.lifetimes_in(ExpiresIn::Milliseconds);
            log.measured(&plain(Unit::Ms, 0, 0))
        }),
        ("CLI-10", seconds),
        ("COG-09@scribe", seconds),
    ];

    pub(in crate::rules::client) fn is_measured(id: &str) -> bool {
        GOOD.iter().any(|(known, _)| *known == id)
    }

    fn seconds(log: Log) -> Log {
        let log = log.lifetimes_in(ExpiresIn::Seconds);
        log.measured(&plain(Unit::S, 0, 0))
    }

    fn plain(unit: Unit, lo: u64, hi: u64) -> Measurement {
        Measurement {
            cached: true,
            unit,
            lo,
            hi,
            share: None,
            background: false,
            note: None,
            assumed_s: None,
            longest: 172_800,
        }
    }

    fn measured(measurement: &Measurement) -> Log {
        Log::new().measured(measurement)
    }

    #[test]
    fn a_margin_is_met_and_none_is_not() {
        check(&measured(&plain(Unit::S, 59, 60)), "EXP-01", Grade::Met);
        check(&measured(&plain(Unit::S, 0, 0)), "EXP-01", Grade::Broken);
        check(&measured(&plain(Unit::None, 0, 0)), "EXP-01", Grade::Fact);
        let share = Measurement {
            share: Some((0.1, 0.25)),
            ..plain(Unit::S, 0, 0)
        };
        check(&measured(&share), "EXP-01", Grade::Met);
        let unknown = plain(Unit::Unknown, 0, 0);
        check(&measured(&unknown), "EXP-01", Grade::Unobserved);
        let uncached = Measurement {
            cached: false,
            ..plain(Unit::Unknown, 0, 0)
        };
        check(&measured(&uncached), "EXP-01", Grade::Unobserved);
    }

    #[test]
    fn a_margin_above_half_of_the_lifetime_is_too_large() {
        // The profile of the tests has tokens of an hour.
        check(&measured(&plain(Unit::S, 59, 60)), "EXP-02", Grade::Met);
        let large = plain(Unit::S, 3000, 3001);
        check(&measured(&large), "EXP-02", Grade::Broken);
    }

    #[test]
    fn the_unit_is_the_vendors() {
        let ms = |log: Log| log.lifetimes_in(ExpiresIn::Milliseconds);
        let s = |log: Log| log.lifetimes_in(ExpiresIn::Seconds);
        check(&ms(measured(&plain(Unit::Ms, 0, 0))), "EXP-03", Grade::Met);
        check(
            &ms(measured(&plain(Unit::S, 0, 0))),
            "EXP-03",
            Grade::Broken,
        );
        check(&s(measured(&plain(Unit::S, 0, 0))), "CLI-10", Grade::Met);
        check(
            &s(measured(&plain(Unit::Ms, 0, 0))),
            "CLI-10",
            Grade::Broken,
        );
        let none = plain(Unit::None, 0, 0);
        check(&s(measured(&none)), "CLI-10", Grade::Unobserved);
    }
}
