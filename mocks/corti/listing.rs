//! The parameters of a list: `sort`, `direction`, `pageSize`, `index`, `encounterStatus`, `patient`.

use locum_core::Denial;
use locum_server::Form;
use serde_json::Value;

use super::interactions::Interaction;
use super::validation::{STATUSES, invalid};

/// What may be sorted by; the first is the default.
const SORTS: [&str; 6] = [
    "createdAt",
    "id",
    "assignedUserId",
    "patient",
    "endedAt",
    "updatedAt",
];

/// A page of a sorted and filtered list.
#[derive(Debug)]
pub(super) struct Listing {
    sort: String,
    ascending: bool,
    page_size: usize,
    /// Page number, from 1.
    index: usize,
    statuses: Vec<String>,
    patient: Option<String>,
}

impl Listing {
    /// Reads a query.
    ///
    /// # Errors
    /// `invalid_body` with the parameter that is invalid.
    pub(super) fn read(query: &Form) -> Result<Self, Denial> {
        let statuses = query
            .all("encounterStatus")
            .map(|status| String::from_utf8_lossy(status).into_owned())
            .map(|status| one_of("encounterStatus", status, &STATUSES))
            .collect::<Result<_, _>>()?;
        let one_of = |name: &str, words: &[&str]| {
            let given = query.text(name).unwrap_or_else(|| words[0].to_owned());
            one_of(name, given, words)
        };
        Ok(Self {
            sort: one_of("sort", &SORTS)?,
            ascending: one_of("direction", &["desc", "asc"])? == "asc",
            page_size: count(query, "pageSize", 10)?,
            index: count(query, "index", 1)?,
            statuses,
            patient: query.text("patient"),
        })
    }

    /// The page, of all interactions that the caller may see; it begins with the last `overlap` of the
    /// page before, which are none where nothing is wrong.
    pub(super) fn page(&self, mut all: Vec<Interaction>, overlap: usize) -> Vec<Interaction> {
        all.retain(|one| self.takes(one));
        // The order of creation settles what the key leaves open.
        all.sort_by_cached_key(|one| (key(&self.sort, one), one.number));
        if !self.ascending {
            all.reverse();
        }
        let skipped = (self.index - 1).saturating_mul(self.page_size.saturating_sub(overlap));
        all.into_iter().skip(skipped).take(self.page_size).collect()
    }

    fn takes(&self, one: &Interaction) -> bool {
        let status = one.encounter.get("status").and_then(Value::as_str);
        let patient = one
            .patient
            .as_ref()
            .and_then(|patient| patient.get("identifier"));
        (self.statuses.is_empty()
            || self
                .statuses
                .iter()
                .any(|wanted| Some(wanted.as_str()) == status))
            && self
                .patient
                .as_ref()
                .is_none_or(|wanted| patient.and_then(Value::as_str) == Some(wanted))
    }
}

fn key(sort: &str, one: &Interaction) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    match sort {
        "id" => one.id.clone(),
        "assignedUserId" => one.assigned_user.clone(),
        "patient" => text(
            one.patient
                .as_ref()
                .and_then(|patient| patient.get("identifier")),
        ),
        "endedAt" => text(
            one.encounter
                .get("period")
                .and_then(|period| period.get("endedAt")),
        ),
        // A text that sorts like the time: RFC 3339 drops a fraction of zero.
        "updatedAt" => format!("{:020}", one.updated.as_millis()),
        _ => format!("{:020}", one.created.as_millis()),
    }
}

fn one_of(name: &str, given: String, words: &[&str]) -> Result<String, Denial> {
    if words.contains(&given.as_str()) {
        return Ok(given);
    }
    Err(invalid(
        name,
        &format!("must be one of {}", words.join(", ")),
    ))
}

/// "Must be greater than 0."
fn count(query: &Form, name: &str, default: usize) -> Result<usize, Denial> {
    let Some(text) = query.text(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| invalid(name, "must be a whole number greater than 0"))
}
