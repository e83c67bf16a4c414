//! Mock vendors for each test, and a verdict on the client when the test is over; README.md tells
//! how it is used.
#![warn(missing_docs, missing_debug_implementations)]

mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use server::Server;

/// Left to the test: which credentials it gives its client, and whether the calls ought to succeed.
const LEFT_TO_TESTS: &str = "CLI-28,CLI-29";

/// A vendor in a stage of the test's own. Dropped, it judges the client and ends the stage.
///
/// Its methods panic, as an assertion does, where the server cannot be asked.
#[derive(Debug)]
pub struct Locum {
    server: &'static Server,
    document: Value,
    vendor: String,
    /// Whether the stage ends with this one.
    owner: bool,
    ignored: Vec<String>,
    expected: Vec<String>,
    verdicts: String,
}

impl Locum {
    /// Makes a stage with this vendor: athelas, corti, pattern, scribe, or one of your own.
    pub fn start(vendor: &str) -> Self {
        Self::start_with(vendor, json!({}))
    }

    /// The same by a body of `POST /_locum/stages`: clock, settings, seed, vendors.
    pub fn start_with(vendor: &str, mut stage: Value) -> Self {
        stage["listen"] = true.into();
        let server = server::shared();
        let document = server.call("POST", "/stages", Some(&stage));
        let mut stage = Self::of_document(server, document, vendor);
        stage.owner = true;
        stage
    }

    /// Another vendor of the same stage; the stage ends with the first one.
    pub fn of(&self, vendor: &str) -> Self {
        Self::of_document(self.server, self.document.clone(), vendor)
    }

    fn of_document(server: &'static Server, document: Value, vendor: &str) -> Self {
        let known = document["vendors"][vendor].is_object();
        assert!(known, "locum: no vendor called {vendor}");
        Self {
            server,
            document,
            vendor: vendor.to_owned(),
            owner: false,
            ignored: Vec::new(),
            expected: Vec::new(),
            verdicts: std::env::var("LOCUM_VERDICTS").unwrap_or_default(),
        }
    }

    /// Lets the client break a requirement, such as `REQ-08`.
    pub fn ignore(mut self, id: &str) -> Self {
        self.ignored.push(id.to_owned());
        self
    }

    /// Demands that the client breaks a requirement.
    pub fn expect(mut self, id: &str) -> Self {
        self.expected.push(id.to_owned());
        self
    }

    /// `on`, `strict` (a WARN fails, too) or `off`, instead of `LOCUM_VERDICTS`.
    pub fn verdicts(mut self, mode: &str) -> Self {
        mode.clone_into(&mut self.verdicts);
        self
    }

    /// One of the vendor's addresses, such as `token` or `api`.
    pub fn url(&self, name: &str) -> &str {
        self.document["vendors"][&self.vendor]["urls"][name]
            .as_str()
            .unwrap_or_else(|| panic!("locum: {} has no URL called {name}", self.vendor))
    }

    /// The vendor's first account.
    pub fn credentials(&self) -> BTreeMap<String, String> {
        self.texts("credentials")
    }

    /// Addresses and credentials as `LOCUM_*` variables.
    pub fn env(&self) -> BTreeMap<String, String> {
        self.texts("env")
    }

    fn texts(&self, member: &str) -> BTreeMap<String, String> {
        let texts = self.document["vendors"][&self.vendor][member].clone();
        serde_json::from_value(texts).expect("the stage document holds texts there")
    }

    /// Lets time pass at the vendors at once, in whole seconds.
    pub fn advance(&self, by: Duration) -> Value {
        self.clock(json!({"advance_s": by.as_secs()}))
    }

    /// Sets the clock: `advance_s` (negative steps back), `now` (RFC 3339), `mode` (frozen, running).
    pub fn clock(&self, change: Value) -> Value {
        self.call("POST", "clock", Some(change))
    }

    /// Ends the vendor's tokens as if their time had come.
    pub fn expire(&self) -> Value {
        self.call(
            "POST",
            "tokens/expire",
            Some(json!({"vendor": self.vendor})),
        )
    }

    /// Revokes the vendor's tokens.
    pub fn revoke(&self) -> Value {
        self.call(
            "POST",
            "tokens/revoke",
            Some(json!({"vendor": self.vendor})),
        )
    }

    /// Makes an endpoint misbehave: `fault("token", json!({"first": 2}), json!({"status": 503}))`.
    pub fn fault(&self, endpoint: &str, when: Value, then: Value) -> Value {
        let matches = json!({"vendor": self.vendor, "endpoint": endpoint});
        let fault = json!({"match": matches, "when": when, "then": then});
        self.call("POST", "faults", Some(fault))
    }

    /// Changes settings by their whole names.
    pub fn settings(&self, changes: Value) -> Value {
        self.call("PATCH", "settings", Some(changes))
    }

    /// What was exchanged with the vendor, in order.
    pub fn journal(&self) -> Vec<Value> {
        let path = format!("journal?vendor={}", self.vendor);
        let answer = self.call("GET", &path, None);
        answer["entries"].as_array().cloned().unwrap_or_default()
    }

    /// Any call of the control API below the stage, such as `call("GET", "tokens", None)`.
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let name = self.document["name"].as_str().unwrap_or_default();
        let path = format!("/stages/{name}/{path}");
        self.server
            .call(method, path.trim_end_matches('/'), body.as_ref())
    }

    /// Why the client fails its test, or an empty text.
    fn failures(&self, strict: bool) -> String {
        let (ignored, expected) = (self.ignored.join(","), self.expected.join(","));
        let fail_on = if strict { "&fail_on=warn" } else { "" };
        let path = format!(
            "verdicts/failures?ignore={LEFT_TO_TESTS},{ignored}&expect={expected}{fail_on}"
        );
        let answer = self.call("GET", &path, None);
        answer["text"].as_str().unwrap_or("no text").to_owned()
    }
}

impl Drop for Locum {
    fn drop(&mut self) {
        // A test that fails already has its reason, and a second panic would abort all others.
        if std::thread::panicking() || !self.owner {
            return;
        }
        let failures = match self.verdicts.as_str() {
            "off" => String::new(),
            mode => self.failures(mode == "strict"),
        };
        self.call("DELETE", "", None);
        assert!(failures.is_empty(), "{failures}");
    }
}
