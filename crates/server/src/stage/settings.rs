//! The settings of a stage, and how they are changed.

use std::sync::{Arc, RwLock};

use locum_core::Settings;
use locum_core::setting::SettingError;
use serde_json::{Map, Value};

use super::Stage;
use crate::vendor::Vendor;

/// The settings in force, without those of an evil twin.
#[derive(Debug, Default)]
pub(super) struct StageSettings(RwLock<Settings>);

impl StageSettings {
    pub(super) fn replace(&self, settings: Settings) {
        *self.write() = settings;
    }

    pub(super) fn read(&self) -> std::sync::RwLockReadGuard<'_, Settings> {
        self.0
            .read()
            .expect("no code panics while it holds the settings")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Settings> {
        self.0
            .write()
            .expect("no code panics while it holds the settings")
    }
}

impl Stage {
    /// The value of a setting by its full name, the twin's settings first.
    pub fn setting(&self, name: &str) -> Value {
        self.defect
            .setting(name)
            .unwrap_or_else(|| self.settings.read().get(name).clone())
    }

    /// Changes settings; either all or none.
    ///
    /// # Errors
    /// The first setting that is unknown or does not take its value.
    pub fn change_settings(&self, changes: &Map<String, Value>) -> Result<(), SettingError> {
        let mut settings = self.settings.write();
        let mut changed = settings.clone();
        for (name, value) in changes {
            changed.set(name, value.clone())?;
        }
        *settings = changed;
        Ok(())
    }

    /// Looks at the settings.
    pub fn with_settings<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.settings.read())
    }
}

/// The settings that the profiles define, with `changes`.
pub(super) fn defined(
    vendors: &[Arc<dyn Vendor>],
    changes: &Map<String, Value>,
) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for profile in vendors.iter().map(|vendor| vendor.profile()) {
        for (name, setting) in &profile.settings {
            settings.define(format!("{}.{name}", profile.vendor), setting.clone());
        }
    }
    for (name, value) in changes {
        settings
            .set(name, value.clone())
            .map_err(|error| error.to_string())?;
    }
    Ok(settings)
}
