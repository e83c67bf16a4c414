//! What happens before and after each scenario.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use cucumber::event::ScenarioFinished;
use cucumber::gherkin;
use locum_core::credential::CredentialStyle;
use locum_core::requirement::Judge;
use serde_json::Map;
use tokio::sync::watch;

use super::leave::NO_LEAVE;
use super::lifetimes::judging_settings;
use super::manners::Gate;
use super::over_tls::RunAuthority;
use super::processes::Restarting;
use super::resume::PendingScenario;
use super::{CheckOptions, Progress, TargetKind};
use crate::Error;
use crate::catalogue::catalogue;
use crate::evidence::Redactor;
use crate::measurement::Measurement;
use crate::plan::{Plan, Planned, key_of};
use crate::run::context::{ScenarioContext, World};
use crate::subject::{AdoptionLevel, SeatRequest};
use crate::target::Target;
use crate::target::stage::{StageClient, StageSpec};
use crate::target::temporary::StorageFolder;
use crate::verdict::{Ending, Scenario};

/// The row that looks at certificates.
const CERTIFICATES: &str = "TLS-07";

/// The requirement of the documented login.
const LOGIN: &str = "VEN-16";

/// What all scenarios of a run share.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    /// What was measured of the client, by vendor, once its measurement is over: nothing where that
    /// came to nothing.
    measured: watch::Sender<BTreeMap<String, Option<Measurement>>>,
    /// The file with the authority that clients are to trust.
    authority: RunAuthority,
    /// Where requests to a real endpoint wait for their turn.
    pub(super) gate: Gate,
    /// Whether a certificate of the vendor's is not accepted: nothing is sent there.
    pub(super) is_untrusted: bool,
    /// What goes on once it need not wait any more.
    pub(super) pending: Rc<RefCell<Vec<PendingScenario>>>,
}

/// Makes the context of each scenario and collects what was seen.
pub(super) struct Hooks {
    options: CheckOptions,
    plan: Plan,
    origin: Duration,
    shared: Shared,
    progress: Box<dyn Fn(Progress)>,
    done: RefCell<BTreeMap<String, (Scenario, Redactor)>>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

impl Hooks {
    pub(super) fn new(
        options: CheckOptions,
        plan: &Plan,
        origin: Duration,
        progress: Box<dyn Fn(Progress)>,
        shared: Shared,
    ) -> Self {
        Self {
            options,
            plan: plan.clone(),
            origin,
            shared,
            progress,
            done: RefCell::default(),
        }
    }

    /// Sets the context. What goes wrong here comes out of the scenario's first step.
    pub(super) async fn begin(&self, scenario: &gherkin::Scenario, world: &mut World) {
        let Some(planned) = self.planned(scenario) else {
            world.trouble = Some("the scenario is not in the plan".to_owned());
            return;
        };
        let out_of_reach = self
            .out_of_reach(planned)
            .or_else(|| self.level_too_low(planned));
        if let Some(reason) = out_of_reach {
            world.skip = Some(reason);
            return;
        }
        let looks_at_tls = planned.ids.iter().any(|id| id.0 == CERTIFICATES);
        if self.shared.is_untrusted && !looks_at_tls {
            let why = "nothing is sent where a certificate is not accepted";
            world.left_out = Some(Ending::GivenUp(why.to_owned()));
            return;
        }
        if let Some(stopped) = self.shared.gate.stopped() {
            world.left_out = Some(stopped.ending());
            return;
        }
        if self.plan.needs_measurement(planned) {
            self.measured(&planned.vendor).await;
        }
        let steps = scenario.steps.iter().map(|step| step.value.clone());
        match self.make_context(planned, steps.collect()).await {
            Ok(context) if planned.stores && context.restarting.is_none() => {
                world.skip = Some(not_restartable(context).await);
            }
            Ok(context) => world.context = Some(context),
            Err(error) => world.trouble = Some(error.to_string()),
        }
    }

    /// Waits until the measurement of a vendor's client is over.
    async fn measured(&self, vendor: &str) {
        let mut measured = self.shared.measured.subscribe();
        // It cannot be closed: `self` holds its other end.
        drop(measured.wait_for(|all| all.contains_key(vendor)).await);
    }

    /// Keeps what came of the scenario, and ends its stage.
    pub(super) async fn finish(
        &self,
        scenario: &gherkin::Scenario,
        finished: &ScenarioFinished,
        world: Option<&mut World>,
    ) {
        let Some(planned) = self.planned(scenario) else {
            return;
        };
        let (skip, left_out, mut context) = match world {
            Some(world) => (
                world.skip.take(),
                world.left_out.take(),
                world.context.take(),
            ),
            None => (None, None, None),
        };
        if let Some(context) = context.as_mut() {
            // What cannot be deleted is told by `left_behind`.
            drop(context.delete_created().await);
            context.last_look().await;
            context.end_client().await;
            context.end_sides().await;
        }
        if planned.measures {
            let measurement = context.as_ref().and_then(|one| one.measurement.clone());
            self.shared.measured.send_modify(|measured| {
                measured.insert(planned.vendor.clone(), measurement);
            });
        }
        if let Some(kept) = context.as_ref().and_then(|context| context.kept(planned)) {
            self.shared.pending.borrow_mut().push(kept);
        }
        let ending = left_out.unwrap_or_else(|| ending(finished, skip, context.as_ref()));
        if let Some(stage) = context.as_mut().and_then(|context| context.stage.take()) {
            // A stage that cannot be ended costs memory at the mocks and no verdict.
            drop(stage.end().await);
        }
        let result = self.result(planned, ending, context);
        let done = {
            let mut done = self.done.borrow_mut();
            done.insert(planned.key.clone(), result);
            done.len()
        };
        (self.progress)(Progress {
            done,
            of: self.plan.scenarios.len(),
            title: planned.title.clone(),
        });
    }

    /// All scenarios in the plan's order; `trouble` is why some may be missing.
    pub(super) fn results(&self, trouble: Option<&str>) -> Vec<(Scenario, Redactor)> {
        let mut done = self.done.borrow_mut();
        let missing = || match trouble {
            Some(why) => Ending::Broken(why.to_owned()),
            None => Ending::NotReached,
        };
        self.plan
            .scenarios
            .iter()
            .map(|planned| {
                done.remove(&planned.key)
                    .unwrap_or_else(|| self.result(planned, missing(), None))
            })
            .collect()
    }

    fn planned(&self, scenario: &gherkin::Scenario) -> Option<&Planned> {
        let key = key_of(scenario);
        self.plan
            .scenarios
            .iter()
            .find(|planned| planned.key == key)
    }

    /// Why a scenario cannot be played at a real endpoint: it needs a key or the clock of the
    /// vendor, or leave that nobody gave.
    fn out_of_reach(&self, planned: &Planned) -> Option<String> {
        let TargetKind::Endpoint(_) = self.options.target else {
            return None;
        };
        let tagged = |tag: &str| {
            let row = |id: &locum_core::RequirementId| catalogue().get(&id.0);
            let mut rows = planned.ids.iter().filter_map(row);
            rows.any(|row| row.precondition.starts_with(tag))
        };
        if tagged("[mock]") {
            return Some("needs a key or the clock of the vendor: mocks only".to_owned());
        }
        (tagged("[opt-in]") && !self.options.manners.allow_writes).then(|| NO_LEAVE.to_owned())
    }

    /// Why a scenario cannot be played with a client that is reached in this way: none of its rows
    /// can be seen there.
    fn level_too_low(&self, planned: &Planned) -> Option<String> {
        let client = self.options.client.as_ref();
        let is_exec = client.is_some_and(|client| client.level == AdoptionLevel::Exec);
        let row = |id: &locum_core::RequirementId| catalogue().get(&id.0);
        let needs_more = |row: &locum_core::Requirement| row.precondition.starts_with("[stdio]");
        (planned.judge == Judge::Client
            && is_exec
            && planned.ids.iter().filter_map(row).all(needs_more))
        .then(|| "adoption level too low: needs stdio".to_owned())
    }

    /// What the credentials of a scenario's stages look like.
    fn credentials(&self, judge: Judge) -> CredentialStyle {
        let client = self.options.client.as_ref();
        let is_exec = client.is_some_and(|client| client.level == AdoptionLevel::Exec);
        match (judge, is_exec) {
            (Judge::Vendor, _) => CredentialStyle::Plain,
            (Judge::Client, true) => CredentialStyle::CanaryAscii,
            (Judge::Client, false) => CredentialStyle::Canary,
        }
    }

    async fn make_context(
        &self,
        planned: &Planned,
        steps: Vec<String>,
    ) -> Result<ScenarioContext, Error> {
        let mut profiles = self.options.profiles.iter();
        let profile = profiles
            .find(|profile| profile.vendor == planned.vendor)
            .cloned()
            .ok_or_else(|| Error::Step(format!("no profile of {}", planned.vendor)))?;
        let (target, stage) = match &self.options.target {
            TargetKind::Endpoint(target) => (Target::clone(target), None),
            TargetKind::Mocks { control, twin } => {
                let judges_client = planned.judge == Judge::Client;
                let credentials = self.credentials(planned.judge);
                let spec = StageSpec {
                    name: String::new(),
                    seed: self.seed(planned),
                    settings: match judges_client {
                        true => judging_settings(&profile),
                        false => Map::new(),
                    },
                    running: judges_client,
                    credentials,
                };
                let stage = StageClient::make(control, &spec).await?;
                let twin = twin.as_deref().filter(|_| planned.judge == Judge::Vendor);
                if let Some(twin) = twin.filter(|twin| is_of(twin, &planned.vendor)) {
                    stage.twin(twin).await?;
                }
                (stage.target(&planned.vendor)?, Some(stage))
            }
        };
        let clock = self.options.clock.clone();
        let mut context = ScenarioContext::new(profile, target, stage, clock, self.origin);
        context.credentials = self.credentials(planned.judge);
        if let TargetKind::Endpoint(_) = self.options.target {
            context.manners = self.options.manners;
        }
        context.gate = self.shared.gate.clone();
        context.is_about_the_login = planned.ids.iter().any(|id| id.0 == LOGIN);
        if let Some(earlier) = &self.options.resume
            && let Some((kept, seen)) = earlier.find(&planned.key)
        {
            let offset = self.options.clock.now().since(earlier.started);
            context.go_on(
                kept,
                seen,
                offset.saturating_sub(self.options.clock.monotonic().saturating_sub(self.origin)),
            );
        }
        context.may_write |= self.options.manners.allow_writes;
        context.authority = self.shared.authority.clone();
        context.webhook.clone_from(&self.options.webhook);
        context.seed = self.seed(planned);
        if self.plan.needs_measurement(planned) {
            let measured = self.shared.measured.borrow().get(&planned.vendor).cloned();
            if let Some(measurement) = measured.flatten() {
                context.log.measurement(&measurement);
                context.measurement = Some(measurement);
            }
        }
        if planned.judge == Judge::Client {
            let client = self.options.client.as_ref();
            let client =
                client.ok_or_else(|| Error::Step("no client to judge was given".to_owned()))?;
            context.redact = client.redact.clone();
            if planned.stores {
                let folder = StorageFolder::make();
                let folder = folder.map_err(|error| Error::Step(error.to_string()))?;
                context.storage = Some(folder);
            }
            let wanted = SeatRequest {
                seed: self.seed(planned),
                scenario: planned.key.clone(),
                logs_all: planned.logs_all,
                store: context.storage.as_ref().map(StorageFolder::file),
                steps,
                stage: context.stage.clone(),
                environment: context.target.env.clone(),
            };
            let started = (client.maker)(&context.profile, &wanted);
            context.seat(started).await;
            if planned.stores && context.can_restart() {
                let maker = client.maker.clone();
                context.restarting = Some(Restarting { maker, wanted });
            }
            if planned.logs_all && context.log.evidence().client_gone().is_none() {
                context.wants_output();
            }
            if planned.measures {
                return Ok(context);
            }
            if planned.judge == Judge::Client && planned.shared && !planned.documented {
                context.set_lifetime(context.long_lifetime()).await?;
            }
        }
        Ok(context)
    }

    /// Each scenario has a seed of its own, the same in every run with one seed.
    fn seed(&self, planned: &Planned) -> u64 {
        let step = (planned.number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // JSON numbers are exact up to 2^53 only.
        (self.options.seed ^ step) >> 11
    }

    fn result(
        &self,
        planned: &Planned,
        ending: Ending,
        context: Option<ScenarioContext>,
    ) -> (Scenario, Redactor) {
        let (urls, (evidence, redactor)) = match context {
            Some(context) => (context.target.urls, context.log.into_parts()),
            None => Default::default(),
        };
        let scenario = Scenario {
            key: planned.key.clone(),
            title: planned.title.clone(),
            vendor: planned.vendor.clone(),
            judge: planned.judge,
            ids: planned.ids.clone(),
            seed: self.seed(planned),
            urls,
            ending,
            evidence,
        };
        (scenario, redactor)
    }
}

/// Ends a scenario before it begins; why it is not for this client.
async fn not_restartable(mut context: ScenarioContext) -> String {
    let why = match context.log.evidence().hears_output() {
        true => "the client does not claim storage",
        false => "the client's process cannot be started anew",
    };
    context.end_client().await;
    if let Some(stage) = context.stage.take() {
        // A stage that cannot be ended costs memory at the mocks and no verdict.
        drop(stage.end().await);
    }
    why.to_owned()
}

fn ending(
    finished: &ScenarioFinished,
    skip: Option<String>,
    context: Option<&ScenarioContext>,
) -> Ending {
    if let Some(context) = context
        && let Some(fault) = &context.shim_fault
    {
        return Ending::Broken(context.log.redact(fault));
    }
    let not_applicable = context.and_then(|context| context.not_applicable.clone());
    if let Some(reason) = skip.or(not_applicable) {
        return Ending::NotApplicable(reason);
    }
    if let Some(stopped) = context.and_then(|context| context.stopped) {
        return stopped.ending();
    }
    let broken = |why: String| {
        let why = why.trim_start_matches("Step panicked. Captured output: ");
        Ending::Broken(context.map_or_else(|| why.to_owned(), |context| context.log.redact(why)))
    };
    match finished {
        ScenarioFinished::StepPassed => Ending::Ran,
        ScenarioFinished::StepSkipped => broken("a step is undefined".to_owned()),
        ScenarioFinished::StepFailed(_, _, error) => broken(error.to_string()),
        ScenarioFinished::BeforeHookFailed(_) => broken("the context could not be set".to_owned()),
    }
}

/// Whether a twin's name, `any-secret` or `corti/any-secret`, is one of `vendor`.
fn is_of(twin: &str, vendor: &str) -> bool {
    twin.split_once('/')
        .is_none_or(|(whose, _)| whose == vendor)
}
