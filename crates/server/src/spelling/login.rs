//! The credentials of a login: in a form, or in the JSON of Amazon Cognito.

use locum_core::Place;
use locum_core::spelling::{FormSpelling, ShownCredential, Word};
use serde_json::Value;

use super::compare::{self, Login};
use crate::Request;
use crate::request::Form;

/// The parameters of RFC 6749 whose presence rows ask for.
const PARAMETERS: [&str; 7] = [
    "grant_type",
    "client_id",
    "client_secret",
    "username",
    "password",
    "scope",
    "refresh_token",
];

/// Which half of a login a parameter is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Name,
    Secret,
}

const CREDENTIALS: [(&str, Half); 4] = [
    ("client_id", Half::Name),
    ("username", Half::Name),
    ("client_secret", Half::Secret),
    ("password", Half::Secret),
];

/// Members of a sign-in (Amazon Cognito, `InitiateAuth`).
const MEMBERS: [(&[&str], Half); 3] = [
    (&["ClientId"], Half::Name),
    (&["AuthParameters", "USERNAME"], Half::Name),
    (&["AuthParameters", "PASSWORD"], Half::Secret),
];

/// What the body of `request` spells, where it is a login.
pub(super) fn read(
    request: &Request,
    logins: &[&Login],
) -> (Option<FormSpelling>, Vec<ShownCredential>) {
    if let Ok(Some(target)) = request.first_header("x-amz-target") {
        let is_login = target.ends_with("InitiateAuth");
        let json = is_login.then(|| serde_json::from_slice::<Value>(&request.body).ok());
        return (
            None,
            json.flatten()
                .map_or_else(Vec::new, |json| members(&json, logins)),
        );
    }
    let is_form = request.is_form() || request.endpoint == "token";
    if !is_form {
        return (None, Vec::new());
    }
    let form = request.form();
    (Some(spelling(&form)), parameters(&form, logins))
}

fn spelling(form: &Form) -> FormSpelling {
    let is_text = |bytes: &Vec<u8>| std::str::from_utf8(bytes).is_ok();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let repeated = form.repeated().map(|name| {
        let is_plain = name.len() <= 32 && name.bytes().all(is_word);
        if is_plain {
            name
        } else {
            "another parameter".to_owned()
        }
    });
    let has_value = |name: &&str| form.all(name).any(|value| !value.is_empty());
    FormSpelling {
        is_utf8: !form.broken_escape
            && form
                .pairs
                .iter()
                .all(|(name, value)| is_text(name) && is_text(value)),
        repeated,
        filled: PARAMETERS
            .iter()
            .copied()
            .filter(has_value)
            .map(Word::Borrowed)
            .collect(),
    }
}

fn parameters(form: &Form, logins: &[&Login]) -> Vec<ShownCredential> {
    let halves = CREDENTIALS.iter().filter_map(|(name, half)| {
        let value = form.first(name).filter(|value| !value.is_empty())?;
        Some((*name, Place::Form, *half, value))
    });
    shown(&halves.collect::<Vec<_>>(), logins)
}

fn members(json: &Value, logins: &[&Login]) -> Vec<ShownCredential> {
    let halves = MEMBERS.iter().filter_map(|(path, half)| {
        let value = super::text(json, path)?;
        Some((*path.last()?, Place::Json, *half, value.as_bytes()))
    });
    shown(&halves.collect::<Vec<_>>(), logins)
}

/// A secret is compared with those of the names beside it; where none is known, with all.
fn shown(halves: &[(&'static str, Place, Half, &[u8])], logins: &[&Login]) -> Vec<ShownCredential> {
    if halves.is_empty() {
        return Vec::new();
    }
    let is_shown = |login: &&&Login| {
        halves.iter().any(|(_, _, half, value)| {
            *half == Half::Name && login.names.iter().any(|name| name.as_bytes() == *value)
        })
    };
    let owners: Vec<&Login> = logins.iter().filter(is_shown).copied().collect();
    let mut owners: Vec<&Login> = owners
        .into_iter()
        .filter(|login| login.secret.is_some())
        .collect();
    if owners.is_empty() {
        owners = logins.to_vec();
    }
    halves
        .iter()
        .map(|(name, place, half, value)| {
            let origin = match half {
                Half::Name => {
                    let names = logins.iter().flat_map(|login| &login.names);
                    compare::origin(value, &names.map(String::as_str).collect::<Vec<_>>())
                }
                Half::Secret => compare::secret_origin(value, &owners, logins),
            };
            ShownCredential {
                name: Word::Borrowed(name),
                place: *place,
                origin,
            }
        })
        .collect()
}
