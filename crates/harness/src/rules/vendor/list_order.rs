//! In which order a list comes, what its filters leave, and which parameters it refuses, by what the
//! caller created for it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::deviation::Deviations;
use super::effect::{Step, concluded, settled, unseen};
use super::list::{List, lists, no_list};
use crate::evidence::{Exchange, Operation};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-51", direction_sets_the_order),
    Rule::vendor("VEN-52", sort_sets_the_key),
    Rule::vendor("VEN-53", filters_leave_what_they_name),
    Rule::vendor("VEN-54", |view| concluded(bad_parameters_are_refused(view))),
];

/// The key of a list that names none.
const CREATED: &str = "createdAt";

/// The key that the caller sets itself.
const ASSIGNED: &str = "assignedUserId";

/// How many entries a page has that does not say it.
const PAGE_SIZE: usize = 10;

/// What the caller created: its id, and what was sent.
fn created(view: &View<'_>) -> Vec<(String, Value)> {
    let served = view.evidence.documented(Operation::Create);
    let told = served.filter(Exchange::is_served).filter_map(|created| {
        let id = created.json()["interactionId"].as_str()?.to_owned();
        let sent = serde_json::from_str(&created.request.body).ok()?;
        Some((id, sent))
    });
    told.collect()
}

/// Those of the caller's own that a list has, by their numbers in order of creation.
fn own(list: &List<'_>, created: &[(String, Value)]) -> Vec<usize> {
    let number = |entry: &Value| {
        let id = entry["id"].as_str()?;
        created.iter().position(|(known, _)| known == id)
    };
    list.entries.iter().filter_map(number).collect()
}

/// What came of lists that were refused, and of those that were not answered.
fn unserved(view: &View<'_>, wrong: &mut Deviations, expected: &str) -> Option<Finding> {
    let asked = view.evidence.documented(Operation::ListPage);
    let mut open = None;
    for list in asked.filter(|list| !list.is_served()) {
        if list.is_refused() {
            wrong.add(expected, list.sentence(), list);
        } else if let Err(finding) = settled(view, &[list]) {
            open = open.or(Some(*finding));
        }
    }
    open
}

/// What the lists came to: the worst, or that all of at least `least` were `good`.
fn judged(
    view: &View<'_>,
    (wrong, open): (Deviations, Option<Finding>),
    good: &[Exchange<'_>],
    (least, seen): (usize, &str),
) -> Finding {
    let all_refused = view.evidence.documented(Operation::ListPage);
    let none_served = lists(view).is_empty() && all_refused.count() > 0;
    match (wrong.broken(), open, Proof::all(good)) {
        // The account may not read the list at all, which is no matter of its order.
        (Some(_), _, _) if none_served => {
            let mut asked = view.evidence.documented(Operation::ListPage);
            let unseen = unobserved(view, "no list was served");
            asked
                .next()
                .map_or_else(|| no_list(view), |one| unseen.seen_in(one))
        }
        (Some(broken), ..) => broken,
        (None, Some(open), _) => open,
        (None, None, Some(proof)) if good.len() >= least => Finding::met(seen, proof),
        (None, None, _) => match none_served {
            true => no_list(view),
            false => unobserved(view, "the lists do not show enough of what was created"),
        },
    }
}

/// A list by the time of creation comes in the direction that was asked for, or with the latest first
/// where none was.
fn direction_sets_the_order(view: &View<'_>) -> Finding {
    let created = created(view);
    let mut wrong = Deviations::default();
    let open = unserved(view, &mut wrong, "the list in this direction");
    let (mut good, mut directions) = (Vec::new(), BTreeSet::new());
    for list in lists(view) {
        if list.asked("sort").unwrap_or(CREATED) != CREATED {
            continue;
        }
        let is_asc = list.asked("direction") == Some("asc");
        let direction = if is_asc { "asc" } else { "desc" };
        let own = own(&list, &created);
        let is_up = own.windows(2).all(|pair| pair[0] < pair[1]);
        let is_down = own.windows(2).all(|pair| pair[0] > pair[1]);
        match (own.len(), direction) {
            (0 | 1, _) => {}
            (_, "asc") if is_up => good.push((direction, list.exchange)),
            (_, "desc") if is_down => good.push((direction, list.exchange)),
            _ => {
                let expected = match direction {
                    "asc" => "the first created first",
                    _ => "the last created first",
                };
                wrong.add(
                    expected,
                    format!("{}: not so", asked_for(&list)),
                    list.exchange,
                );
            }
        }
    }
    directions.extend(good.iter().map(|(direction, _)| *direction));
    let good: Vec<Exchange<'_>> = good.into_iter().map(|(_, list)| list).collect();
    let least = if directions.len() > 1 { 2 } else { usize::MAX };
    let seen = "each list in the direction that was asked for";
    judged(view, (wrong, open), &good, (least, seen))
}

/// A list by a key that the caller set comes in the order of that key, one way or the other.
fn sort_sets_the_key(view: &View<'_>) -> Finding {
    let created = created(view);
    let mut wrong = Deviations::default();
    let open = unserved(view, &mut wrong, "the list by this key");
    let mut good = Vec::new();
    for list in lists(view) {
        if list.asked("sort") != Some(ASSIGNED) {
            continue;
        }
        let own = own(&list, &created);
        let keys: Vec<&str> = own
            .iter()
            .filter_map(|number| created[*number].1[ASSIGNED].as_str())
            .collect();
        let is_up = keys.windows(2).all(|pair| pair[0] < pair[1]);
        let is_down = keys.windows(2).all(|pair| pair[0] > pair[1]);
        // Two stand in one of both orders whatever they are sorted by.
        if keys.len() < 3 {
            continue;
        }
        if is_up || is_down {
            good.push(list.exchange);
        } else {
            let seen = format!("{}: in no order of {ASSIGNED}", asked_for(&list));
            wrong.add(format!("in the order of {ASSIGNED}"), seen, list.exchange);
        }
    }
    let seen = "a list by each key";
    judged(view, (wrong, open), &good, (1, seen))
}

/// The target of a list without its path.
fn asked_for(list: &List<'_>) -> String {
    let target = &list.exchange.request.target;
    let (_, query) = target.split_once('?').unwrap_or((target, "no parameter"));
    format!("list by {query}")
}

/// A filter leaves the entries that have what it names and no others, the caller's own among them.
fn filters_leave_what_they_name(view: &View<'_>) -> Finding {
    let created = created(view);
    let all = lists(view);
    let mut wrong = Deviations::default();
    let open = unserved(view, &mut wrong, "the list by this filter");
    let is_listed = |number: &usize| all.iter().any(|list| own(list, &created).contains(number));
    let known: Vec<usize> = (0..created.len()).filter(is_listed).collect();
    let mut good = Vec::new();
    for list in &all {
        let filters: Vec<(&str, Vec<&str>)> = view
            .expected
            .filters
            .iter()
            .map(|filter| {
                let wanted = list.asked_all(&filter.parameter).collect();
                (filter.member.as_str(), wanted)
            })
            .filter(|(_, wanted): &(&str, Vec<&str>)| !wanted.is_empty())
            .collect();
        if filters.is_empty() {
            continue;
        }
        let fits = |thing: &Value| {
            filters.iter().all(|(member, wanted)| {
                let value = thing.pointer(member).and_then(Value::as_str);
                value.is_some_and(|value| wanted.contains(&value))
            })
        };
        if list.entries.iter().any(|entry| !fits(entry)) {
            let seen = format!("{}: an entry that has it not", asked_for(list));
            wrong.add("entries that have it, and no others", seen, list.exchange);
            continue;
        }
        let there = own(list, &created);
        let size = list.asked_count("pageSize").unwrap_or(PAGE_SIZE);
        let is_whole = list.entries.len() < size;
        let (fitting, others): (Vec<usize>, Vec<usize>) =
            known.iter().partition(|number| fits(&created[**number].1));
        if is_whole && fitting.iter().any(|number| !there.contains(number)) {
            let seen = format!("{}: without an entry that has it", asked_for(list));
            wrong.add("all entries that have it", seen, list.exchange);
        } else if !fitting.is_empty() && !others.is_empty() {
            good.push(list.exchange);
        }
    }
    let seen = "each filter leaves what it names";
    judged(view, (wrong, open), &good, (2, seen))
}

/// A value that no page allows is refused, beside the same list without it that is served.
fn bad_parameters_are_refused(view: &View<'_>) -> Step<Finding> {
    let asked: Vec<Exchange<'_>> = view.evidence.documented(Operation::ListPage).collect();
    let is_bad = |list: &Exchange<'_>| {
        let (_, query) = list.request.target.split_once('?').unwrap_or_default();
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.any(|(_, value)| matches!(value, "0" | "locum"))
    };
    let (bad, good): (Vec<Exchange<'_>>, Vec<Exchange<'_>>) =
        asked.into_iter().partition(|list| is_bad(list));
    let mut wrong = Deviations::default();
    for list in bad.iter().filter(|list| list.is_served()) {
        let (_, query) = list.request.target.split_once('?').unwrap_or_default();
        wrong.add("400", format!("{query}: {}", list.sentence()), *list);
    }
    let control = good.iter().find(|list| list.is_served());
    if let Some(broken) = wrong.broken() {
        return Ok(match control {
            Some(control) => broken.beside(*control),
            None => broken,
        });
    }
    settled(view, &bad)?;
    match (control, Proof::all(&bad)) {
        (Some(control), Some(proof)) => {
            Ok(Finding::met(format!("{} refused", bad.len()), proof).beside(*control))
        }
        (None, _) => unseen(view, "no list was served beside it"),
        (_, None) => unseen(view, "no bad parameter was sent"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{Log, check, check_failures_behind};
    use crate::verdict::Grade;

    /// Three, with keys that are in no order.
    fn created() -> Log {
        let things = [
            ("1", "2", "p", "planned"),
            ("2", "3", "p", "in-progress"),
            ("3", "1", "q", "planned"),
        ];
        things
            .into_iter()
            .fold(Log::new(), |log, (id, key, patient, status)| {
                let sent = json!({
                    "assignedUserId": key, "patient": {"identifier": patient},
                    "encounter": {"status": status},
                });
                let told = json!({"interactionId": id}).to_string();
                log.sent_body("create", "", &sent.to_string(), 201, &told)
            })
    }

    fn entry(id: &str) -> Value {
        let (patient, status) = match id {
            "1" => ("p", "planned"),
            "2" => ("p", "in-progress"),
            _ => ("q", "planned"),
        };
        json!({"id": id, "patient": {"identifier": patient}, "encounter": {"status": status}})
    }

    fn listed(log: Log, query: &str, ids: &[&str]) -> Log {
        let entries: Vec<Value> = ids.iter().map(|id| entry(id)).collect();
        let body = json!({"interactions": entries}).to_string();
        log.asked_at(
            "page",
            "",
            &format!("/v2/interactions/?{query}"),
            200,
            &[],
            &body,
        )
    }

    fn refused(log: Log, query: &str, status: u16) -> Log {
        let target = format!("/v2/interactions/?{query}");
        log.asked_at("page", "", &target, status, &[], "{}")
    }

    #[test]
    fn a_list_comes_in_its_direction() {
        let log = |up: &[&str], down: &[&str], none: &[&str]| {
            let log = listed(created(), "sort=createdAt&direction=asc", up);
            listed(listed(log, "direction=desc", down), "pageSize=3", none)
        };
        let (up, down) = (["1", "2", "3"], ["3", "2", "1"]);
        check(&log(&up, &down, &down), "VEN-51", Grade::Met);
        check(&log(&up, &up, &down), "VEN-51", Grade::Broken);
        check(&log(&down, &down, &down), "VEN-51", Grade::Broken);
        check(&log(&up, &down, &up), "VEN-51", Grade::Broken);
        check(&log(&up, &["1"], &["1"]), "VEN-51", Grade::Unobserved);
        check(&log(&[], &[], &[]), "VEN-51", Grade::Unobserved);
        let with = |status| refused(log(&up, &down, &down), "direction=asc", status);
        check(&with(400), "VEN-51", Grade::Broken);
        check(&with(503), "VEN-51", Grade::Unobserved);
        check(
            &refused(created(), "direction=asc", 403),
            "VEN-51",
            Grade::Unobserved,
        );
        check_failures_behind(created, "VEN-51", "page", "");
    }

    #[test]
    fn a_list_comes_by_its_key() {
        let log = |ids: &[&str]| listed(created(), "sort=assignedUserId&direction=asc", ids);
        check(&log(&["3", "1", "2"]), "VEN-52", Grade::Met);
        check(&log(&["2", "1", "3"]), "VEN-52", Grade::Met);
        check(&log(&["1", "2", "3"]), "VEN-52", Grade::Broken);
        check(&log(&["3", "2", "1"]), "VEN-52", Grade::Broken);
        check(&log(&["3", "1"]), "VEN-52", Grade::Unobserved);
        let both = refused(log(&["3", "1", "2"]), "sort=assignedUserId", 400);
        check(&both, "VEN-52", Grade::Broken);
        check_failures_behind(created, "VEN-52", "page", "");
    }

    #[test]
    fn a_filter_leaves_what_it_names() {
        let log = |patient: &[&str], statuses: &[&str]| {
            let log = listed(created(), "pageSize=50", &["3", "2", "1"]);
            let log = listed(log, "patient=p", patient);
            let query = "patient=p&encounterStatus=planned&encounterStatus=on-hold";
            listed(log, query, statuses)
        };
        check(&log(&["2", "1"], &["1"]), "VEN-53", Grade::Met);
        check(&log(&["3", "2", "1"], &["1"]), "VEN-53", Grade::Broken);
        check(&log(&["2", "1"], &["2", "1"]), "VEN-53", Grade::Broken);
        check(&log(&["2"], &["1"]), "VEN-53", Grade::Broken);
        check(&log(&[], &[]), "VEN-53", Grade::Broken);
        let unlisted = listed(created(), "patient=p", &[]);
        check(&unlisted, "VEN-53", Grade::Unobserved);
        let with = refused(log(&["2", "1"], &["1"]), "patient=p", 500);
        check(&with, "VEN-53", Grade::Unobserved);
        check_failures_behind(created, "VEN-53", "page", "");
    }

    #[test]
    fn a_bad_parameter_is_refused() {
        let log = |status| refused(listed(Log::new(), "pageSize=1", &[]), "pageSize=0", status);
        check(&log(400), "VEN-54", Grade::Met);
        check(&log(422), "VEN-54", Grade::Met);
        check(&log(200), "VEN-54", Grade::Broken);
        check(&log(500), "VEN-54", Grade::Unobserved);
        check(
            &refused(Log::new(), "index=0", 400),
            "VEN-54",
            Grade::Unobserved,
        );
        check(
            &listed(Log::new(), "pageSize=1", &[]),
            "VEN-54",
            Grade::Unobserved,
        );
    }
}
