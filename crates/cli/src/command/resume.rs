//! `locum resume RUN`: finish a run whose rows are PENDING, because tokens had to end first.

mod merge;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Clock, Profile, SystemClock, Timestamp};
use locum_harness::evidence::Evidence;
use locum_harness::report::{Report, Run};
use locum_harness::run::{CheckOptions, Manners, PendingScenario, Played, Resumption, TargetKind};
use locum_harness::verdict::{Ending, Scenario, exit};

use super::report::Saved;
use super::state::State;
use super::{Failure, args, baseline, check, report};

/// Goes on with what is over by now, judges all of the run anew, and writes its reports again.
pub(super) fn run(args: &args::Resume) -> Result<u8, Failure> {
    let saved = report::saved(&args.folder, &args.profile)?;
    refuse_other_runs(args, &saved)?;
    let mut state = State::read(&saved.run.id)
        .filter(|state| !state.pending.is_empty())
        .ok_or_else(|| nothing_kept(&saved.run))?;
    let baseline = args::BaselineFlags {
        baseline: args.baseline.baseline.clone().or(state.baseline.take()),
        ..args.baseline
    };
    let accepted = baseline::read(&baseline)?;
    let clock = Arc::new(SystemClock::new());
    let (due, later) = split(
        std::mem::take(&mut state.pending),
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
    let played = play(args, &saved, (&state, &due), &clock)?;
    if let Some(error) = &played.untrusted {
        eprintln!("{}", check::refused(error));
    }
    check::tell_left_behind(&played.scenarios);
    let merged = merge::merge(saved.scenarios, due, &played.scenarios);
    let mut run = saved.run;
    run.finished = clock.now();
    run.duration = run.finished.since(run.started);
    // What the first run did not come to is not made up for.
    let is_unreached = |one: &Scenario| one.ending == Ending::NotReached;
    run.interrupted = played.run.interrupted || merged.scenarios.iter().any(is_unreached);
    let reporting = args::Reporting {
        report: Some(args.folder.clone()),
        sarif_anchor: args.sarif_anchor.clone().or(state.sarif_anchor.take()),
    };
    // A scenario that waits again and got no reply before goes on from where it did the last time.
    let is_kept = |one: &PendingScenario| merged.kept.iter().any(|kept| kept.key == one.key);
    let waiting = played.pending.into_iter().filter(|one| !is_kept(one));
    state.pending = later.into_iter().chain(waiting).collect();
    state.pending.extend(merged.kept);
    state.baseline = baseline::file_of(&baseline);
    state.sarif_anchor.clone_from(&reporting.sarif_anchor);
    let mut judged = Report::judge(run, &saved.profiles, merged.scenarios);
    judged.redactor = played.redactor;
    baseline::apply(&baseline, accepted.as_ref(), &mut judged)?;
    if merged.is_unreachable {
        judged.exit_code = exit::winner(&[judged.exit_code, exit::UNREACHABLE]);
    }
    let printed = report::print(&judged, args.format, &reporting);
    let written = report::write(&judged, &reporting);
    // Without the new evidence, what was kept before is still what the folder has to go on with. With
    // it, that is too old, even where another file could not be written.
    if written.has_evidence {
        keep(&judged.run.id, &state, (&args.folder, judged.run.started));
    }
    for why in &merged.notes {
        eprintln!("note: {why}");
    }
    Ok(exit::winner(&[printed, written.code?]))
}

/// Only a run of this version at a vendor's own endpoint has something that can be gone on with.
fn refuse_other_runs(args: &args::Resume, saved: &Saved) -> Result<(), Failure> {
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
    Ok(())
}

fn nothing_kept(run: &Run) -> Failure {
    Failure::usage(format!("nothing of the run {} can be resumed on this machine", run.id))
        .hint("what `locum check --report DIR` needs for it is kept in LOCUM_STATE_DIR (~/.local/state/locum) until the last row is finished")
}

/// Plays what is due of the saved run, with the manners of the first one.
fn play(
    args: &args::Resume,
    saved: &Saved,
    (state, due): (&State, &[PendingScenario]),
    clock: &Arc<SystemClock>,
) -> Result<Played, Failure> {
    let mut profile = profile_of(saved).ok_or_else(|| nothing_kept(&saved.run))?;
    let target = check::target(&mut profile, &state.url, &args.endpoint)?;
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
        jobs: check::jobs_at_endpoint(state.jobs, args.endpoint.wait),
        selection: saved.run.selection.clone(),
        seed: saved.run.seed,
        strict: saved.run.strict,
        fail_on: saved.run.fail_on.clone(),
        manners: Manners {
            wait: args.endpoint.wait,
            ..state.manners
        },
        resume: Some(Arc::new(Resumption {
            started: saved.run.started,
            scenarios: with_evidence(due, &saved.scenarios),
        })),
        stop: check::interrupt::watch(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    };
    let played = runtime.block_on(check::check(options));
    played.map_err(|error| check::refused(&error))
}

fn profile_of(saved: &Saved) -> Option<Profile> {
    let mut profiles = saved.profiles.iter();
    let is_ours = |profile: &&Profile| saved.run.vendors.contains(&profile.vendor);
    profiles.find(is_ours).cloned()
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
) -> Vec<(PendingScenario, Evidence)> {
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
