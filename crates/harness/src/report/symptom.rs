//! Replies that no API gives of itself, recognised and named: web pages, redirects, gateways, a
//! server that fails.

use std::collections::BTreeMap;

use super::wire;
use crate::evidence::{Cut, Exchange, Message, is_html};
use crate::verdict::Scenario;

/// What a reply looks like that is not the API's own, and what to look at. `None` where the API
/// itself seems to have answered.
pub(super) fn symptom(exchange: &Exchange<'_>) -> Option<String> {
    let Some(reply) = exchange.reply else {
        return match exchange.cut?.0 {
            Cut::NotHttp => Some(
                "the answer is not HTTP/1.1: does the port speak TLS (https) or another protocol?"
                    .to_owned(),
            ),
            Cut::Timeout => {
                Some("no reply in time: does the server wait for something itself?".to_owned())
            }
            _ => None,
        };
    };
    let speaks_tls = [
        "HTTPS port",
        "HTTP request to an HTTPS server",
        "over TLS only",
    ];
    if reply.status == 400 && speaks_tls.iter().any(|words| reply.body.contains(words)) {
        return Some("the port speaks TLS: begin the address with https".to_owned());
    }
    match reply.status {
        502..=504 => Some(format!(
            "a gateway{} answered in the API's place: does the service behind it run?",
            server(reply)
        )),
        _ if is_html(reply) => Some(format!(
            "answered with a web page{}: is this the API's address?",
            named(reply)
        )),
        300..=399 => {
            let place = reply.header("location").unwrap_or("nowhere");
            Some(format!(
                "redirected to {place}: give the address where the API itself answers"
            ))
        }
        500..=599 => Some(format!(
            "the server{} failed while it answered: its own log says why",
            server(reply)
        )),
        404 if exchange.is_documented() => Some(
            "nothing is at this path: does the base URL end before the vendor's documented path?"
                .to_owned(),
        ),
        _ => None,
    }
}

fn server(reply: &Message) -> String {
    let name = reply.header("server");
    name.map_or_else(String::new, |name| format!(" ({name})"))
}

fn named(reply: &Message) -> String {
    let title = wire::title(&reply.body);
    title.map_or_else(String::new, |title| format!(" titled “{title}”"))
}

/// What at least half of the documented requests met, so that it is told before all else: a
/// sentence with its count.
pub(super) fn of_all<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = 0;
    for scenario in scenarios {
        let documented = scenario.evidence.exchanges();
        for exchange in documented.filter(Exchange::is_documented) {
            all += 1;
            if let Some(symptom) = symptom(&exchange) {
                *counts.entry(symptom).or_default() += 1;
            }
        }
    }
    let (symptom, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (count * 2 >= all && count > 1)
        .then(|| format!("{count} of {all} documented requests: {symptom}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn check(status: u16, header: (&str, &str), body: &str, expected: Option<&str>) {
        let scenario = testing::answered(status, header, body);
        let exchange = scenario.evidence.exchanges().next().expect("one");
        let found = symptom(&exchange);
        match expected {
            Some(part) => assert!(
                found.as_ref().is_some_and(|s| s.contains(part)),
                "{found:?}"
            ),
            None => assert_eq!(found, None),
        }
    }

    #[test]
    fn what_is_not_the_apis_own_is_named() {
        let html = ("content-type", "text/html; charset=utf-8");
        let page = "<!doctype html><title>Sign in</title>";
        check(200, html, page, Some("web page titled “Sign in”"));
        check(404, html, "<html>", Some("is this the API's address?"));
        check(502, ("server", "nginx"), "", Some("a gateway (nginx)"));
        check(
            301,
            ("location", "https://b/"),
            "",
            Some("redirected to https://b/"),
        );
        check(
            500,
            ("server", "uvicorn"),
            "{}",
            Some("its own log says why"),
        );
        let plain = "The plain HTTP request was sent to HTTPS port";
        check(400, html, plain, Some("begin the address with https"));
        check(404, ("a", "b"), "{}", Some("does the base URL end before"));
        check(401, ("a", "b"), "{}", None);
        check(200, ("a", "b"), "{}", None);
    }

    #[test]
    fn what_most_requests_met_is_told_of_all() {
        let html = ("content-type", "text/html");
        let bad = testing::answered(200, html, "<html>");
        let good = testing::answered(200, ("a", "b"), "{}");
        let told = of_all([&bad, &bad, &good].into_iter()).expect("two of three");
        assert!(
            told.starts_with("2 of 3 documented requests: answered"),
            "{told}"
        );
        assert_eq!(of_all([&good, &good].into_iter()), None);
        assert_eq!(of_all(std::iter::empty()), None);
    }
}
