//! Where a vendor answers, and as whom one calls it: the same for a mock and a real endpoint.

use std::collections::BTreeMap;

use locum_core::template;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Error;
use crate::catalogue::Supplied;
use crate::http::{self, HttpError, Trust, Url};

pub mod env;
mod other;
pub mod stage;
pub mod temporary;

pub use other::Members;
pub use stage::{ControlClient, StageClient, StageSpec};

/// Addresses and accounts of one vendor. It holds secrets, so its `Debug` shows addresses only.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Target {
    /// What stands before the vendor's documented paths.
    pub base: String,
    /// What a client is configured with: `token`, `api`, `ws`, …
    pub urls: BTreeMap<String, String>,
    /// The same over TLS, where a mock speaks it.
    pub tls_urls: BTreeMap<String, String>,
    /// The first account: `client_id`, `client_secret`, `username`, `password`, `tenant`, …
    pub credentials: Map<String, Value>,
    /// Further accounts, as the stage document lists them.
    pub principals: Map<String, Value>,
    /// The environment of a client under test.
    pub env: BTreeMap<String, String>,
    /// The variables that hold the first account, where a person gave it.
    #[serde(skip)]
    pub account_variables: Vec<String>,
    /// What a person supplied beside the first account.
    #[serde(skip)]
    pub supplied: BTreeMap<Supplied, Map<String, Value>>,
    /// Whose certificates are accepted there.
    #[serde(skip)]
    pub trust: Trust,
    /// Ids that replies told: the latest value of each name.
    #[serde(skip)]
    pub learned: BTreeMap<String, String>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// Whether anybody listens at the vendor's address, and whether each of its hosts shows a
    /// certificate that is accepted.
    ///
    /// # Errors
    /// When no connection comes about within five seconds, or no TLS.
    pub async fn is_up(&self) -> Result<(), Error> {
        self.answers(&self.base).await?;
        let mut seen =
            vec![Url::parse(&self.base).map_err(|error| Error::Usage(error.to_string()))?];
        for text in self.urls.values() {
            let Ok(url) = Url::parse(text) else { continue };
            if url.tls && !seen.iter().any(|known| known.same_origin(&url)) {
                self.answers(text).await?;
                seen.push(url);
            }
        }
        Ok(())
    }

    async fn answers(&self, url: &str) -> Result<(), Error> {
        let lost = |fault: String| Error::Unreachable {
            url: url.to_owned(),
            fault,
        };
        let parsed = Url::parse(url).map_err(|error| lost(error.to_string()))?;
        let connect = http::connect(&parsed, &self.trust);
        match tokio::time::timeout(std::time::Duration::from_secs(5), connect).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(HttpError::Certificate(reason))) => Err(Error::Untrusted {
                url: url.to_owned(),
                reason,
            }),
            Ok(Err(error)) => Err(lost(error.to_string())),
            Err(_) => Err(lost("no answer within 5 s".to_owned())),
        }
    }

    /// The address called `name`.
    pub fn url(&self, name: &str) -> Result<&str, Error> {
        self.urls
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| Error::Step(format!("no address `{name}` is known here")))
    }

    /// The credential called `name`; empty when there is none.
    pub fn credential(&self, name: &str) -> &str {
        self.credentials
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// What the first account shows in addresses or tells who it is, by its names: all but its secrets.
    pub fn public_credentials(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.credentials.iter();
        let public = all.filter(|(name, _)| !is_secret(name));
        public.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// `path` with each `{name}` filled from what is known of the account.
    pub fn fill(&self, path: &str) -> Result<String, Error> {
        if let Some(name) = template::names(path)
            .into_iter()
            .find(|name| self.known(name).is_none())
        {
            return Err(match name.ends_with("_id") {
                true => Error::NotTold(name.to_owned()),
                false => Error::Step(format!("nothing is known for `{{{name}}}`")),
            });
        }
        Ok(template::fill(path, |name| self.known(name)))
    }

    /// Keeps the ids of a reply, such as `scribe_id`.
    pub fn learn(&mut self, reply: &Value) {
        let members = reply.as_object().into_iter().flatten();
        for (name, value) in members.filter(|(name, _)| name.ends_with("_id")) {
            if let Some(id) = as_text(value) {
                self.learned.insert(name.clone(), id);
            }
        }
    }

    /// A word from an earlier reply, from the credentials, from the environment (`LOCUM_GROUP_ID` for `group`), or from
    /// the first of a list in the principals (`groups` for `group`) or in the first of the
    /// accounts there.
    fn known(&self, name: &str) -> Option<String> {
        if let Some(id) = self.learned.get(name) {
            return Some(id.clone());
        }
        if let Some(value) = self.credentials.get(name).and_then(Value::as_str) {
            return Some(value.to_owned());
        }
        let variable = format!("LOCUM_{}", name.to_uppercase());
        let from_env = [variable.clone(), format!("{variable}_ID")]
            .iter()
            .find_map(|variable| self.env.get(variable));
        if let Some(value) = from_env {
            return Some(value.clone());
        }
        let plural = format!("{name}s");
        let mut lists = self.principals.values();
        let first = match self.principals.get(&plural) {
            Some(list) => list.get(0)?,
            None => lists.find_map(|list| list.get(0)?.get(&plural)?.get(0))?,
        };
        ["id", "uuid", "name"]
            .iter()
            .find_map(|key| as_text(&first[*key]))
            .or_else(|| as_text(first))
    }

    /// Every secret with a name for it: what must never be written down.
    pub fn secrets(&self) -> Vec<(String, String)> {
        let mut secrets = Vec::new();
        collect(&Value::Object(self.credentials.clone()), "", &mut secrets);
        for (kind, list) in &self.principals {
            for (at, one) in list.as_array().into_iter().flatten().enumerate() {
                collect(one, &format!(" of {kind} {}", at + 1), &mut secrets);
            }
        }
        for (supplied, account) in &self.supplied {
            let account = Value::Object(account.clone());
            collect(&account, &format!(" of {}", supplied.name()), &mut secrets);
        }
        secrets
    }
}

/// A text or a number as it stands in a path.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_secret(key: &str) -> bool {
    ["secret", "password", "refresh_token", "expired_token"]
        .iter()
        .any(|word| key.contains(word))
}

fn collect(value: &Value, whose: &str, secrets: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_str() {
                    Some(text) if is_secret(key) => {
                        secrets
                            .push((text.to_owned(), format!("{}{whose}", key.replace('_', " "))));
                    }
                    _ => collect(value, whose, secrets),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, whose, secrets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        serde_json::from_value(serde_json::json!({
            "urls": {"api": "http://127.0.0.1:1"},
            "credentials": {"client_id": "c", "client_secret": "s-1", "tenant": "t"},
            "principals": {
                "clients": [{"client_id": "c", "client_secret": "s-1"}, {"client_secret": "s-2"}],
                "groups": [{"uuid": "g-1"}],
                "users": [{"ward_ids": [7]}, {"state": "asleep", "client_secret": "s-3"}]
            },
            "env": {"LOCUM_SITE_ID": "9"}
        }))
        .expect("a target")
    }

    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(target().fill(path).ok().as_deref(), expected, "{path}");
    }

    #[test]
    fn braces_are_filled_from_what_is_known() {
        check("/plain", Some("/plain"));
        check("/{tenant}/x", Some("/t/x"));
        check("/{group}/{site}", Some("/g-1/9"));
        check("/{ward_id}", Some("/7"));
        check("/{unknown}", None);
        // A brace without a name behind it is text, as everywhere in profiles.
        check("/{open", Some("/{open"));
    }

    #[test]
    fn replies_tell_ids() {
        let mut target = target();
        target.learn(&serde_json::json!({"job_id": 12, "status_ids": [3], "state": "new"}));
        assert_eq!(target.fill("/{job_id}").ok().as_deref(), Some("/12"));
        assert!(target.fill("/{status_ids}").is_err());
    }

    #[test]
    fn secrets_are_found_wherever_they_stand_and_never_printed() {
        let secrets = target().secrets();
        let values: Vec<&str> = secrets.iter().map(|(value, _)| value.as_str()).collect();
        assert_eq!(values, ["s-1", "s-1", "s-2", "s-3"]);
        assert_eq!(secrets[2].1, "client secret of clients 2");
        let known = target();
        let public: Vec<(&str, &str)> = known.public_credentials().collect();
        assert_eq!(public, [("client_id", "c"), ("tenant", "t")]);
        assert!(!format!("{:?}", target()).contains("s-1"));
    }
}
