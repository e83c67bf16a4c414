//! How early a client renews, and in which unit it reads a lifetime: from what was measured of it.

use locum_core::TokenId;
use locum_core::profile::ExpiresIn;

use super::commands::{calls, clock_turns};
use super::plan::controls;
use super::traffic::{Arrival, api_requests, arrivals, token_requests};
use super::{met, plain, unobserved};
use crate::evidence::RecordId;
use crate::measurement::{Measurement, Unit};
use crate::rules::{Rule, View};
use crate::run::lifetimes::raw_per_second;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("EXP-01", renews_before_the_end),
    Rule::client("EXP-02", the_margin_leaves_room),
    Rule::client("EXP-03", reads_the_unit),
    Rule::client("CLI-10", reads_the_unit),
    Rule::client("COG-09", reads_seconds_and_ends_with_them),
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
    if let (Some((end, _)), None) = (
        controls(view, "tokens/expire").next(),
        view.evidence.probes().next(),
    ) {
        return shows_no_ended_token(view, end);
    }
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
        _ if measurement.lacks_margin() => return not_told(view, measurement, proof),
        (_, false) => Finding::broken(
            "a new token before the old one ends",
            "renews only once the lifetime is over",
            proof,
        ),
    };
    figures(finding, measurement)
}

/// A client that reads the lifetime shows no token whose life has passed, nor does it renew beside the
/// call that shows it. Where that is not seen the measurement tells the row alone.
fn shows_no_ended_token(view: &View<'_>, end: RecordId) -> Finding {
    let measurement = view.evidence.measurement().map(|(_, measured)| measured);
    let wanted = view.profile.token.expires_in;
    let reads = |unit| match unit {
        Unit::Ms => wanted == ExpiresIn::Milliseconds,
        Unit::S => wanted != ExpiresIn::Milliseconds,
        Unit::None | Unit::Unknown => false,
    };
    if !measurement.is_some_and(|found| found.cached && reads(found.unit)) {
        return Finding::not_applicable("the client is not known to read the lifetime", end);
    }
    let login = token_requests(view).find(|login| login.seq < end && login.is_served());
    let call = calls(view).into_iter().find(|call| call.seq > end);
    let shown = call.and_then(|call| api_requests(view).find(|shown| shown.seq > call.seq));
    let (Some(login), Some(shown)) = (login, shown) else {
        return Finding::not_applicable("no call was made after the end of a token", end);
    };
    let proof = Proof::from(login).and(shown);
    let mut old = token_requests(view)
        .filter(|login| login.seq < end)
        .flat_map(|login| login.entry.issued.iter());
    match old.any(|token| shown.presents(*token)) {
        true => Finding::broken(
            "a new token before the old one ends",
            "a call showed a token whose life had passed, though the client reads the lifetime",
            proof,
        ),
        false if shown.is_served() => met(view, "a new token after the end of the old one", proof),
        false => Finding::not_applicable("the call was not served", proof),
    }
}

/// It takes no time from the reply: it waits for a 401, or takes a lifetime of its own.
fn of_no_field(view: &View<'_>, measurement: &Measurement, proof: Proof) -> Finding {
    let documented = view.profile.token.lifetime_s;
    let told_s = measurement.longest / raw_per_second(view.profile.token.expires_in);
    let kept_s = view
        .evidence
        .probes()
        .filter(|(_, probe, answer)| probe.turned_s > documented && !answer.refetched())
        .map(|(_, probe, _)| probe.turned_s)
        .max();
    match measurement.assumed_s {
        // Where the vendor's page asks to be ahead of the end, waiting for the 401 is not enough.
        None if let Some(kept_s) = kept_s
            && view.expected.deviation_tolerated =>
        {
            Finding::tolerated(
                "a new token before the old one ends",
                format!("a token was kept {kept_s} s by the client's clock"),
                proof,
            )
        }
        None => Finding::fact(
            "no renewal by time was seen: it waits for a 401 as far as can be told",
            proof,
        ),
        Some(kept_s) if let Some(lives) = measurement.kept_lives => Finding::broken(
            "a new token before the old one ends",
            format!(
                "keeps each token for {lives:.1} of its lives: {kept_s} s when told {told_s} s"
            ),
            proof,
        ),
        Some(assumed) if assumed > documented => Finding::broken(
            "a new token before the old one ends",
            format!("keeps each token for {assumed} s, and they live {documented} s"),
            proof,
        ),
        Some(assumed) => Finding::fact(
            format!("takes each token for {assumed} s whatever the reply says"),
            proof,
        ),
    }
}

/// How exactly a share of a lifetime is measured: one who renews at half of it is not blamed.
const RESOLUTION: f64 = 0.015;

/// The margin leaves at least half of the documented lifetime.
fn the_margin_leaves_room(view: &View<'_>) -> Finding {
    let (proof, measurement) = match measured(view) {
        Ok(measured) => measured,
        Err(finding) => return finding,
    };
    if measurement.unit == Unit::None {
        return met(view, "has no margin", proof);
    }
    if measurement.lacks_margin() {
        return not_told(view, measurement, proof);
    }
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let lifetime_s = view.profile.token.lifetime_s as f64;
    let bounds = measurement.least_margin_s(lifetime_s);
    let Some((least_s, most_s)) = bounds.zip(measurement.margin_s(lifetime_s)) else {
        return not_told(view, measurement, proof);
    };
    let expected = format!("a margin of at most {} s", lifetime_s / 2.0);
    let seen = format!("renews {} ahead", words(measurement));
    let finding = if most_s <= lifetime_s / 2.0 + RESOLUTION * lifetime_s {
        met(view, seen, proof)
    } else if least_s > lifetime_s / 2.0 {
        Finding::broken(expected, seen, proof)
    } else {
        unobserved(
            view,
            &format!("{seen}: that may be more than half, or less"),
        )
        .seen_in(proof)
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
        Unit::None => return reads_no_unit(view, measurement, proof),
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

/// It reads the lifetime in the vendor's unit, and shows no id or access token once that is over by
/// its own clock.
fn reads_seconds_and_ends_with_them(view: &View<'_>) -> Finding {
    let turned = clock_turns(view).into_iter().next();
    let is_measured = view.evidence.probes().next().is_some();
    let Some((turned, _)) = turned.filter(|_| !is_measured) else {
        return reads_the_unit(view);
    };
    let grants = |one: &Arrival<'_>| {
        one.is_token_request() || one.operation() == Some("RespondToAuthChallenge")
    };
    let tokens: Vec<TokenId> = arrivals(view)
        .filter(|one| one.seq < turned && grants(one) && one.is_served())
        .flat_map(|request| request.entry.issued.clone())
        .collect();
    let later: Vec<_> = arrivals(view).filter(|one| one.seq > turned).collect();
    let shows = |one: &&Arrival<'_>| {
        let is_refresh = one.is_token_request();
        !is_refresh
            && one
                .entry
                .presented
                .is_some_and(|token| tokens.contains(&token))
    };
    let renewal = later.iter().find(|one| one.is_token_request());
    let used = later.iter().find(shows);
    let unit = view
        .evidence
        .measurement()
        .map(|(_, measured)| measured.unit);
    match (renewal, used) {
        (_, Some(used)) if renewal.is_none_or(|renewal| renewal.seq > used.seq) => {
            let proof = Proof::from(*used);
            let seen = "a token that had ended by the client's clock";
            match unit {
                Some(Unit::None) => Finding::fact(format!("showed {seen}"), proof),
                Some(Unit::Unknown) => {
                    unobserved(view, "the unit could not be told").seen_in(proof)
                }
                _ => Finding::broken("a token request first", seen, proof),
            }
        }
        (Some(renewal), _) if renewal.was_looked_at() => {
            met(view, "renewed before the next use of a token", *renewal)
        }
        (Some(renewal), _) => {
            unobserved(view, "the token request was not looked at").seen_in(*renewal)
        }
        (None, _) => unobserved(view, "no token was needed after the end of its lifetime"),
    }
}

/// How many lives are a thousand of them, as far as a margin lets that be told.
const THOUSAND: std::ops::RangeInclusive<f64> = 500.0..=1500.0;

/// It follows no unit that the vendor may mean.
fn reads_no_unit(view: &View<'_>, measurement: &Measurement, proof: Proof) -> Finding {
    let what = match (measurement.kept_lives, measurement.assumed_s) {
        (Some(lives), _) if THOUSAND.contains(&lives) => {
            let expected = word(view.profile.token.expires_in);
            let seen = "keeps a token a thousand times as long as its reply says";
            return Finding::broken(expected, seen, proof);
        }
        (Some(_), _) => {
            "the client keeps a token for several of its lives, in whatever unit it reads them"
        }
        (None, Some(_)) => "the client keeps a token for a time of its own",
        (None, None) => "the client takes no time from the token reply",
    };
    unobserved(view, what).seen_in(proof)
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
pub(super) mod tests;
