//! What a caller may say of a new stage.

use std::collections::BTreeMap;

use locum_core::credential::CredentialStyle;
use locum_core::{Timestamp, weight};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::clock::ClockMode;

/// What a caller may say of a new stage; the rest of the stage document is computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageSpec {
    /// Its name; made up when absent.
    pub name: Option<String>,
    /// What its ids, keys and secrets are drawn from; random when absent.
    pub seed: Option<u64>,
    /// Whether each vendor gets a port of its own.
    pub listen: bool,
    /// Where its clock starts.
    pub clock: Option<ClockSpec>,
    /// Settings that differ from the profiles.
    pub settings: Map<String, Value>,
    /// What the credentials of the profiles' principals look like.
    pub credentials: CredentialStyle,
    /// Principals by vendor.
    pub vendors: BTreeMap<String, VendorSpec>,
}

impl StageSpec {
    /// Heap bytes of what it says.
    pub(super) fn weight(&self) -> usize {
        let vendors = self.vendors.iter().map(|(name, spec)| {
            let principals = spec.principals.as_ref().map_or(0, weight::json);
            size_of::<(String, VendorSpec)>() + weight::text(name) + principals
        });
        weight::optional(self.name.as_ref())
            + weight::object(&self.settings)
            + vendors.sum::<usize>()
    }
}

/// The clock of a new stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockSpec {
    /// The time it shows; the machine's when absent.
    #[serde(default)]
    pub now: Option<Timestamp>,
    /// Whether it runs.
    #[serde(default = "running")]
    pub mode: ClockMode,
}

const fn running() -> ClockMode {
    ClockMode::Running
}

/// A vendor of a new stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VendorSpec {
    /// Its principals, instead of the profile's.
    pub principals: Option<Value>,
}
