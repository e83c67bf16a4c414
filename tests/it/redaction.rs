//! No secret leaves the server by its journal, the HAR file, the event stream or `serve`'s own
//! lines: canaries in every place of a request, in every spelling, at every vendor.

mod places;
mod spellings;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::served::Served;

use places::{Case, cases};
use spellings::{Canary, spellings};

/// Shortest part of a canary that counts as a leak.
const WINDOW: usize = 9;

/// Sends `request` on a connection of its own; what came back.
fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .write_all(request.as_bytes())
        .expect("it takes bytes");
    let mut bytes = Vec::new();
    // A defect may end the connection with bytes unread.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A call of the control API; its body.
fn control(address: &str, line: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = exchange(address, &request);
    let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
    body.to_owned()
}

/// The secret of the vendor's first principal.
fn secret(stage: &Value, vendor: &str) -> String {
    let credentials = &stage["vendors"][vendor]["credentials"];
    ["client_secret", "password"]
        .iter()
        .find_map(|name| credentials[*name].as_str())
        .expect("a principal has a secret")
        .to_owned()
}

/// The first part of `canary` that stands in `text`, in whatever spelling.
fn leak<'a>(text: &str, forbidden: &'a [String]) -> Option<&'a str> {
    forbidden.iter().find_map(|form| {
        let last = form.len().saturating_sub(WINDOW);
        (0..=last)
            .filter_map(|at| form.get(at..at + WINDOW.min(form.len())))
            .find(|part| text.contains(part))
    })
}

/// A server with the four vendors, and what it prints.
struct Bench {
    served: Served,
    printed: Option<std::thread::JoinHandle<String>>,
    stage: Value,
}

impl Bench {
    fn start() -> Self {
        let mut served = Served::start(&["--seed", "7"]);
        let mut output = served.output.take().expect("a pipe");
        let printed = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = output.read_to_string(&mut text);
            text
        });
        let stage = control(&served.address, "GET /_locum/stages/default", "");
        Self {
            stage: serde_json::from_str(&stage).expect("JSON"),
            printed: Some(printed),
            served,
        }
    }

    /// Sends all cases and looks at what was written down of each; the leaks.
    fn check(&self, cases: &[Case]) -> Vec<String> {
        let address = &self.served.address;
        control(address, "DELETE /_locum/journal", "");
        for case in cases {
            exchange(address, &case.request.replace("{host}", address));
        }
        let read = |path: &str| -> Value {
            let text = control(address, &format!("GET /_locum/{path}"), "");
            serde_json::from_str(&text).expect("JSON")
        };
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let journal = list(&read("journal")["entries"]);
        let har = list(&read("journal.har")["log"]["entries"]);
        let count = cases.len();
        let stream = control(
            address,
            &format!("GET /_locum/journal/stream?limit={count}"),
            "",
        );
        let stream: Vec<&str> = stream.split("event: completed").skip(1).collect();
        assert_eq!(
            (journal.len(), har.len(), stream.len()),
            (count, count, count),
            "each is written down once"
        );
        let mut leaks = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            let (entry, shown) = (journal[at].to_string(), har[at].to_string());
            for (what, text) in [
                ("journal", &entry),
                ("HAR", &shown),
                ("stream", &stream[at].to_owned()),
            ] {
                if let Some(part) = leak(text, &case.forbidden) {
                    leaks.push(format!("{case}: `{part}` in the {what}: {text}"));
                    break;
                }
            }
        }
        leaks
    }

    /// Ends the server; what it printed has none of the canaries either.
    fn finish(mut self, cases: &[Case]) -> Vec<String> {
        let printed = self.printed.take().expect("it runs once");
        drop(self.served);
        let printed = printed.join().expect("a text");
        assert!(printed.lines().count() > cases.len(), "{printed}");
        let mut windows = HashMap::new();
        for case in cases {
            for form in &case.forbidden {
                for window in form.as_bytes().windows(WINDOW.min(form.len())) {
                    windows.entry(window).or_insert(case);
                }
            }
        }
        let bytes = printed.as_bytes();
        bytes
            .windows(WINDOW)
            .filter_map(|window| {
                let case = windows.get(window)?;
                let part = String::from_utf8_lossy(window);
                Some(format!("{case}: `{part}` in a line of serve"))
            })
            .collect()
    }
}

const VENDORS: &[&str] = &["athelas", "corti", "pattern", "scribe"];

#[test]
fn no_canary_is_written_down_from_any_place_in_any_spelling() {
    let bench = Bench::start();
    let mut all = Vec::new();
    for (number, vendor) in VENDORS.iter().enumerate() {
        let canaries = [
            Canary::Known(secret(&bench.stage, vendor)),
            Canary::Jwt(number as u64),
            Canary::Random(number as u64),
            Canary::Plain(number as u64),
        ];
        for canary in &canaries {
            for spelling in spellings(canary) {
                all.extend(cases(vendor, canary, &spelling));
            }
        }
    }
    assert!(all.len() >= 1500, "{} combinations", all.len());
    // Each vendor meets each place and each spelling; not each place meets each spelling there.
    let some: Vec<Case> = all
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at % STRIDE == 0)
        .map(|(_, case)| case)
        .collect();
    assert!(some.len() >= 1500, "{} combinations", some.len());
    let mut leaks: Vec<String> = some
        .chunks(200)
        .flat_map(|some| bench.check(some))
        .collect();
    leaks.extend(bench.finish(&some));
    assert!(
        leaks.is_empty(),
        "{} of {} leak:\n{}",
        leaks.len(),
        some.len(),
        leaks
            .iter()
            .take(40)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    );
}

/// A number that shares no factor with the numbers of places and spellings.
const STRIDE: usize = 7;

#[test]
fn no_random_secret_is_written_down() {
    let bench = Bench::start();
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(
        Config {
            cases: 150,
            failure_persistence: None,
            ..Config::default()
        },
        rng,
    );
    let secrets = "[ -~]{9,24}|[a-z]{10,14}|[äöü€😀a-z]{9,12}";
    let any = (
        secrets,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..VENDORS.len(),
    );
    let outcome = runner.run(&any, |(value, spelling, place, vendor)| {
        // It becomes a secret of the stage.
        let list = match VENDORS[vendor] {
            "athelas" => serde_json::json!({"athelas": {"users": [{"username": "canary@example.com", "password": value}]}}),
            "pattern" => serde_json::json!({"pattern": {"clients": [{"client_id": "canary", "client_secret": value}]}}),
            _ => serde_json::json!({"athelas": {"users": [{"username": "canary@example.com", "password": value}]}}),
        };
        let changed = control(&bench.served.address, "PATCH /_locum/principals", &list.to_string());
        prop_assert!(!changed.contains("\"error\""), "{}", changed);
        let canary = Canary::Known(value);
        let spellings = spellings(&canary);
        let spelling = &spellings[spelling.index(spellings.len())];
        let cases = cases(VENDORS[vendor], &canary, spelling);
        let at = place.index(cases.len());
        let leaks = bench.check(&cases[at..=at]);
        prop_assert!(leaks.is_empty(), "{}", leaks.concat());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
