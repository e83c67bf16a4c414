//! The features inside the binary: parsed, checked against the catalogue, selected.

mod features;
mod needs;
mod order;
mod tags;

use std::collections::BTreeMap;

use cucumber::gherkin::{Feature, Scenario};
use locum_core::requirement::Judge;
use locum_core::{Profile, RequirementId};

use crate::Error;
use crate::run::Resumption;
use crate::verdict::Scope;
use features::{features_of, with_scenarios, without_empty};
use needs::{obstacle, offers_all};
use tags::{is_shared, planned, shared};

pub(crate) use features::Embedded;
pub use needs::Obstacle;
pub(crate) use tags::key_of;

/// One scenario of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its name in the log: `client-1`, `client-2`, … in the order of the files.
    pub key: String,
    /// Its place in the whole plan, from 1.
    pub number: usize,
    /// The feature's path and the scenario's name.
    pub title: String,
    /// The vendor: the feature's folder.
    pub vendor: String,
    /// Whom it judges.
    pub judge: Judge,
    /// The rows that it shows.
    pub ids: Vec<RequirementId>,
    /// What the vendor has to have: `@needs:revoke` is an endpoint, other words are `offers`'.
    pub needs: Vec<String>,
    /// Whether several vendors share it.
    pub shared: bool,
    /// Whether it measures the client first, for the scenarios that follow: `@measures`.
    pub measures: bool,
    /// Whether it needs no measurement, and can be played beside it: `@unmeasured`.
    pub unmeasured: bool,
    /// Whether tokens live as long as the vendor's page says, and not as long as the scenario
    /// needs: `@documented`.
    pub documented: bool,
    /// Whether its processes find what earlier ones stored: `@storage`.
    pub stores: bool,
    /// Whether the client is to log all that it can: `@debug`.
    pub logs_all: bool,
}

/// The scenarios of a run, and the features that are left of the embedded ones.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The scenarios in order.
    pub scenarios: Vec<Planned>,
    features: Vec<Feature>,
}

/// The rows of one side whose scenarios are all kept from a vendor, each with what keeps them.
///
/// # Errors
/// When a feature cannot be read.
pub fn unplayable_rows(
    profile: &Profile,
    judge: Judge,
) -> Result<BTreeMap<RequirementId, Obstacle>, Error> {
    let mut all = Plan::default();
    for feature in features_of(&profile.vendor)? {
        all.take(feature, &profile.vendor, &|_: &Planned| true)?;
    }
    let mut rows: BTreeMap<RequirementId, Option<Obstacle>> = BTreeMap::new();
    for scenario in all.scenarios.iter().filter(|one| one.judge == judge) {
        let found = obstacle(profile, &scenario.needs);
        for id in &scenario.ids {
            let known = rows.entry(id.clone()).or_insert(found);
            *known = match (*known, found) {
                // What one scenario could show but for us is not the vendor's to rule out.
                (Some(Obstacle::Vendor(_)), Some(other)) => Some(other),
                (Some(known), Some(_)) => Some(known),
                _ => None,
            };
        }
    }
    let unplayable = rows.into_iter();
    Ok(unplayable
        .filter_map(|(id, why)| Some((id, why?)))
        .collect())
}

impl Plan {
    /// The scenarios for the rows in scope; those with several rows count for all of them. A scenario
    /// that needs what its vendor's profile among `profiles` does not have is left out.
    pub fn select(scope: &Scope<'_>, profiles: &[Profile]) -> Result<Self, Error> {
        let mut plan = Self::default();
        for vendor in scope.vendors {
            let rows = scope.rows(vendor);
            if rows.is_empty() {
                continue;
            }
            let profile = profiles.iter().find(|profile| profile.vendor == *vendor);
            let wanted = |planned: &Planned| {
                planned.judge == scope.judge
                    && profile.is_none_or(|profile| offers_all(profile, &planned.needs))
                    && (planned.measures
                        || planned
                            .ids
                            .iter()
                            .any(|id| rows.iter().any(|(row, _)| row.id == *id)))
            };
            for feature in features_of(vendor)? {
                plan.take(feature, vendor, &wanted)?;
            }
        }
        if plan.scenarios.is_empty() {
            return Err(Error::NothingSelected(scope.selection.to_string()));
        }
        plan.features = plan.in_playing_order();
        Ok(plan)
    }

    /// Whether `planned` builds upon what another scenario measures of the client.
    pub(crate) fn needs_measurement(&self, planned: &Planned) -> bool {
        let measures =
            |other: &Planned| other.measures && other.vendor == planned.vendor && !planned.measures;
        !planned.unmeasured && self.scenarios.iter().any(measures)
    }

    /// Leaves those scenarios of an earlier run that are to go on, each from the step on that waited.
    ///
    /// # Errors
    /// When the earlier run was of other scenarios.
    pub(crate) fn resume(&mut self, earlier: &Resumption) -> Result<(), Error> {
        let goes_on = |planned: &Planned| {
            let kept = earlier.find(&planned.key);
            kept.is_some_and(|(kept, _)| kept.title == planned.title)
        };
        self.scenarios.retain(goes_on);
        if self.scenarios.len() != earlier.scenarios.len() {
            let why = "the run was of other scenarios than this version of locum has";
            return Err(Error::Usage(why.to_owned()));
        }
        let cut = |scenario: &mut Scenario| {
            let Some((kept, _)) = earlier.find(key_of(scenario)) else {
                return false;
            };
            let mut steps = scenario.steps.iter();
            let from = steps.position(|step| step.value == kept.step);
            scenario.steps.drain(..from.unwrap_or_default());
            true
        };
        self.features = with_scenarios(&self.features, cut);
        for feature in &mut self.features {
            feature.background = None;
            for rule in &mut feature.rules {
                rule.background = None;
            }
        }
        Ok(())
    }

    /// All scenarios of one text.
    #[cfg(test)]
    pub(crate) fn of_text(vendor: &str, text: &str) -> Result<Self, Error> {
        let mut plan = Self::default();
        let feature = features::parse(std::path::Path::new("features/f.feature"), text)?;
        plan.take(feature, vendor, &|_: &Planned| true)?;
        Ok(plan)
    }

    fn take(
        &mut self,
        mut feature: Feature,
        vendor: &str,
        wanted: &impl Fn(&Planned) -> bool,
    ) -> Result<(), Error> {
        let path = feature
            .path
            .clone()
            .unwrap_or_default()
            .display()
            .to_string();
        let inherited = feature.tags.clone();
        self.keep(&mut feature.scenarios, &inherited, (&path, vendor), wanted)?;
        for rule in &mut feature.rules {
            let tags = [inherited.clone(), rule.tags.clone()].concat();
            self.keep(&mut rule.scenarios, &tags, (&path, vendor), wanted)?;
        }
        self.features.extend(without_empty(feature));
        Ok(())
    }

    fn keep(
        &mut self,
        scenarios: &mut Vec<Scenario>,
        inherited: &[String],
        (path, vendor): (&str, &str),
        wanted: &impl Fn(&Planned) -> bool,
    ) -> Result<(), Error> {
        let mut kept = Vec::new();
        for mut scenario in scenarios.drain(..) {
            let tags = [inherited, &scenario.tags].concat();
            let planned = match is_shared(path) {
                true => shared(&tags, path, vendor, &scenario.name)?,
                false => Some(planned(&tags, path, vendor, &scenario.name)?),
            };
            if let Some(mut planned) = planned
                && wanted(&planned)
            {
                planned.number = self.scenarios.len() + 1;
                planned.key = format!("{}-{}", planned.judge.word(), planned.number);
                scenario.tags.push(format!("key:{}", planned.key));
                self.scenarios.push(planned);
                kept.push(scenario);
            }
        }
        *scenarios = kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
