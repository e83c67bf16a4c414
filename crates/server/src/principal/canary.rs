//! Credentials that show how they were encoded: each secret has the characters that an encoding
//! fault changes. A client secret is ASCII, as RFC 6749 appendix A.2 has it; a password may hold a
//! letter that Latin-1 and UTF-8 write differently.

use std::collections::BTreeMap;

use rand::Rng;
use serde_json::{Map, Value};

use super::random_alphanumeric;

/// Characters that forms, percent-encoding and base64 of one kind or the other change.
const SPECIAL: &str = ":x @ +&=%2B%/ ";

/// What a vendor's credentials may consist of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryRules {
    /// Passwords have no white space.
    pub no_spaces: bool,
    /// Client ids are letters and digits.
    pub plain_ids: bool,
    /// Passwords are ASCII: they reach the client by a way whose charset is not its own affair.
    pub ascii: bool,
}

/// Gives each user and client a name that begins with a marker, and those without password or
/// secret one of such characters, drawn from `rng`. What [`fill`](super::fill) adds is left to it.
pub(crate) fn mark(principals: &mut Map<String, Value>, rules: CanaryRules, rng: &mut dyn Rng) {
    // Without capitals: a name that looked like a token would be redacted like one.
    let marker = format!("l{}", random_alphanumeric(rng, 7).to_ascii_lowercase());
    let mut renamed = BTreeMap::new();
    for value in principals.values() {
        names(value, &marker, rules, &mut renamed);
    }
    for value in principals.values_mut() {
        rename(value, &renamed);
    }
}

/// The names of users and clients, each with the one that takes its place.
fn names(value: &Value, marker: &str, rules: CanaryRules, renamed: &mut BTreeMap<String, String>) {
    match value {
        Value::Array(list) => list
            .iter()
            .for_each(|item| names(item, marker, rules, renamed)),
        Value::Object(object) => {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            if let Some(id) = text("client_id") {
                let sign = if rules.plain_ids { "" } else { "-" };
                renamed.insert(id.to_owned(), format!("{marker}{sign}{id}"));
            }
            for name in [text("username"), text("email")].into_iter().flatten() {
                let sign = if name.contains('@') { "+" } else { "-" };
                renamed.insert(name.to_owned(), format!("{marker}{sign}{name}"));
            }
            for member in object.values() {
                names(member, marker, rules, renamed);
            }
        }
        _ => {}
    }
}

fn rename(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = renamed.get(text) {
                new.clone_into(text);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| rename(item, renamed)),
        Value::Object(object) => object.values_mut().for_each(|item| rename(item, renamed)),
        _ => {}
    }
}

/// A password: upper and lower case, digits and signs, as Cognito's default policy asks for.
pub(super) fn password(rules: CanaryRules, rng: &mut dyn Rng) -> String {
    let secret = format!(
        "Lo9{}{SPECIAL}{}{}=",
        random_alphanumeric(rng, 8),
        if rules.ascii { "" } else { "é" },
        random_alphanumeric(rng, 4)
    );
    match rules.no_spaces {
        true => secret.replace(' ', ""),
        false => secret,
    }
}

/// The secret of the client `id`: the base64 of both, raw and form-encoded, is longer than a line
/// of 76 characters and ends in padding; of the raw pair it has a sign that the url-safe alphabet
/// spells otherwise, which of form-encoded text it never has.
pub(super) fn client_secret(id: &str, rng: &mut dyn Rng) -> String {
    let begin = random_alphanumeric(rng, 12);
    let end = random_alphanumeric(rng, 2);
    let form = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let is_padded = |text: &str| !text.len().is_multiple_of(3);
    // A letter more moves both lengths: one of three fits both.
    let fillers = [24, 25, 26].map(|length| random_alphanumeric(rng, length));
    let secrets = fillers.map(|filler| format!("{begin}{SPECIAL}{filler}?>~{end}="));
    let fits = |secret: &&String| {
        is_padded(&format!("{id}:{secret}")) && is_padded(&format!("{}:{}", form(id), form(secret)))
    };
    let fitting = secrets.iter().find(fits).unwrap_or(&secrets[0]);
    fitting.clone()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_secret_shows_how_it_was_encoded() {
        let mut rng = SmallRng::seed_from_u64(7);
        for n in 0..50 {
            let id = format!("a-client{}", "x".repeat(n));
            let secret = client_secret(&id, &mut rng);
            let password = password(CanaryRules::default(), &mut rng);
            for sign in [":", " @ ", "+", "&", "=", "%2B", "%", "/", " "] {
                assert!(secret.contains(sign), "{sign}");
                assert!(password.contains(sign), "{sign}");
            }
            assert!(secret.ends_with('=') && password.ends_with('='));
            assert!(secret.is_ascii() && password.contains('é'));
            let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let raw = STANDARD.encode(format!("{id}:{secret}"));
            assert!(raw.contains(['+', '/']) && raw.len() > 76, "{n}");
            for padded in [raw, STANDARD.encode(format!("{id}:{form}"))] {
                assert!(padded.ends_with('='), "{n}");
            }
        }
        let rules = CanaryRules {
            no_spaces: true,
            ascii: true,
            ..CanaryRules::default()
        };
        assert!(!password(rules, &mut rng).contains(' '));
        assert!(password(rules, &mut rng).is_ascii());
    }

    #[test]
    fn names_begin_with_the_marker_wherever_they_stand() {
        let mut principals = json!({
            "clients": [{"client_id": "a", "audience": ["a", "b"]}],
            "users": [{"username": "u", "email": "u+x@h.example"}],
        });
        let object = principals.as_object_mut().expect("an object");
        mark(
            object,
            CanaryRules::default(),
            &mut SmallRng::seed_from_u64(7),
        );
        let id = principals["clients"][0]["client_id"]
            .as_str()
            .expect("an id");
        let marker = id
            .strip_suffix("-a")
            .expect("its own name behind the marker");
        assert_eq!(marker.len(), 8);
        assert_eq!(marker, marker.to_ascii_lowercase());
        assert_eq!(principals["clients"][0]["audience"], json!([id, "b"]));
        assert_eq!(principals["users"][0]["username"], format!("{marker}-u"));
        let email = format!("{marker}+u+x@h.example");
        assert_eq!(principals["users"][0]["email"], email);
    }
}
