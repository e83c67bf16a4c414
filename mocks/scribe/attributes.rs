//! Attributes of users: which the pool knows, which must be there, which nobody may change.

use std::collections::BTreeMap;

use locum_core::{Denial, DenialKind};
use serde_json::{Map, Value, json};

use super::State;
use super::cognito::{Call, invalid};
use super::users::{User, UserState};

/// Attributes by name; all are text.
pub(super) type Attributes = BTreeMap<String, String>;

/// The standard attributes (AWS developer guide, "Working with user attributes").
const STANDARD: &[&str] = &[
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "website",
    "zoneinfo",
];

/// Those that no client may write, whatever the pool's schema.
const FROZEN: &[&str] = &["email_verified", "phone_number_verified", "sub"];

/// What stands in front of names in challenges.
pub(super) const PREFIX: &str = "userAttributes.";

/// Whether a pool may have an attribute of this name.
pub(super) fn may_exist(name: &str) -> bool {
    let custom = name.strip_prefix("custom:");
    STANDARD.contains(&name) || custom.is_some_and(|name| !name.is_empty())
}

/// Whether a caller of the control API may give a user these.
///
/// # Errors
/// A sentence on an attribute that the pool does not know, or that has a member of its own.
pub(super) fn check(username: &str, attributes: &Attributes) -> Result<(), String> {
    for name in attributes.keys() {
        if matches!(name.as_str(), "sub" | "email") {
            return Err(format!(
                "attribute {name} of user {username} has its own place: `sub` follows from the seed, `email` is a member of the user"
            ));
        }
        if !may_exist(name) {
            return Err(format!(
                "unknown attribute `{name}`, expected one of `custom:…`, `{}`",
                STANDARD.join("`, `")
            ));
        }
    }
    Ok(())
}

/// All attributes of a user, in the order of their names.
pub(super) fn of(state: &State, user: &User) -> Attributes {
    let mut all = user.attributes.clone();
    if !user.email.is_empty() {
        all.insert("email".into(), user.email.clone());
        let verified = user.state != UserState::Unconfirmed;
        all.entry("email_verified".into())
            .or_insert_with(|| verified.to_string());
    }
    all.insert("sub".into(), state.sub(&user.username));
    all
}

/// The same as claims of an id token: what says whether something is verified is a truth value.
pub(super) fn claims(state: &State, user: &User) -> Map<String, Value> {
    let claim = |(name, value): (String, String)| {
        let value = if name.ends_with("_verified") {
            Value::Bool(value == "true")
        } else {
            Value::String(value)
        };
        (name, value)
    };
    of(state, user).into_iter().map(claim).collect()
}

/// `requiredAttributes` and `userAttributes` of a NEW_PASSWORD_REQUIRED: JSON inside of strings.
pub(super) fn challenge(call: &Call<'_>, user: &User) -> (String, String) {
    let missing: Vec<String> = missing(call, user)
        .map(|name| format!("{PREFIX}{name}"))
        .collect();
    let mut known = of(&call.state, user);
    known.remove("sub");
    known.remove("email_verified");
    (json!(missing).to_string(), json!(known).to_string())
}

/// The required attributes that a user lacks.
fn missing(call: &Call<'_>, user: &User) -> impl Iterator<Item = String> + use<> {
    let known = of(&call.state, user);
    let required = call.mock.setting_text("required_attributes");
    let required: Vec<String> = required.split_whitespace().map(str::to_owned).collect();
    required
        .into_iter()
        .filter(move |name| !known.contains_key(name))
}

/// The attributes among the answers to a challenge, judged.
///
/// # Errors
/// `frozen_attribute`, `unknown_attribute`, `attribute_provided`, `required_attribute`.
pub(super) fn answered(
    call: &Call<'_>,
    user: &User,
    responses: &Map<String, Value>,
) -> Result<Attributes, Denial> {
    let known = of(&call.state, user);
    let setting = |name: &str| call.mock.setting_text(name);
    let (immutable, required) = (
        setting("immutable_attributes"),
        setting("required_attributes"),
    );
    let within = |list: &str, name: &str| list.split_whitespace().any(|have| have == name);
    let mut given = Attributes::new();
    for (key, value) in responses {
        let Some(name) = key.strip_prefix(PREFIX) else {
            continue;
        };
        let about = |kind, reason: &str| {
            Denial::new(kind, reason)
                .got(key.clone())
                .param("name", name)
        };
        if FROZEN.contains(&name) || within(&immutable, name) && known.contains_key(name) {
            let frozen = about(DenialKind::Invalid, "frozen_attribute");
            call.refuse(frozen.expected("attributes that a client may write"))?;
        }
        if !in_schema(call, name) {
            let unknown = about(DenialKind::Invalid, "unknown_attribute");
            call.refuse(unknown.expected("a standard attribute, or a custom one of this pool"))?;
        }
        if within(&required, name) && known.contains_key(name) {
            let provided = about(DenialKind::Conflict, "attribute_provided");
            call.refuse(provided.expected("required attributes that the user lacks"))?;
        }
        let value = value
            .as_str()
            .ok_or_else(|| invalid(format!("{key} is not a string")))?;
        given.insert(name.to_owned(), value.to_owned());
    }
    let lacking = missing(call, user).find(|name| !given.contains_key(name));
    if let Some(name) = lacking {
        call.refuse(
            Denial::new(DenialKind::Missing, "required_attribute")
                .expected(format!("{PREFIX}{name}"))
                .param("name", name),
        )?;
    }
    Ok(given)
}

/// Whether the pool knows an attribute: a custom one where the setting or a user names it.
fn in_schema(call: &Call<'_>, name: &str) -> bool {
    let custom = call.mock.setting_text("custom_attributes");
    let of_user = |user: &User| user.attributes.contains_key(name);
    STANDARD.contains(&name)
        || custom.split_whitespace().any(|have| have == name)
        || call.state.principals().users.iter().any(of_user)
}
