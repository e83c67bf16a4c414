//! What a person may do about a row.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use locum_core::requirement::Judge;
use serde::Deserialize;

use super::{catalogue, contract_of};

/// The hints as they were written.
const HINTS: &str = include_str!("../../catalogue/hints.toml");

static TABLE: LazyLock<BTreeMap<String, Hint>> =
    LazyLock::new(|| toml::from_str(HINTS).expect("a test parses the embedded table"));

/// Hints for one row, or for one row at one vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Hint {
    mend: Option<String>,
    vendor: Option<String>,
    exercise: Option<String>,
}

fn find(id: &str, vendor: &str, part: fn(&Hint) -> Option<&String>) -> Option<&'static str> {
    let at_vendor = TABLE.get(&format!("{id}@{}", contract_of(vendor)));
    let found = at_vendor
        .and_then(part)
        .or_else(|| TABLE.get(id).and_then(part));
    found.map(String::as_str)
}

/// How the side that broke the row `id` at `vendor` mends it: what is written for clients is not told
/// to a vendor whom the same row judges.
pub fn mend(id: &str, vendor: &str, judge: Judge) -> Option<&'static str> {
    let judges = &catalogue().get(id)?.judges;
    match judge {
        Judge::Vendor if judges.contains(&Judge::Client) => {
            find(id, vendor, |hint| hint.vendor.as_ref())
        }
        _ if judges.contains(&judge) => find(id, vendor, |hint| hint.mend.as_ref()),
        _ => None,
    }
}

/// What to do so that plain traffic shows the row `id` of `vendor`: the hint, or for a row of the
/// level `watch` its precondition. `None` when only a driven client can show it.
pub fn exercise(id: &str, vendor: &str) -> Option<String> {
    if let Some(hint) = find(id, vendor, |hint| hint.exercise.as_ref()) {
        return Some(hint.to_owned());
    }
    let row = catalogue().get(id)?;
    let (tag, rest) = row.precondition.strip_prefix('[')?.split_once(']')?;
    let is_passive = tag == "watch" || tag.starts_with("client:watch");
    is_passive.then(|| {
        let mine = rest.split_once("client: ").map_or(rest, |(_, mine)| mine);
        let mine = mine.split("; vendor:").next().unwrap_or(mine);
        let clauses = mine.split("; ").map(str::trim);
        let events: Vec<&str> = clauses.filter(|clause| !is_of_rows(clause)).collect();
        format!("needs: {}", events.join("; "))
    })
}

/// Whether a clause of a precondition speaks of other rows.
fn is_of_rows(clause: &str) -> bool {
    clause.starts_with("needs ") || clause.starts_with("unless ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hint_is_for_a_row_and_says_something() {
        let table: BTreeMap<String, Hint> = toml::from_str(HINTS).expect("it parses");
        for (key, hint) in &table {
            let (id, vendor) = key.split_once('@').unwrap_or((key, ""));
            let row = catalogue().get(id).expect(key);
            // Only a client can be exercised by plain traffic.
            let is_for_clients = row.judges.contains(&Judge::Client);
            assert!(is_for_clients || hint.exercise.is_none(), "{key}");
            let known = vendor.is_empty() || row.vendors.iter().any(|known| known == vendor);
            assert!(known, "{key}");
            let parts = [&hint.mend, &hint.vendor, &hint.exercise];
            assert!(parts.iter().any(|part| part.is_some()), "{key}");
            // One side has one hint, under one name.
            let is_for_both = is_for_clients && row.judges.contains(&Judge::Vendor);
            assert!(is_for_both || hint.vendor.is_none(), "{key}");
        }
    }

    /// An engineer who reads FAIL or WARN also reads what to do about it.
    #[test]
    fn each_row_that_a_vendor_can_break_says_how_it_is_mended() {
        let rows = catalogue().rows().iter();
        let breakable = rows.filter(|row| {
            row.judges.contains(&Judge::Vendor) && row.level != locum_core::Level::May
        });
        let mut count = 0;
        for row in breakable {
            for vendor in &row.vendors {
                let hint = mend(&row.id.0, vendor, Judge::Vendor);
                let hint = hint.unwrap_or_else(|| panic!("{}@{vendor} says nothing", row.id));
                assert!((40..=300).contains(&hint.len()), "{}: {hint}", row.id);
                assert!(!hint.ends_with('.'), "{}: {hint}", row.id);
                count += 1;
            }
        }
        assert!(count > 300, "{count}");
    }

    #[test]
    fn each_side_of_a_row_has_its_own_hint() {
        let client = mend("BRR-08", "pattern", Judge::Client).expect("one for clients");
        let vendor = mend("BRR-08", "pattern", Judge::Vendor).expect("one for the vendor");
        assert_ne!(client, vendor);
        assert_eq!(mend("VEN-26", "pattern", Judge::Client), None);
    }

    #[test]
    fn a_row_without_a_hint_says_its_precondition_where_traffic_can_show_it() {
        let said = exercise("BRR-02", "corti").expect("a passive row");
        assert_eq!(
            said,
            "needs: an API request or websocket upgrade with a token arrived"
        );
        let both = exercise("BRR-08", "pattern").expect("passive for clients");
        assert_eq!(both, "needs: an API request arrived");
        assert_eq!(exercise("SF-01", "corti"), None);
        assert!(exercise("CACHE-01", "corti").is_some_and(|hint| hint.contains("five calls")));
    }
}
