//! The settings of a stage, and how they are changed.

use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use locum_core::Settings;
use locum_core::setting::SettingError;
use serde_json::{Map, Value};

use super::Stage;
use crate::Vendor;
use crate::memory::{Account, Charge, OverLimit};

/// The settings in force, without those of an evil twin.
#[derive(Debug)]
pub(super) struct StageSettings(RwLock<(Settings, Charge)>);

impl StageSettings {
    pub(super) fn new(settings: &Settings, account: &Arc<Account>) -> Self {
        Self(RwLock::new((settings.clone(), Charge::on(account))))
    }

    pub(super) fn replace(&self, settings: Settings) -> Result<(), OverLimit> {
        let mut have = self.write();
        have.1.try_set(settings.weight())?;
        have.0 = settings;
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, (Settings, Charge)> {
        self.0
            .read()
            .expect("no code panics while it holds the settings")
    }

    fn write(&self) -> RwLockWriteGuard<'_, (Settings, Charge)> {
        self.0
            .write()
            .expect("no code panics while it holds the settings")
    }
}

/// Why settings were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// One of them is unknown or does not take its value.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// They do not fit into memory.
    #[error(transparent)]
    Memory(#[from] OverLimit),
}

impl Stage {
    /// Looks at the value of a vendor's setting, the twin's settings first; `None` when the profile
    /// has no such setting.
    pub fn with_setting<T>(
        &self,
        vendor: &str,
        name: &str,
        look: impl FnOnce(&Value) -> T,
    ) -> Option<T> {
        match self.defect.setting(vendor, name) {
            Some(value) => Some(look(&value)),
            None => self.settings.read().0.get(vendor, name).map(look),
        }
    }

    /// Changes settings; either all or none.
    ///
    /// # Errors
    /// The first setting that is unknown or does not take its value, or no memory.
    pub fn change_settings(&self, changes: &Map<String, Value>) -> Result<(), SettingsError> {
        let mut have = self.settings.write();
        let mut changed = have.0.clone();
        for (name, value) in changes {
            changed.set(name, value.clone())?;
        }
        have.1.try_set(changed.weight())?;
        have.0 = changed;
        Ok(())
    }

    /// Looks at the settings.
    pub fn with_settings<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.settings.read().0)
    }
}

/// The settings that the profiles define.
pub(crate) fn defined(vendors: &[Arc<dyn Vendor>]) -> Settings {
    let mut settings = Settings::default();
    for profile in vendors.iter().map(|vendor| vendor.profile()) {
        for (name, setting) in &profile.settings {
            settings.define(&profile.vendor, name, setting.clone());
        }
    }
    settings
}
