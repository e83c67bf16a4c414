//! Choices where a vendor's documents are silent.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::weight;

/// One choice: its default, what else it may be, why the default is what it is, and whether anybody
/// documents it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The value unless somebody says otherwise.
    pub default: Value,
    /// The values it may have; empty means any value of the default's type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// Why the default is what it is.
    pub reason: String,
    /// Where it comes from: `vendor-doc`, `rfc`, `measured`, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether no document says it; a vendor is never failed on an assumed setting.
    #[serde(default)]
    pub assumed: bool,
}

impl Setting {
    /// Whether it may have `value`.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        if !self.values.is_empty() {
            return self.values.contains(value);
        }
        match (&self.default, value) {
            // What counts (seconds, bytes, requests) does not go below nothing.
            (Value::Number(default), Value::Number(_)) if default.is_u64() => value.is_u64(),
            (Value::Number(default), Value::Number(given)) => {
                default.is_f64() || given.is_i64() || given.is_u64()
            }
            (default, given) => std::mem::discriminant(default) == std::mem::discriminant(given),
        }
    }
}

impl Setting {
    /// What it takes where every value of a kind will do.
    fn kind(&self) -> String {
        match &self.default {
            default if default.is_u64() => format!("whole numbers from 0, such as {default}"),
            default => format!("values like {default}"),
        }
    }
}

/// How many letters of an unknown setting's name are repeated.
const MAX_NAME: usize = 100;

/// The settings of a stage: what the profiles define, and what was changed. Keys are
/// `vendor.name`, such as `corti.access_ttl_s`.
/// A copy shares what the profiles define.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By vendor and name.
    known: Arc<BTreeMap<String, BTreeMap<String, Known>>>,
    /// By key.
    changed: BTreeMap<String, Value>,
}

/// A setting under its key.
#[derive(Clone, Debug)]
struct Known {
    key: String,
    setting: Setting,
}

/// Why a setting was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No profile defines that name.
    #[error("unknown setting `{name}`{}", hint.as_ref().map(|known| format!(" (did you mean `{known}`?)")).unwrap_or_default())]
    Unknown {
        /// The name that was given.
        name: String,
        /// The nearest name that exists.
        hint: Option<String>,
    },
    /// The value is none of those that the setting takes.
    #[error("setting `{name}` does not take {got}; it takes {takes}")]
    Value {
        /// The setting.
        name: String,
        /// What was given.
        got: String,
        /// What it takes.
        takes: String,
    },
}

impl Settings {
    /// Adds a setting that the profile of `vendor` defines under `name`.
    pub fn define(&mut self, vendor: &str, name: &str, setting: Setting) {
        let key = format!("{vendor}.{name}");
        Arc::make_mut(&mut self.known)
            .entry(vendor.to_owned())
            .or_default()
            .insert(name.to_owned(), Known { key, setting });
    }

    /// Changes `key`; nothing happens when it is unknown or does not take the value.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), SettingError> {
        let Some(Known { setting, .. }) = self.known(key) else {
            // No name is as long as that, and the caller is told what it said.
            let name: String = key.chars().take(MAX_NAME).collect();
            let keys = self.iter().map(|(known, ..)| known);
            let hint = nearest(&name, keys).map(str::to_owned);
            return Err(SettingError::Unknown { name, hint });
        };
        if !setting.takes(&value) {
            let takes = if setting.values.is_empty() {
                setting.kind()
            } else {
                setting
                    .values
                    .iter()
                    .map(Value::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            return Err(SettingError::Value {
                name: key.to_owned(),
                got: value.to_string(),
                takes,
            });
        }
        self.changed.insert(key.to_owned(), value);
        Ok(())
    }

    /// The value of the setting `name` of `vendor`, if its profile defines it.
    pub fn get(&self, vendor: &str, name: &str) -> Option<&Value> {
        let known = self.known.get(vendor)?.get(name)?;
        Some(self.value(known))
    }

    /// Each setting by its key, with its value now.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting, &Value)> {
        self.known
            .values()
            .flat_map(BTreeMap::values)
            .map(|known| (known.key.as_str(), &known.setting, self.value(known)))
    }

    fn known(&self, key: &str) -> Option<&Known> {
        // A vendor's slug has no dot.
        let (vendor, name) = key.split_once('.')?;
        self.known.get(vendor)?.get(name)
    }

    fn value<'a>(&'a self, known: &'a Known) -> &'a Value {
        self.changed
            .get(&known.key)
            .unwrap_or(&known.setting.default)
    }

    /// Heap bytes of what was changed.
    pub fn weight(&self) -> usize {
        self.changed
            .iter()
            .map(|(name, value)| {
                size_of::<(String, Value)>() + weight::text(name) + weight::json(value)
            })
            .sum()
    }

    /// What was changed, by key.
    pub fn changes(&self) -> &BTreeMap<String, Value> {
        &self.changed
    }
}

/// The longest word, in bytes, that is compared: no name is longer, and the work grows with it.
const MAX_WORD: usize = 256;

/// The candidate that looks most like `word`, if any looks like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_WORD {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
