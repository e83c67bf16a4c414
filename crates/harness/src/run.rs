//! One run: which scenarios, against whom, and what came of them.

pub mod context;
mod hooks;
mod writer;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cucumber::{Cucumber, World as _, runner};
use futures_util::FutureExt as _;
use locum_core::requirement::Judge;
use locum_core::{Clock, Profile, RequirementId, Timestamp, Verdict};

use crate::plan::{self, Plan};
use hooks::Hooks;

use crate::Error;
use crate::catalogue::catalogue;
use crate::report::{Report, Run, ScenarioLog};
use crate::run::context::World;
use crate::subject::ClientMaker;
use crate::target::Target;
use crate::target::stage::ControlClient;
use crate::verdict::exit;
use crate::verdict::{Ending, Scenario, Scope, judge};

/// How many scenarios run side by side.
pub const CONCURRENCY: usize = 8;

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
    Endpoint(Target),
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
    pub client: Option<ClientMaker>,
    /// Only these rows and what they need; all when empty.
    pub ids: Vec<RequirementId>,
    /// Fixes every random choice.
    pub seed: u64,
    /// Whether WARN and INCONCLUSIVE are failures, too.
    pub strict: bool,
    /// Stamps the report and the log.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for CheckOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckOptions")
            .field("judge", &self.judge)
            .field("target", &self.target)
            .field("ids", &self.ids)
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

/// Plays the selected scenarios and judges them.
///
/// The future is not `Send`, because cucumber's are not: await it on the main task, and serve
/// mocks of the same process from another thread's runtime.
///
/// # Errors
/// When nothing is selected, a feature cannot be read, or the control API does not answer. What
/// goes wrong later is part of the report.
pub async fn check(
    options: CheckOptions,
    progress: impl Fn(Progress) + 'static,
) -> Result<Report, Error> {
    let vendors: Vec<String> = options
        .profiles
        .iter()
        .map(|profile| profile.vendor.clone())
        .collect();
    let scope = Scope {
        catalogue: catalogue(),
        vendors: &vendors,
        judge: options.judge,
        ids: &options.ids,
    };
    let plan = Plan::select(&scope)?;
    match &options.target {
        TargetKind::Mocks { control, .. } => control.is_up().await?,
        TargetKind::Endpoint(target) => target.is_up().await?,
    }
    let started = options.clock.now();
    let origin = options.clock.monotonic();
    let played = play(&options, &plan, origin, Box::new(progress)).await;
    let (scenarios, logs): (Vec<Scenario>, Vec<ScenarioLog>) = played.into_iter().unzip();
    let verdicts = judge(&scope, &scenarios);
    let exit_code = exit_code(&verdicts, &scenarios, options.strict);
    Ok(Report {
        run: Run {
            id: run_id(started, options.seed),
            command: match options.judge {
                Judge::Vendor => "check".to_owned(),
                Judge::Client => "drive".to_owned(),
            },
            vendors,
            seed: options.seed,
            started,
            finished: options.clock.now(),
            duration: options.clock.monotonic().saturating_sub(origin),
            strict: options.strict,
            selection: options.ids.iter().map(ToString::to_string).collect(),
        },
        subject: match (&options.target, options.judge) {
            (_, Judge::Client) => "client",
            (TargetKind::Mocks { .. }, Judge::Vendor) => "mock",
            (TargetKind::Endpoint(_), Judge::Vendor) => "vendor",
        },
        titles: options
            .profiles
            .iter()
            .map(|profile| (profile.vendor.clone(), profile.title.clone()))
            .collect(),
        verdicts,
        logs,
        exit_code,
    })
}

async fn play(
    options: &CheckOptions,
    plan: &Plan,
    origin: Duration,
    progress: Box<dyn Fn(Progress)>,
) -> Vec<(Scenario, ScenarioLog)> {
    let hooks = Rc::new(Hooks::new(options.clone(), plan, origin, progress));
    let (before, after) = (Rc::clone(&hooks), Rc::clone(&hooks));
    let runner = runner::Basic::default()
        .steps(World::collection())
        .max_concurrent_scenarios(CONCURRENCY)
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
    let writer = cucumber.with_default_cli().run(plan.clone()).await;
    hooks.results(writer.trouble())
}

/// What the command exits with, before a baseline is looked at.
fn exit_code(verdicts: &[crate::verdict::VerdictRow], scenarios: &[Scenario], strict: bool) -> u8 {
    let any = |verdict| verdicts.iter().any(|row| row.verdict == verdict);
    let mut codes = vec![exit::CONFORMANT];
    if any(Verdict::Harness) {
        codes.push(exit::HARNESS);
    }
    if any(Verdict::Fail) || any(Verdict::Error) {
        codes.push(exit::BROKEN);
    }
    if strict && (any(Verdict::Warn) || any(Verdict::Inconclusive)) {
        codes.push(exit::BROKEN);
    }
    let gone = |scenario: &Scenario| {
        let mut findings = scenario.findings.iter();
        scenario.ending == Ending::Ran
            && findings.any(|finding| finding.grade == locum_core::Grade::Gone)
    };
    if !scenarios.is_empty() && scenarios.iter().all(gone) {
        codes.push(exit::UNREACHABLE);
    }
    exit::winner(&codes)
}

/// Short, and different for runs that start a millisecond apart or with another seed.
fn run_id(started: Timestamp, seed: u64) -> String {
    let mixed = started.as_millis().unsigned_abs() ^ seed.rotate_left(32);
    format!("r-{:08x}", (mixed ^ (mixed >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests;
