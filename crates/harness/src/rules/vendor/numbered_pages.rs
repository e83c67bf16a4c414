//! Lists that are cut into pages by their number.

use serde_json::Value;

use super::deviation::Deviations;
use super::list::{List, lists, no_list};
use crate::evidence::{Exchange, Operation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-47", pages_are_parts_of_the_list),
    Rule::vendor("VEN-73", unasked_pages_are_short),
];

/// "Number of interactions to return per page."
const SIZE: &str = "pageSize";

/// "Page number to retrieve. Starts at 1."
const NUMBER: &str = "index";

/// A page with this number is behind the end of any list.
const BEHIND_THE_END: usize = 100_000;

/// "Number of interactions to return per page", where none is asked for.
const DEFAULT_SIZE: usize = 10;

/// A page that was served, and what was asked for.
struct Page<'a> {
    exchange: Exchange<'a>,
    size: usize,
    number: usize,
    ids: Vec<Value>,
}

/// The pages that were served, in order.
fn pages<'a>(view: &View<'a>) -> Vec<Page<'a>> {
    let id = |entry: &Value| {
        let mut places = view.expected.identity.iter();
        let found = places.find_map(|place| entry.pointer(place));
        found.cloned().unwrap_or_default()
    };
    let page = |list: List<'a>| {
        let (size, number) = (list.asked_count(SIZE)?, list.asked_count(NUMBER)?);
        Some(Page {
            exchange: list.exchange,
            size,
            number,
            ids: list.entries.iter().map(id).collect(),
        })
    };
    lists(view).into_iter().filter_map(page).collect()
}

/// What came of the pages that were not served: one that was refused is a deviation, any other tells
/// nothing.
fn unserved(view: &View<'_>, wrong: &mut Deviations) -> Option<Finding> {
    let mut open = None;
    let asked = view.evidence.exchanges_for(Operation::ListPage);
    for exchange in asked.filter(|exchange| !exchange.is_served()) {
        if exchange.is_refused() && !is_behind_the_end(&exchange) {
            wrong.add("the page", exchange.sentence(), exchange);
        } else {
            let unseen = || unobserved(view, &exchange.sentence()).seen_in(exchange);
            open = open.or_else(|| Some(gone(&exchange).unwrap_or_else(unseen)));
        }
    }
    open
}

/// A page that no list has may be empty, and may be refused.
fn is_behind_the_end(exchange: &Exchange<'_>) -> bool {
    let target = &exchange.request.target;
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let number = |pair: &str| pair.strip_prefix("index=")?.parse::<usize>().ok();
    query
        .split('&')
        .filter_map(number)
        .any(|number| number >= BEHIND_THE_END)
}

/// Each page holds no more than its size, and what stands at its place in the longest one that
/// begins at the first entry; that was the same before the others and after them.
fn pages_are_parts_of_the_list(view: &View<'_>) -> Finding {
    let pages = pages(view);
    let mut wrong = Deviations::default();
    let open = unserved(view, &mut wrong);
    let first_pages = pages.iter().filter(|page| page.number == 1);
    let Some(whole) = first_pages.max_by_key(|page| page.size) else {
        // The account may not read the list at all, which is no matter of its pages.
        let asked = view.evidence.exchanges_for(Operation::ListPage).next();
        let unseen = |one: Exchange<'_>| unobserved(view, &one.sentence()).seen_in(one);
        return open
            .or_else(|| asked.map(unseen))
            .unwrap_or_else(|| no_list(view));
    };
    for page in pages.iter().filter(|page| page.ids.len() > page.size) {
        let seen = format!(
            "page {} of {}: {} entries",
            page.number,
            page.size,
            page.ids.len()
        );
        wrong.add(
            format!("at most {} entries", page.size),
            seen,
            page.exchange,
        );
    }
    let behind = pages.iter().filter(|page| page.number >= BEHIND_THE_END);
    for page in behind.filter(|page| !page.ids.is_empty()) {
        let seen = format!("page {}: {} entries", page.number, page.ids.len());
        wrong.add("no entries behind the end", seen, page.exchange);
    }
    if let Some(broken) = wrong.broken() {
        return broken;
    }
    let mut nameless = pages.iter().filter(|page| page.ids.contains(&Value::Null));
    if let Some(page) = nameless.next() {
        return unobserved(view, "entries tell no id").seen_in(page.exchange);
    }
    let alike = |page: &&Page<'_>| (page.number, page.size) == (1, whole.size);
    if pages.iter().filter(alike).any(|page| page.ids != whole.ids) {
        return unobserved(view, "the list changed while its pages were read")
            .seen_in(whole.exchange);
    }
    let mut wrong = Deviations::default();
    let mut good = Vec::new();
    for page in pages.iter().filter(|page| !alike(page)) {
        let start = (page.number.saturating_sub(1)).saturating_mul(page.size);
        let part = whole.ids.iter().skip(start).take(page.size);
        let part: Vec<&Value> = part.collect();
        if part.is_empty() {
            continue;
        }
        if page.ids.iter().take(part.len()).eq(part.iter().copied()) {
            good.push(page.exchange);
        } else {
            let expected = format!("what stands from entry {} on", start + 1);
            let seen = format!("page {} of {}: other entries", page.number, page.size);
            wrong.add(expected, seen, page.exchange);
        }
    }
    if let Some(broken) = wrong.broken() {
        return broken.beside(whole.exchange);
    }
    match (open, Proof::all(&good)) {
        (Some(open), _) => open,
        (None, Some(proof)) if good.len() > 1 => {
            let what = format!("{} pages are the parts that were asked for", good.len());
            Finding::met(what, proof).beside(whole.exchange)
        }
        (None, _) => unobserved(view, "the list has too few entries for two pages"),
    }
}

/// A list that is asked for without a size has ten entries at most, beside one with a size that has more.
fn unasked_pages_are_short(view: &View<'_>) -> Finding {
    let lists = lists(view);
    let longer =
        |list: &&List<'_>| list.asked_count(SIZE).is_some() && list.entries.len() > DEFAULT_SIZE;
    let Some(long) = lists.iter().find(longer) else {
        return worst_not_listed(view);
    };
    let mut unasked = lists.iter().filter(|list| list.asked(SIZE).is_none());
    let Some(list) = unasked.next() else {
        return worst_not_listed(view);
    };
    let seen = format!("{} entries", list.entries.len());
    match list.entries.len() <= DEFAULT_SIZE {
        true => Finding::met(seen, list.exchange).beside(long.exchange),
        false => Finding::broken("10 entries at most", seen, list.exchange).beside(long.exchange),
    }
}

/// Why there are no two lists to compare.
fn worst_not_listed(view: &View<'_>) -> Finding {
    let mut asked = view.evidence.exchanges_for(Operation::ListPage);
    let Some(exchange) = asked.find(|exchange| !exchange.is_served()) else {
        return unobserved(view, "no list had more than ten entries");
    };
    gone(&exchange).unwrap_or_else(|| unobserved(view, &exchange.sentence()).seen_in(exchange))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rules::testing::{Log, check, check_failures};
    use crate::verdict::Grade;

    fn listed(log: Log, size: usize, number: usize, ids: &[u8]) -> Log {
        let target = format!("/interactions/?pageSize={size}&index={number}");
        let entries: Vec<String> = ids
            .iter()
            .map(|id| format!(r#"{{"id":"i-{id}"}}"#))
            .collect();
        let body = format!(r#"{{"interactions":[{}]}}"#, entries.join(","));
        log.asked_at("page", "", &target, 200, &[], &body)
    }

    /// The list of three, two pages of one, and the list again.
    fn log(first: &[u8], second: &[u8], again: &[u8]) -> Log {
        let log = listed(Log::new(), 3, 1, &[1, 2, 3]);
        let log = listed(log, 1, 1, first);
        let log = listed(log, 1, 2, second);
        listed(log, 3, 1, again)
    }

    #[test]
    fn a_page_is_the_part_that_was_asked_for_or_not() {
        let whole = [1, 2, 3];
        check(&log(&[1], &[2], &whole), "VEN-47", Grade::Met);
        check(&log(&[1], &[1], &whole), "VEN-47", Grade::Broken);
        check(&log(&[2], &[3], &whole), "VEN-47", Grade::Broken);
        check(&log(&[1], &[], &whole), "VEN-47", Grade::Broken);
        check(&log(&whole, &whole, &whole), "VEN-47", Grade::Broken);
        // Somebody made one meanwhile.
        check(&log(&[1], &[1], &[4, 1, 2]), "VEN-47", Grade::Unobserved);
    }

    #[test]
    fn the_last_page_may_be_a_part_of_one() {
        let log = |last: &[u8]| {
            let log = listed(Log::new(), 3, 1, &[1, 2, 3]);
            let log = listed(log, 2, 1, &[1, 2]);
            listed(log, 2, 2, last)
        };
        check(&log(&[3]), "VEN-47", Grade::Met);
        check(&log(&[3, 4]), "VEN-47", Grade::Met);
        check(&log(&[2, 3]), "VEN-47", Grade::Broken);
    }

    #[test]
    fn a_page_that_was_refused_is_none() {
        let whole = [1, 2, 3];
        let with = |status| {
            let target = "/interactions/?pageSize=2&index=2";
            log(&[1], &[2], &whole).asked_at("page", "", target, status, &[], "{}")
        };
        check(&with(400), "VEN-47", Grade::Broken);
        for open in [429, 500, 302] {
            check(&with(open), "VEN-47", Grade::Unobserved);
        }
        let refused = Log::new().exchange("page", "", 403, "{}");
        check(&refused, "VEN-47", Grade::Unobserved);
    }

    #[test]
    fn entries_without_an_id_tell_nothing() {
        let page = |log: Log, size: usize, number: usize| {
            let target = format!("/interactions/?pageSize={size}&index={number}");
            let body = json!({"interactions": vec![json!({"status": "planned"}); size]});
            log.asked_at("page", "", &target, 200, &[], &body.to_string())
        };
        let log = page(page(page(Log::new(), 3, 1), 1, 1), 1, 2);
        check(&log, "VEN-47", Grade::Unobserved);
    }

    #[test]
    fn a_short_list_tells_nothing() {
        let short = listed(listed(Log::new(), 3, 1, &[1]), 1, 1, &[1]);
        check(&short, "VEN-47", Grade::Unobserved);
        check_failures("VEN-47", "page", "");
    }
}
