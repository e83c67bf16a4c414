//! The one deliberate defect of a stage: an evil twin in a vendor's place.

use std::collections::BTreeMap;
use std::sync::RwLock;

use locum_core::setting::SettingError;
use serde_json::Value;

use super::Stage;
use crate::twin::Twin;

/// The twin in place, if any.
#[derive(Debug, Default)]
pub(super) struct Defect(RwLock<Option<InPlace>>);

#[derive(Clone, Debug)]
struct InPlace {
    vendor: String,
    twin: String,
    /// What the twin has instead of the settings, by their full names.
    settings: BTreeMap<String, Value>,
}

impl Defect {
    /// The twin's value of a vendor's setting.
    pub(super) fn setting(&self, vendor: &str, name: &str) -> Option<Value> {
        let value = |have: &InPlace| have.settings.get(&format!("{vendor}.{name}")).cloned();
        self.look(value).flatten()
    }

    fn look<T>(&self, look: impl FnOnce(&InPlace) -> T) -> Option<T> {
        self.0
            .read()
            .expect("no code panics while it holds the twin")
            .as_ref()
            .map(look)
    }

    fn put(&self, twin: Option<InPlace>) {
        *self
            .0
            .write()
            .expect("no code panics while it holds the twin") = twin;
    }
}

impl Stage {
    /// Puts `twin` in `vendor`'s place, in place of any other. Its settings lie over those of the
    /// stage, so that the honest vendor comes back with the settings it had.
    ///
    /// # Errors
    /// When the twin has a setting that is unknown or does not take its value.
    pub fn put_twin(&self, vendor: &str, twin: &Twin) -> Result<(), SettingError> {
        let mut checked = self.with_settings(Clone::clone);
        let mut settings = BTreeMap::new();
        for (name, value) in (twin.settings)() {
            checked.set(name, value.clone())?;
            settings.insert(name.to_owned(), value);
        }
        self.defect.put(Some(InPlace {
            vendor: vendor.to_owned(),
            twin: twin.name.to_owned(),
            settings,
        }));
        Ok(())
    }

    /// Brings the honest vendor back.
    pub fn remove_twin(&self) {
        self.defect.put(None);
    }

    /// The twin in some vendor's place: the vendor's word and the twin's name.
    pub fn twin(&self) -> Option<(String, String)> {
        self.defect
            .look(|have| (have.vendor.clone(), have.twin.clone()))
    }

    /// The name of the twin in `vendor`'s place.
    pub fn twin_of(&self, vendor: &str) -> Option<String> {
        self.defect
            .look(|have| (have.vendor == vendor).then(|| have.twin.clone()))
            .flatten()
    }

    /// What the twin in place has instead of the settings.
    pub fn twin_settings(&self) -> BTreeMap<String, Value> {
        self.defect
            .look(|have| have.settings.clone())
            .unwrap_or_default()
    }
}
