//! A real endpoint from the environment: which variables there are, and what is missing.

use std::fmt::Write as _;

use locum_core::Profile;
use locum_core::profile::Grant;
use serde_json::{Map, Value, json};

use super::Target;
use crate::Error;
use crate::http::Url;

/// A variable of the environment that tells something of a real endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name behind `LOCUM_`.
    pub name: &'static str,
    /// What it holds.
    pub meaning: &'static str,
    /// Whether nothing can be judged without it.
    pub required: bool,
}

impl Variable {
    const fn optional(name: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            meaning,
            required: false,
        }
    }

    /// Its whole name: `LOCUM_CLIENT_ID`.
    pub fn full_name(&self) -> String {
        format!("LOCUM_{}", self.name)
    }
}

/// What the first account needs, by the credential's name.
const FIRST: [(&str, &str, &str); 8] = [
    ("CLIENT_ID", "client_id", "id of the client"),
    ("CLIENT_SECRET", "client_secret", "secret of the client"),
    ("USERNAME", "username", "name of the user"),
    ("PASSWORD", "password", "password of the user"),
    ("TENANT", "tenant", "tenant (realm) of the client"),
    ("REGION", "region", "AWS region of the pools and the API"),
    ("USER_POOL_ID", "user_pool_id", "id of the user pool"),
    (
        "IDENTITY_POOL_ID",
        "identity_pool_id",
        "id of the identity pool",
    ),
];

/// Accounts in a state of their own: the prefix of their variables, the state, what they are.
const STATES: [(&str, &str, [Variable; 2]); 3] = [
    (
        "TEMP",
        "temporary",
        [
            Variable::optional(
                "TEMP_USERNAME",
                "a user whose password is temporary: its name",
            ),
            Variable::optional("TEMP_PASSWORD", "… and its temporary password"),
        ],
    ),
    (
        "INACTIVE",
        "inactive",
        [
            Variable::optional("INACTIVE_USERNAME", "an inactive account: its name"),
            Variable::optional("INACTIVE_PASSWORD", "… and its password"),
        ],
    ),
    (
        "NO_API",
        "no_api_access",
        [
            Variable::optional("NO_API_USERNAME", "an account without API access: its name"),
            Variable::optional("NO_API_PASSWORD", "… and its password"),
        ],
    ),
];

/// The variables for `profile`, those that are required first.
pub fn variables(profile: &Profile) -> Vec<Variable> {
    let required: &[&str] = match profile.token.grant {
        Grant::ClientCredentials => &["CLIENT_ID", "CLIENT_SECRET"],
        Grant::Password => &["USERNAME", "PASSWORD"],
        Grant::AuthorizationCode => &["CLIENT_ID"],
        Grant::Cognito => &[
            "USERNAME",
            "PASSWORD",
            "CLIENT_ID",
            "REGION",
            "USER_POOL_ID",
            "IDENTITY_POOL_ID",
        ],
    };
    let names = |name: &str| {
        let brace = format!("{{{name}}}");
        let sample = profile.api.sample.iter();
        profile
            .urls
            .values()
            .chain(sample)
            .any(|path| path.contains(&brace))
    };
    let mut all: Vec<Variable> = FIRST
        .iter()
        .map(|(name, credential, meaning)| Variable {
            name,
            meaning,
            required: required.contains(name) || names(credential),
        })
        .filter(|variable| variable.required)
        .collect();
    if names("group") {
        all.push(Variable {
            name: "GROUP_ID",
            meaning: "id of a group that the client may read",
            required: true,
        });
    }
    let has_second_client = profile.token.grant != Grant::Password;
    if has_second_client {
        all.push(Variable::optional(
            "SECOND_CLIENT_ID",
            "a second client of the same tenant: its id",
        ));
        all.push(Variable::optional(
            "SECOND_CLIENT_SECRET",
            "… and its secret",
        ));
    }
    if profile.api.tenant_header.is_some() {
        all.push(Variable::optional(
            "SECOND_TENANT",
            "a second tenant in which the client's id and secret work too",
        ));
    }
    if profile.token.grant != Grant::ClientCredentials {
        all.extend(STATES.iter().flat_map(|(_, _, variables)| *variables));
    }
    all
}

/// The variables as a table for a person: name, whether it is required and set, what it holds. No
/// value is shown.
pub fn table(profile: &Profile, read: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for variable in variables(profile) {
        let name = variable.full_name();
        let need = if variable.required {
            "required"
        } else {
            "optional"
        };
        let set = if is_set(&name, &read) { "set" } else { "-" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<29} {need:<9} {set:<4} {}", variable.meaning);
    }
    for name in profile.urls.keys() {
        let name = format!("LOCUM_{}_URL", name.to_uppercase());
        let set = if is_set(&name, &read) { "set" } else { "-" };
        let _ = writeln!(
            text,
            "  {name:<29} {:<9} {set:<4} this address, instead of the documented path below --url",
            "optional"
        );
    }
    text
}

fn is_set(name: &str, read: &impl Fn(&str) -> Option<String>) -> bool {
    read(name).is_some_and(|value| !value.is_empty())
}

impl Target {
    /// A real endpoint: `base` is what stands before the vendor's documented paths, and the
    /// variables of the environment give the accounts and override single addresses.
    ///
    /// # Errors
    /// When `base` is not an http or https URL, or a variable is missing without which nothing can be judged.
    pub fn from_env(
        profile: &Profile,
        base: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let base = base.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base).ok();
        if !parsed.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
            return Err(Error::Usage(format!(
                "`{base}` is not an http or https URL"
            )));
        }
        let given = |name: &str| read(&format!("LOCUM_{name}")).filter(|value| !value.is_empty());
        let missing: Vec<String> = variables(profile)
            .iter()
            .filter(|variable| variable.required && given(variable.name).is_none())
            .map(Variable::full_name)
            .collect();
        if !missing.is_empty() {
            return Err(Error::MissingVariables {
                vendor: profile.vendor.clone(),
                missing,
                table: table(profile, &read),
            });
        }
        let mut target = Self::default();
        let named = FIRST.iter().map(|(variable, name, _)| (*variable, *name));
        let second = [
            ("SECOND_CLIENT_ID", "other_client_id"),
            ("SECOND_CLIENT_SECRET", "other_client_secret"),
        ];
        for (variable, name) in named.chain(second) {
            if let Some(value) = given(variable) {
                target.credentials.insert(name.to_owned(), value.into());
            }
        }
        target.account_variables = variables(profile)
            .iter()
            .filter(|variable| variable.required)
            .map(Variable::full_name)
            .collect();
        for name in ["GROUP_ID", "TENANT", "TEMPLATE_ID"] {
            if let Some(value) = given(name) {
                if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
                    return Err(Error::Usage(format!(
                        "LOCUM_{name} becomes a part of an address and has a blank or a line break"
                    )));
                }
                target.env.insert(format!("LOCUM_{name}"), value);
            }
        }
        let accounts: Vec<Value> = STATES
            .iter()
            .filter_map(|(prefix, state, _)| {
                let name = given(&format!("{prefix}_USERNAME"))?;
                let password = given(&format!("{prefix}_PASSWORD"))?;
                Some(json!({"username": name, "password": password, "state": state}))
            })
            .collect();
        target.principals = Map::from_iter([("users".to_owned(), accounts.into())]);
        if let Some(tenant) = given("SECOND_TENANT") {
            let client = json!({
                "client_id": target.credential("client_id"),
                "client_secret": target.credential("client_secret"),
            });
            let realm = json!([{"name": tenant, "clients": [client]}]);
            target.principals.insert("realms".to_owned(), realm);
        }
        for (name, path) in &profile.urls {
            let variable = format!("{}_URL", name.to_uppercase());
            let own = given(&variable);
            let is_own = own.is_some();
            let url = own.unwrap_or_else(|| format!("{base}{path}"));
            let url = target.fill(&url).unwrap_or(url);
            if is_own && Url::parse(&url).is_err() {
                return Err(Error::Usage(format!(
                    "LOCUM_{variable} is not an http, https, ws or wss URL"
                )));
            }
            target.urls.insert(name.clone(), url);
        }
        target.base = base;
        Ok(target)
    }
}

/// The variables that would give what `what` names: a second client, an account in a state.
pub(crate) fn names_for(what: &str) -> &'static str {
    match what {
        "another client" => "LOCUM_SECOND_CLIENT_ID and LOCUM_SECOND_CLIENT_SECRET",
        "a client of another tenant" => "LOCUM_SECOND_TENANT",
        "temporary" => "LOCUM_TEMP_USERNAME and LOCUM_TEMP_PASSWORD",
        "inactive" => "LOCUM_INACTIVE_USERNAME and LOCUM_INACTIVE_PASSWORD",
        "no_api_access" => "LOCUM_NO_API_USERNAME and LOCUM_NO_API_PASSWORD",
        _ => "no variable gives it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variable: &str, value: &str, expected: bool) {
        let profile = crate::testing::profile(|profile| {
            let path = "/token".to_owned();
            profile.urls.insert("token".to_owned(), path);
        });
        let read = |name: &str| Some(if name == variable { value } else { "" }.to_owned());
        let given = |name: &str| {
            let account = ["LOCUM_CLIENT_ID", "LOCUM_CLIENT_SECRET"].contains(&name);
            read(name)
                .filter(|value| !value.is_empty())
                .or(account.then(|| "given".to_owned()))
        };
        let target = Target::from_env(&profile, "http://127.0.0.1:1", given);
        match target {
            Ok(_) => assert!(expected, "{variable}={value:?}"),
            Err(Error::Usage(_)) => assert!(!expected, "{variable}={value:?}"),
            Err(other) => panic!("{variable}={value:?}: {other}"),
        }
    }

    /// Such values ended as our own fault, in each scenario anew.
    #[test]
    fn a_value_that_fits_no_address_is_a_usage_error() {
        check("LOCUM_GROUP_ID", "0d9f2a52", true);
        check("LOCUM_GROUP_ID", "a b", false);
        check("LOCUM_GROUP_ID", "a\nHost: b", false);
        check("LOCUM_TOKEN_URL", "http://127.0.0.1:2/t", true);
        check("LOCUM_TOKEN_URL", "https://a.example/t", true);
        check("LOCUM_TOKEN_URL", "banana", false);
    }
}
