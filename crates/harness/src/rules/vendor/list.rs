//! Lists of the API: what was asked for, what they hold, and where their entries lead.

use serde_json::Value;

use super::deviation::Deviations;
use super::members::faults_at;
use crate::evidence::{Exchange, Operation, Reaction};
use crate::http::at_segment_behind;
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-37", entries_are_of_the_group_that_was_asked_for),
    Rule::vendor("VEN-40", entries_have_their_members),
    Rule::vendor("VEN-42", addresses_lead_to_their_entries),
];

/// A list that was served.
pub(super) struct List<'a> {
    /// The request with its reply.
    pub(super) exchange: Exchange<'a>,
    /// The reply.
    pub(super) body: Value,
    /// What it lists.
    pub(super) entries: Vec<Value>,
    query: Vec<(String, String)>,
}

impl List<'_> {
    /// What was asked for under this name.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        let found = pairs.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All that was asked for under this name.
    pub(super) fn asked_all<'l>(&'l self, name: &'l str) -> impl Iterator<Item = &'l str> {
        let pairs = self.query.iter().filter(move |(known, _)| known == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The same as a count.
    pub(super) fn asked_count(&self, name: &str) -> Option<usize> {
        self.asked(name)?.parse().ok()
    }

    /// What else was asked for: filters and the order.
    pub(super) fn others(&self) -> Vec<&(String, String)> {
        let is_part = |name: &str| matches!(name, "limit" | "offset");
        let others = self.query.iter().filter(|(name, _)| !is_part(name));
        others.collect()
    }

    /// What was asked for and is not in the query of `link`, which spells its offset out, or has another
    /// limit there.
    pub(super) fn lost_by(&self, link: &str) -> Option<String> {
        let kept = query_of(link);
        if !kept.iter().any(|(name, _)| name == "offset") {
            return None;
        }
        // A limit above the highest one is cut, and the page says to what.
        let limit = self.count("limit").map(|limit| limit.to_string());
        let linked = kept.iter().find(|(name, _)| name == "limit");
        if let (Some(limit), Some((_, linked))) = (limit, linked)
            && limit != *linked
        {
            return Some(format!("limit={limit}"));
        }
        let lost = self.others().into_iter().find(|pair| !kept.contains(pair));
        lost.map(|(name, value)| format!("{name}={value}"))
    }

    /// A member of the reply as a count.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        usize::try_from(self.body[name].as_u64()?).ok()
    }
}

/// The lists that were served, in order.
pub(super) fn lists<'a>(view: &View<'a>) -> Vec<List<'a>> {
    let name = view.expected.list.as_deref().unwrap_or_default();
    let is_read = |exchange: &Exchange<'_>| {
        matches!(exchange.operation, Operation::Call | Operation::ListPage) && exchange.is_served()
    };
    let read = view.evidence.exchanges().filter(is_read);
    read.filter_map(|exchange| {
        let body = exchange.json();
        let entries = body[name].as_array()?.clone();
        let query = query_of(&exchange.request.target);
        Some(List {
            exchange,
            body,
            entries,
            query,
        })
    })
    .collect()
}

/// What no list could tell: those that were asked for were not served, which other rows have, or none
/// was asked for.
pub(super) fn no_list(view: &View<'_>) -> Finding {
    let mut calls = view.evidence.exchanges_for(Operation::Call);
    match calls.find(|call| !call.is_served()) {
        Some(call) => {
            let open = || unobserved(view, &call.sentence()).seen_in(call);
            gone(&call).unwrap_or_else(open)
        }
        None => unobserved(view, "no list was read"),
    }
}

/// The pairs of the query that stands in `target`, decoded.
fn query_of(target: &str) -> Vec<(String, String)> {
    let (_, query) = target.split_once('?').unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// The segment of a path that follows the segment `word`.
fn behind<'p>(path: &'p str, word: &str) -> Option<&'p str> {
    at_segment_behind(path, word).map(|(_, segment, _)| segment)
}

/// No entry is of another group than the list was asked for, where those below it were not asked for.
fn entries_are_of_the_group_that_was_asked_for(view: &View<'_>) -> Finding {
    let expected = view.expected;
    let word = expected.member.as_deref().unwrap_or_default();
    let further = expected.parameter.as_deref().unwrap_or_default();
    let owner = |entry: &Value| {
        let mut links = expected.owners.iter();
        let group = links.find_map(|link| behind(entry.pointer(link)?.as_str()?, word));
        group.map(str::to_owned)
    };
    let (mut wrong, mut good, mut count) = (Deviations::default(), Vec::new(), 0);
    for list in lists(view) {
        let Some(own) = behind(list.exchange.path(), word) else {
            continue;
        };
        if list.asked(further) == Some("true") {
            continue;
        }
        let owners: Vec<String> = list.entries.iter().filter_map(owner).collect();
        let mut groups = owners.iter();
        if let Some(group) = groups.find(|group| !group.eq_ignore_ascii_case(own)) {
            let seen = format!("{}: an entry of {group}", list.exchange.sentence());
            wrong.add(format!("entries of {own} alone"), seen, list.exchange);
        }
        if !owners.is_empty() {
            count += owners.len();
            good.push(list.exchange);
        }
    }
    match (wrong.broken(), Proof::all(&good)) {
        (Some(broken), _) => broken,
        (None, Some(proof)) => Finding::met(
            format!("{count} entries of the group that was asked for"),
            proof,
        ),
        (None, None) => no_entry(view),
    }
}

/// Each entry has the members that its page shows, with values of their kinds.
fn entries_have_their_members(view: &View<'_>) -> Finding {
    let (mut wrong, mut good, mut count) = (Deviations::default(), Vec::new(), 0);
    for list in lists(view) {
        let kinds = list
            .exchange
            .endpoint
            .and_then(|name| view.expected.entries.get(name));
        let Some(kinds) = kinds.filter(|_| !list.entries.is_empty()) else {
            continue;
        };
        for entry in &list.entries {
            for (expected, seen) in faults_at(entry, kinds) {
                let seen = format!("{}: {seen}", list.exchange.words());
                wrong.add(expected, seen, list.exchange);
            }
        }
        count += list.entries.len();
        good.push(list.exchange);
    }
    match (wrong.broken(), Proof::all(&good)) {
        (Some(broken), _) => broken,
        (None, Some(proof)) => Finding::met(format!("{count} entries as described"), proof),
        (None, None) => no_entry(view),
    }
}

/// The address of the first entry of a list leads to that entry.
fn addresses_lead_to_their_entries(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "the entry whose address it is";
    let (mut wrong, mut good, mut open) = (Deviations::default(), Vec::new(), None);
    for list in lists(view) {
        let entry = list.entries.first();
        let address = entry.and_then(|entry| Some((entry, address_in(entry["href"].as_str()?)?)));
        let Some((entry, address)) = address else {
            continue;
        };
        let mut calls = view.evidence.documented(Operation::Call);
        let is_of_it =
            |call: &Exchange<'_>| call.seq > list.exchange.seq && call.path().ends_with(address);
        let Some(call) = calls.find(is_of_it) else {
            continue;
        };
        let own = call.json();
        let mut identity = view.expected.identity.iter();
        let other = identity.find(|member| {
            let listed = entry.pointer(member);
            listed.is_some() && listed != own.pointer(member)
        });
        match (call.reaction(), other) {
            (Reaction::Served, None) => good.push((list.exchange, call)),
            (Reaction::Served, Some(member)) => {
                let seen = format!("{}: another {member}", call.sentence());
                wrong.add(EXPECTED, seen, call);
            }
            (Reaction::Refused, _) if call.status() == 404 => {
                wrong.add(EXPECTED, call.sentence(), call);
            }
            (Reaction::Gone(_), _) => open = gone(&call),
            _ => open = Some(unobserved(view, &call.sentence()).seen_in(call)),
        }
    }
    if let Some(finding) = wrong.broken().or(open) {
        return finding;
    }
    let proof = Proof::all(good.iter().map(|(_, call)| call));
    match (proof, good.first()) {
        (Some(proof), Some((list, _))) => {
            Finding::met(format!("{} addresses lead on", good.len()), proof).beside(list)
        }
        _ => no_entry(view),
    }
}

/// The path that a link names, whether by itself or behind a scheme and a host.
fn address_in(link: &str) -> Option<&str> {
    let path = match link.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/')?..],
        None => link,
    };
    let path = path.split('?').next()?;
    Some(path).filter(|path| path.len() > 1)
}

fn no_entry(view: &View<'_>) -> Finding {
    match lists(view).is_empty() {
        true => no_list(view),
        false => unobserved(view, "no list has an entry that tells it"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const MEMBERS: &str = "/api/v1/groups/g-1/members";

    fn list(entries: &[Value]) -> String {
        json!({"totalCount": entries.len(), "results": entries}).to_string()
    }

    fn member(group: &str, id: &str) -> Value {
        json!({
            "href": format!("/api/v1/groups/{group}/members/{id}"),
            "group": {"href": format!("/api/v1/groups/{group}")},
            "user": {"uuid": id, "gender": "other", "birthDate": "2000-01-01"},
        })
    }

    fn read(target: &str, entries: &[Value]) -> Log {
        Log::new().called(("members", ""), target, 200, &list(entries))
    }

    #[test]
    fn each_entry_is_of_the_group_that_was_asked_for() {
        let (own, other) = (member("G-1", "u-1"), member("g-2", "u-2"));
        let check = |target: &str, entries: &[Value], expected| {
            check(&read(target, entries), "VEN-37", expected);
        };
        check(MEMBERS, std::slice::from_ref(&own), Grade::Met);
        check(MEMBERS, &[own.clone(), other.clone()], Grade::Broken);
        let further = format!("{MEMBERS}?includeSubgroups=true");
        check(&further, &[own.clone(), other.clone()], Grade::Unobserved);
        let measured = json!({"member": {"href": "/api/v1/groups/g-2/members/u-2"}});
        check(MEMBERS, &[measured], Grade::Broken);
        check(MEMBERS, &[json!({"type": "steps"})], Grade::Unobserved);
        check(MEMBERS, &[], Grade::Unobserved);
    }

    #[test]
    fn each_entry_has_its_members() {
        let with = |pointer: &str, value: Value| {
            let mut entry = member("g-1", "u-1");
            *entry.pointer_mut(pointer).expect("it is there") = value;
            read(MEMBERS, &[member("g-1", "u-0"), entry])
        };
        check(
            &read(MEMBERS, &[member("g-1", "u-1")]),
            "VEN-40",
            Grade::Met,
        );
        check(&with("/user/birthDate", Value::Null), "VEN-40", Grade::Met);
        for (pointer, value) in [
            ("/user/birthDate", json!("1.1.2000")),
            ("/user/gender", json!("OTHER")),
            ("/user/uuid", json!(7)),
            ("/href", Value::Null),
            ("/group", json!("g-1")),
        ] {
            check(&with(pointer, value), "VEN-40", Grade::Broken);
        }
        check(&read(MEMBERS, &[]), "VEN-40", Grade::Unobserved);
    }

    #[test]
    fn an_address_leads_to_its_entry_or_not() {
        let log = |status, own: &Value| {
            let first = member("g-1", "u-1");
            let log = read(MEMBERS, &[first]);
            log.asked_at(
                "call",
                "",
                "/pattern/api/v1/groups/g-1/members/u-1",
                status,
                &[],
                &own.to_string(),
            )
        };
        check(&log(200, &member("g-1", "u-1")), "VEN-42", Grade::Met);
        check(&log(200, &member("g-1", "u-2")), "VEN-42", Grade::Broken);
        check(&log(200, &json!({})), "VEN-42", Grade::Broken);
        check(&log(404, &json!({})), "VEN-42", Grade::Broken);
        check(&log(403, &json!({})), "VEN-42", Grade::Unobserved);
        check(&log(429, &json!({})), "VEN-42", Grade::Unobserved);
        check(&log(500, &json!({})), "VEN-42", Grade::Unobserved);
        check(&read(MEMBERS, &[]), "VEN-42", Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_list() {
        for failure in FAILURES {
            for id in ["VEN-37", "VEN-40", "VEN-42"] {
                let log = Log::new().failed("call", "", failure);
                let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                assert_ne!(finding.grade(), Grade::Met, "{id} {failure:?}: {finding:?}");
            }
        }
    }
}
