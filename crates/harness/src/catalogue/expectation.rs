//! What a requirement expects in numbers and words: statuses, members, limits, tolerances. The data
//! behind the rules, so that neither a rule nor a step carries them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Filter, contract_of};

/// The data of all requirements that have some, as it was written.
pub const EXPECTATIONS: &str = include_str!("../../catalogue/expectations.toml");

static TABLE: LazyLock<BTreeMap<String, Expectation>> =
    LazyLock::new(|| toml::from_str(EXPECTATIONS).expect("a test parses the embedded table"));

/// The data of one requirement, for all of its vendors or for one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// How a refusal looks; the first entry that is for the request counts.
    pub refused: Vec<RefusalExpectation>,
    /// Members of the reply: name, and `text`, `integer`, `number`, `boolean`, `list`, `date`,
    /// `time`, `the words …`, `one of …`, or one of several literals with ` or ` between; with
    /// `perhaps ` in front it may be absent or null.
    pub members: BTreeMap<String, String>,
    /// Members that the reply has and no others; what it has besides is reported.
    pub only_members: Vec<String>,
    /// Members that the reply does not have.
    pub absent_members: Vec<String>,
    /// Replies to forms, by the profile's endpoint.
    pub forms: BTreeMap<String, FormExpectation>,
    /// Members of error replies, by their statuses.
    pub errors: Vec<ErrorExpectation>,
    /// The status of the reply.
    pub status: Option<u16>,
    /// A member of a reply that the requirement is about.
    pub member: Option<String>,
    /// The first part of a token, decoded.
    pub token_header: Option<String>,
    /// A parameter of a URL or of a challenge that the requirement is about.
    pub parameter: Option<String>,
    /// The member that lists entries.
    pub list: Option<String>,
    /// The member that counts all entries.
    pub total: Option<String>,
    /// Members that are links to other pages.
    pub links: Vec<String>,
    /// Filters of a list.
    pub filters: Vec<Filter>,
    /// Members of the entries of a list, by the profile's endpoint: pointer, and kind as in
    /// [`Expectation::members`].
    pub entries: BTreeMap<String, BTreeMap<String, String>>,
    /// Members that tell to what an entry belongs, as pointers; the first that it has counts.
    pub owners: Vec<String>,
    /// Members that tell one entry from another, as pointers.
    pub identity: Vec<String>,
    /// The most entries of one page.
    pub max_entries: Option<usize>,
    /// The longest lifetime, in seconds.
    pub max_lifetime_s: Option<i64>,
    /// The lifetime, in seconds.
    pub lifetime_s: Option<f64>,
    /// How far from the lifetime's end a token is tried, in seconds.
    pub tolerance_s: f64,
    /// The name of a challenge.
    pub challenge: Option<String>,
    /// Errors that repeat a header of the request.
    pub repeats: Vec<RepeatExpectation>,
    /// How many token requests are still tolerated where one is expected.
    pub tolerated_token_requests: Option<usize>,
    /// Statuses at which the vendor documents a deviation: it is reported as INFO.
    pub documented_statuses: Vec<u16>,
    /// The longest lifetime that a probe of a client tells, in the vendor's unit.
    pub longest_lifetime: Option<u64>,
    /// Whether a deviation is tolerated: WARN whatever the level.
    pub deviation_tolerated: bool,
    /// The phrases of the variations that are tolerated, where the others are not.
    pub tolerated_variations: Vec<String>,
    /// Whether the vendor documents the deviation: it is reported as INFO.
    pub deviation_documented: bool,
    /// The most requests of the kind that the requirement counts.
    pub max_requests: Option<usize>,
    /// The shortest gap between two attempts, in milliseconds.
    pub min_gap_ms: Option<i64>,
    /// How much sooner than the vendor asked for a request may come, in milliseconds.
    pub early_ms: i64,
    /// The longest time until all callers have an answer, in milliseconds.
    pub max_wait_ms: Option<u64>,
    /// The words of a job's states that are its end.
    pub end_states: Vec<String>,
    /// The word of a state that no page knows.
    pub unknown_state: Option<String>,
    /// How far the date of a signature may be from the time of its arrival, in seconds.
    pub max_clock_skew_s: Option<u64>,
}

/// How a refusal looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefusalExpectation {
    /// Only for requests in which this field of the credentials is changed.
    pub field: Option<String>,
    /// Only for requests with one of these variations, as the features call them.
    pub phrases: Vec<String>,
    /// The statuses; any refusal when empty.
    pub status: Vec<u16>,
    /// The error code.
    pub error: Option<String>,
    /// Other statuses that the vendor documents: they are reported as INFO.
    pub documented: Vec<u16>,
    /// Other statuses that are tolerated: WARN.
    pub tolerated: Vec<u16>,
    /// Whether each other refusal is tolerated.
    pub any_tolerated: bool,
    /// What any other reaction says; broken where statuses are named, else nothing.
    pub others: Option<Others>,
    /// What acceptance says.
    pub acceptance: Acceptance,
}

/// What it says that a request which should be refused is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    /// The vendor documents it, or is assumed to accept: INFO.
    Documented,
    /// Other public servers do the same: WARN.
    Tolerated,
    /// The requirement is broken.
    #[default]
    Broken,
    /// It opens the door to anybody: FAIL whatever the level.
    Severe,
}

/// What a reaction says that a requirement does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    /// The requirement is broken.
    Broken,
    /// Nothing: the requirement does not grade it.
    Ungraded,
    /// The requirement is met or not without this request.
    LeftOut,
    /// A warning: nothing was given, and nothing was refused either.
    Tolerated,
}

impl RefusalExpectation {
    /// What a reaction says that is neither named nor tolerated.
    pub fn others(&self) -> Others {
        let default = if self.status.is_empty() {
            Others::Ungraded
        } else {
            Others::Broken
        };
        self.others.unwrap_or(default)
    }

    /// In words: `401 or 403 invalid_client`, `a refusal`.
    pub fn words(&self) -> String {
        let statuses: Vec<String> = self.status.iter().map(u16::to_string).collect();
        let status = match statuses.as_slice() {
            [] => "a refusal".to_owned(),
            list => list.join(" or "),
        };
        match &self.error {
            Some(error) => format!("{status} {error}"),
            None => status,
        }
    }
}

/// The reply to a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormExpectation {
    /// The status.
    pub status: u16,
    /// Its members, as in [`Expectation::members`].
    pub members: BTreeMap<String, String>,
}

/// What error replies look like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorExpectation {
    /// The statuses, each of which has to be seen.
    pub statuses: Vec<u16>,
    /// The member that is text or a list; any JSON when absent.
    pub member: Option<String>,
}

/// An error that repeats a header of the request, secrets and all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatExpectation {
    /// The error's code.
    pub error: String,
    /// The header.
    pub header: String,
    /// Whether the vendor documents it (INFO); else it is tolerated (WARN).
    #[serde(default)]
    pub documented: bool,
}

impl Expectation {
    /// The data of the requirement `id` for `vendor`: that of `ID@vendor`, else that of `ID`; empty
    /// when it has none.
    pub fn of(id: &str, vendor: &str) -> &'static Self {
        static NONE: LazyLock<Expectation> = LazyLock::new(Expectation::default);
        TABLE
            .get(&format!("{id}@{}", contract_of(vendor)))
            .or_else(|| TABLE.get(id))
            .unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    #[test]
    fn each_entry_is_of_a_row_and_of_one_of_its_vendors() {
        let table: BTreeMap<String, Expectation> = toml::from_str(EXPECTATIONS).expect("it parses");
        for key in table.keys() {
            let (id, vendor) = key.split_once('@').unwrap_or((key, ""));
            let row = catalogue().get(id).expect(key);
            let known = vendor.is_empty() || row.vendors.iter().any(|known| known == vendor);
            assert!(known, "{key}");
            assert!(
                crate::rules::all().any(|rule| rule.id == id),
                "{key} has no rule"
            );
        }
    }
}
