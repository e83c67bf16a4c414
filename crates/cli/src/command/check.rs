//! `locum check`: judge a vendor's endpoint; with no URL, the built-in mocks.

pub(super) mod interrupt;
pub(super) mod mocks;
mod plan;

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use locum_core::requirement::Judge;
use locum_core::{Profile, SystemClock};
use locum_harness::Error;
use locum_harness::http::{Trust, Url};
use locum_harness::report::{FailOn, Report};
use locum_harness::run::{
    CONCURRENCY, CheckOptions, Manners, PendingScenario, Played, Progress, TargetKind,
    changed_password, left_behind,
};
use locum_harness::target::{ControlClient, Target, env};
use locum_harness::verdict::{Scenario, exit};

use super::state::State;
use super::{Failure, args, baseline, failure, report, resume, select, vendors};

/// How many requests a second are made to an endpoint on another machine.
const RATE: u32 = 10;

/// Judges, prints the table, writes the reports.
pub(super) fn run(args: &args::Check) -> Result<u8, Failure> {
    let vendors = vendors::named(&args.vendors)?;
    let profiles: Vec<Profile> = vendors
        .iter()
        .map(|vendor| vendor.profile().clone())
        .collect();
    if args.help_env {
        for profile in &profiles {
            super::say(&help_env(profile));
        }
        return Ok(exit::CONFORMANT);
    }
    refuse_repeated_writes(args)?;
    let accepted = baseline::read(&args.judging.baseline)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unreachable(format!("cannot start: {error}")))?;
    if args.plan {
        return runtime.block_on(plan::run(args, vendors));
    }
    let (mut report, pending) = if let Some(url) = &args.url {
        runtime.block_on(endpoint(args, profiles, url))?
    } else {
        let mocks = mocks::Mocks::start(vendors, args.twin.clone())?;
        runtime.block_on(built_in(args, profiles, &mocks))?
    };
    baseline::apply(&args.judging.baseline, accepted.as_ref(), &mut report)?;
    let code = report::tell(&report, args.format, &args.judging.reporting)?;
    if args.url.is_some() {
        keep(args, &report, pending);
        tell_left_behind(&report.scenarios);
    }
    Ok(code)
}

/// A repeat at a vendor's own endpoint would meet what the one before changed there, such as a
/// password, and a row would differ for that alone.
fn refuse_repeated_writes(args: &args::Check) -> Result<(), Failure> {
    let repeats = args.repeat.is_some_and(|repeats| repeats > 1);
    match args.url.is_some() && args.allow_writes && repeats {
        true => Err(Failure::usage(
            "--repeat and --allow-writes do not go together: what one repeat changes at the vendor, the next would find changed",
        )
        .hint("run it with --allow-writes once, and with --repeat without it")),
        false => Ok(()),
    }
}

/// Keeps what `resume` needs of a run with a report.
fn keep(args: &args::Check, report: &Report, pending: Vec<PendingScenario>) {
    let (Some(url), Some(folder)) = (&args.url, &args.judging.reporting.report) else {
        return;
    };
    if args.repeat.is_some_and(|repeats| repeats > 1) {
        if !pending.is_empty() {
            eprintln!(
                "note: rows that are PENDING cannot be resumed: only a run without --repeat can be"
            );
        }
        return;
    }
    let mut state = State::new(url.clone(), manners(args));
    state.jobs = args.jobs;
    state.baseline = baseline::file_of(&args.judging.baseline);
    state
        .sarif_anchor
        .clone_from(&args.judging.reporting.sarif_anchor);
    state.pending = pending;
    resume::keep(&report.run.id, &state, (folder, report.run.started));
}

/// Tells what a run at a vendor's own endpoint left there.
pub(super) fn tell_left_behind(scenarios: &[Scenario]) {
    let changed = changed_password(scenarios);
    for left in left_behind(scenarios).into_iter().chain(changed) {
        eprintln!("note: {left}");
    }
}

/// The mocks of this process, or the evil twin in their place.
async fn built_in(
    args: &args::Check,
    profiles: Vec<Profile>,
    mocks: &mocks::Mocks,
) -> Result<(Report, Vec<PendingScenario>), Failure> {
    let control = ControlClient::new(mocks.control_url(), None).map_err(|error| refused(&error))?;
    let twin = mocks.twin();
    judged(args, profiles, TargetKind::Mocks { control, twin }).await
}

/// A vendor's own endpoint, by the vendors' rows.
async fn endpoint(
    args: &args::Check,
    mut profiles: Vec<Profile>,
    url: &str,
) -> Result<(Report, Vec<PendingScenario>), Failure> {
    let [profile] = &mut profiles[..] else {
        return Err(
            Failure::usage("--url judges one vendor").hint("name it: locum check VENDOR --url URL")
        );
    };
    let target = target(profile, url, &args.endpoint)?;
    judged(args, profiles, TargetKind::Endpoint(Box::new(target))).await
}

/// The endpoint at `url` with what the environment tells of it; the sample call in `profile` is the
/// one that the environment names.
pub(super) fn target(
    profile: &mut Profile,
    url: &str,
    flags: &args::EndpointFlags,
) -> Result<Target, Failure> {
    let read = |name: &str| std::env::var(name).ok();
    let mut target = Target::from_env(profile, url, read).map_err(|error| refused(&error))?;
    env::replace_sample(profile, read).map_err(|error| refused(&error))?;
    if let Some(file) = &flags.ca {
        target.trust = trust(file)?;
    }
    Ok(target)
}

async fn judged(
    args: &args::Check,
    profiles: Vec<Profile>,
    target: TargetKind,
) -> Result<(Report, Vec<PendingScenario>), Failure> {
    let options = CheckOptions {
        webhook: None,
        profiles: profiles.clone(),
        judge: Judge::Vendor,
        target,
        client: None,
        jobs: jobs(args),
        selection: select::selection(&args.judging.selecting, &profiles)?,
        seed: args.judging.seed.unwrap_or_else(rand::random),
        strict: args.judging.strict,
        fail_on: fail_on(&args.judging.fail_on),
        resume: None,
        manners: manners(args),
        stop: interrupt::watch(),
        clock: Arc::new(SystemClock::new()),
    };
    let repeats = args.repeat.map_or(1, usize::from);
    let played = locum_harness::run::check_repeatedly(options, repeats, progress());
    let asked = select::Asked {
        side: Judge::Vendor,
        profiles: &profiles,
        files: &vendors::files(&args.vendors, &profiles),
    };
    let mut played = played.await.map_err(|error| unplayed(&error, asked))?;
    if let Some(error) = &played.untrusted {
        eprintln!("{}", refused(error));
    }
    let times = played.run.repeats;
    if let Some(why) = &played.unrepeated {
        let times = match times {
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        eprintln!("note: it was run {times} instead of {repeats} times: {why}");
    }
    let pending = std::mem::take(&mut played.pending);
    Ok((played.report(&profiles), pending))
}

/// Where scenarios wait no longer than this, a vendor's own endpoint is asked by one at a time.
const SHORT_WAIT: Duration = Duration::from_secs(30);

/// How many scenarios are played at once. At a vendor's own endpoint it is one, since a vendor may
/// end the token of a login with the next one; long waits are waited out side by side.
fn jobs(args: &args::Check) -> usize {
    match args.url.is_some() {
        true => jobs_at_endpoint(args.jobs, args.endpoint.wait),
        false => args.jobs.map_or(CONCURRENCY, usize::from),
    }
}

/// The same at a vendor's own endpoint: as many as are `asked` for.
pub(super) fn jobs_at_endpoint(asked: Option<u16>, wait: Duration) -> usize {
    let usual = if wait <= SHORT_WAIT { 1 } else { CONCURRENCY };
    asked.map_or(usual, usize::from)
}

/// How a vendor's own endpoint is treated.
fn manners(args: &args::Check) -> Manners {
    Manners {
        allow_writes: args.allow_writes,
        wait: args.endpoint.wait,
        max_requests: usize::try_from(args.max_requests).unwrap_or(usize::MAX),
        rate: args
            .rate
            .or_else(|| args.url.as_deref().and_then(usual_rate)),
        reply_timeout: args.reply_timeout,
        is_rehearsal: false,
    }
}

/// How many requests a second are made to `url` when nobody says; on this machine as many as are
/// answered.
fn usual_rate(url: &str) -> Option<u32> {
    let is_here = Url::parse(url).is_ok_and(|url| url.is_here());
    (!is_here).then_some(RATE)
}

/// The authorities of a file, beside the machine's.
pub(super) fn trust(file: &Path) -> Result<Trust, Failure> {
    let read = std::fs::read(file).map_err(|error| error.to_string());
    read.and_then(|pem| Trust::with_authorities(&pem))
        .map_err(|fault| {
            Failure::usage(format!("--ca {}: {fault}", file.display()))
                .hint("name a file with the authority's certificate in PEM, such as the answer of GET /_locum/ca.pem")
        })
}

/// The variables that tell of a vendor's own endpoint; values are never shown.
fn help_env(profile: &Profile) -> String {
    let table = env::table(profile, |name| std::env::var(name).ok());
    format!("{}\n{table}\n", profile.title)
}

/// Plays the scenarios, and tells a terminal how far it has come.
pub(super) async fn check(options: CheckOptions) -> Result<Played, Error> {
    locum_harness::run::check(options, progress()).await
}

/// Tells a terminal how far a run has come.
fn progress() -> impl Fn(Progress) + 'static {
    let shown = std::io::stderr().is_terminal();
    move |progress: Progress| {
        if shown {
            eprint!(
                "\r{}/{} {:<60.60}\r",
                progress.done, progress.of, progress.title
            );
        }
    }
}

/// What counts as a failure besides.
pub(super) fn fail_on(verdicts: &[args::FailOn]) -> Vec<FailOn> {
    let one = |on: &args::FailOn| match on {
        args::FailOn::Warn => FailOn::Warn,
        args::FailOn::Inconclusive => FailOn::Inconclusive,
        args::FailOn::NotRun => FailOn::NotRun,
    };
    verdicts.iter().map(one).collect()
}

/// Why a run came to nothing, and where what was `asked` for is judged instead.
pub(super) fn unplayed(error: &Error, asked: select::Asked<'_>) -> Failure {
    let failure = refused(error);
    let hint = match error {
        Error::NothingSelected(selection) => asked.hint(selection),
        _ => None,
    };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Why a run came to nothing.
pub(super) fn refused(error: &Error) -> Failure {
    let mut failure = Failure::unreachable(error.to_string());
    failure.code = match error {
        Error::NothingSelected(_) => exit::NOTHING_SELECTED,
        Error::Control(_) | Error::Unreachable { .. } | Error::Untrusted { .. } => {
            failure::UNREACHABLE
        }
        Error::Step(_) | Error::Usage(_) | Error::MissingVariables { .. } => failure::USAGE,
        _ => exit::HARNESS,
    };
    if let Error::MissingVariables { table, .. } = error {
        return failure.hint(format!("the variables are\n{}", table.trim_end()));
    }
    if let Error::Untrusted { .. } = error {
        return failure.hint("nothing was sent there; if the vendor's authority is to be trusted, name the file with its certificate: --ca FILE, LOCUM_CA");
    }
    failure
}
