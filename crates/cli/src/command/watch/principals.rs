//! Accounts of the run's own: their names begin with the run's mark, so that credentials from
//! elsewhere show.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Members that name an account.
const NAMES: [&str; 3] = ["client_id", "username", "email"];

/// Members that hold its secret.
const SECRETS: [&str; 2] = ["client_secret", "password"];

/// What a form, a URL, a header or a base64 has to encode: an odd secret ends in it.
const ODD: &str = ":@+&=%2B%/é=";

/// The accounts of a vendor with `mark` before names and secrets.
pub(super) fn marked(principals: &Value, mark: &str, odd: bool) -> Value {
    let mut renamed = BTreeMap::new();
    collect(principals, &mut |member, text| {
        let new = if SECRETS.contains(&member) {
            let end = if odd { ODD } else { "" };
            format!("{mark}{text}{end}")
        } else {
            format!("{mark}{text}")
        };
        renamed.insert(text.to_owned(), new);
    });
    replaced(principals, &renamed)
}

fn collect(value: &Value, found: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text)
                        if NAMES.contains(&name.as_str()) || SECRETS.contains(&name.as_str()) =>
                    {
                        found(name, text);
                    }
                    other => collect(other, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The same with all texts that were renamed, wherever they stand: an audience names clients, too.
fn replaced(value: &Value, renamed: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => renamed.get(text).unwrap_or(text).clone().into(),
        Value::Array(list) => list.iter().map(|item| replaced(item, renamed)).collect(),
        Value::Object(members) => {
            let member =
                |(name, value): (&String, &Value)| (name.clone(), replaced(value, renamed));
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_secrets_begin_with_the_mark_wherever_they_stand() {
        let principals = json!({"realms": [{"name": "r", "clients": [
            {"client_id": "a", "client_secret": "s", "enabled": true},
            {"client_id": "b", "audience": ["a", "x"]},
        ]}]});
        let marked = marked(&principals, "w1", false);
        assert_eq!(
            marked,
            json!({"realms": [{"name": "r", "clients": [
                {"client_id": "w1a", "client_secret": "w1s", "enabled": true},
                {"client_id": "w1b", "audience": ["w1a", "x"]},
            ]}]})
        );
    }

    #[test]
    fn odd_secrets_have_to_be_encoded() {
        let principals = json!({"users": [{"username": "u", "password": "p"}]});
        let user = &marked(&principals, "w1", true)["users"][0];
        assert_eq!(user["username"], "w1u");
        assert_eq!(user["password"], format!("w1p{ODD}"));
    }
}
