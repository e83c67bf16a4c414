//! In which order a list is, and whether those of groups below are in it.

use serde_json::Value;

use super::deviation::Deviations;
use super::list::{List, lists, no_list};
use crate::evidence::{Exchange, Operation};
use crate::http::at_segment_behind;
use crate::rules::{Rule, View, unobserved, worst_not_served};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("VEN-62", is_in_the_order_that_was_asked_for),
    Rule::vendor("VEN-63", has_the_groups_below),
];

/// How the values of a member follow each other.
enum Order {
    /// By their letters.
    Letters,
    /// Those that are alike stand together.
    Together,
    /// By the time.
    Time,
}

/// What the words of `sortBy` mean: the member, as a pointer, and its order.
const WORDS: [(&str, &str, Order); 4] = [
    ("FIRST_NAME", "/user/firstName", Order::Letters),
    ("LAST_NAME", "/user/lastName", Order::Letters),
    ("GENDER", "/user/gender", Order::Together),
    ("START", "/startTime", Order::Time),
];

/// Each list that was sorted by a word is in that order.
fn is_in_the_order_that_was_asked_for(view: &View<'_>) -> Finding {
    let parameter = view.expected.parameter.as_deref().unwrap_or_default();
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    for list in lists(view) {
        let asked = list.asked(parameter);
        let word = WORDS.iter().find(|(word, ..)| asked == Some(word));
        let Some((word, member, order)) = word else {
            continue;
        };
        let values: Vec<&str> = list
            .entries
            .iter()
            .filter_map(|entry| entry.pointer(member)?.as_str())
            .collect();
        match out_of_order(order, &values) {
            Some((before, after)) => {
                let seen = format!("{}: {after} behind {before}", list.exchange.sentence());
                wrong.add(format!("entries by {word}"), seen, list.exchange);
            }
            None if has_an_order(order, &values) => good.push(list.exchange),
            None => {}
        }
    }
    let asked: Vec<Exchange<'_>> = view.evidence.varied(Operation::Call).collect();
    let unserved = || worst_not_served(&asked, "each sorted list is served");
    if let Some(finding) = wrong.broken().or_else(unserved) {
        return finding;
    }
    match Proof::all(&good) {
        Some(proof) => Finding::met(format!("{} lists in their order", good.len()), proof),
        None => unobserved(view, "no list has entries that show an order"),
    }
}

/// Two neighbours that no way of sorting puts there.
fn out_of_order<'v>(order: &Order, values: &[&'v str]) -> Option<(&'v str, &'v str)> {
    match order {
        Order::Letters => {
            let plain = values.iter().filter(|value| letter(value).is_some());
            let plain: Vec<&&str> = plain.collect();
            let mut pairs = plain.windows(2);
            let pair = pairs.find(|pair| letter(pair[0]) > letter(pair[1]))?;
            Some((pair[0], pair[1]))
        }
        Order::Together => {
            let runs: Vec<&&str> = values
                .chunk_by(|one, other| one == other)
                .map(|run| &run[0])
                .collect();
            let again = (1..runs.len()).find(|at| runs[..*at].contains(&runs[*at]))?;
            Some((runs[again - 1], runs[again]))
        }
        Order::Time => {
            let mut pairs = values.windows(2);
            let is_utc = |pair: &&[&str]| pair.iter().all(|time| time.ends_with('Z'));
            let alike = |pair: &&[&str]| pair[0].len() == pair[1].len() && is_utc(pair);
            let pair = pairs.find(|pair| alike(pair) && pair[0] > pair[1])?;
            Some((pair[0], pair[1]))
        }
    }
}

/// The first letter of a name, where all languages sort it alike: capitals of ASCII, but for those that
/// some have elsewhere.
fn letter(name: &str) -> Option<char> {
    let elsewhere = ["Aa", "AA", "Ch", "CH", "Y", "Z"];
    let is_elsewhere = elsewhere.iter().any(|known| name.starts_with(known));
    let first = name.chars().next()?;
    (first.is_ascii_uppercase() && !is_elsewhere).then_some(first)
}

/// Whether there are two values that are not alike.
fn has_an_order(order: &Order, values: &[&str]) -> bool {
    let differ = |one: &str, other: &str| match order {
        Order::Letters => match (letter(one), letter(other)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        },
        Order::Together | Order::Time => one != other,
    };
    let mut others = values.iter();
    let Some(first) =
        others.find(|value| !matches!(order, Order::Letters) || letter(value).is_some())
    else {
        return false;
    };
    values.iter().any(|value| differ(first, value))
}

/// With the groups below, a list has the entries of a group below that lists some.
fn has_the_groups_below(view: &View<'_>) -> Finding {
    let expected = view.expected;
    let word = expected.member.as_deref().unwrap_or_default();
    let parameter = expected.parameter.as_deref().unwrap_or_default();
    let total = |list: &List<'_>| list.count(expected.total.as_deref().unwrap_or_default());
    let all = lists(view);
    let cut = |list: &List<'_>| {
        let path = list.exchange.path();
        let (before, group, behind) = at_segment_behind(path, word)?;
        Some((before.to_owned(), group.to_owned(), behind.to_owned()))
    };
    let (mut wrong, mut good, mut open) = (Deviations::default(), Vec::new(), None);
    for with in all
        .iter()
        .filter(|list| list.asked(parameter) == Some("true"))
    {
        let Some((_, own, kind)) = cut(with) else {
            continue;
        };
        let of = |is_own: bool| {
            all.iter().find(|list| {
                let is_it = |(_, group, behind): (String, String, String)| {
                    (group == own) == is_own && behind == kind
                };
                list.asked(parameter).is_none() && cut(list).is_some_and(is_it)
            })
        };
        let (Some(without), Some(below)) = (of(true), of(false)) else {
            continue;
        };
        let known: Vec<&Value> = without.entries.iter().filter_map(address).collect();
        let mut theirs = below.entries.iter().filter_map(address);
        let is_whole = |list: &List<'_>| total(list) == Some(list.entries.len());
        let Some(missing) = theirs.find(|link| !known.contains(link)) else {
            open = Some(below.exchange);
            continue;
        };
        let is_there = with
            .entries
            .iter()
            .filter_map(address)
            .any(|link| link == missing);
        let proof = Proof::from(with.exchange)
            .and(without.exchange)
            .and(below.exchange);
        if is_there || total(with) > total(without) {
            good.push(proof);
        } else if is_whole(without) && total(with) == total(without) {
            let seen = format!("{}: as many as without", with.exchange.sentence());
            wrong.add("the entries of the groups below, too", seen, proof);
        } else {
            open = Some(with.exchange);
        }
    }
    if let Some(finding) = wrong.broken() {
        return finding;
    }
    match (Proof::all(good), open) {
        (Some(proof), _) => Finding::met("the entries of the groups below are there", proof),
        (None, Some(open)) => {
            unobserved(view, "the group below has no entries of its own").seen_in(open)
        }
        (None, None) if all.is_empty() => no_list(view),
        (None, None) => unobserved(view, "no list was read with and without groups below"),
    }
}

/// By what an entry is known.
fn address(entry: &Value) -> Option<&Value> {
    entry.get("href").filter(|href| href.is_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    const OWN: &str = "/api/v1/groups/g-1/tasks";
    const BELOW: &str = "/api/v1/groups/g-2/tasks";

    fn sorted(by: &str, member: &str, values: &[&str]) -> Log {
        let entry = |value: &&str| match member {
            "startTime" => json!({"startTime": value}),
            _ => json!({"user": {member: value}}),
        };
        let entries: Vec<Value> = values.iter().map(entry).collect();
        let body = json!({"totalCount": values.len(), "results": entries}).to_string();
        let target = format!("/api/v1/groups/g-1/members?sortBy={by}");
        let phrase = format!("at {target}");
        Log::new().asked_at("call", &phrase, &target, 200, &[], &body)
    }

    #[test]
    fn a_list_is_in_its_order() {
        let first = |names: &[&str]| sorted("FIRST_NAME", "firstName", names);
        check(&first(&["Ada", "Ben", "Ben"]), "VEN-62@pattern", Grade::Met);
        check(&first(&["Ben", "Ada"]), "VEN-62@pattern", Grade::Broken);
        check(&first(&["Ada", "Ada"]), "VEN-62@pattern", Grade::Unobserved);
        // Where these stand is a matter of language.
        for odd in [
            ["Zoe", "Ada"],
            ["Chloe", "Carl"],
            ["Ása", "Ada"],
            ["de Vries", "Ada"],
        ] {
            check(&first(&odd), "VEN-62@pattern", Grade::Unobserved);
        }
        let gender = |words: &[&str]| sorted("GENDER", "gender", words);
        check(
            &gender(&["male", "male", "female"]),
            "VEN-62@pattern",
            Grade::Met,
        );
        check(
            &gender(&["male", "female", "male"]),
            "VEN-62@pattern",
            Grade::Broken,
        );
        let start = |times: &[&str]| sorted("START", "startTime", times);
        let times = ["2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"];
        check(&start(&times), "VEN-62@pattern", Grade::Met);
        check(
            &start(&[times[1], times[0]]),
            "VEN-62@pattern",
            Grade::Broken,
        );
        check(&Log::new(), "VEN-62@pattern", Grade::Unobserved);
    }

    fn listed(log: Log, target: &str, ids: &[&str]) -> Log {
        let entries: Vec<Value> = ids.iter().map(|id| json!({"href": id})).collect();
        let body = json!({"totalCount": ids.len(), "results": entries}).to_string();
        log.asked_at("page", "", target, 200, &[], &body)
    }

    #[test]
    fn groups_below_are_listed_too() {
        let with = format!("{OWN}?includeSubgroups=true");
        let log = |both: &[&str], below: &[&str]| {
            let log = listed(Log::new(), &with, both);
            listed(listed(log, OWN, &["a"]), BELOW, below)
        };
        check(&log(&["a", "b"], &["b"]), "VEN-63@pattern", Grade::Met);
        check(&log(&["a"], &["b"]), "VEN-63@pattern", Grade::Broken);
        check(&log(&["a"], &[]), "VEN-63@pattern", Grade::Unobserved);
        check(&log(&["a"], &["a"]), "VEN-63@pattern", Grade::Unobserved);
        let alone = listed(Log::new(), &with, &["a"]);
        check(&alone, "VEN-63@pattern", Grade::Unobserved);
        check(&Log::new(), "VEN-63@pattern", Grade::Unobserved);
        for failure in FAILURES {
            let log = listed(listed(Log::new(), &with, &["a"]), OWN, &["a"]);
            let log = log.failed("page", "", failure);
            check(&log, "VEN-63@pattern", Grade::Unobserved);
        }
    }
}
