//! What happens before and after each scenario.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use cucumber::event::ScenarioFinished;
use cucumber::gherkin;
use locum_core::requirement::Judge;
use serde_json::Map;

use super::features::key_of;
use super::{CheckOptions, Plan, Planned, Progress, Target};
use crate::Error;
use crate::catalogue::catalogue;
use crate::judge::{Ending, Scenario};
use crate::report::ScenarioLog;
use crate::stage::{Stage, StageSpec};
use crate::world::{Scene, World};

/// Sets scenes and collects what came of them.
pub(super) struct Hooks {
    options: CheckOptions,
    plan: Vec<Planned>,
    origin: Duration,
    progress: Box<dyn Fn(Progress)>,
    done: RefCell<BTreeMap<String, (Scenario, ScenarioLog)>>,
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
    ) -> Self {
        Self {
            options,
            plan: plan.scenarios.clone(),
            origin,
            progress,
            done: RefCell::default(),
        }
    }

    /// Sets the scene. What goes wrong here comes out of the scenario's first step.
    pub(super) async fn begin(&self, scenario: &gherkin::Scenario, world: &mut World) {
        let Some((at, planned)) = self.planned(scenario) else {
            world.trouble = Some("the scenario is not in the plan".to_owned());
            return;
        };
        if let Some(reason) = self.out_of_reach(planned) {
            world.skip = Some(reason);
            return;
        }
        match self.set_scene(at, planned).await {
            Ok(scene) => world.scene = Some(scene),
            Err(error) => world.trouble = Some(error.to_string()),
        }
    }

    /// Keeps what came of the scenario, and ends its stage.
    pub(super) async fn finish(
        &self,
        scenario: &gherkin::Scenario,
        finished: &ScenarioFinished,
        world: Option<&mut World>,
    ) {
        let Some((at, planned)) = self.planned(scenario) else {
            return;
        };
        let (skip, mut scene) = match world {
            Some(world) => (world.skip.take(), world.scene.take()),
            None => (None, None),
        };
        let ending = ending(finished, skip, scene.as_ref());
        if let Some(stage) = scene.as_mut().and_then(|scene| scene.stage.take()) {
            // A stage that cannot be ended costs memory at the mocks and no verdict.
            drop(stage.end().await);
        }
        let result = self.result(at, planned, ending, scene);
        let done = {
            let mut done = self.done.borrow_mut();
            done.insert(planned.key.clone(), result);
            done.len()
        };
        (self.progress)(Progress {
            done,
            of: self.plan.len(),
            title: planned.title.clone(),
        });
    }

    /// All scenarios in the plan's order; `trouble` is why some may be missing.
    pub(super) fn results(&self, trouble: Option<&str>) -> Vec<(Scenario, ScenarioLog)> {
        let mut done = self.done.borrow_mut();
        let missing = || match trouble {
            Some(why) => Ending::Broken(why.to_owned()),
            None => Ending::NotReached,
        };
        self.plan
            .iter()
            .enumerate()
            .map(|(at, planned)| {
                done.remove(&planned.key)
                    .unwrap_or_else(|| self.result(at, planned, missing(), None))
            })
            .collect()
    }

    fn planned(&self, scenario: &gherkin::Scenario) -> Option<(usize, &Planned)> {
        let key = key_of(scenario);
        self.plan
            .iter()
            .enumerate()
            .find(|(_, planned)| planned.key == key)
    }

    /// Why a scenario cannot be played at a real endpoint: it needs a key or the clock of the
    /// vendor, or leave that nobody gave.
    fn out_of_reach(&self, planned: &Planned) -> Option<String> {
        let Target::Endpoint(_) = self.options.target else {
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
        tagged("[opt-in]").then(|| "needs leave, which was not given".to_owned())
    }

    async fn set_scene(&self, at: usize, planned: &Planned) -> Result<Scene, Error> {
        let mut profiles = self.options.profiles.iter();
        let profile = profiles
            .find(|profile| profile.vendor == planned.vendor)
            .cloned()
            .ok_or_else(|| Error::Step(format!("no profile of {}", planned.vendor)))?;
        let (place, stage) = match &self.options.target {
            Target::Endpoint(place) => (place.clone(), None),
            Target::Mocks { control, twin } => {
                let spec = StageSpec {
                    name: String::new(),
                    seed: self.seed(at),
                    settings: Map::new(),
                };
                let stage = Stage::make(control, &spec).await?;
                let twin = twin.as_deref().filter(|_| planned.judge == Judge::Vendor);
                if let Some(twin) = twin.filter(|twin| is_of(twin, &planned.vendor)) {
                    stage.twin(twin).await?;
                }
                (stage.place(&planned.vendor)?, Some(stage))
            }
        };
        let clock = self.options.clock.clone();
        let mut scene = Scene::new(profile, place, stage, clock, self.origin);
        if planned.judge == Judge::Client {
            let maker = self.options.client.as_ref();
            let maker =
                maker.ok_or_else(|| Error::Step("no client to judge was given".to_owned()))?;
            let client = maker(&scene.profile, self.seed(at));
            scene.seat(client);
            scene.start_client().await?;
        }
        Ok(scene)
    }

    /// Each scenario has a seed of its own, the same in every run with one seed.
    fn seed(&self, at: usize) -> u64 {
        let step = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // JSON numbers are exact up to 2^53 only.
        (self.options.seed ^ step) >> 11
    }

    fn result(
        &self,
        at: usize,
        planned: &Planned,
        ending: Ending,
        scene: Option<Scene>,
    ) -> (Scenario, ScenarioLog) {
        let mut log = ScenarioLog {
            key: planned.key.clone(),
            title: planned.title.clone(),
            vendor: planned.vendor.clone(),
            seed: self.seed(at),
            urls: BTreeMap::new(),
            records: Vec::new(),
            canaries: crate::ledger::Canaries::default(),
        };
        let mut findings = Vec::new();
        if let Some(scene) = scene {
            log.urls = scene.place.urls;
            findings = scene.findings;
            (log.records, log.canaries) = scene.ledger.into_parts();
        }
        let scenario = Scenario {
            key: planned.key.clone(),
            title: planned.title.clone(),
            vendor: planned.vendor.clone(),
            judge: planned.judge,
            ids: planned.ids.clone(),
            ending,
            findings,
        };
        (scenario, log)
    }
}

fn ending(finished: &ScenarioFinished, skip: Option<String>, scene: Option<&Scene>) -> Ending {
    let not_applicable = scene.and_then(|scene| scene.not_applicable.clone());
    if let Some(reason) = skip.or(not_applicable) {
        return Ending::NotApplicable(reason);
    }
    let broken = |why: String| {
        let why = why.trim_start_matches("Step panicked. Captured output: ");
        Ending::Broken(scene.map_or_else(|| why.to_owned(), |scene| scene.ledger.redact(why)))
    };
    match finished {
        ScenarioFinished::StepPassed => Ending::Ran,
        ScenarioFinished::StepSkipped => broken("a step is undefined".to_owned()),
        ScenarioFinished::StepFailed(_, _, error) => broken(error.to_string()),
        ScenarioFinished::BeforeHookFailed(_) => broken("the scene could not be set".to_owned()),
    }
}

/// Whether a twin's name, `any-secret` or `corti/any-secret`, is one of `vendor`.
fn is_of(twin: &str, vendor: &str) -> bool {
    twin.split_once('/')
        .is_none_or(|(whose, _)| whose == vendor)
}
