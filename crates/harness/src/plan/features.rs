//! The features inside the binary, as cucumber reads them.

use std::path::PathBuf;

use cucumber::feature::Ext as _;
use cucumber::gherkin::{Feature, GherkinEnv, Scenario};
use cucumber::{Parser, cli};
use futures_util::stream;
use include_dir::{Dir, include_dir};

use super::Plan;
use crate::Error;
use crate::catalogue::contract_of;

pub(super) static FEATURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../features");

/// The folders whose scenarios are played for each vendor that their rows name: those that judge
/// clients, and those that judge vendors alike.
pub(super) const SHARED: [&str; 2] = [CLIENT, "common"];

/// The folder that judges clients.
const CLIENT: &str = "client";

/// The features of one vendor and those that all share, in the order of their names, outlines
/// expanded.
pub(super) fn features_of(vendor: &str) -> Result<Vec<Feature>, Error> {
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

pub(super) fn parse(path: &std::path::Path, text: &str) -> Result<Feature, Error> {
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

/// The features with those of their scenarios that `keep` keeps, which it may change; those that have
/// any.
pub(super) fn with_scenarios(
    features: &[Feature],
    mut keep: impl FnMut(&mut Scenario) -> bool,
) -> Vec<Feature> {
    let features = features.iter().cloned().filter_map(|mut feature| {
        feature.scenarios.retain_mut(&mut keep);
        for rule in &mut feature.rules {
            rule.scenarios.retain_mut(&mut keep);
        }
        without_empty(feature)
    });
    features.collect()
}

/// The feature without rules that have no scenario; `None` where it has none at all.
pub(super) fn without_empty(mut feature: Feature) -> Option<Feature> {
    feature.rules.retain(|rule| !rule.scenarios.is_empty());
    let is_empty = feature.rules.is_empty() && feature.scenarios.is_empty();
    (!is_empty).then_some(feature)
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
