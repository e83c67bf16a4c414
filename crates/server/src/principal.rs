//! Principals: who may log in at a vendor on a stage.
//!
//! They travel as JSON in the shape of the stage document. What a profile leaves out (secrets,
//! passwords) is made from the stage's seed.

mod canary;

use std::sync::{Arc, PoisonError, RwLock};

use rand::{Rng, RngExt};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use canary::CanaryRules;
pub(crate) use canary::mark;

/// A vendor's principals on one stage, in the vendor's own type.
#[derive(Debug)]
pub struct PrincipalStore<T>(RwLock<Arc<T>>);

impl<T> PrincipalStore<T> {
    /// Keeps `principals`.
    pub fn new(principals: T) -> Self {
        Self(RwLock::new(Arc::new(principals)))
    }

    /// The principals as they stand now.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `principals` in the place of the present ones.
    pub fn set(&self, principals: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(principals);
    }
}

impl<T: Serialize + DeserializeOwned> PrincipalStore<T> {
    /// Reads principals in the shape of the stage document.
    ///
    /// # Errors
    ///
    /// What does not fit that shape, in words.
    pub fn read(principals: Value) -> Result<Self, String> {
        let principals = serde_json::from_value(principals).map_err(|error| error.to_string())?;
        Ok(Self::new(principals))
    }

    /// [`read`](Self::read)s `principals` and puts them in the place of the present ones.
    ///
    /// # Errors
    ///
    /// As of [`read`](Self::read); the present ones then stay.
    pub fn change(&self, principals: Value) -> Result<(), String> {
        self.set(serde_json::from_value(principals).map_err(|error| error.to_string())?);
        Ok(())
    }
}

/// Writes a secret into the stage document: the one place where the caller is given it.
pub fn expose<S: Serializer>(
    secret: &locum_core::Secret,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// [`expose`] for a secret that may be absent.
pub fn expose_option<S: Serializer>(
    secret: &Option<locum_core::Secret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

/// Gives each user without `password`, and each client without `client_secret` whose `public` is not
/// true and whose `auth` is not `private_key_jwt`, one of its own, drawn from `rng`; a client that says nothing of either is public where
/// the vendor says so (`secrets` is false).
///
/// With `canary` they are of the characters that encodings change.
pub fn fill(
    principals: &mut Map<String, Value>,
    secrets: bool,
    canary: Option<CanaryRules>,
    rng: &mut dyn Rng,
) {
    for value in principals.values_mut() {
        let Some(list) = value.as_array_mut() else {
            continue;
        };
        for item in list.iter_mut().filter_map(Value::as_object_mut) {
            let public = item.get("public").and_then(Value::as_bool);
            let public = public.unwrap_or(!secrets);
            let keyed = item
                .get("auth")
                .is_some_and(|auth| auth == "private_key_jwt");
            let secret = !public && !keyed;
            if item.contains_key("client_id") && !item.contains_key("client_secret") && secret {
                let id = item["client_id"].as_str().unwrap_or_default();
                let secret = match canary {
                    Some(_) => canary::client_secret(id, rng),
                    None => random_alphanumeric(rng, 32),
                };
                item.insert("client_secret".into(), Value::String(secret));
            }
            if item.contains_key("username") && !item.contains_key("password") {
                // Upper, lower, digit and symbol: what Cognito's default policy asks for.
                let password = match canary {
                    Some(rules) => canary::password(rules, rng),
                    None => format!("Lo-{}9", random_alphanumeric(rng, 16)),
                };
                item.insert("password".into(), Value::String(password));
            }
            fill(item, secrets, canary, rng);
        }
    }
}

/// Merges `change` into `principals`: in a list of clients, users or realms the one of the same name
/// is changed member by member and any other is added, a list of plain values (flows, redirect URIs)
/// is replaced, and `null` removes a member.
pub fn merge(principals: &mut Value, change: Value) {
    match (principals, change) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                if value.is_null() {
                    old.remove(&name);
                } else {
                    merge(old.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Array(old), Value::Array(new)) if are_named(old) && are_named(&new) => {
            for item in new {
                let id = identity(&item);
                match old.iter_mut().find(|have| identity(have) == id) {
                    Some(have) => merge(have, item),
                    None => old.push(item),
                }
            }
        }
        (old, new) => *old = new,
    }
}

/// Whether each element is a client, a user or a realm by its name.
fn are_named(list: &[Value]) -> bool {
    list.iter().all(|item| identity(item).is_some())
}

fn identity(item: &Value) -> Option<Value> {
    ["client_id", "username", "name", "access_key_id"]
        .iter()
        .find_map(|key| item.get(key))
        .cloned()
}

/// `length` letters and digits.
pub fn random_alphanumeric(rng: &mut dyn Rng, length: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    (0..length)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
        .collect()
}

/// A version 4 UUID (RFC 9562 §5.4) from `rng`.
pub fn uuid(rng: &mut dyn Rng) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_names_the_element_it_changes() {
        let mut have = json!({"clients": [{"client_id": "a", "enabled": true}]});
        merge(
            &mut have,
            json!({"clients": [{"client_id": "a", "enabled": false}, {"client_id": "b"}]}),
        );
        assert_eq!(
            have,
            json!({"clients": [{"client_id": "a", "enabled": false}, {"client_id": "b"}]})
        );
    }

    #[test]
    fn a_list_of_plain_values_is_replaced() {
        let mut have =
            json!({"clients": [{"client_id": "a", "flows": ["x", "y"], "keys": [{"kid": "1"}]}]});
        let change =
            json!({"clients": [{"client_id": "a", "flows": ["y"], "keys": [{"kid": "2"}]}]});
        merge(&mut have, change.clone());
        assert_eq!(have, change);
        merge(
            &mut have,
            json!({"clients": [{"client_id": "a", "flows": []}]}),
        );
        assert_eq!(have["clients"][0]["flows"], json!([]));
    }
}
