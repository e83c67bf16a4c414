//! The judge of `locum serve`: the harness' rules on traffic that no scenario asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use locum_core::requirement::Judge;
use locum_core::{Entry, EntryId, Profile, RequirementId};
use locum_harness::catalogue::catalogue;
use locum_harness::evidence::{Evidence, RecordId};
use locum_harness::rules;
use locum_harness::selection::Selection;
use locum_harness::verdict::{Ending, Scenario, Scope, VerdictRow, judge};
use locum_server::judge::{JournalJudge, JudgedRow};

/// The name of plain traffic where reports name a scenario.
const TRAFFIC: &str = "traffic";

/// Judges clients by each row of the requirement catalogue that has a rule for clients.
pub(super) struct CatalogueJudge;

impl JournalJudge for CatalogueJudge {
    fn judge(&self, profile: &Profile, entries: &[Arc<Entry>]) -> Vec<JudgedRow> {
        let entries = entries.iter().map(|entry| entry.as_ref().clone());
        let ids = ruled();
        let scenario = Scenario {
            key: TRAFFIC.to_owned(),
            title: TRAFFIC.to_owned(),
            vendor: profile.vendor.clone(),
            judge: Judge::Client,
            ids: ids.clone(),
            seed: 0,
            urls: BTreeMap::new(),
            ending: Ending::Ran,
            evidence: Evidence::from_journal(entries),
        };
        let scope = Scope {
            catalogue: catalogue(),
            vendors: std::slice::from_ref(&profile.vendor),
            judge: Judge::Client,
            selection: &Selection::default(),
        };
        let scenarios = [scenario];
        let rows = judge(&scope, std::slice::from_ref(profile), &scenarios);
        let evidence = scenarios[0].evidence.entries();
        let entries = evidence.map(|(record, entry)| (record, entry.id)).collect();
        let rows = rows.into_iter().filter(|row| ids.contains(&row.id));
        rows.map(|row| judged(row, &entries)).collect()
    }
}

/// The rows that have a rule for clients; what the others came to would say nothing of the client.
fn ruled() -> Vec<RequirementId> {
    let ids = catalogue().rows().iter().map(|row| &row.id);
    let has_rule = |id: &&RequirementId| rules::find(&id.0, Judge::Client).is_some();
    ids.filter(has_rule).cloned().collect()
}

/// The row with the journal's own numbers for what proves it.
fn judged(row: VerdictRow, entries: &BTreeMap<RecordId, EntryId>) -> JudgedRow {
    let records = row.evidence.iter().flat_map(|proof| &proof.entries);
    let requirement = catalogue().get(&row.id.0);
    JudgedRow {
        requirement: requirement.map_or_else(String::new, |row| row.requirement.clone()),
        id: row.id.0,
        vendor: row.vendor,
        level: row.level,
        verdict: row.verdict,
        why: row.reason,
        expected: row.expected,
        evidence: records
            .filter_map(|record| entries.get(record))
            .copied()
            .collect(),
    }
}
