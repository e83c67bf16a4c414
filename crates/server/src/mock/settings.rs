//! The vendor's settings on this stage, each by its name in the profile.

use serde_json::Value;

use super::Mock;

impl Mock {
    /// The value of the vendor's setting `name` (without the vendor's word).
    pub fn setting(&self, name: &str) -> Value {
        self.stage
            .setting(&format!("{}.{name}", self.profile().vendor))
    }

    /// [`setting`](Self::setting) as text; empty when it is none.
    pub fn setting_text(&self, name: &str) -> String {
        match self.setting(name) {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// [`setting`](Self::setting) as a switch.
    pub fn setting_on(&self, name: &str) -> bool {
        self.setting(name) == Value::Bool(true)
    }

    /// [`setting`](Self::setting) as a number; 0 when it is none.
    pub fn setting_u64(&self, name: &str) -> u64 {
        self.setting(name).as_u64().unwrap_or(0)
    }
}
