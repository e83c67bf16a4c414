//! What only a person can supply of a real endpoint beside the first account: which variables give
//! it, and which rows are judged with it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use locum_core::requirement::Judge;
use serde::{Deserialize, Serialize};

use super::{catalogue, contract_of};

/// The table as it was written.
const SUPPLIED: &str = include_str!("../../catalogue/supplied.toml");

static TABLE: LazyLock<BTreeMap<Supplied, Entry>> =
    LazyLock::new(|| toml::from_str(SUPPLIED).expect("a test parses the embedded table"));

/// What only a person can supply of a real endpoint beside the first account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supplied {
    /// A second client of the same tenant.
    AnotherClient,
    /// A second tenant.
    AnotherTenant,
    /// A second user.
    AnotherUser,
    /// A user of a vendor whose first account is a client.
    Person,
    /// A user whose password is temporary.
    Temporary,
    /// The password that the temporary account is to get.
    NewPassword,
    /// A user with a second factor.
    SecondFactor,
    /// An account that is not active.
    Inactive,
    /// An account that may not use the API.
    NoApiAccess,
    /// A client without a secret.
    PublicClient,
    /// A client that may not use the documented grant.
    BarredClient,
    /// A user who may log in and has no permission for the API.
    PoorUser,
    /// A client that may log in and has no permission for the API.
    PoorClient,
    /// A path that the first account may not read.
    ForbiddenPath,
    /// A user who may be locked out.
    LockoutUser,
    /// A client that may be locked out.
    LockoutClient,
    /// A redirect URI of the first client.
    RedirectUri,
    /// An access token that has ended.
    ExpiredToken,
    /// A template of notes.
    Template,
    /// A group below that of the lists.
    GroupBelow,
}

/// What is known of one of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    what: String,
    rows: Vec<String>,
    #[serde(default)]
    further: Vec<String>,
    variables: Vec<SuppliedVariable>,
}

/// A variable of the environment that gives a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppliedVariable {
    /// Its name behind `LOCUM_`.
    pub name: String,
    /// The member that it gives, such as `client_secret`.
    pub member: String,
    /// What it holds.
    pub meaning: String,
    /// Whether its value becomes a part of an address.
    #[serde(default)]
    pub is_part_of_an_address: bool,
}

impl Supplied {
    /// All of them, in the order of the table's type.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.keys().copied()
    }

    fn entry(self) -> &'static Entry {
        // A test reads each variant from the table.
        &TABLE[&self]
    }

    /// The one that the features call by `name`: `another client`, `the inactive account`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|supplied| supplied.name() == name)
    }

    /// What the features call it.
    pub fn name(self) -> &'static str {
        &self.entry().name
    }

    /// What it is, in words for a person.
    pub fn what(self) -> &'static str {
        &self.entry().what
    }

    /// The variables that give it.
    pub fn variables(self) -> &'static [SuppliedVariable] {
        &self.entry().variables
    }

    /// The rows at `vendor` that are judged with it alone.
    pub fn rows(self, vendor: &str) -> Vec<&'static str> {
        rows_at(&self.entry().rows, vendor)
    }

    /// The rows at `vendor` that look at more with it.
    pub fn further_rows(self, vendor: &str) -> Vec<&'static str> {
        rows_at(&self.entry().further, vendor)
    }

    /// Whether any row of `vendor` looks at it.
    pub fn is_for(self, vendor: &str) -> bool {
        !(self.rows(vendor).is_empty() && self.further_rows(vendor).is_empty())
    }

    /// The names of the variables that give it: `LOCUM_SECOND_CLIENT_ID and
    /// LOCUM_SECOND_CLIENT_SECRET`.
    pub fn variable_names(self) -> String {
        let names = self.variables().iter();
        let names: Vec<String> = names.map(|one| format!("LOCUM_{}", one.name)).collect();
        names.join(" and ")
    }

    /// Why a row is not applicable where none of `alternatives` was supplied.
    pub fn lacking(alternatives: &[Self], vendor: &str) -> String {
        let mut usable = alternatives.to_vec();
        if alternatives.iter().any(|one| one.is_for(vendor)) {
            usable.retain(|one| one.is_for(vendor));
        }
        let what: Vec<&str> = usable.iter().map(|one| one.what()).collect();
        let names: Vec<String> = usable.iter().map(|one| one.variable_names()).collect();
        format!("needs {}: set {}", what.join(", or "), names.join(", or "))
    }
}

/// Those of `rows` that judge `vendor`.
fn rows_at(rows: &'static [String], vendor: &str) -> Vec<&'static str> {
    let contract = contract_of(vendor);
    let of_vendor = |row: &'static String| {
        let (id, only) = row.split_once('@').unwrap_or((row, contract));
        let judged = catalogue().get(id)?;
        let is_judged = judged.judges.contains(&Judge::Vendor)
            && judged.vendors.iter().any(|known| known == contract);
        (only == contract && is_judged).then_some(id)
    };
    rows.iter().filter_map(of_vendor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_judges_a_vendor_and_each_variable_has_one_meaning() {
        let table: BTreeMap<Supplied, Entry> = toml::from_str(SUPPLIED).expect("it parses");
        let mut names = std::collections::BTreeSet::new();
        for entry in table.values() {
            for row in entry.rows.iter().chain(&entry.further) {
                let (id, vendor) = row.split_once('@').unwrap_or((row, ""));
                let judged = catalogue().get(id).expect(row);
                assert!(judged.judges.contains(&Judge::Vendor), "{row}");
                let known = judged.vendors.iter().any(|known| known == vendor);
                assert!(vendor.is_empty() || known, "{row}");
            }
            assert!(names.insert(entry.name.clone()), "{}", entry.name);
            for variable in &entry.variables {
                assert!(names.insert(variable.name.clone()), "{}", variable.name);
            }
        }
        assert_eq!(table.len(), 20, "each variant stands in the table");
    }

    #[test]
    fn what_is_missing_is_named_by_its_variables() {
        let alternatives = [
            Supplied::PoorUser,
            Supplied::PoorClient,
            Supplied::ForbiddenPath,
        ];
        assert_eq!(
            Supplied::lacking(&alternatives, "pattern"),
            "needs a client without permission for the API, or a path below the API's address that \
             the first account may not read: set LOCUM_POOR_CLIENT_ID and LOCUM_POOR_CLIENT_SECRET, \
             or LOCUM_FORBIDDEN_PATH"
        );
        assert_eq!(
            Supplied::parse("the inactive account"),
            Some(Supplied::Inactive)
        );
        assert!(!Supplied::Temporary.is_for("pattern"));
    }
}
