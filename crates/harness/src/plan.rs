//! The features inside the binary: parsed, checked against the catalogue, selected.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cucumber::feature::Ext as _;
use cucumber::gherkin::{Feature, GherkinEnv, Scenario};
use cucumber::{Parser, cli};
use futures_util::stream;
use include_dir::{Dir, include_dir};
use locum_core::profile::{ExpiresIn, Grant, Proof, SecretIn};
use locum_core::requirement::Judge;
use locum_core::{Profile, RequirementId};

use crate::Error;
use crate::catalogue::contract_of;
use crate::run::Resumption;
use crate::verdict::Scope;

static FEATURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../features");

/// The folders whose scenarios are played for each vendor that their rows name: those that judge
/// clients, and those that judge vendors alike.
const SHARED: [&str; 2] = [CLIENT, "common"];

/// The folder that judges clients.
const CLIENT: &str = "client";

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

    /// The scenarios that leave the vendor as it is, and those that end or change what others hold.
    pub(crate) fn split_harmless(&self) -> (Self, Self) {
        let is_harmless =
            |planned: &Planned| !planned.ids.iter().any(|id| changes_the_vendor(&id.0));
        let part = |is_first: bool| {
            let scenarios: Vec<Planned> = self
                .scenarios
                .iter()
                .filter(|planned| is_harmless(planned) == is_first)
                .cloned()
                .collect();
            let kept = |scenario: &Scenario| {
                let mut planned = scenarios.iter();
                planned.any(|planned| planned.key == key_of(scenario))
            };
            let mut features = self.features.clone();
            for feature in &mut features {
                feature.scenarios.retain(kept);
                for rule in &mut feature.rules {
                    rule.scenarios.retain(kept);
                }
                feature.rules.retain(|rule| !rule.scenarios.is_empty());
            }
            features.retain(|feature| !(feature.rules.is_empty() && feature.scenarios.is_empty()));
            Self {
                scenarios,
                features,
            }
        };
        (part(true), part(false))
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
        for feature in &mut self.features {
            feature.background = None;
            feature.scenarios.retain_mut(cut);
            for rule in &mut feature.rules {
                rule.background = None;
                rule.scenarios.retain_mut(cut);
            }
            feature.rules.retain(|rule| !rule.scenarios.is_empty());
        }
        let is_left =
            |feature: &Feature| !(feature.rules.is_empty() && feature.scenarios.is_empty());
        self.features.retain(is_left);
        Ok(())
    }

    /// All scenarios of one text.
    #[cfg(test)]
    pub(crate) fn of_text(vendor: &str, text: &str) -> Result<Self, Error> {
        let mut plan = Self::default();
        let feature = parse(std::path::Path::new("features/f.feature"), text)?;
        plan.take(feature, vendor, &|_: &Planned| true)?;
        Ok(plan)
    }

    /// What measures the client begins first, and what needs no measurement comes before what waits for
    /// it. `@long` scenarios, which wait for seconds, begin before the others, so that nobody waits for
    /// them alone in the end; `@gaps` ones are judged by short times and begin late, when the machine is
    /// quieter. Those that change something at the vendor come last.
    fn in_playing_order(&self) -> Vec<Feature> {
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
            ordered.extend(self.features.iter().cloned().filter_map(|mut feature| {
                let kept = |scenario: &Scenario| place(scenario) == wanted;
                feature.scenarios.retain(kept);
                for rule in &mut feature.rules {
                    rule.scenarios.retain(kept);
                }
                feature.rules.retain(|rule| !rule.scenarios.is_empty());
                let is_empty = feature.rules.is_empty() && feature.scenarios.is_empty();
                (!is_empty).then_some(feature)
            }));
        }
        ordered
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
        feature.rules.retain(|rule| !rule.scenarios.is_empty());
        if !(feature.rules.is_empty() && feature.scenarios.is_empty()) {
            self.features.push(feature);
        }
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

fn offers_all(profile: &Profile, needs: &[String]) -> bool {
    needs.iter().all(|need| offers(profile, need) == Some(true))
}

/// Whether a vendor has what a scenario needs; `None` for a word that is not known.
fn offers(profile: &Profile, need: &str) -> Option<bool> {
    let token = &profile.token;
    Some(match need {
        "login" => token.grant != Grant::AuthorizationCode,
        "client_credentials" => token.grant == Grant::ClientCredentials,
        "password" => token.grant == Grant::Password,
        "basic" => token.grant == Grant::ClientCredentials && token.secret_in == SecretIn::Basic,
        "secret_in_body" => {
            token.grant == Grant::ClientCredentials && token.secret_in == SecretIn::Body
        }
        "bearer" => profile.api.proof == Proof::Bearer,
        "sample" => profile.api.sample.is_some(),
        // The protocol has no words for a client's own secret beside a user's password, nor for
        // proofs of other forms.
        "client" => {
            token.grant != Grant::AuthorizationCode
                && token.client_in.is_none()
                && matches!(profile.api.proof, Proof::Bearer | Proof::Sigv4)
        }
        "several_parameters" => {
            let body = usize::from(token.secret_in == SecretIn::Body);
            let others = usize::from(token.sends_grant_type) + usize::from(token.scope.is_some());
            2 * body + others > 1
        }
        "seconds" => token.expires_in == ExpiresIn::Seconds,
        "milliseconds" => token.expires_in == ExpiresIn::Milliseconds,
        // A vendor whose refresh tokens never end says so by having no lifetime: not known here.
        "refresh" => token.grant == Grant::Password && token.refresh_lifetime_s.is_some(),
        "revoke" | "introspect" => profile.endpoints.contains_key(need),
        "discovery" => profile.urls.contains_key(need),
        _ => return None,
    })
}

fn ids_of(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let tags = scenario.tags.iter();
    tags.filter_map(|tag| tag.strip_prefix("id:"))
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

/// The key that the plan gave to a scenario.
pub(crate) fn key_of(scenario: &Scenario) -> &str {
    let key = scenario
        .tags
        .iter()
        .find_map(|tag| tag.strip_prefix("key:"));
    key.unwrap_or_default()
}

fn is_shared(path: &str) -> bool {
    let mut shared = SHARED.into_iter();
    shared.any(|name| path.starts_with(&format!("features/{name}/")))
}

/// The same for a scenario that several vendors share: its ids are those that judge the client of
/// this vendor, and `@vendor:…` tags narrow the vendors further. `None` when it is not for this one.
fn shared(tags: &[String], path: &str, vendor: &str, name: &str) -> Result<Option<Planned>, Error> {
    let contract = contract_of(vendor);
    let mut only = tags.iter().filter_map(|tag| tag.strip_prefix("vendor:"));
    let only: Vec<&str> = only.by_ref().collect();
    let is_for = |id: &str| {
        let row = crate::catalogue::catalogue().get(id);
        row.is_none_or(|row| row.vendors.iter().any(|known| known == contract))
    };
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        match tag.strip_prefix("id:") {
            Some(id) if !is_for(id) => {}
            Some(id) => {
                let row = crate::catalogue::catalogue().get(id);
                kept.extend(row.map(|row| row.level.word().to_lowercase()));
                kept.push(tag.clone());
            }
            None => kept.push(tag.clone()),
        }
    }
    let has_id = kept.iter().any(|tag| tag.starts_with("id:"));
    if !has_id || !(only.is_empty() || only.contains(&contract)) {
        return Ok(None);
    }
    planned(&kept, path, vendor, name).map(Some)
}

/// Reads the tags: one or several `@id:…`, one level, one `@judge:…`.
fn planned(tags: &[String], path: &str, vendor: &str, name: &str) -> Result<Planned, Error> {
    let wrong = |fault: String| Error::Feature {
        path: format!("{path}: {name}"),
        fault,
    };
    let after = |prefix: &'static str| tags.iter().filter_map(move |tag| tag.strip_prefix(prefix));
    let judge = match after("judge:").next() {
        Some("vendor") => Judge::Vendor,
        Some("client") => Judge::Client,
        other => {
            return Err(wrong(format!(
                "@judge:vendor or @judge:client, not {other:?}"
            )));
        }
    };
    let ids: Vec<RequirementId> = after("id:")
        .map(|id| RequirementId(id.to_owned()))
        .collect();
    if ids.is_empty() {
        return Err(wrong("no @id: tag".to_owned()));
    }
    for id in &ids {
        let row = crate::catalogue::catalogue()
            .get(&id.0)
            .ok_or_else(|| wrong(format!("the catalogue has no {id}")))?;
        let level = row.level.word().to_lowercase();
        if !tags.contains(&level) {
            return Err(wrong(format!("{id} is @{level}")));
        }
        if !row.judges.contains(&judge)
            || !row.vendors.iter().any(|known| known == contract_of(vendor))
        {
            return Err(wrong(format!(
                "{id} does not judge the {} of {vendor}",
                judge.word()
            )));
        }
    }
    Ok(Planned {
        key: String::new(),
        number: 0,
        title: format!("{path}: {name}"),
        vendor: vendor.to_owned(),
        judge,
        ids,
        needs: after("needs:").map(str::to_owned).collect(),
        shared: is_shared(path),
        measures: tags.iter().any(|tag| tag == "measures"),
        unmeasured: tags.iter().any(|tag| tag == "unmeasured"),
        documented: tags.iter().any(|tag| tag == "documented"),
        stores: tags.iter().any(|tag| tag == "storage"),
        logs_all: tags.iter().any(|tag| tag == "debug"),
    })
}

/// The features of one vendor and those that all share, in the order of their names, outlines
/// expanded.
fn features_of(vendor: &str) -> Result<Vec<Feature>, Error> {
    let folders = [contract_of(vendor)].into_iter().chain(SHARED);
    let folders = folders.filter_map(|name| FEATURES.get_dir(name));
    let mut files: Vec<_> = folders.flat_map(Dir::files).collect();
    files.sort_by_key(|file| file.path());
    files
        .into_iter()
        .filter(|file| file.path().extension().is_some_and(|end| end == "feature"))
        .map(|file| {
            let path = PathBuf::from("features").join(file.path());
            parse(&path, file.contents_utf8().unwrap_or_default())
        })
        .collect()
}

fn parse(path: &std::path::Path, text: &str) -> Result<Feature, Error> {
    let wrong = |fault: String| Error::Feature {
        path: path.display().to_string(),
        fault,
    };
    let mut feature =
        Feature::parse(text, GherkinEnv::default()).map_err(|error| wrong(error.to_string()))?;
    feature.path = Some(path.to_owned());
    feature
        .expand_examples()
        .map_err(|error| wrong(error.to_string()))
}

/// Hands the plan's features to cucumber.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Embedded;

impl Parser<Plan> for Embedded {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<cucumber::parser::Result<Feature>>>;

    fn parse(self, plan: Plan, _: cli::Empty) -> Self::Output {
        let features: Vec<_> = plan.features.into_iter().map(Ok).collect();
        stream::iter(features)
    }
}

#[cfg(test)]
mod tests {
    use cucumber::World as _;

    use super::*;
    use crate::evidence::{Operation, Variation};
    use crate::run::context::World;
    use crate::selection::Selection;

    fn all() -> Vec<Feature> {
        let folders = FEATURES.dirs().filter_map(|folder| folder.path().to_str());
        folders
            .filter(|folder| !SHARED.contains(folder))
            .flat_map(|vendor| features_of(vendor).expect("it parses"))
            .collect()
    }

    fn scenarios(feature: &Feature) -> impl Iterator<Item = &Scenario> {
        let ruled = feature.rules.iter().flat_map(|rule| &rule.scenarios);
        feature.scenarios.iter().chain(ruled)
    }

    #[test]
    fn every_step_has_exactly_one_definition() {
        let steps = World::collection();
        let features = all();
        assert!(!features.is_empty());
        for feature in &features {
            for step in scenarios(feature).flat_map(|scenario| &scenario.steps) {
                let found = steps.find(step).expect("not ambiguous");
                assert!(found.is_some(), "undefined: {step}");
            }
        }
    }

    #[test]
    fn every_way_of_a_request_is_known() {
        for feature in &all() {
            for step in scenarios(feature).flat_map(|scenario| &scenario.steps) {
                let rows = step.table.iter().flat_map(|table| &table.rows);
                for way in rows.filter_map(|row| row.first()) {
                    match step.value.as_str() {
                        "the caller logs in in each of these ways" => {
                            assert!(Variation::parse(Operation::Login, way).is_some(), "{way}");
                        }
                        "the token is refreshed in each of these ways" => {
                            assert!(Variation::parse(Operation::Renew, way).is_some(), "{way}");
                        }
                        "the caller calls the API in each of these ways" => {
                            assert!(Variation::parse(Operation::Call, way).is_some(), "{way}");
                        }
                        step if step.starts_with("the caller opens the socket ") => {
                            let known = Variation::parse(Operation::OpenSocket, way);
                            assert!(known.is_some(), "{way}");
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// The plan of each folder for each side.
    fn plans() -> Vec<(Judge, Plan)> {
        let mut plans = Vec::new();
        let folders = FEATURES.dirs();
        let is_shared = |folder: &&Dir<'_>| {
            let name = folder.path().to_str().unwrap_or_default();
            SHARED.contains(&name)
        };
        for folder in folders.filter(|folder| !is_shared(folder)) {
            let vendors = [folder.path().display().to_string()];
            for judge in [Judge::Vendor, Judge::Client] {
                let scope = Scope {
                    catalogue: crate::catalogue::catalogue(),
                    vendors: &vendors,
                    judge,
                    selection: &Selection::default(),
                };
                let plan = Plan::select(&scope, &[]).expect("something is selected");
                plans.push((judge, plan));
            }
        }
        plans
    }

    /// What a revocation ends was missed by scenarios that were played beside it.
    #[test]
    fn what_changes_a_real_endpoint_is_apart() {
        for (_, plan) in plans() {
            let (first, last) = plan.split_harmless();
            assert_eq!(
                first.scenarios.len() + last.scenarios.len(),
                plan.scenarios.len()
            );
            let revokes = |planned: &Planned| planned.ids.iter().any(|id| id.0.starts_with("REV-"));
            assert!(!first.scenarios.iter().any(revokes));
            let counted = |plan: &Plan| plan.features.iter().flat_map(scenarios).count();
            assert_eq!(counted(&last), last.scenarios.len());
        }
    }

    #[test]
    fn every_need_is_known() {
        let profile = crate::testing::profile(|_| ());
        for (_, plan) in plans() {
            for need in plan.scenarios.iter().flat_map(|planned| &planned.needs) {
                assert!(offers(&profile, need).is_some(), "@needs:{need}");
            }
        }
    }

    #[test]
    fn a_scenario_is_left_out_where_the_vendor_lacks_what_it_needs() {
        let tags = [
            "judge:vendor",
            "id:REV-07",
            "must",
            "needs:revoke",
            "needs:bearer",
        ];
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let needs = planned(&tags, "f", "corti", "s").expect("a scenario").needs;
        let mut profile = crate::testing::profile(|_| ());
        assert!(!offers_all(&profile, &needs));
        let endpoint = profile.endpoints.values().next().cloned();
        let endpoint = endpoint.expect("an endpoint");
        profile.endpoints.insert("revoke".to_owned(), endpoint);
        assert!(offers_all(&profile, &needs));
        assert!(!offers_all(&profile, &["nothing-such".to_owned()]));
    }

    #[test]
    fn every_tagged_id_has_a_rule_of_its_side() {
        for (judge, plan) in plans() {
            for planned in plan.scenarios {
                for id in &planned.ids {
                    let rule = crate::rules::find(&id.0, judge);
                    assert!(rule.is_some(), "{id}: {}", planned.title);
                }
            }
        }
    }

    #[test]
    fn long_scenarios_begin_first_and_each_is_played_once() {
        for (_, plan) in plans() {
            let mut played: Vec<&Scenario> = plan.features.iter().flat_map(scenarios).collect();
            let mut keys: Vec<&str> = played.iter().map(|scenario| key_of(scenario)).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), plan.scenarios.len());
            let places = |played: &[&Scenario], tag: &str| {
                let tagged = |scenario: &&Scenario| scenario.tags.iter().any(|known| known == tag);
                played.iter().map(tagged).collect::<Vec<bool>>()
            };
            assert!(places(&played, "measures").is_sorted_by(|before, after| before >= after));
            let measured = places(&played, "measures")
                .iter()
                .filter(|one| **one)
                .count();
            played.drain(..measured);
            let needs_none = |scenario: &&Scenario| {
                let mut planned = plan.scenarios.iter();
                planned.any(|planned| planned.key == key_of(scenario) && planned.unmeasured)
            };
            let (first, second): (Vec<&Scenario>, Vec<&Scenario>) =
                played.iter().partition(|scenario| needs_none(scenario));
            assert_eq!([first.as_slice(), &second].concat(), played);
            for part in [first, second] {
                assert!(places(&part, "long").is_sorted_by(|before, after| before >= after));
                assert!(places(&part, "gaps").is_sorted());
            }
        }
    }

    #[test]
    fn scenarios_have_at_most_six_steps() {
        for feature in &all() {
            for scenario in scenarios(feature) {
                assert!(scenario.steps.len() <= 6, "{}", scenario.name);
            }
        }
    }

    #[test]
    fn every_folder_can_be_planned_for_both_sides() {
        for (judge, plan) in plans() {
            assert!(plan.scenarios.iter().all(|planned| planned.judge == judge));
        }
    }

    fn check(tags: &[&str], fault: &str) {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let error = planned(&tags, "f", "pattern", "s").expect_err("it is wrong");
        assert!(error.to_string().contains(fault), "{error}");
    }

    #[test]
    fn wrong_tags_are_refused_by_name() {
        check(&["id:VEN-16", "must"], "@judge:vendor or @judge:client");
        check(&["judge:vendor", "must"], "no @id: tag");
        check(
            &["judge:vendor", "id:VEN-99", "must"],
            "the catalogue has no VEN-99",
        );
        check(&["judge:vendor", "id:VEN-16", "should"], "VEN-16 is @must");
        check(
            &["judge:client", "id:VEN-16", "must"],
            "does not judge the client",
        );
        check(
            &["judge:vendor", "id:VEN-22", "should"],
            "does not judge the vendor of pattern",
        );
    }

    #[test]
    fn nothing_selected_is_an_error() {
        let scope = Scope {
            catalogue: crate::catalogue::catalogue(),
            vendors: &["pattern".to_owned()],
            judge: Judge::Vendor,
            selection: &Selection::of_rows(&["SIG-01"]),
        };
        let error = Plan::select(&scope, &[]).expect_err("nothing fits");
        assert_eq!(
            error.to_string(),
            "nothing selected: no scenario fits SIG-01"
        );
    }
}
