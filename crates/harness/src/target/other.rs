//! Others than the first account: what a person supplied, or what a mock has built in.

use locum_core::Profile;
use serde_json::{Map, Value};

use super::Target;
use crate::catalogue::Supplied;
use crate::evidence::Other;

/// Members of an account, or of whatever else was supplied.
pub type Members = Map<String, Value>;

impl Target {
    /// What is supplied beside the first account: by a person, or by the mock's own list of
    /// accounts. `None` when nobody supplied it.
    pub fn supplied(&self, what: Supplied) -> Option<Members> {
        let given = self.supplied.get(&what).cloned();
        given.or_else(|| self.built_in(what))
    }

    /// The same vendor with somebody else's account; `None` when nobody else is known.
    pub fn of_other(&self, profile: &Profile, other: Other) -> Option<Self> {
        let what = match other {
            Other::Client => Supplied::AnotherClient,
            Other::Tenant => Supplied::AnotherTenant,
            Other::User => Supplied::AnotherUser,
        };
        self.with_account(profile, self.supplied(what)?)
    }

    /// The same vendor with these members of an account in place of the first one's, and the
    /// addresses that follow from them.
    pub fn with_account(&self, profile: &Profile, account: Members) -> Option<Self> {
        let mut target = self.clone();
        // Who comes without a secret has none, not that of the first account.
        for (name, secret) in [("client_id", "client_secret"), ("username", "password")] {
            if account.contains_key(name) {
                target.credentials.remove(secret);
            }
        }
        target.credentials.extend(account);
        let base = self.base.trim_end_matches('/');
        for (name, path) in profile.urls.iter().filter(|(_, path)| path.contains('{')) {
            let path = target.fill(path).ok()?;
            target.urls.insert(name.clone(), format!("{base}{path}"));
        }
        Some(target)
    }

    /// Another account with a secret or password of its own: of a second client, or a second user.
    pub fn second_account(&self) -> Option<Members> {
        match self.credential("username") {
            "" => self.supplied(Supplied::AnotherClient),
            _ => self.supplied(Supplied::AnotherUser),
        }
    }

    fn built_in(&self, what: Supplied) -> Option<Members> {
        let own = self.credential("client_id");
        let user = |fits: &dyn Fn(&Value) -> bool| {
            let found = self.users().find(|user| fits(user))?;
            members(found, &["username", "password", "totp_secret"])
        };
        let client = |fits: &dyn Fn(&Value) -> bool| {
            let found = self.clients().find(|client| fits(client))?;
            members(found, &["client_id", "client_secret"])
        };
        match what {
            Supplied::AnotherClient | Supplied::LockoutClient => client(&|client| {
                // A further client is as secret as the first one.
                let has_secret = self.credentials.contains_key("client_secret");
                let is_alike = client["client_secret"].is_string() == has_secret;
                is_alike && is_enabled(client) && client["client_id"] != own
            }),
            Supplied::AnotherTenant => self.other_tenant(),
            Supplied::AnotherUser | Supplied::LockoutUser => {
                user(&|user| can_log_in(user) && user["username"] != self.credential("username"))
            }
            Supplied::Person if self.credential("username").is_empty() => user(&can_log_in),
            Supplied::Person
            | Supplied::ForbiddenPath
            | Supplied::ExpiredToken
            | Supplied::NewPassword
            | Supplied::Template => None,
            Supplied::GroupBelow => {
                let below = Value::from(self.known("subgroup")?);
                Some(Members::from_iter([("subgroup".to_owned(), below)]))
            }
            Supplied::Temporary => user(&|user| user["state"] == "temporary"),
            Supplied::Inactive => user(&|user| user["state"] == "inactive"),
            Supplied::NoApiAccess => user(&|user| user["state"] == "no_api_access"),
            Supplied::PoorUser => user(&|user| user["state"] == "no_permission"),
            Supplied::SecondFactor => user(&|user| user["totp_secret"].is_string()),
            Supplied::PublicClient => client(&|client| client["public"] == true),
            Supplied::BarredClient => client(&|client| is_empty(&client["grants"])),
            Supplied::PoorClient => client(&|client| is_empty(&client["groups"])),
            Supplied::RedirectUri => {
                let client = self.clients().find(|client| client["client_id"] == own)?;
                let uri = client["redirect_uris"].get(0)?;
                Some(Members::from_iter([(
                    "redirect_uri".to_owned(),
                    uri.clone(),
                )]))
            }
        }
    }

    /// The first account's client in another tenant, where it has the same id and secret.
    pub fn same_client_elsewhere(&self) -> Option<Members> {
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

    fn other_tenant(&self) -> Option<Members> {
        let tenant = self.credential("tenant");
        self.tenants()
            .filter(|realm| realm["name"] != tenant && realm["enabled"] != false)
            .find_map(|realm| {
                let clients = realm["clients"].as_array()?.iter();
                let mut usable = clients.filter(|client| is_enabled(client));
                let client = usable.find(|client| client["client_secret"].is_string())?;
                let mut account = members(client, &["client_id", "client_secret"])?;
                account.insert("tenant".to_owned(), realm["name"].clone());
                Some(account)
            })
    }

    /// The clients of the first account's tenant, or of a vendor without tenants.
    fn clients(&self) -> impl Iterator<Item = &Value> {
        self.of_own_tenant("clients")
    }

    /// The users of the first account's tenant, or of a vendor without tenants.
    fn users(&self) -> impl Iterator<Item = &Value> {
        self.of_own_tenant("users")
    }

    fn of_own_tenant(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        let tenant = self.credential("tenant");
        let realms = self.tenants().filter(move |realm| realm["name"] == tenant);
        let listed = self.principals.get(kind).into_iter();
        realms
            .filter_map(move |realm| realm.get(kind))
            .chain(listed)
            .filter_map(Value::as_array)
            .flatten()
    }

    /// The tenants of a vendor that lists them, each with its clients.
    fn tenants(&self) -> impl Iterator<Item = &Value> {
        ["realms", "tenants"]
            .into_iter()
            .filter_map(|name| self.principals.get(name)?.as_array())
            .flatten()
    }
}

/// Those of the members `names` that `account` has, of which the first has to be there.
fn members(account: &Value, names: &[&str]) -> Option<Members> {
    account.get(*names.first()?)?;
    let known = names.iter().filter_map(|name| {
        let value = account.get(*name).filter(|value| value.is_string())?;
        Some(((*name).to_owned(), value.clone()))
    });
    Some(known.collect())
}

/// Whether a client can log in by itself.
fn is_enabled(client: &Value) -> bool {
    let mut flags = ["enabled", "service_account", "service_user_enabled"].iter();
    client["client_id"].is_string() && flags.all(|name| client[*name] != false)
}

/// Whether a user can log in at once, with nothing but a password.
fn can_log_in(user: &Value) -> bool {
    let is_ready = matches!(user["state"].as_str(), None | Some("active" | "confirmed"));
    let has_more = user["totp_secret"].is_string() || user["required_action"].is_string();
    is_ready && !has_more && user["enabled"] != false && user["password"].is_string()
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_some_and(Vec::is_empty)
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
