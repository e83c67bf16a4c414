//! In which order scenarios are played.

use std::collections::BTreeSet;

use cucumber::gherkin::{Feature, Scenario};

use super::features::with_scenarios;
use super::tags::{ids_of, key_of};
use super::{Plan, Planned};

impl Plan {
    /// The scenarios that leave the vendor as it is, and those that end or change what others hold.
    pub(crate) fn split_harmless(&self) -> (Self, Self) {
        let is_harmless =
            |planned: &Planned| !planned.ids.iter().any(|id| changes_the_vendor(&id.0));
        (
            self.part(is_harmless),
            self.part(|planned| !is_harmless(planned)),
        )
    }

    /// The scenarios that fit, in the same order.
    pub(crate) fn part(&self, fits: impl Fn(&Planned) -> bool) -> Self {
        let scenarios = self.scenarios.iter().filter(|planned| fits(planned));
        let scenarios: Vec<Planned> = scenarios.cloned().collect();
        let kept = |scenario: &Scenario| {
            let mut planned = scenarios.iter();
            planned.any(|planned| planned.key == key_of(scenario))
        };
        let features = with_scenarios(&self.features, |scenario| kept(scenario));
        Self {
            scenarios,
            features,
        }
    }

    /// What measures the client begins first, and what needs no measurement comes before what waits for
    /// it. `@long` scenarios, which wait for seconds, begin before the others, so that nobody waits for
    /// them alone in the end; `@gaps` ones are judged by short times and begin late, when the machine is
    /// quieter. Those that change something at the vendor come last.
    pub(super) fn in_playing_order(&self) -> Vec<Feature> {
        let unmeasured: BTreeSet<&str> = self
            .scenarios
            .iter()
            .filter(|planned| planned.unmeasured)
            .map(|planned| planned.key.as_str())
            .collect();
        let place = |scenario: &Scenario| {
            let tagged = |tag: &str| scenario.tags.iter().any(|known| known == tag);
            let within = match () {
                () if tagged("long") => 0,
                () if tagged("gaps") => 2,
                () => 1,
            };
            match () {
                () if tagged("measures") => 0,
                () if ids_of(scenario).any(needs_leave) => 7,
                () if unmeasured.contains(key_of(scenario)) => 1 + within,
                () => 4 + within,
            }
        };
        let mut ordered = Vec::new();
        for wanted in 0..8 {
            let part = with_scenarios(&self.features, |scenario| place(scenario) == wanted);
            ordered.extend(part);
        }
        ordered
    }
}

/// Whether scenarios of a row may leave a real endpoint otherwise than they found it: what others look
/// at has to be looked at before. A revocation may end more than it should.
fn changes_the_vendor(id: &str) -> bool {
    id.starts_with("REV-") || needs_leave(id)
}

fn needs_leave(id: &str) -> bool {
    let row = crate::catalogue::catalogue().get(id);
    row.is_some_and(|row| row.precondition.starts_with("[opt-in]"))
}
