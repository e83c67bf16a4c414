//! Which part of a list a page is, in which order, and what a filter leaves of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::deviation::Deviations;
use super::list::{List, lists, no_list};
use crate::catalogue::{Expectation, Filter};
use crate::evidence::{CallVariation, Exchange, Operation, Variation};
use crate::rules::{Rule, View, unobserved, worst_not_served};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-36", page_is_the_part_that_was_asked_for),
    Rule::vendor("VEN-38", filter_limits_the_list),
    Rule::vendor("VEN-39", direction_turns_the_list_around),
];

/// The parameter that sets the size of a page, and the member of the reply that repeats it.
const LIMIT: &str = "limit";

/// The same for where the page starts.
const OFFSET: &str = "offset";

/// Each page says what it was asked for, and is that part of the list.
fn page_is_the_part_that_was_asked_for(view: &View<'_>) -> Finding {
    let pages = lists(view);
    let mut wrong = Deviations::default();
    for page in &pages {
        for (expected, seen) in faults_of(view.expected, page) {
            let seen = format!("{}: {seen}", page.exchange.sentence());
            wrong.add(expected, seen, page.exchange);
        }
        let outer = pages.iter().filter(|outer| lies_within(page, outer));
        for outer in outer {
            if !is_part_of(page, outer) {
                let seen = format!("{}: other entries", page.exchange.sentence());
                let proof = Proof::from(page.exchange).and(outer.exchange);
                wrong.add("the entries that the page around it has there", seen, proof);
            }
        }
    }
    let asked: Vec<Exchange<'_>> = view.evidence.exchanges_for(Operation::Call).collect();
    let unserved = || worst_not_served(&asked, "each page is served");
    if let Some(finding) = wrong.broken().or_else(unserved) {
        return finding;
    }
    let total = view.expected.total.as_deref().unwrap_or_default();
    let is_cut = |page: &List<'_>| {
        let limit = page.asked_count(LIMIT);
        limit == Some(page.entries.len()) && page.count(total) > limit
    };
    let is_further =
        |page: &List<'_>| page.asked_count(OFFSET) > Some(0) && !page.entries.is_empty();
    let proof = Proof::all(pages.iter().map(|page| page.exchange));
    match proof {
        Some(proof) if pages.iter().any(is_cut) && pages.iter().any(is_further) => Finding::met(
            format!("{} pages as they were asked for", pages.len()),
            proof,
        ),
        Some(proof) => unobserved(view, "the list is too short to come in pages").seen_in(proof),
        None => no_list(view),
    }
}

/// What is wrong with one page: what was expected, and what was seen.
fn faults_of(expected: &Expectation, page: &List<'_>) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut say = |expected: String, seen: String| faults.push((expected, seen));
    // What is not asked for is the documented default.
    let limit = page.asked_count(LIMIT).or(expected.max_entries);
    let offset = page.asked_count(OFFSET).unwrap_or(0);
    for (name, asked) in [(LIMIT, limit), (OFFSET, Some(offset))] {
        if let Some(asked) = asked.filter(|asked| page.count(name) != Some(*asked)) {
            say(
                format!("{name} {asked}"),
                format!("{name} {}", page.body[name]),
            );
        }
    }
    let total = page.count(expected.total.as_deref().unwrap_or_default());
    let (Some(limit), Some(total)) = (limit, total) else {
        return faults;
    };
    let (there, seen) = (limit.min(total.saturating_sub(offset)), page.entries.len());
    if there != seen {
        say(
            format!("{there} entries, of {total} from {offset} on"),
            format!("{seen} entries"),
        );
    }
    // Beyond its end a list has pages before it or none.
    let exist = [offset + seen < total, offset > 0];
    for (link, exists) in expected.links.iter().zip(exist).filter(|_| seen > 0) {
        if page.body.get(link).is_some() != exists {
            let what = |is_there: bool| format!("{} {link}", if is_there { "a" } else { "no" });
            say(what(exists), what(!exists));
        }
    }
    for link in &expected.links {
        let url = page.body[link].as_str().unwrap_or_default();
        if let Some(pair) = page.lost_by(url) {
            say(format!("a {link} with {pair}"), format!("{link} {url}"));
        }
    }
    faults
}

/// Whether a page holds what the page around it has there.
fn is_part_of(page: &List<'_>, outer: &List<'_>) -> bool {
    let from = |list: &List<'_>| list.asked_count(OFFSET).unwrap_or(0);
    let there = outer.entries.iter().skip(from(page) - from(outer));
    let there = there.take(page.entries.len()).map(address_of);
    page.entries.iter().map(address_of).eq(there)
}

/// By what an entry is known: its address, or itself where it has none.
fn address_of(entry: &Value) -> &Value {
    entry.get("href").unwrap_or(entry)
}

/// Whether all of a page is in the other one, by what they were asked for.
fn lies_within(page: &List<'_>, outer: &List<'_>) -> bool {
    if page.others() != outer.others() {
        return false;
    }
    let from = |list: &List<'_>| list.asked_count(OFFSET).unwrap_or(0);
    let to = |list: &List<'_>| from(list) + list.entries.len();
    from(page) >= from(outer) && to(page) <= to(outer)
}

/// A filter leaves the entries that have what it names, and no others.
fn filter_limits_the_list(view: &View<'_>) -> Finding {
    let all = lists(view);
    let whole = |endpoint: Option<&str>| {
        let mut documented = all.iter().filter(|list| list.exchange.is_documented());
        documented.find(|list| list.exchange.endpoint == endpoint)
    };
    let (mut wrong, mut good, mut unserved) = (Deviations::default(), Vec::new(), Vec::new());
    for call in view.evidence.varied(Operation::Call) {
        let Some((filter, wanted)) = filter_of(view.expected, &call) else {
            continue;
        };
        let Some(list) = all.iter().find(|list| list.exchange.seq == call.seq) else {
            unserved.push(call);
            continue;
        };
        let expected = format!("entries with {}={wanted}, and no others", filter.parameter);
        let comes_to = |entry: &Value, kept| filter.keeps(entry, wanted) == Some(kept);
        // It was asked for what an entry of the whole list has.
        let mut entries = whole(call.endpoint)
            .into_iter()
            .flat_map(|whole| &whole.entries);
        let named = entries.find(|entry| comes_to(entry, true));
        let is_there = |named: &Value| {
            let mut listed = list.entries.iter();
            listed.any(|entry| address_of(entry) == address_of(named))
        };
        if list.entries.iter().any(|entry| comes_to(entry, false)) {
            let seen = format!("{}: an entry that has it not", call.sentence());
            wrong.add(expected, seen, call);
        } else if list.entries.is_empty() && named.is_some() {
            wrong.add(expected, format!("{}: none", call.sentence()), call);
        } else if list.body["nextPage"].is_null() && named.is_some_and(|named| !is_there(named)) {
            let seen = format!("{}: without an entry that has it", call.sentence());
            wrong.add(expected, seen, call);
        } else if let Some(whole) = whole(call.endpoint)
            && whole.entries.iter().any(|entry| comes_to(entry, false))
        {
            good.push((call, whole.exchange));
        }
    }
    let unserved = || worst_not_served(&unserved, "the list is limited");
    if let Some(finding) = wrong.broken().or_else(unserved) {
        return finding;
    }
    let proof = Proof::all(good.iter().map(|(call, _)| call));
    match (proof, good.first()) {
        (Some(proof), Some((_, whole))) => Finding::met(
            format!("{} filters leave what they name", good.len()),
            proof,
        )
        .beside(whole),
        _ if all.is_empty() => no_list(view),
        _ => unobserved(view, "no list has entries that a filter leaves out"),
    }
}

fn filter_of<'e>(expected: &'e Expectation, call: &Exchange<'e>) -> Option<(&'e Filter, &'e str)> {
    let Variation::Call(CallVariation::Query(name, value)) = call.variation else {
        return None;
    };
    let mut filters = expected.filters.iter();
    let filter = filters.find(|filter| filter.parameter == *name)?;
    Some((filter, value))
}

/// The same list backwards. Letters that a vendor takes for one another may stand in any order, so
/// that a list that is neither the same nor backwards leaves the matter open.
fn direction_turns_the_list_around(view: &View<'_>) -> Finding {
    let all = lists(view);
    let parameter = view.expected.parameter.as_deref().unwrap_or_default();
    let read = |word| all.iter().find(|list| list.asked(parameter) == Some(word));
    let (Some(up), Some(down)) = (read("ASC"), read("DESC")) else {
        let calls: Vec<Exchange<'_>> = view.evidence.varied(Operation::Call).collect();
        return worst_not_served(&calls, "the list is served in both directions")
            .unwrap_or_else(|| unobserved(view, "no list was read in both directions"));
    };
    let member = view.expected.member.as_deref().unwrap_or_default();
    let key = |entry: &Value| entry.pointer(member).cloned().unwrap_or_default();
    let keys = |list: &List<'_>| list.entries.iter().map(key).collect::<Vec<Value>>();
    let (forwards, backwards) = (keys(up), keys(down));
    let proof = Proof::from(up.exchange).and(down.exchange);
    let total = up.count(view.expected.total.as_deref().unwrap_or_default());
    let total = total.unwrap_or(forwards.len());
    let mirrored = forwards.iter().enumerate().filter_map(|(at, key)| {
        let there = total.checked_sub(at + 1)?;
        Some((key, backwards.get(there)?))
    });
    let mirrored: Vec<(&Value, &Value)> = mirrored.collect();
    let words: BTreeSet<String> = mirrored.iter().map(|(key, _)| key.to_string()).collect();
    if words.len() < 2 {
        let what = "the list has too few different entries to show an order";
        return unobserved(view, what).seen_in(proof);
    }
    if mirrored.iter().all(|(one, other)| one == other) {
        return Finding::met("the same entries backwards", proof);
    }
    if forwards == backwards {
        let seen = format!("the same order for {parameter}=ASC and DESC");
        return Finding::broken("the opposite order", seen, proof);
    }
    unobserved(view, "the orders are neither the same nor opposite").seen_in(proof)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const LIST: &str = "/api/v1/groups/g-1/members";

    /// A page of a list of three entries.
    fn page(limit: usize, offset: usize) -> Value {
        let all = [1, 2, 3].map(|id| json!({"href": id}));
        let entries: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
        let mut body =
            json!({"totalCount": 3, "limit": limit, "offset": offset, "results": entries});
        if offset + limit < 3 {
            body["nextPage"] = "n".into();
        }
        if offset > 0 {
            body["previousPage"] = "p".into();
        }
        body
    }

    fn pages(second: &Value) -> Log {
        let read = |log: Log, query: &str, body: &Value| {
            let phrase = format!("at {LIST}?{query}");
            let target = format!("{LIST}?{query}");
            log.asked_at("call", &phrase, &target, 200, &[], &body.to_string())
        };
        let log = read(Log::new(), "limit=2", &page(2, 0));
        let log = read(log, "limit=1&offset=1", second);
        read(log, "limit=1&offset=1000", &page(1, 1000))
    }

    #[test]
    fn a_page_is_the_part_that_was_asked_for_or_not() {
        check(&pages(&page(1, 1)), "VEN-36", Grade::Met);
        let whole = |body: &Value| {
            pages(&page(1, 1)).asked_at("call", "", LIST, 200, &[], &body.to_string())
        };
        check(&whole(&page(200, 0)), "VEN-36", Grade::Met);
        // "Default: 200"
        check(&whole(&page(2, 0)), "VEN-36", Grade::Broken);
        let with = |name: &str, value: Value| {
            let mut body = page(1, 1);
            body[name] = value;
            pages(&body)
        };
        for (name, value) in [
            ("limit", json!(200)),
            ("limit", json!("1")),
            ("offset", json!(0)),
            ("results", json!([{"href": 2}, {"href": 3}])),
            ("results", json!([])),
            // What a count of pages leads to, and one that begins too early.
            ("results", json!([{"href": 3}])),
            ("results", json!([{"href": 1}])),
        ] {
            check(&with(name, value), "VEN-36", Grade::Broken);
        }
        for link in ["nextPage", "previousPage"] {
            let mut body = page(1, 1);
            body.as_object_mut().expect("an object").remove(link);
            check(&pages(&body), "VEN-36", Grade::Broken);
        }
    }

    #[test]
    fn a_link_keeps_what_was_asked_for() {
        let read = |link: &str| {
            let mut body = page(1, 0);
            body["nextPage"] = link.into();
            let target = format!("{LIST}?limit=1&gender=other");
            let phrase = format!("at {target}");
            pages(&page(1, 1)).asked_at("call", &phrase, &target, 200, &[], &body.to_string())
        };
        let kept = format!("http://h{LIST}?gender=other&offset=1&limit=1");
        check(&read(&kept), "VEN-36", Grade::Met);
        check(&read("http://h/next?page=x1"), "VEN-36", Grade::Met);
        let lost = format!("http://h{LIST}?offset=1&limit=1");
        check(&read(&lost), "VEN-36", Grade::Broken);
        let longer = format!("http://h{LIST}?gender=other&offset=1&limit=200");
        check(&read(&longer), "VEN-36", Grade::Broken);
    }

    #[test]
    fn a_short_list_shows_no_pages() {
        let one = json!({"totalCount": 1, "limit": 2, "offset": 0, "results": [1]});
        let read = |status| {
            let (phrase, target) = (format!("at {LIST}?limit=2"), format!("{LIST}?limit=2"));
            Log::new().asked_at("call", &phrase, &target, status, &[], &one.to_string())
        };
        check(&read(200), "VEN-36", Grade::Unobserved);
        check(&read(429), "VEN-36", Grade::Unobserved);
        check(&read(404), "VEN-36", Grade::Broken);
        check(&Log::new(), "VEN-36", Grade::Unobserved);
    }

    fn list(words: &[&str]) -> String {
        let entries = words
            .iter()
            .map(|word| json!({"status": word, "tags": [word]}));
        json!({"results": entries.collect::<Vec<_>>()}).to_string()
    }

    fn limited(parameter: &str, all: &[&str], some: &[&str]) -> Log {
        Log::new()
            .called(("tasks", ""), "/t", 200, &list(all))
            .called(
                ("tasks", &format!("with {parameter}=done")),
                &format!("/t?{parameter}=done"),
                200,
                &list(some),
            )
    }

    #[test]
    fn a_filter_leaves_what_it_names_or_not() {
        let both = ["done", "open"];
        for parameter in ["status", "tagValue"] {
            let check = |all: &[&str], some: &[&str], expected| {
                check(&limited(parameter, all, some), "VEN-38", expected);
            };
            check(&both, &["done"], Grade::Met);
            check(&both, &both, Grade::Broken);
            check(&both, &[], Grade::Broken);
            // A list of one word shows nothing of a filter.
            check(&["done"], &["done"], Grade::Unobserved);
        }
        let refused = Log::new()
            .called(("tasks", ""), "/t", 200, &list(&both))
            .called(("tasks", "with status=done"), "/t?status=done", 422, "{}");
        check(&refused, "VEN-38", Grade::Broken);
    }

    /// The first entry has what was asked for: the filter leaves it, or loses it.
    #[test]
    fn a_filter_loses_none_that_it_names() {
        let entry = |id: u8, word: &str| json!({"href": id, "status": word});
        let all = [entry(1, "done"), entry(2, "open"), entry(3, "done")];
        let list = |entries: &[Value]| json!({"results": entries}).to_string();
        let log = |some: &[Value]| {
            let with = ("tasks", "with status=done");
            let log = Log::new().called(("tasks", ""), "/t", 200, &list(&all));
            log.called(with, "/t?status=done", 200, &list(some))
        };
        let both = [all[0].clone(), all[2].clone()];
        check(&log(&both), "VEN-38", Grade::Met);
        check(&log(&all[2..]), "VEN-38", Grade::Broken);
    }

    fn both_ways(up: &[&str], down: &[&str]) -> Log {
        let read = |log: Log, way: &str, names: &[&str]| {
            let entries = names.iter().map(|name| json!({"user": {"lastName": name}}));
            let body = json!({"totalCount": names.len(), "results": entries.collect::<Vec<_>>()});
            let query = format!("{LIST}?sortDirection={way}");
            log.asked_at(
                "call",
                &format!("at {query}"),
                &query,
                200,
                &[],
                &body.to_string(),
            )
        };
        read(read(Log::new(), "ASC", up), "DESC", down)
    }

    #[test]
    fn a_direction_turns_the_list_around_or_not() {
        let check = |up: &[&str], down: &[&str], expected| {
            check(&both_ways(up, down), "VEN-39", expected);
        };
        check(&["a", "a", "b"], &["b", "a", "a"], Grade::Met);
        check(&["a", "b", "c"], &["a", "b", "c"], Grade::Broken);
        check(&["a", "a"], &["a", "a"], Grade::Unobserved);
        // As a collation has them that takes e for é.
        check(&["a", "e", "é"], &["e", "é", "a"], Grade::Unobserved);
        check(&[], &[], Grade::Unobserved);
    }

    #[test]
    fn a_failure_is_no_page() {
        for failure in FAILURES {
            for id in ["VEN-36", "VEN-38", "VEN-39"] {
                let log = pages(&page(1, 1)).failed("call", "with status=done", failure);
                let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
                let finding = log.judge(rule.expect("a rule"));
                assert_ne!(finding.grade(), Grade::Met, "{id} {failure:?}: {finding:?}");
            }
        }
    }
}
