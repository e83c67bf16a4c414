//! Lists that come page by page.

use std::collections::BTreeSet;

use serde_json::Value;

use super::effect::{Step, concluded, precondition, unseen};
use crate::catalogue::Expectation;
use crate::evidence::{CallVariation, Exchange, Operation, Reaction, Variation};
use crate::http::Url;
use crate::rules::{Rule, View, not_served, unobserved, worst_not_served};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-10", |view| concluded(pages(view)))];

/// The pages of a list are as described and hold all of it; a limit above the largest is kept one
/// way or the other.
fn pages(view: &View<'_>) -> Step<Finding> {
    let pages: Vec<Exchange<'_>> = view.evidence.documented(Operation::ListPage).collect();
    let limited = view
        .evidence
        .varied(Operation::Call)
        .find(|call| matches!(call.variation, Variation::Call(CallVariation::Query(..))));
    let limit = limited.map(|call| limit_is_kept(view, &call));
    match (pages.as_slice(), limit) {
        ([], None) => unseen(view, "no list was read"),
        ([], Some(limit)) => limit,
        (_, Some(Ok(broken))) if broken.grade() == Grade::Broken => Ok(broken),
        (pages, _) => pages_hold_all(view, pages),
    }
}

/// Every page is as described, and together they hold as many different entries as the first says.
fn pages_hold_all(view: &View<'_>, pages: &[Exchange<'_>]) -> Step<Finding> {
    let faults: Vec<(&Exchange<'_>, String)> = pages
        .iter()
        .enumerate()
        .filter(|(_, page)| page.is_served())
        .filter_map(|(at, page)| Some((page, fault_of(view.expected, page, at == 0)?)))
        .collect();
    if let Some(proof) = Proof::all(faults.iter().map(|(page, _)| *page)) {
        let seen: Vec<&str> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
        let expected = "each page as described, its links on the host that was asked or absent";
        return Ok(Finding::broken(expected, seen.join("; "), proof));
    }
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    let (list, total) = (name(&view.expected.list), name(&view.expected.total));
    let next = view.expected.links.first().map_or("", String::as_str);
    let mut links = BTreeSet::new();
    for page in pages.iter().filter(|page| page.is_served()) {
        let body = page.json();
        let Some(link) = body[next].as_str() else {
            continue;
        };
        let observed = match body[&list].as_array() {
            Some(entries) if entries.is_empty() => format!("a page without entries names {link}"),
            _ if links.insert(link.to_owned()) => continue,
            _ => format!("two pages name {link}"),
        };
        let expected = format!("a {next} that leads on, and none on the last page");
        return Ok(Finding::broken(expected, observed, Proof::from(page)));
    }
    if let Some(finding) = worst_not_served(pages, "each page is served") {
        return Ok(finding);
    }
    if view.evidence.limitations().next().is_some() {
        return unseen(view, "not all pages were read");
    }
    let bodies: Vec<Value> = pages.iter().map(Exchange::json).collect();
    let entries: BTreeSet<String> = bodies
        .iter()
        .flat_map(|body| body[&list].as_array().into_iter().flatten())
        .map(Value::to_string)
        .collect();
    let told = bodies.first().and_then(|body| body[&total].as_u64());
    let told = told.unwrap_or_default();
    let seen = format!(
        "{} different entries where {total} is {told}",
        entries.len()
    );
    let Some(proof) = Proof::all(pages) else {
        return unseen(view, "no list was read");
    };
    if usize::try_from(told).ok() != Some(entries.len()) {
        let expected = format!("as many different entries as {total} says");
        return Ok(Finding::broken(expected, seen, proof));
    }
    if links.is_empty() {
        let what = format!("{seen}: a list of one page shows nothing of its links");
        return Err(Box::new(unobserved(view, &what).seen_in(proof)));
    }
    Ok(Finding::met(seen, proof))
}

/// What is wrong with one page; the first has none before it.
fn fault_of(expected: &Expectation, page: &Exchange<'_>, is_first: bool) -> Option<String> {
    let body = page.json();
    for (name, kind) in &expected.members {
        let value = &body[name.as_str()];
        let fits = match kind.as_str() {
            "number" => value.is_u64(),
            _ => value.is_array(),
        };
        if !fits {
            return Some(format!("{name} is {value} where it should be a {kind}"));
        }
    }
    let mut headers = page.request.headers.iter();
    let host = headers.find(|(name, _)| name.eq_ignore_ascii_case("host"));
    for (at, name) in expected.links.iter().enumerate() {
        let Some(link) = body.get(name) else { continue };
        let url = link.as_str().and_then(|link| Url::parse(link).ok());
        let stays =
            matches!((&url, host), (Some(url), Some((_, host))) if url.authority() == *host);
        if !stays {
            return Some(format!("{name} is {link}"));
        }
        if is_first && at == PREVIOUS {
            return Some(format!("{name} is {link} on the first page"));
        }
    }
    None
}

/// The place of the link to the page before in the expectation's list of links.
const PREVIOUS: usize = 1;

/// A limit above the largest is refused, or clamped: then no more entries come, and either the
/// reply says the smaller limit or the list has more than that.
fn limit_is_kept(view: &View<'_>, call: &Exchange<'_>) -> Step<Finding> {
    let Some(max) = view.expected.max_entries else {
        return unseen(view, "no limit is documented");
    };
    let status = view.expected.status.unwrap_or(422);
    let control = precondition(view, Operation::Call, &Variation::Documented);
    let expected = format!("{status}, or at most {max} entries");
    match call.reaction() {
        Reaction::Refused if call.status() == status => {
            Ok(Finding::met(call.sentence(), call).beside(control?))
        }
        Reaction::Served => {
            let body = call.json();
            let text = |name: &Option<String>| name.clone().unwrap_or_default();
            let count = body[text(&view.expected.list)].as_array().map(Vec::len);
            let Some(count) = count.filter(|count| *count <= max) else {
                let count = count.map_or_else(|| "no".to_owned(), |count| count.to_string());
                let seen = format!("{} and {count} entries", call.sentence());
                return Ok(Finding::broken(expected, seen, call));
            };
            let number = |name: &str| body[name].as_u64().and_then(|n| usize::try_from(n).ok());
            let total = number(&text(&view.expected.total));
            let limit = number("limit");
            if let Some(limit) = limit.filter(|limit| *limit > max) {
                let seen = format!("{} and limit {limit}", call.sentence());
                return Ok(Finding::broken(expected, seen, call));
            }
            let clamped = limit.is_some_and(|limit| limit <= max && limit >= count)
                || total.is_some_and(|total| total > max);
            if clamped && count > 0 {
                return Ok(Finding::met(format!("{count} entries"), call));
            }
            let what = format!("{count} entries of a list that may have no more");
            Err(Box::new(unobserved(view, &what).seen_in(call)))
        }
        _ => Ok(not_served(call, &expected)),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, FAILURES, Log, check};
    use crate::verdict::Grade;

    fn pages(bodies: &[&str]) -> Log {
        bodies
            .iter()
            .fold(Log::new(), |log, body| log.exchange("page", "", 200, body))
    }

    fn page(total: usize, results: &str, more: &str) -> String {
        format!(r#"{{"totalCount":{total},"limit":2,"offset":0,"results":{results}{more}}}"#)
    }

    const NEXT: &str = r#","nextPage":"http://h/?offset=2""#;
    const PREVIOUS: &str = r#","previousPage":"http://h/?offset=0""#;

    fn two(first: &str, last: &str, expected: Grade) {
        check(&pages(&[first, last]), "VEN-10", expected);
    }

    #[test]
    fn pages_hold_as_many_entries_as_told() {
        let first = page(3, "[1,2]", NEXT);
        let last = page(3, "[3]", PREVIOUS);
        two(&first, &last, Grade::Met);
        two(&first, &first, Grade::Broken);
        check(&pages(&[&first]), "VEN-10", Grade::Broken);
        check(&pages(&[]), "VEN-10", Grade::Unobserved);
    }

    #[test]
    fn pages_have_their_members() {
        let first = page(3, "[1,2]", NEXT);
        two(&first, r#"{"totalCount":3,"results":[3]}"#, Grade::Broken);
        let text = first.replace("\"limit\":2", "\"limit\":\"2\"");
        two(&text, &page(3, "[3]", PREVIOUS), Grade::Broken);
        two(&first, &page(3, "{}", PREVIOUS), Grade::Broken);
    }

    #[test]
    fn a_link_stays_on_its_host_or_is_absent() {
        let last = page(3, "[3]", PREVIOUS);
        let first = |more| page(3, "[1,2]", more);
        two(&first(r#","nextPage":null"#), &last, Grade::Broken);
        let other = r#","nextPage":"http://other/?offset=2""#;
        two(&first(other), &last, Grade::Broken);
        two(&first(r#","nextPage":"/?offset=2""#), &last, Grade::Broken);
        two(&first(PREVIOUS), &last, Grade::Broken);
    }

    /// An empty list held all of its 0 entries, and a list without links kept them all.
    #[test]
    fn a_list_of_one_page_shows_nothing_of_paging() {
        check(&pages(&[&page(0, "[]", "")]), "VEN-10", Grade::Unobserved);
        check(&pages(&[&page(1, "[1]", "")]), "VEN-10", Grade::Unobserved);
        let endless = pages(&[&page(3, "[1,2]", NEXT)]).limitation("the list did not end");
        check(&endless, "VEN-10", Grade::Unobserved);
    }

    #[test]
    fn a_link_leads_on_or_is_absent() {
        let first = page(3, "[1,2]", NEXT);
        check(&pages(&[&first, &first]), "VEN-10", Grade::Broken);
        let empty = page(3, "[]", NEXT);
        check(&pages(&[&first, &empty]), "VEN-10", Grade::Broken);
        // A list that fits one page is read once more, in smaller ones.
        let whole = page(3, "[1,2,3]", "");
        let last = page(3, "[3]", PREVIOUS);
        check(&pages(&[&whole, &first, &last]), "VEN-10", Grade::Met);
    }

    #[test]
    fn a_page_that_fails_is_no_page() {
        for failure in FAILURES {
            let log = pages(&[&page(3, "[1,2]", NEXT)]).failed("page", "", failure);
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "VEN-10", grade);
        }
    }

    fn limited(status: u16, body: &str) -> Log {
        Log::new()
            .exchange("call", "", 200, "{}")
            .exchange("call", "with limit=500", status, body)
    }

    fn list(count: usize, total: usize, limit: usize) -> String {
        let results = vec!["1"; count].join(",");
        format!(r#"{{"totalCount":{total},"limit":{limit},"offset":0,"results":[{results}]}}"#)
    }

    #[test]
    fn a_limit_is_kept_one_way_or_the_other() {
        check(&limited(422, ""), "VEN-10", Grade::Met);
        check(&limited(400, ""), "VEN-10", Grade::Broken);
        check(&limited(200, &list(200, 250, 200)), "VEN-10", Grade::Met);
        check(&limited(200, &list(120, 120, 200)), "VEN-10", Grade::Met);
        check(&limited(200, &list(201, 250, 500)), "VEN-10", Grade::Broken);
    }

    /// A page that was wrong was hidden by one that was not answered.
    #[test]
    fn a_wrong_page_counts_beside_one_without_an_answer() {
        let log = Log::new().failed("page", "", BadReply::Closed).exchange(
            "page",
            "",
            200,
            r#"{"totalCount":"one"}"#,
        );
        check(&log, "VEN-10", Grade::Broken);
        let log = Log::new()
            .failed("page", "", BadReply::Closed)
            .exchange("page", "", 404, "{}");
        check(&log, "VEN-10", Grade::Broken);
    }

    /// A short list kept any limit, and a refusal needed no control.
    #[test]
    fn a_short_list_keeps_no_limit() {
        let untold = list(120, 120, 200).replace("limit", "size");
        check(&limited(200, &untold), "VEN-10", Grade::Unobserved);
        // "The limit value in the response will be different if the requested value was greater than
        // the maximum allowed."
        let repeated = limited(200, &list(120, 120, 500));
        check(&repeated, "VEN-10", Grade::Broken);
        check(&limited(200, &list(0, 0, 200)), "VEN-10", Grade::Unobserved);
        let alone = Log::new().exchange("call", "with limit=500", 422, "");
        check(&alone, "VEN-10", Grade::Unobserved);
        for failure in FAILURES {
            let log = Log::new().exchange("call", "", 200, "{}").failed(
                "call",
                "with limit=500",
                failure,
            );
            let grade = match failure {
                BadReply::Closed => Grade::Gone,
                _ => Grade::Broken,
            };
            check(&log, "VEN-10", grade);
        }
    }
}
