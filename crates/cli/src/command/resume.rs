//! `locum resume RUN`: finish a run whose rows are PENDING, because tokens had to end first.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Clock, SystemClock, Timestamp};
use locum_harness::report::Report;
use locum_harness::run::{
    CONCURRENCY, CheckOptions, Manners, PendingScenario, Resumption, TargetKind,
};
use locum_harness::verdict::Scenario;

use super::state::State;
use super::{Failure, args, check, report};

/// Goes on with what is over by now, judges all of the run anew, and writes its reports again.
pub(super) fn run(args: &args::Resume) -> Result<u8, Failure> {
    let saved = report::saved(&args.folder, &args.profile)?;
    let shown = args.folder.display();
    if !saved.is_ours {
        return Err(
            Failure::usage(format!("{shown}: the run is of another version of locum"))
                .hint("run `locum check` anew: scenarios and rows may have changed"),
        );
    }
    if saved.run.subject != "vendor" {
        return Err(Failure::usage(format!(
            "{shown}: only the check of a vendor's endpoint is resumed"
        ))
        .hint("at mocks the clock is turned: nothing of them is pending"));
    }
    let none = || {
        Failure::usage(format!("{shown}: nothing of the run {} can be resumed on this machine", saved.run.id))
            .hint("what `locum check --report DIR` needs for it is kept in LOCUM_STATE_DIR (~/.local/state/locum) until the last row is finished")
    };
    let state = State::read(&saved.run.id).filter(|state| !state.pending.is_empty());
    let state = state.ok_or_else(none)?;
    let clock = Arc::new(SystemClock::new());
    let (due, later) = split(
        state.pending,
        (saved.run.started, clock.now()),
        args.endpoint.wait,
    );
    if due.is_empty() {
        return Err(
            Failure::usage("no token of the run has ended yet").hint(format!(
                "come back at {}, or give it the time: --wait DURATION",
                times(&later, saved.run.started)
            )),
        );
    }
    let profile = saved
        .profiles
        .iter()
        .find(|profile| saved.run.vendors.contains(&profile.vendor));
    let mut profile = profile.cloned().ok_or_else(none)?;
    let target = check::place(&mut profile, &state.url, &args.endpoint)?;
    let resumed = Resumption {
        started: saved.run.started,
        scenarios: with_evidence(&due, &saved.scenarios),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    let _in_runtime = runtime.enter();
    let options = CheckOptions {
        webhook: None,
        profiles: vec![profile],
        judge: Judge::Vendor,
        target: TargetKind::Endpoint(Box::new(target)),
        client: None,
        jobs: CONCURRENCY,
        selection: saved.run.selection.clone(),
        seed: saved.run.seed,
        strict: saved.run.strict,
        fail_on: saved.run.fail_on.clone(),
        manners: Manners {
            wait: args.endpoint.wait,
            rate: check::usual_rate(&state.url),
            ..Manners::default()
        },
        resume: Some(Arc::new(resumed)),
        stop: check::interrupt::watch(),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
    };
    let played = runtime.block_on(check::check(options));
    let played = played.map_err(|error| check::refused(&error))?;
    let mut scenarios = saved.scenarios;
    for scenario in played.scenarios {
        if let Some(known) = scenarios.iter_mut().find(|known| known.key == scenario.key) {
            *known = scenario;
        }
    }
    let mut run = saved.run;
    run.finished = clock.now();
    run.duration = whole_milliseconds(run.finished.since(run.started));
    let started = run.started;
    let left: Vec<PendingScenario> = later.into_iter().chain(played.pending).collect();
    keep(
        &run.id,
        &State::new(state.url, left),
        (&args.folder, started),
    );
    let mut judged = Report::judge(run, &saved.profiles, scenarios);
    judged.redactor = played.redactor;
    let reporting = args::Reporting {
        report: Some(args.folder.clone()),
        sarif_anchor: None,
    };
    report::told(&judged, args.format, &reporting)
}

/// Keeps what a later `resume` needs, and says when that is due.
pub(super) fn keep(id: &str, state: &State, (folder, started): (&Path, Timestamp)) {
    match state.write(id) {
        Err(why) => eprintln!("note: rows that are PENDING cannot be resumed: {why}"),
        Ok(()) if state.pending.is_empty() => {}
        Ok(()) => eprintln!(
            "note: `locum resume {}` finishes rows that are PENDING, at {}",
            folder.display(),
            times(&state.pending, started)
        ),
    }
}

/// The scenarios whose wait is over within `wait` from now, and the others.
fn split(
    pending: Vec<PendingScenario>,
    (started, now): (Timestamp, Timestamp),
    wait: Duration,
) -> (Vec<PendingScenario>, Vec<PendingScenario>) {
    let until = now.since(started) + wait;
    let is_due = |one: &PendingScenario| Duration::from_millis(one.due_ms) <= until;
    pending.into_iter().partition(is_due)
}

/// Each due scenario with what was seen of it.
fn with_evidence(
    due: &[PendingScenario],
    scenarios: &[Scenario],
) -> Vec<(PendingScenario, locum_harness::evidence::Evidence)> {
    let seen = due.iter().filter_map(|kept| {
        let scenario = scenarios.iter().find(|scenario| scenario.key == kept.key)?;
        Some((kept.clone(), scenario.evidence.clone()))
    });
    seen.collect()
}

/// When the waits are over: `2026-11-24T11:00:00Z and 2026-11-24T11:06:00Z`.
fn times(pending: &[PendingScenario], started: Timestamp) -> String {
    let times: BTreeSet<String> = pending
        .iter()
        // The next whole second: records count milliseconds.
        .map(|one| {
            started
                .plus(Duration::from_secs(one.due_ms / 1000 + 1))
                .rfc3339()
        })
        .collect();
    times.into_iter().collect::<Vec<_>>().join(" and ")
}

fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
