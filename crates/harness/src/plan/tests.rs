use cucumber::World as _;
use include_dir::Dir;

use super::features::{FEATURES, SHARED};
use super::needs::offers;
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
                    "the caller logs in in each of these ways"
                    | "a refused login is tried in each of these ways" => {
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
fn a_row_that_a_vendors_documents_rule_out_says_by_which_fact() {
    let profile = crate::testing::profile(|profile| {
        profile.token.grant = locum_core::profile::Grant::ClientCredentials;
    });
    let why = |profile: &Profile, id: &str| {
        let rows = unplayable_rows(profile, Judge::Client).expect("features are read");
        rows.get(&RequirementId(id.to_owned())).copied()
    };
    let password = "its documented login is not by a user's password";
    assert_eq!(why(&profile, "TOK-18"), Some(Obstacle::Vendor(password)));
    assert_eq!(why(&profile, "CLI-29"), None);
    // A call that reads is missing in our hands, not in the vendor's.
    let profile = crate::testing::profile(|profile| profile.api.sample = None);
    let found = why(&profile, "CACHE-01");
    assert!(matches!(found, Some(Obstacle::Harness(_))), "{found:?}");
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
