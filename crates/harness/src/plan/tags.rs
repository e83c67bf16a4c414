//! What the tags of a scenario say.

use cucumber::gherkin::Scenario;
use locum_core::RequirementId;
use locum_core::requirement::Judge;

use super::Planned;
use super::features::SHARED;
use crate::Error;
use crate::catalogue::contract_of;

/// The rows that a scenario shows, by their ids.
pub(super) fn ids_of(scenario: &Scenario) -> impl Iterator<Item = &str> {
    let tags = scenario.tags.iter();
    tags.filter_map(|tag| tag.strip_prefix("id:"))
}

/// The key that the plan gave to a scenario.
pub(crate) fn key_of(scenario: &Scenario) -> &str {
    let key = scenario
        .tags
        .iter()
        .find_map(|tag| tag.strip_prefix("key:"));
    key.unwrap_or_default()
}

/// Whether the feature at `path` is one that several vendors share.
pub(super) fn is_shared(path: &str) -> bool {
    let mut shared = SHARED.into_iter();
    shared.any(|name| path.starts_with(&format!("features/{name}/")))
}

/// What the tags of a scenario say that several vendors share: its ids are those that are of this
/// vendor, and `@vendor:…` tags narrow the vendors further. `None` when it is not for this one.
pub(super) fn shared(
    tags: &[String],
    path: &str,
    vendor: &str,
    name: &str,
) -> Result<Option<Planned>, Error> {
    let contract = contract_of(vendor);
    let mut only = tags.iter().filter_map(|tag| tag.strip_prefix("vendor:"));
    let only: Vec<&str> = only.by_ref().collect();
    let is_for = |id: &str| {
        let row = crate::catalogue::catalogue().get(id);
        row.is_none_or(|row| row.vendors.iter().any(|known| known == contract))
    };
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        match tag.strip_prefix("id:") {
            Some(id) if !is_for(id) => {}
            Some(id) => {
                let row = crate::catalogue::catalogue().get(id);
                kept.extend(row.map(|row| row.level.word().to_lowercase()));
                kept.push(tag.clone());
            }
            None => kept.push(tag.clone()),
        }
    }
    let has_id = kept.iter().any(|tag| tag.starts_with("id:"));
    if !has_id || !(only.is_empty() || only.contains(&contract)) {
        return Ok(None);
    }
    planned(&kept, path, vendor, name).map(Some)
}

/// Reads the tags: one or several `@id:…`, one level, one `@judge:…`.
pub(super) fn planned(
    tags: &[String],
    path: &str,
    vendor: &str,
    name: &str,
) -> Result<Planned, Error> {
    let wrong = |fault: String| Error::Feature {
        path: format!("{path}: {name}"),
        fault,
    };
    let after = |prefix: &'static str| tags.iter().filter_map(move |tag| tag.strip_prefix(prefix));
    let judge = match after("judge:").next() {
        Some("vendor") => Judge::Vendor,
        Some("client") => Judge::Client,
        other => {
            return Err(wrong(format!(
                "@judge:vendor or @judge:client, not {other:?}"
            )));
        }
    };
    let ids: Vec<RequirementId> = after("id:")
        .map(|id| RequirementId(id.to_owned()))
        .collect();
    if ids.is_empty() {
        return Err(wrong("no @id: tag".to_owned()));
    }
    for id in &ids {
        let row = crate::catalogue::catalogue()
            .get(&id.0)
            .ok_or_else(|| wrong(format!("the catalogue has no {id}")))?;
        let level = row.level.word().to_lowercase();
        if !tags.contains(&level) {
            return Err(wrong(format!("{id} is @{level}")));
        }
        if !row.judges.contains(&judge)
            || !row.vendors.iter().any(|known| known == contract_of(vendor))
        {
            return Err(wrong(format!(
                "{id} does not judge the {} of {vendor}",
                judge.word()
            )));
        }
    }
    Ok(Planned {
        key: String::new(),
        number: 0,
        title: format!("{path}: {name}"),
        vendor: vendor.to_owned(),
        judge,
        ids,
        needs: after("needs:").map(str::to_owned).collect(),
        shared: is_shared(path),
        measures: tags.iter().any(|tag| tag == "measures"),
        unmeasured: tags.iter().any(|tag| tag == "unmeasured"),
        documented: tags.iter().any(|tag| tag == "documented"),
        stores: tags.iter().any(|tag| tag == "storage"),
        logs_all: tags.iter().any(|tag| tag == "debug"),
    })
}
