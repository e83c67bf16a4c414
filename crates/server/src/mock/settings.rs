//! The vendor's settings on this stage, each by its name in the profile.

use serde_json::Value;

use super::Mock;

impl Mock {
    /// The value of the vendor's setting `name` (without the vendor's slug).
    ///
    /// # Panics
    /// In debug builds, when the profile defines no such setting; it is `Null` otherwise.
    pub fn setting(&self, name: &str) -> Value {
        self.look_at(name, Value::clone)
    }

    /// The same, for code that several vendors share: `None` when this profile has no such setting.
    pub fn optional_setting(&self, name: &str) -> Option<Value> {
        self.with_setting(name, Value::clone)
    }

    /// [`setting`](Self::setting) as text, numbers in digits.
    pub fn setting_text(&self, name: &str) -> String {
        self.look_at(name, |value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// Whether the [`setting`](Self::setting) is this text.
    pub fn setting_is(&self, name: &str, text: &str) -> bool {
        self.look_at(name, |value| value == text)
    }

    /// [`setting`](Self::setting) as a switch.
    pub fn setting_on(&self, name: &str) -> bool {
        self.look_at(name, |value| {
            debug_assert!(value.is_boolean(), "setting `{name}` is not a switch");
            *value == Value::Bool(true)
        })
    }

    /// [`setting`](Self::setting) as a whole number.
    pub fn setting_u64(&self, name: &str) -> u64 {
        self.look_at(name, |value| {
            let number = value.as_u64();
            debug_assert!(number.is_some(), "setting `{name}` is not a whole number");
            number.unwrap_or_default()
        })
    }

    fn look_at<T>(&self, name: &str, look: impl Fn(&Value) -> T) -> T {
        self.with_setting(name, &look).unwrap_or_else(|| {
            debug_assert!(
                false,
                "the profile of `{}` has no setting `{name}`",
                self.profile().vendor
            );
            look(&Value::Null)
        })
    }

    fn with_setting<T>(&self, name: &str, look: impl FnOnce(&Value) -> T) -> Option<T> {
        self.stage.with_setting(&self.profile().vendor, name, look)
    }
}
