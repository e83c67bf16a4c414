//! When a client renews, by the lifetimes that it was told and what its margin was measured to be.

use locum_core::Timestamp;
use locum_core::profile::ExpiresIn;

use super::commands::{GivenCommand, asked, calls, clock_turns, control};
use super::lifetime::told_lifetime;
use super::traffic::{Arrival, api_requests, token_requests};
use super::{gone, met, unobserved};
use crate::evidence::RecordId;
use crate::measurement::{Measurement, Unit};
use crate::rules::{Rule, View};
use crate::subject::{ClientCommand, ClockSelection};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("EXP-07", another_clock_changes_nothing),
    Rule::client("EXP-08", counts_from_sending),
    Rule::client("CLI-04", short_lives_cause_no_storm),
    Rule::client("CLI-14", sees_the_wall_clock_jump),
    Rule::client("CLI-22", a_failed_renewal_is_survived),
];

/// So many more token requests than calls are no storm yet.
const BEYOND_CALLS: usize = 2;

/// Fewer calls than this show no storm.
const MIN_CALLS: usize = 5;

/// A token that is shown so soon after its reply, in milliseconds, was asked for by the same call.
const AT_ONCE_MS: i64 = 150;

/// How late a token may be shown after its end, in milliseconds.
const LATE_MS: i64 = 100;

fn measured<'a>(view: &View<'a>) -> Result<&'a Measurement, Finding> {
    match view.evidence.measurement() {
        Some((_, measurement)) if measurement.unit != Unit::Unknown => Ok(measurement),
        _ => Err(unobserved(view, "the client's margin is not known")),
    }
}

/// How much the vendor's field counts for a second.
const fn per_second(unit: ExpiresIn) -> f64 {
    match unit {
        ExpiresIn::Milliseconds => 1000.0,
        ExpiresIn::Absent | ExpiresIn::Seconds => 1.0,
    }
}

/// The lifetime that a login was told, in seconds: in its reply, or as the scenario set it.
fn lifetime_s(view: &View<'_>, login: &Arrival<'_>) -> Option<f64> {
    let unit = per_second(view.profile.token.expires_in);
    let told = told_lifetime(login).map(|told| told / unit);
    told.or_else(|| {
        let name = view.profile.token.lifetime_settings.first()?;
        let name = format!("{}.{name}", view.profile.vendor);
        let set = view.evidence.controls();
        let before = set.filter(|(seq, call, _)| *call == "settings" && *seq < login.seq);
        before
            .filter_map(|(_, _, body)| body[&name].as_f64())
            .last()
    })
}

/// A vendor's clock that is minutes off changes no number of token requests.
fn another_clock_changes_nothing(view: &View<'_>) -> Finding {
    if view.evidence.turned_before(None).abs() < 599.0 {
        return unobserved(view, "the vendor's clock was not ten minutes off");
    }
    let measurement = match measured(view) {
        Ok(measurement) => measurement,
        Err(finding) => return finding,
    };
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    let documented = view.profile.token.lifetime_s as f64;
    if measurement
        .margin_s(documented)
        .is_some_and(|margin| margin >= documented)
    {
        return unobserved(
            view,
            "the client's margin is longer than the documented lifetime",
        );
    }
    let calls = calls(view);
    if calls.len() < 3 {
        return unobserved(view, "the client was not asked for three calls");
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let requests: Vec<_> = token_requests(view).collect();
    let all = || requests.iter().copied().chain(api_requests(view));
    let Some(proof) = Proof::all(all()) else {
        return unobserved(view, "no request arrived");
    };
    if !all().all(|arrival| arrival.was_looked_at()) {
        return unobserved(view, "the vendor failed").seen_in(proof);
    }
    let good = calls
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| reply.succeeded()))
        .count();
    let served = api_requests(view).filter(Arrival::is_served).count();
    let good = good.min(served);
    let seen = format!(
        "{good} of {} calls succeeded, with {} token requests",
        calls.len(),
        requests.len()
    );
    match good == calls.len() && requests.len() == 1 {
        true => met(view, seen, proof),
        false => Finding::broken("three calls with one token", seen, proof),
    }
}

/// The life of a token begins no later than its request was sent.
fn counts_from_sending(view: &View<'_>) -> Finding {
    match measured(view) {
        Ok(measurement) if measurement.unit == Unit::None => {
            return unobserved(view, "the client takes no time from the token reply");
        }
        Ok(_) => {}
        Err(finding) => return finding,
    }
    let login = token_requests(view).find(Arrival::is_served);
    let Some((login, lifetime_s)) =
        login.and_then(|login| Some((login, lifetime_s(view, &login)?)))
    else {
        return unobserved(view, "no token with a lifetime was granted");
    };
    let held = login
        .entry
        .completed
        .map(|at| at.as_millis() - login.entry.arrived.as_millis());
    if held.is_none_or(|held| held < 1500) {
        return unobserved(view, "the token reply was not held back");
    }
    #[expect(clippy::cast_possible_truncation, reason = "lifetimes are small")]
    let end = login.entry.arrived.as_millis() + (lifetime_s * 1000.0) as i64;
    // Whoever gets a token that is over already shows it once, however it counts.
    let replied = login.entry.completed.map(|at| at.as_millis() + LATE_MS);
    if replied.is_none_or(|replied| replied >= end) {
        return unobserved(view, "the reply was held until the token was over").seen_in(login);
    }
    let calls: Vec<_> = api_requests(view).collect();
    let shows = |call: &&Arrival<'_>| login.entry.issued.iter().any(|id| call.presents(*id));
    // The call that asked for the token shows it as soon as it has it, however late that is.
    let at_once = |call: &&Arrival<'_>| {
        let since = |at: Timestamp| call.entry.arrived.as_millis() - at.as_millis();
        login
            .entry
            .completed
            .map(since)
            .is_some_and(|since| since < AT_ONCE_MS)
    };
    let late = |end: i64| {
        let mut shown = calls
            .iter()
            .filter(shows)
            .filter(|call| !at_once(call))
            .map(|call| (call.entry.arrived.as_millis() - end, *call));
        shown.rfind(|(by, _)| *by > LATE_MS)
    };
    let by_receipt = end + held.unwrap_or_default();
    if let Some((by, late)) = late(by_receipt) {
        return Finding::broken(
            "no token shown after its end, counted from its reply at the latest",
            format!("the token was shown {by} ms after that"),
            Proof::from(login).and(late),
        );
    }
    // A client with a wide margin has replaced it long before.
    let replaced = calls.iter().find(|call| !shows(call) && call.is_served());
    match (replaced, late(end)) {
        (Some(next), Some((by, late))) => {
            let seen = format!(
                "counts from the reply: shown {by} ms after its end, counted from its request"
            );
            let proof = Proof::from(login).and(late).and(*next);
            gone(view).unwrap_or_else(|| Finding::fact(seen, proof))
        }
        (Some(next), None) => met(
            view,
            "the token was replaced by its end, counted from its request",
            Proof::from(login).and(*next),
        ),
        (None, _) => unobserved(view, "no call showed a later token").seen_in(login),
    }
}

/// Tokens that live for seconds are fetched as often as they have to be, and not more.
fn short_lives_cause_no_storm(view: &View<'_>) -> Finding {
    let measurement = match measured(view) {
        Ok(measurement) => measurement,
        Err(finding) => return finding,
    };
    let calls = calls(view);
    if calls.len() < MIN_CALLS {
        return unobserved(view, "the client was not asked for five calls");
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let requests: Vec<_> = token_requests(view).collect();
    let Some(proof) = Proof::all(requests.iter().copied()) else {
        return unobserved(view, "no token request arrived");
    };
    let login = requests.iter().find(|request| request.is_served());
    let Some(lifetime_s) = login.and_then(|login| lifetime_s(view, login)) else {
        return unobserved(view, "no token with a lifetime was granted").seen_in(proof);
    };
    if !api_requests(view).any(|call| call.is_served()) {
        return unobserved(view, "no call was served").seen_in(proof);
    }
    let left_s = lifetime_s - measurement.margin_s(lifetime_s).unwrap_or(0.0);
    // A token that was refused when it was first shown calls for another one.
    let refused = api_requests(view).filter(Arrival::is_refused_token);
    let count = requests.len() - refused.count().min(requests.len() - 1);
    let seen = format!(
        "{count} token requests for {} calls with tokens of {lifetime_s} s",
        calls.len()
    );
    // On a busy machine the calls take longer than they should, and more lifetimes pass.
    let arrived = |call: Arrival<'_>| call.entry.arrived;
    let last = api_requests(view).map(arrived).max();
    let span_s = last.map_or(1.0, |last| {
        last.since(requests[0].entry.arrived).as_secs_f64().max(1.0)
    });
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let few = left_s > 0.0 && count as f64 <= span_s / left_s + 3.0;
    let expected = "as many token requests as lifetimes pass, and three";
    match () {
        () if count > calls.len() + BEYOND_CALLS => {
            Finding::deviation(Grade::Severe, expected, seen, proof)
        }
        () if left_s <= 0.0 => {
            Finding::fact(format!("{seen}: each is born inside the margin"), proof)
        }
        () if few => met(view, seen, proof),
        () => Finding::broken(expected, seen, proof),
    }
    .figure("token_requests", count)
}

/// A wall clock that jumps, as after a suspend, is seen; one that goes back makes no storm.
fn sees_the_wall_clock_jump(view: &View<'_>) -> Finding {
    let walls: Vec<GivenCommand<'_>> = asked(view)
        .into_iter()
        .filter(|asked| {
            matches!(
                asked.command,
                ClientCommand::Clock {
                    which: ClockSelection::Wall,
                    ..
                }
            )
        })
        .collect();
    let [ahead, back, ..] = walls[..] else {
        return unobserved(view, "the client's wall clock was not set twice");
    };
    let login = token_requests(view)
        .take_while(|request| request.seq < ahead.seq)
        .find(Arrival::is_served);
    let Some(login) = login else {
        return unobserved(view, "the client had no token before its clock was set");
    };
    let call = api_requests(view).find(|call| call.seq > ahead.seq && call.seq < back.seq);
    let last = api_requests(view).find(|call| call.seq > back.seq);
    let (Some(call), Some(last)) = (call, last) else {
        return unobserved(view, "no call followed each turn of the clock");
    };
    // A signature is dated by the wall clock, so that the vendor refuses it.
    let is_signed = view.profile.api.proof == locum_core::profile::Proof::Sigv4;
    let are_served = call.is_served() && last.is_served();
    if !(is_signed || are_served) {
        return unobserved(view, "a call after a turn of the clock was not served").seen_in(call);
    }
    let renewal =
        token_requests(view).find(|request| request.seq > ahead.seq && request.seq < call.seq);
    let after_back: Vec<_> = token_requests(view)
        .filter(|request| request.seq > back.seq)
        .collect();
    let proof = Proof::from(login).and(call).and(last);
    if after_back.len() > 1 {
        let seen = format!("{} token requests after the jump back", after_back.len());
        return Finding::broken("at most one token request after the jump back", seen, proof);
    }
    if renewal.is_none() {
        let seen = "the old token was shown after the wall clock had jumped five hours ahead, as it \
                    does when a machine wakes up: a monotonic clock does not count its sleep";
        return Finding::fact(seen, proof);
    }
    met(
        view,
        "renewed after the jump, and made no storm after the jump back",
        proof,
    )
}

/// A renewal that fails while the token still lives is no reason to fail a call.
fn a_failed_renewal_is_survived(view: &View<'_>) -> Finding {
    let logins: Vec<_> = token_requests(view).collect();
    let Some(first) = logins.iter().find(|login| login.is_served()) else {
        return unobserved(view, "the client had no token");
    };
    let failed: Vec<_> = logins
        .iter()
        .copied()
        .filter(|login| login.seq > first.seq && !login.is_served())
        .collect();
    let Some(proof) = Proof::all(failed) else {
        return unobserved(view, "the client tried no renewal inside its margin");
    };
    if control(view, "faults").is_none() {
        return unobserved(view, "no renewal was made to fail");
    }
    if let Some(gone) = gone(view) {
        return gone;
    }
    let turned = clock_turns(view).last().map(|(seq, _)| *seq);
    let start = turned.unwrap_or(first.seq);
    let later: Vec<_> = calls(view)
        .into_iter()
        .filter(|call| call.seq > start)
        .collect();
    let later = &later[later.len().saturating_sub(3)..];
    if later.len() < 3 {
        return unobserved(view, "the client was not asked for three calls");
    }
    let good = later
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| reply.succeeded()))
        .count();
    if good == 3 {
        let served = api_requests(view)
            .filter(|call| call.seq > start && call.is_served())
            .count();
        return match served {
            0 => unobserved(view, "no call was served").seen_in(proof),
            _ => met(
                view,
                "three calls succeeded while the renewal failed",
                proof,
            ),
        };
    }
    let end = end_ms(view, first);
    let in_time = |call: &&GivenCommand<'_>| {
        let answered = call.answer.and_then(|(at, _)| time_ms(view, at));
        answered.zip(end).is_none_or(|(at, end)| at < end)
    };
    let failed = later
        .iter()
        .filter(|call| call.answer.is_some_and(|(_, reply)| !reply.succeeded()));
    if failed.filter(in_time).count() == 0 {
        return unobserved(
            view,
            "the token ended before the failed calls were answered",
        )
        .seen_in(proof);
    }
    Finding::broken(
        "calls succeed while the token still lives",
        format!("{good} of 3 calls succeeded while the renewal failed"),
        proof,
    )
}

/// When a record was written, in milliseconds of the run.
fn time_ms(view: &View<'_>, at: RecordId) -> Option<f64> {
    let record = view
        .evidence
        .records()
        .iter()
        .find(|record| record.seq == at)?;
    #[expect(clippy::cast_precision_loss, reason = "a run is short")]
    Some(record.t_ms as f64)
}

/// When a token ends by the client's clock, in milliseconds of the run.
fn end_ms(view: &View<'_>, login: &Arrival<'_>) -> Option<f64> {
    let offset_s = clock_turns(view).last().map_or(0.0, |(_, offset)| *offset);
    let left_s = lifetime_s(view, login)? - offset_s;
    Some(time_ms(view, login.seq)? + left_s * 1000.0)
}

#[cfg(test)]
pub(super) mod tests;
