//! Replies that no API gives of itself, recognised and named: web pages, redirects, gateways, a
//! server that fails.

use std::collections::BTreeMap;

use super::wire;
use crate::evidence::{Cut, Exchange, Message, Operation, RecordId, is_html};
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
        _ if is_for_browsers(exchange.operation) => None,
        _ if is_html(reply) && is_handshake(exchange.operation) => {
            // What is asked for wrongly may be refused in front of the vendor.
            exchange.is_documented().then(|| {
                let page = named(reply);
                format!("answered with a web page{page}: is there a websocket at this address?")
            })
        }
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

/// Whether a browser asks, which is answered with pages and redirects.
fn is_for_browsers(operation: Operation) -> bool {
    matches!(operation, Operation::Authorize | Operation::SubmitLogin)
}

fn is_handshake(operation: Operation) -> bool {
    use Operation::{Frame, OpenSocket, Upgrade};
    matches!(operation, OpenSocket | Upgrade | Frame)
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

/// No vendor's token ends by itself within so many milliseconds of its issue.
const SHORTEST_LIFE_MS: u64 = 2000;

/// That calls were refused once another login of the run had been made, and not before: each login
/// seems to end the tokens of earlier ones, and scenarios that run side by side end each other's.
pub(super) fn ended_by_logins<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> Option<String> {
    let scenarios: Vec<&Scenario> = scenarios.collect();
    let logins: Vec<u64> = scenarios
        .iter()
        .flat_map(|one| logins_with_tokens(one))
        .map(|(at, _)| at)
        .collect();
    let (mut after, mut before) = ([0_usize; 2], [0_usize; 2]);
    for scenario in scenarios {
        let own: Vec<(u64, String)> = logins_with_tokens(scenario).collect();
        for call in scenario.evidence.documented(Operation::Call) {
            let shown = own
                .iter()
                .rfind(|(_, token)| call.texts().any(|text| text.contains(token)));
            let (Some(&(issued, _)), Some(sent)) = (shown, sent_at(scenario, call.seq)) else {
                continue;
            };
            if sent.saturating_sub(issued) > SHORTEST_LIFE_MS {
                continue;
            }
            let is_after = logins.iter().any(|login| issued < *login && *login < sent);
            let counts = if is_after { &mut after } else { &mut before };
            match call.status() {
                401 => counts[1] += 1,
                _ if call.is_served() => counts[0] += 1,
                _ => {}
            }
        }
    }
    let [served, refused] = after;
    (refused > 2 && served * 4 <= refused && before[1] == 0 && before[0] > 0).then(|| {
        format!(
            "{refused} calls were refused after another login of the run, and none before: each login seems \
             to end the tokens of earlier ones. Where that is meant, judge with --jobs 1"
        )
    })
}

/// The documented logins of a scenario that gave a token: when, and the token's name.
fn logins_with_tokens(scenario: &Scenario) -> impl Iterator<Item = (u64, String)> {
    let logins = scenario.evidence.documented(Operation::Login);
    logins.filter_map(|login| Some((sent_at(scenario, login.seq)?, login.reply?.token()?)))
}

fn sent_at(scenario: &Scenario, seq: RecordId) -> Option<u64> {
    let mut records = scenario.evidence.records().iter();
    Some(records.find(|record| record.seq == seq)?.t_ms)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use locum_core::{Clock as _, ManualClock, Timestamp};

    use super::*;
    use crate::evidence::{EvidenceLog, Variation};
    use crate::http::{Reply, Request};
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

    /// A login page is one, and who asks for a websocket wrongly may be told so by a proxy's page.
    #[test]
    fn pages_where_pages_belong_are_no_symptom() {
        let page = Reply {
            status: 400,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: b"<html>".to_vec(),
        };
        let named = |operation, variation| {
            let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
            let mut log = EvidenceLog::new(clock, Duration::ZERO);
            let seq = log.request(operation, None, &variation, &Request::new("GET", "/"));
            log.reply(seq, Ok(&page));
            let evidence = log.into_parts().0;
            let exchange = evidence.exchanges().next().expect("one");
            symptom(&exchange)
        };
        let documented = Variation::Documented;
        assert_eq!(named(Operation::Authorize, documented.clone()), None);
        assert_eq!(named(Operation::SubmitLogin, documented.clone()), None);
        let socket = named(Operation::OpenSocket, documented.clone()).expect("it is no API's");
        assert!(socket.contains("is there a websocket"), "{socket}");
        let wrongly = Variation::parse(Operation::OpenSocket, "without a token").expect("one");
        assert_eq!(named(Operation::OpenSocket, wrongly), None);
        let call = named(Operation::Call, documented).expect("it is no API's");
        assert!(call.contains("is this the API's address?"), "{call}");
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

    /// A login at `login` ms, and a call with its token at `call` ms that is answered so.
    fn called(login: u64, call: u64, status: u16) -> Scenario {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
        let mut log = EvidenceLog::new(clock.clone(), Duration::ZERO);
        let reply = |status: u16, body: &str| Reply {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        let mut exchange = |operation, at: u64, sent: &str, reply: &Reply| {
            let now = u64::try_from(clock.monotonic().as_millis()).expect("small");
            clock.advance(Duration::from_millis(at - now));
            let request = Request::new("POST", "/").body(sent);
            let seq = log.request(operation, None, &Variation::Documented, &request);
            log.reply(seq, Ok(reply));
        };
        let token = reply(200, r#"{"access_token":"t-0123456789"}"#);
        exchange(Operation::Login, login, "", &token);
        exchange(Operation::Call, call, "t-0123456789", &reply(status, "{}"));
        let mut scenario = testing::answered(200, ("a", "b"), "{}");
        scenario.evidence = log.into_parts().0;
        scenario
    }

    #[test]
    fn logins_that_end_each_others_tokens_are_told() {
        let told = |all: &[Scenario]| ended_by_logins(all.iter());
        let late = |status| {
            let at = [1, 2, 3].map(|login| called(login, 100, status));
            at.into_iter()
                .chain([called(50, 60, 200)])
                .collect::<Vec<_>>()
        };
        let ended = late(401);
        let said = told(&ended).expect("two were refused after another login");
        assert!(said.contains("--jobs 1"), "{said}");
        assert_eq!(told(&late(200)), None);
        // Refused before any other login: that is another fault.
        let alone: Vec<Scenario> = ended.into_iter().chain([called(400, 500, 401)]).collect();
        assert_eq!(told(&alone), None);
        // Refused so late that the token may have ended by itself.
        let own = [1, 2, 3].map(|login| called(login, 4000, 401));
        let own: Vec<Scenario> = own.into_iter().chain([called(50, 60, 200)]).collect();
        assert_eq!(told(&own), None);
    }
}
