//! The vendor's settings on this stage, each by its name in the profile.

use serde_json::Value;

use super::Mock;

impl Mock {
    /// The value of the vendor's setting `name` (without the vendor's slug).
    ///
    /// # Panics
    /// In debug builds, when the profile defines no such setting; it is `Null` otherwise.
    pub fn setting(&self, name: &str) -> Value {
        let value = self.optional_setting(name);
        debug_assert!(
            value.is_some(),
            "the profile of `{}` has no setting `{name}`",
            self.profile().vendor
        );
        value.unwrap_or_default()
    }

    /// The same, for code that several vendors share: `None` when this profile has no such setting.
    pub fn optional_setting(&self, name: &str) -> Option<Value> {
        let profile = self.profile();
        profile
            .settings
            .contains_key(name)
            .then(|| self.stage.setting(&format!("{}.{name}", profile.vendor)))
    }

    /// [`setting`](Self::setting) as text, numbers in digits.
    pub fn setting_text(&self, name: &str) -> String {
        match self.setting(name) {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// [`setting`](Self::setting) as a switch.
    pub fn setting_on(&self, name: &str) -> bool {
        let value = self.setting(name);
        debug_assert!(value.is_boolean(), "setting `{name}` is not a switch");
        value == Value::Bool(true)
    }

    /// [`setting`](Self::setting) as a whole number.
    pub fn setting_u64(&self, name: &str) -> u64 {
        let number = self.setting(name).as_u64();
        debug_assert!(number.is_some(), "setting `{name}` is not a whole number");
        number.unwrap_or_default()
    }
}
