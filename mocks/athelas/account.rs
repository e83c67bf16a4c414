//! Service accounts: "Service accounts are used for programmatic access to the API."

use locum_core::Secret;
use locum_server::principal;
use serde::{Deserialize, Serialize};

/// Who may log in. "Contact your administrator to: Create a service account".
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principals {
    pub(super) users: Vec<User>,
}

/// One service account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    /// "Service account username/email".
    pub(super) username: String,
    /// "Service account password".
    #[serde(serialize_with = "principal::expose")]
    pub(super) password: Secret,
    #[serde(default)]
    pub(super) state: AccountState,
    /// The templates it may use; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) template_ids: Option<Vec<i64>>,
}

/// "Your service account is active", "Your account has API access enabled".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccountState {
    #[default]
    Active,
    Inactive,
    NoApiAccess,
    /// It may log in and has no permission for the API.
    NoPermission,
}

impl Principals {
    /// The account of this name.
    pub(super) fn user(&self, username: &[u8]) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.username.as_bytes() == username)
    }
}

impl User {
    /// Those of `ids` that the account may not use.
    pub(super) fn barred_from(&self, ids: &[i64]) -> Vec<i64> {
        let Some(own) = &self.template_ids else {
            return Vec::new();
        };
        ids.iter().filter(|id| !own.contains(id)).copied().collect()
    }
}
