//! Others than the first account: a second client, and a client of a second tenant.

use locum_core::Profile;
use serde_json::{Map, Value};

use super::Target;
use crate::evidence::Other;

impl Target {
    /// The same vendor with somebody else's account; `None` when nobody else is known.
    ///
    /// A mock lists its accounts; for a real endpoint they are the credentials `other_client_id`
    /// and so on.
    pub fn of_other(&self, profile: &Profile, other: Other) -> Option<Self> {
        let account = match other {
            Other::Client => self.other_client(),
            Other::Tenant => self.other_tenant(),
        }?;
        self.with_account(profile, account)
    }

    /// The same vendor with these members of an account in place of the first one's, and the
    /// addresses that follow from them.
    pub fn with_account(&self, profile: &Profile, account: Map<String, Value>) -> Option<Self> {
        let mut target = self.clone();
        target.credentials.extend(account);
        let base = self.base.trim_end_matches('/');
        for (name, path) in profile.urls.iter().filter(|(_, path)| path.contains('{')) {
            let path = target.fill(path).ok()?;
            target.urls.insert(name.clone(), format!("{base}{path}"));
        }
        Some(target)
    }

    /// Another account with a secret or password of its own: of a second client, or a second user.
    pub fn second_account(&self) -> Option<Map<String, Value>> {
        match self.credential("username") {
            "" => self.other_client(),
            own => self.other_user(own),
        }
    }

    /// The first user of the list that can log in at once and is not `own`.
    fn other_user(&self, own: &str) -> Option<Map<String, Value>> {
        let users = self.principals.get("users")?.as_array()?;
        users.iter().find_map(|user| {
            let (name, password) = (user["username"].as_str()?, user["password"].as_str()?);
            let can = matches!(user["state"].as_str(), None | Some("active" | "confirmed"));
            let has_factor = user["totp_secret"].is_string();
            (can && !has_factor && name != own).then(|| {
                [("username", name), ("password", password)]
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .into_iter()
                    .collect()
            })
        })
    }

    /// The first account's client in another tenant, where it has the same id and secret.
    pub fn same_client_elsewhere(&self) -> Option<Map<String, Value>> {
        let own = |name: &str| self.credential(name);
        let tenant = self.tenants().find(|realm| {
            let clients = realm["clients"].as_array().into_iter().flatten();
            let mut same = clients.filter(|client| {
                client["client_id"] == own("client_id")
                    && client["client_secret"] == own("client_secret")
            });
            realm["name"] != own("tenant") && same.next().is_some()
        })?;
        let name = tenant["name"].clone();
        Some([("tenant".to_owned(), name)].into_iter().collect())
    }

    fn other_client(&self) -> Option<Map<String, Value>> {
        let given = ["client_id", "client_secret"].map(|name| {
            let value = self.credential(&format!("other_{name}"));
            (name.to_owned(), value.into())
        });
        if given.iter().all(|(_, value): &(_, Value)| value != "") {
            return Some(given.into_iter().collect());
        }
        let own = self.credential("client_id");
        let tenant = self.credential("tenant");
        let realms = self.tenants().filter(|realm| realm["name"] == tenant);
        let listed = self.principals.get("clients").into_iter();
        realms
            .filter_map(|realm| realm.get("clients"))
            .chain(listed)
            .find_map(|clients| usable(clients, own))
    }

    fn other_tenant(&self) -> Option<Map<String, Value>> {
        let tenant = self.credential("tenant");
        self.tenants()
            .filter(|realm| realm["name"] != tenant && realm["enabled"] != false)
            .find_map(|realm| {
                let mut account = usable(realm.get("clients")?, "")?;
                account.insert("tenant".to_owned(), realm["name"].clone());
                Some(account)
            })
    }

    /// The tenants of a vendor that lists them, each with its clients.
    fn tenants(&self) -> impl Iterator<Item = &Value> {
        ["realms", "tenants"]
            .into_iter()
            .filter_map(|name| self.principals.get(name)?.as_array())
            .flatten()
    }
}

/// The first client of a list that can log in by itself and is not `own`.
fn usable(clients: &Value, own: &str) -> Option<Map<String, Value>> {
    clients.as_array()?.iter().find_map(|client| {
        let off = ["enabled", "service_account", "service_user_enabled"]
            .iter()
            .any(|name| client[*name] == false);
        let id = client["client_id"].as_str()?;
        let secret = client["client_secret"].as_str()?;
        (!off && id != own).then(|| {
            [("client_id", id), ("client_secret", secret)]
                .map(|(name, value)| (name.to_owned(), value.into()))
                .into_iter()
                .collect()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(principals: &str) -> Target {
        let principals: Value = serde_json::from_str(principals).expect("json");
        serde_json::from_value(serde_json::json!({
            "base": "http://h:1",
            "urls": {"token": "http://h:1/realms/t/token", "api": "http://h:1/v2"},
            "credentials": {"client_id": "a", "client_secret": "s-a", "tenant": "t"},
            "principals": principals,
        }))
        .expect("a target")
    }

    fn check(principals: &str, other: Other, expected: Option<(&str, &str, &str)>) {
        let profile = crate::testing::profile(|profile| {
            let token = "/realms/{tenant}/token".to_owned();
            profile.urls.insert("token".to_owned(), token);
            profile.urls.insert("api".to_owned(), "/v2".to_owned());
        });
        let found = target(principals).of_other(&profile, other);
        let seen = found.as_ref().map(|target| {
            (
                target.credential("client_id"),
                target.credential("client_secret"),
                target.url("token").expect("an address"),
            )
        });
        assert_eq!(seen, expected, "{other:?} in {principals}");
        if let Some(target) = found {
            assert_eq!(target.url("api").expect("an address"), "http://h:1/v2");
        }
    }

    #[test]
    fn others_are_found_in_the_tenants_or_in_the_list() {
        let realms = r#"{"realms": [
            {"name": "t", "clients": [
                {"client_id": "a", "client_secret": "s-a"},
                {"client_id": "off", "client_secret": "s-off", "enabled": false},
                {"client_id": "app", "public": true},
                {"client_id": "b", "client_secret": "s-b"}]},
            {"name": "u", "clients": [{"client_id": "a", "client_secret": "s-u"}]}]}"#;
        let token = "http://h:1/realms/t/token";
        check(realms, Other::Client, Some(("b", "s-b", token)));
        let elsewhere = "http://h:1/realms/u/token";
        check(realms, Other::Tenant, Some(("a", "s-u", elsewhere)));
        let list = r#"{"clients": [{"client_id": "c", "client_secret": "s-c"}]}"#;
        check(list, Other::Client, Some(("c", "s-c", token)));
        check(list, Other::Tenant, None);
        check("{}", Other::Client, None);
    }
}
