//! One run: which scenarios, against whom, and what came of them.

mod alone;
pub mod context;
pub(crate) mod elsewhere;
mod held_secrets;
mod hooks;
pub(crate) mod leave;
pub(crate) mod lifetimes;
pub mod manners;
pub(crate) mod odd_targets;
pub(crate) mod over_tls;
mod probing;
pub(crate) mod processes;
mod repeat;
mod resume;
pub(crate) mod silence;
pub(crate) mod vendor_clock;
mod waiting;
mod writer;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cucumber::{Cucumber, World as _, runner};
use futures_util::FutureExt as _;
use locum_core::requirement::Judge;
use locum_core::{Clock, Profile, Timestamp};
use tokio::sync::watch;

use crate::plan::{self, Plan};
use hooks::{Hooks, Shared};
use manners::Gate;

pub use crate::caller::deletion::left_behind;
pub use leave::changed_password;
pub use manners::Manners;
pub use repeat::check_repeatedly;
pub use resume::{PendingScenario, Resumption};
pub(crate) use waiting::WAIT;

use crate::Error;
use crate::catalogue::catalogue;
use crate::evidence::Redactor;
use crate::report::{FailOn, Report, Run};
use crate::run::context::World;
use crate::selection::Selection;
use crate::subject::ClientUnderTest;
use crate::target::Target;
use crate::target::stage::ControlClient;
use crate::verdict::{Ending, Scenario, Scope};

/// How many scenarios run side by side, unless somebody says otherwise.
pub const CONCURRENCY: usize = 8;

/// The same for a client that starts quickly: its scenarios mostly wait for time to pass, too.
pub const QUICK_CONCURRENCY: usize = 16;

/// The same for scenarios of the reference client, which need no process and mostly wait for time to
/// pass.
pub const REFERENCE_CONCURRENCY: usize = 24;

/// Whom the scenarios talk to.
#[derive(Clone, Debug)]
pub enum TargetKind {
    /// Mocks: each scenario gets a stage of its own.
    Mocks {
        /// Their control API.
        control: ControlClient,
        /// The twin that the judged vendor becomes, such as `corti/any-secret`.
        twin: Option<String>,
    },
    /// A vendor's real endpoint.
    Endpoint(Box<Target>),
}

/// What is checked, and how.
#[derive(Clone)]
pub struct CheckOptions {
    /// The vendors, by their facts.
    pub profiles: Vec<Profile>,
    /// Which side is judged.
    pub judge: Judge,
    /// Whom the scenarios talk to.
    pub target: TargetKind,
    /// The client under test; needed when the client is judged.
    pub client: Option<ClientUnderTest>,
    /// How many scenarios run side by side.
    pub jobs: usize,
    /// Which rows are asked for; what they need is played, too.
    pub selection: Selection,
    /// Fixes every random choice.
    pub seed: u64,
    /// Whether WARN and INCONCLUSIVE are failures, too.
    pub strict: bool,
    /// What is a failure besides.
    pub fail_on: Vec<FailOn>,
    /// How a real endpoint is treated.
    pub manners: Manners,
    /// An earlier run at a real endpoint that is to be finished: nothing else is played.
    pub resume: Option<Arc<Resumption>>,
    /// Turns true when the run is to end: what was not reached by then is NOT_RUN.
    pub stop: watch::Receiver<bool>,
    /// Where a receiver of the client under test takes webhooks, if it does.
    pub webhook: Option<String>,
    /// Stamps the report and the log.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for CheckOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckOptions")
            .field("judge", &self.judge)
            .field("target", &self.target)
            .field("selection", &self.selection)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What a person who waits may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many scenarios are over.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// The one that ended last.
    pub title: String,
}

/// What was seen of one side.
#[derive(Debug)]
pub struct Played {
    /// What was run.
    pub run: Run,
    /// What was seen, in the plan's order.
    pub scenarios: Vec<Scenario>,
    /// The secrets of all scenarios.
    pub redactor: Redactor,
    /// What goes on once it need not wait any more.
    pub pending: Vec<PendingScenario>,
    /// Why nothing but handshakes was made.
    pub untrusted: Option<Error>,
    /// How many requests were made to a real endpoint; those to mocks are not counted.
    pub requests: usize,
    /// Why it was repeated less often than wanted.
    pub unrepeated: Option<String>,
}

impl Played {
    /// Judges it.
    pub fn report(self, profiles: &[Profile]) -> Report {
        let mut report = Report::judge(self.run, profiles, self.scenarios);
        report.redactor = self.redactor;
        report
    }
}

/// Plays the selected scenarios.
///
/// The future is not `Send`, because cucumber's are not: await it on the main task, and serve
/// mocks of the same process from another thread's runtime.
///
/// # Errors
/// When nothing is selected, a feature cannot be read, or the control API does not answer. What
/// goes wrong later is part of what was seen.
pub async fn check(
    options: CheckOptions,
    progress: impl Fn(Progress) + 'static,
) -> Result<Played, Error> {
    let vendors: Vec<String> = options
        .profiles
        .iter()
        .map(|profile| profile.vendor.clone())
        .collect();
    let scope = Scope {
        catalogue: catalogue(),
        vendors: &vendors,
        judge: options.judge,
        selection: &options.selection,
    };
    let mut plan = Plan::select(&scope, &options.profiles)?;
    if let Some(earlier) = &options.resume {
        plan.resume(earlier)?;
    }
    let mut untrusted = None;
    match &options.target {
        TargetKind::Mocks { control, .. } => control.is_up().await?,
        // The mock of a rehearsal is up; addresses that it only names are not asked.
        TargetKind::Endpoint(_) if options.manners.is_rehearsal => {}
        TargetKind::Endpoint(target) => match target.is_up().await {
            Err(error @ Error::Untrusted { .. }) => untrusted = Some(error),
            up => up?,
        },
    }
    let started = options.clock.now();
    let origin = options.clock.monotonic();
    let mut shared = Shared::default();
    if let TargetKind::Endpoint(_) = options.target {
        shared.gate = Gate::of(options.manners);
        shared.is_untrusted = untrusted.is_some();
    }
    let mut played = play_all(&options, &plan, origin, progress, &shared).await;
    if let TargetKind::Endpoint(_) = options.target {
        alone::play_again(&options, (&plan, &scope), origin, &shared, &mut played).await;
    }
    let subject = match (&options.target, options.judge) {
        (_, Judge::Client) => "client",
        (TargetKind::Mocks { .. }, Judge::Vendor) => "mock",
        (TargetKind::Endpoint(_), Judge::Vendor) => "vendor",
    };
    let client = options.client.as_ref();
    let client = client.filter(|_| options.judge == Judge::Client);
    let run = Run {
        id: run_id(started, options.seed),
        command: match options.judge {
            Judge::Vendor => "check".to_owned(),
            Judge::Client => "drive".to_owned(),
        },
        vendors,
        judges: vec![options.judge],
        seed: options.seed,
        started,
        finished: options.clock.now(),
        duration: whole_milliseconds(options.clock.monotonic().saturating_sub(origin)),
        strict: options.strict,
        fail_on: options.fail_on.clone(),
        repeats: 1,
        interrupted: *options.stop.borrow(),
        selection: options.selection.clone(),
        subject: subject.to_owned(),
        level: client.map(|client| client.level),
        client: client.map(|client| client.hello.clone()),
    };
    let (mut scenarios, redactors): (Vec<Scenario>, Vec<Redactor>) = played.into_iter().unzip();
    let redactor = Redactor::merged(&redactors);
    for scenario in &mut scenarios {
        scenario.evidence.redact_again(&redactor);
        if let Ending::Broken(why) = &mut scenario.ending {
            *why = redactor.redact(why);
        }
    }
    Ok(Played {
        run,
        scenarios,
        redactor,
        pending: shared.pending.take(),
        untrusted,
        unrepeated: None,
        requests: shared.gate.sent(),
    })
}

/// `duration` as the file of the evidence counts it, in milliseconds.
pub fn whole_milliseconds(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// What changes a real endpoint comes last, one scenario at a time: what one ends is not to be missed by
/// another.
async fn play_all(
    options: &CheckOptions,
    plan: &Plan,
    origin: Duration,
    progress: impl Fn(Progress) + 'static,
    shared: &Shared,
) -> Vec<(Scenario, Redactor)> {
    if let TargetKind::Mocks { .. } = options.target {
        return play(options, plan, origin, Box::new(progress), shared).await;
    }
    let progress = Rc::new(progress);
    let (first, last) = plan.split_harmless();
    let mut played = Vec::new();
    for (part, jobs, before) in [(&first, options.jobs, 0), (&last, 1, first.scenarios.len())] {
        if part.scenarios.is_empty() {
            continue;
        }
        let (tell, of) = (Rc::clone(&progress), plan.scenarios.len());
        let tell = move |mut one: Progress| {
            (one.done, one.of) = (one.done + before, of);
            tell(one);
        };
        let options = CheckOptions {
            jobs,
            ..options.clone()
        };
        played.extend(play(&options, part, origin, Box::new(tell), shared).await);
    }
    let place = |key: &str| {
        let mut planned = plan.scenarios.iter();
        planned.position(|planned| planned.key == key)
    };
    played.sort_by_key(|(scenario, _)| place(&scenario.key));
    played
}

async fn play(
    options: &CheckOptions,
    plan: &Plan,
    origin: Duration,
    progress: Box<dyn Fn(Progress)>,
    shared: &Shared,
) -> Vec<(Scenario, Redactor)> {
    let hooks = Rc::new(Hooks::new(
        options.clone(),
        plan,
        origin,
        progress,
        shared.clone(),
    ));
    let (before, after) = (Rc::clone(&hooks), Rc::clone(&hooks));
    let runner = runner::Basic::default()
        .steps(World::collection())
        .max_concurrent_scenarios(options.jobs)
        .before(move |_, _, scenario, world| {
            let hooks = Rc::clone(&before);
            async move { hooks.begin(scenario, world).await }.boxed_local()
        })
        .after(move |_, _, scenario, finished, world| {
            let hooks = Rc::clone(&after);
            async move { hooks.finish(scenario, finished, world).await }.boxed_local()
        });
    let cucumber: Cucumber<_, _, _, _, _> =
        Cucumber::custom(plan::Embedded, runner, writer::Silent::default());
    let mut stop = options.stop.clone();
    let stopped = async move {
        // Whoever could stop the run may have gone: then it runs to its end.
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = stopped => hooks.results(None),
        writer = cucumber.with_default_cli().run(plan.clone()) => hooks.results(writer.trouble()),
    }
}

/// Short, and different for runs that start a millisecond apart or with another seed.
fn run_id(started: Timestamp, seed: u64) -> String {
    let mixed = started.as_millis().unsigned_abs() ^ seed.rotate_left(32);
    format!("r-{:08x}", (mixed ^ (mixed >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests;
