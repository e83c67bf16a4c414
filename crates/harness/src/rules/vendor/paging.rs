//! Lists that come page by page.

use std::collections::BTreeSet;

use locum_core::{Finding, Grade};
use serde_json::Value;

use crate::evidence::Exchange;
use crate::http::Url;
use crate::rules::{View, gone, sentence, unobserved};

fn broken(page: &Exchange<'_>, expected: &str, seen: String) -> Finding {
    Finding::new(Grade::Broken, format!("a page says: {seen}"))
        .because(expected, seen)
        .proved_by([page.seq])
}

/// Looks at every page that was served; `fault` says what was expected and what was seen.
fn on_pages(view: &View<'_>, fault: impl Fn(&Value) -> Option<(String, String)>) -> Finding {
    let mut seen = Vec::new();
    for page in view.log.acts("page", "") {
        if let Some(gone) = gone(&page) {
            return gone;
        }
        let Some(reply) = page.reply.filter(|reply| reply.status == 200) else {
            return broken(&page, "200 for each page", sentence(&page));
        };
        if let Some((expected, observed)) = fault(&reply.json()) {
            return broken(&page, &expected, observed);
        }
        seen.push(page.seq);
    }
    if seen.is_empty() {
        return unobserved(view, "no list was read");
    }
    Finding::new(Grade::Met, format!("{} pages as described", seen.len())).proved_by(seen)
}

/// Every page has these members: name, and `number` or `list`.
pub fn pages_have(view: &View<'_>, members: &[(String, String)]) -> Finding {
    on_pages(view, |body| {
        members.iter().find_map(|(name, kind)| {
            let value = &body[name.as_str()];
            let fits = match kind.as_str() {
                "number" => value.is_u64(),
                _ => value.is_array(),
            };
            (!fits).then(|| (format!("{name} as {kind}"), format!("{name} is {value}")))
        })
    })
}

/// Links are absent where they lead nowhere, never null, and stay on the host that was asked.
pub fn links_stay(view: &View<'_>, names: &[String]) -> Finding {
    let host = view.log.acts("page", "").find_map(|page| {
        let host = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("host");
        page.request
            .headers
            .iter()
            .find(host)
            .map(|(_, value)| value.clone())
    });
    on_pages(view, |body| {
        names.iter().find_map(|name| {
            let link = body.get(name)?;
            let url = link.as_str().and_then(|link| Url::parse(link).ok());
            let stays = url.is_some_and(|url| Some(url.authority()) == host);
            (!stays).then(|| {
                let expected = format!("{name} on the host that was asked, or absent");
                (expected, format!("{name} is {link}"))
            })
        })
    })
}

/// The pages from the first to the last hold as many different entries as `total` says.
pub fn pages_hold_all(view: &View<'_>, list: &str, total: &str) -> Finding {
    let first = on_pages(view, |_| None);
    if first.grade != Grade::Met {
        return first;
    }
    if view.log.lack().is_some() {
        return unobserved(view, "not all pages were read");
    }
    let bodies: Vec<Value> = view
        .log
        .acts("page", "")
        .filter_map(|page| page.reply.map(crate::evidence::Message::json))
        .collect();
    let entries: BTreeSet<String> = bodies
        .iter()
        .flat_map(|body| body[list].as_array().into_iter().flatten())
        .map(Value::to_string)
        .collect();
    let told = bodies.first().and_then(|body| body[total].as_u64());
    let seen = format!(
        "{} different entries where {total} is {told:?}",
        entries.len()
    );
    if told == u64::try_from(entries.len()).ok() {
        return Finding::new(Grade::Met, seen).proved_by(first.evidence);
    }
    Finding::new(Grade::Broken, seen.clone())
        .because(format!("as many different entries as {total} says"), seen)
        .proved_by(first.evidence)
}

/// A limit above `most` is answered with 422 or with at most `most` entries.
pub fn limit_is_kept(view: &View<'_>, list: &str, most: usize) -> Finding {
    let mut calls = view.log.exchanges();
    let Some(call) = calls.find(|call| call.act == "call" && !call.how.is_empty()) else {
        return unobserved(view, "no list was asked for with a limit");
    };
    if let Some(gone) = gone(&call) {
        return gone;
    }
    let count = call
        .reply
        .map(crate::evidence::Message::json)
        .and_then(|body| body[list].as_array().map(Vec::len));
    let status = call.reply.map_or(0, |reply| reply.status);
    match (status, count) {
        (422, _) => Finding::new(Grade::Met, sentence(&call)).proved_by([call.seq]),
        (200, Some(count)) if count <= most => {
            let seen = format!("{count} entries");
            Finding::new(Grade::Met, seen).proved_by([call.seq])
        }
        (_, count) => {
            let count = count.map_or_else(|| "no".to_owned(), |count| count.to_string());
            let seen = format!("{} and {count} entries", sentence(&call));
            broken(&call, &format!("422, or at most {most} entries"), seen)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn pages(bodies: &[&str]) -> Log {
        bodies
            .iter()
            .fold(Log::new(), |log, body| log.exchange("page", "", 200, body))
    }

    const FIRST: &str = r#"{"total":3,"items":[1,2],"next":"http://h/?offset=2"}"#;
    const LAST: &str = r#"{"total":3,"items":[3]}"#;

    #[test]
    fn pages_have_their_members() {
        let wanted = [("total", "number"), ("items", "list")]
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let rule = |view: &View<'_>| pages_have(view, &wanted);
        check(&pages(&[FIRST, LAST]), rule, Grade::Met);
        check(
            &pages(&[FIRST, r#"{"total":"3","items":[]}"#]),
            rule,
            Grade::Broken,
        );
        check(&pages(&[FIRST, r#"{"total":3}"#]), rule, Grade::Broken);
        check(&pages(&[]), rule, Grade::Unobserved);
    }

    #[test]
    fn a_link_stays_on_its_host_or_is_absent() {
        let names = ["next".to_owned()];
        let rule = |view: &View<'_>| links_stay(view, &names);
        check(&pages(&[FIRST, LAST]), rule, Grade::Met);
        check(&pages(&[r#"{"next":null}"#]), rule, Grade::Broken);
        check(
            &pages(&[r#"{"next":"http://other/?offset=2"}"#]),
            rule,
            Grade::Broken,
        );
        check(&pages(&[r#"{"next":"/?offset=2"}"#]), rule, Grade::Broken);
    }

    #[test]
    fn pages_hold_as_many_entries_as_told() {
        let rule = |view: &View<'_>| pages_hold_all(view, "items", "total");
        check(&pages(&[FIRST, LAST]), rule, Grade::Met);
        check(&pages(&[FIRST]), rule, Grade::Broken);
        check(&pages(&[FIRST, FIRST]), rule, Grade::Broken);
    }

    #[test]
    fn a_limit_is_kept_one_way_or_the_other() {
        let rule = |view: &View<'_>| limit_is_kept(view, "items", 2);
        let log = |status, body| Log::new().exchange("call", "with limit=500", status, body);
        check(&log(422, ""), rule, Grade::Met);
        check(&log(200, r#"{"items":[1,2]}"#), rule, Grade::Met);
        check(&log(200, r#"{"items":[1,2,3]}"#), rule, Grade::Broken);
        check(&log(500, ""), rule, Grade::Broken);
    }
}
