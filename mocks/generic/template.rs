//! What the file's templates may name, and how they are filled.

use std::collections::BTreeMap;

use locum_core::template;
use locum_server::{Mock, Request};
use serde_json::{Map, Value};

use super::login::Login;
use super::principals::{Client, User};

/// Names that every template knows.
pub(super) const ALWAYS: &[&str] = &["base", "issuer", "now", "date", "uuid"];

/// Names that a template about a token knows besides; so are `user:…` and `client:…`.
pub(super) const OF_TOKEN: &[&str] = &["sub", "client_id", "username", "scope", "scopes"];

/// Names that the claims and the reply of a token know besides.
pub(super) const OF_ISSUE: &[&str] = &["exp", "jti", "lifetime_s", "nonce", "auth_time"];

/// Whether `name` is one of a claim or of an attribute of a principal, which only a request knows.
pub(super) fn is_attribute(name: &str) -> bool {
    ["user:", "client:", "query:", "header:"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Values by the names in braces.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(BTreeMap<String, Value>);

impl Values {
    /// What every template knows.
    pub(super) fn new(mock: &Mock, issuer: &str) -> Self {
        let mut values = Self::default();
        values.put("base", mock.base.clone());
        values.put("issuer", issuer);
        values.put("now", mock.now().as_seconds());
        values.put("date", mock.now().rfc3339());
        values.put("uuid", mock.uuid());
        values
    }

    /// Adds one.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Adds what is known of a login.
    pub(super) fn login(&mut self, login: &Login, client: Option<&Client>, user: Option<&User>) {
        self.put("client_id", login.client.clone());
        self.put("scope", login.scope.clone());
        let scopes: Vec<&str> = login
            .scope
            .split(' ')
            .filter(|one| !one.is_empty())
            .collect();
        self.put("scopes", scopes);
        self.put("sub", user.map_or(login.client.as_str(), User::subject));
        self.put("username", login.user.clone().unwrap_or_default());
        self.attributes("client", client.map(|client| &client.claims));
        self.attributes("user", user.map(|user| &user.claims));
    }

    /// Adds path parameters, query and headers of a request.
    pub(super) fn request(&mut self, request: &Request) {
        for (name, value) in &request.params {
            self.put(name, value.clone());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (name, value) in request.query().pairs {
            self.put(&format!("query:{}", text(&name)), text(&value));
        }
        for (name, value) in &request.headers {
            if !holds_secret(name.as_str()) {
                self.put(&format!("header:{name}"), text(value.as_bytes()));
            }
        }
    }

    fn attributes(&mut self, of: &str, claims: Option<&Map<String, Value>>) {
        for (name, value) in claims.into_iter().flatten() {
            self.put(&format!("{of}:{name}"), value.clone());
        }
    }

    fn get(&self, name: &str) -> Option<Value> {
        match self.0.get(name) {
            Some(value) => Some(value.clone()),
            // What a principal or a request does not have is empty.
            None => is_attribute(name).then(|| Value::from("")),
        }
    }

    /// Text with the values in it as they are.
    pub(super) fn text(&self, text: &str) -> String {
        template::fill(text, |name| self.get(name).map(|value| plain(&value)))
    }

    /// The text of a JSON document: values are escaped, `{json:name}` stands for a whole one.
    pub(super) fn json_text(&self, text: &str) -> String {
        template::fill(text, |name| {
            if let Some(name) = name.strip_prefix("json:") {
                return self.get(name).map(|value| value.to_string());
            }
            let quoted = Value::from(plain(&self.get(name)?)).to_string();
            Some(quoted[1..quoted.len() - 1].to_owned())
        })
    }

    /// A value whose texts are templates; a text that is one placeholder becomes its value, number
    /// or list as it is.
    pub(super) fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.whole(text).unwrap_or_else(|| self.text(text).into()),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => Value::Object(self.object(members)),
            other => other.clone(),
        }
    }

    /// [`json`](Self::json) of an object.
    pub(super) fn object(&self, members: &Map<String, Value>) -> Map<String, Value> {
        let filled = members
            .iter()
            .map(|(name, value)| (name.clone(), self.json(value)));
        filled.collect()
    }

    fn whole(&self, text: &str) -> Option<Value> {
        let [name] = template::names(text)[..] else {
            return None;
        };
        (text.len() == name.len() + 2).then(|| self.get(name))?
    }
}

/// Headers that no reply repeats.
fn holds_secret(name: &str) -> bool {
    ["authorization", "cookie", "token", "secret", "key"]
        .iter()
        .any(|word| name.contains(word))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The names in the templates of a value.
pub(super) fn names_in(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => template::names(text)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        Value::Array(items) => items.iter().flat_map(names_in).collect(),
        Value::Object(members) => members.values().flat_map(names_in).collect(),
        _ => Vec::new(),
    }
}
