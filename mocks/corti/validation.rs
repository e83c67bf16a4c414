//! The shapes of request bodies: which members they need, and of what type.

use locum_core::{Denial, DenialKind, Timestamp};
use serde_json::{Map, Value};

/// Values of `encounter.status`.
pub(super) const STATUSES: [&str; 6] = [
    "planned",
    "in-progress",
    "on-hold",
    "completed",
    "cancelled",
    "deleted",
];

/// Values of `encounter.type`.
const TYPES: [&str; 5] = [
    "first_consultation",
    "consultation",
    "emergency",
    "inpatient",
    "outpatient",
];

/// Values of `patient.gender`.
const GENDERS: [&str; 4] = ["male", "female", "unknown", "other"];

/// A body member or query parameter that is invalid.
pub(super) fn invalid(field: &str, why: &str) -> Denial {
    Denial::new(DenialKind::Invalid, "invalid_body")
        .got(format!("{field} {why}"))
        .param("field", field)
        .param("why", why)
}

/// Whether `text` is a UUID in its usual form (RFC 9562 §4).
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Checks the body that makes an interaction: an encounter with identifier, status and type.
///
/// # Errors
/// `invalid_body` with the first member that is invalid.
pub(super) fn check_new(body: &Map<String, Value>) -> Result<(), Denial> {
    let Some(Value::Object(encounter)) = body.get("encounter") else {
        return Err(invalid("encounter", "must be an object"));
    };
    for name in ["identifier", "status", "type"] {
        if !encounter.contains_key(name) {
            return Err(invalid(&format!("encounter.{name}"), "is required"));
        }
    }
    if let Some(Value::Object(patient)) = body.get("patient")
        && !patient.contains_key("identifier")
    {
        return Err(invalid("patient.identifier", "is required"));
    }
    check_change(body)
}

/// Checks the body that changes an interaction: everything may be left out.
///
/// # Errors
/// As for [`check_new`].
pub(super) fn check_change(body: &Map<String, Value>) -> Result<(), Denial> {
    if let Some(user) = present(body, "assignedUserId")
        && !user.as_str().is_some_and(is_uuid)
    {
        return Err(invalid("assignedUserId", "must be a UUID"));
    }
    if let Some(encounter) = present(body, "encounter") {
        check_encounter(
            encounter
                .as_object()
                .ok_or_else(|| invalid("encounter", "must be an object"))?,
        )?;
    }
    if let Some(patient) = present(body, "patient") {
        check_patient(
            patient
                .as_object()
                .ok_or_else(|| invalid("patient", "must be an object"))?,
        )?;
    }
    Ok(())
}

fn check_encounter(encounter: &Map<String, Value>) -> Result<(), Denial> {
    one_of(encounter, "encounter", "identifier", &[])?;
    one_of(encounter, "encounter", "status", &STATUSES)?;
    one_of(encounter, "encounter", "type", &TYPES)?;
    optional_text(encounter, "encounter", "title")?;
    let Some(period) = present(encounter, "period") else {
        return Ok(());
    };
    let period = period
        .as_object()
        .ok_or_else(|| invalid("encounter.period", "must be an object"))?;
    for name in ["startedAt", "endedAt"] {
        let is_date = |value: &Value| value.as_str().and_then(Timestamp::parse_rfc3339).is_some();
        if present(period, name).is_some_and(|value| !is_date(value)) {
            return Err(invalid(
                &format!("encounter.period.{name}"),
                "must be a date and time of RFC 3339",
            ));
        }
    }
    Ok(())
}

fn check_patient(patient: &Map<String, Value>) -> Result<(), Denial> {
    one_of(patient, "patient", "identifier", &[])?;
    if present(patient, "gender").is_some() {
        one_of(patient, "patient", "gender", &GENDERS)?;
    }
    for name in ["name", "birthDate", "pronouns"] {
        optional_text(patient, "patient", name)?;
    }
    Ok(())
}

/// The member, unless it is absent or null.
fn present<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// A text that is not empty, one of `words` where there are any; it may be left out.
fn one_of(object: &Map<String, Value>, of: &str, name: &str, words: &[&str]) -> Result<(), Denial> {
    let Some(value) = object.get(name) else {
        return Ok(());
    };
    let field = format!("{of}.{name}");
    match value.as_str() {
        Some(text) if words.contains(&text) || (words.is_empty() && !text.is_empty()) => Ok(()),
        _ if words.is_empty() => Err(invalid(&field, "must be a text that is not empty")),
        _ => Err(invalid(
            &field,
            &format!("must be one of {}", words.join(", ")),
        )),
    }
}

fn optional_text(object: &Map<String, Value>, of: &str, name: &str) -> Result<(), Denial> {
    match present(object, name) {
        Some(value) if !value.is_string() => {
            Err(invalid(&format!("{of}.{name}"), "must be a text"))
        }
        _ => Ok(()),
    }
}
