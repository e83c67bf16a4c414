//! What a client is like, neither good nor bad: how it takes time, how early it renews, how it spells
//! its credentials. Several clients beside one another are told apart by it.

use std::collections::BTreeMap;

use locum_core::requirement::Judge;
use locum_core::{Entry, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use super::Report;
use crate::measurement::{Measurement, Unit};
use crate::verdict::Scenario;

/// The card of one client at one vendor; what was not seen is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Fingerprint {
    /// The unit in which it reads a lifetime: `ms`, `s`, or `none` where it takes time from no field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// How early it renews.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Margin>,
    /// Whether it renews between calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<bool>,
    /// Whether it sends a call again that was refused with 401.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<bool>,
    /// How it spells id and secret in Basic: `raw`, `form` or `neither`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<String>,
    /// How it spells the space in a socket's token parameter: `%20`, `+` or `raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket_space: Option<&'static str>,
    /// What it calls itself on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// How early a client renews: raw values, or a share of the lifetime.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Margin {
    /// Between these raw lifetimes.
    Raw {
        /// Fetched anew each time.
        lo: u64,
        /// Reused each time.
        hi: u64,
    },
    /// Between these shares of the lifetime.
    Share {
        /// Lower and upper bound.
        share: (f64, f64),
    },
}

/// The cards of the clients of a run, by vendor; none where no client was judged.
pub(super) fn fingerprints(report: &Report) -> BTreeMap<String, Fingerprint> {
    let of_client = |scenario: &&Scenario| scenario.judge == Judge::Client;
    let vendors = report.run.vendors.iter();
    let cards = vendors.map(|vendor| {
        let scenarios: Vec<&Scenario> = report
            .scenarios
            .iter()
            .filter(of_client)
            .filter(|scenario| scenario.vendor == *vendor)
            .collect();
        (vendor.clone(), card(report, vendor, &scenarios))
    });
    cards
        .filter(|(_, card)| *card != Fingerprint::default())
        .collect()
}

fn card(report: &Report, vendor: &str, scenarios: &[&Scenario]) -> Fingerprint {
    let measurement = scenarios
        .iter()
        .find_map(|scenario| scenario.evidence.measurement())
        .map(|(_, measurement)| measurement)
        .filter(|measurement| measurement.cached && measurement.unit != Unit::Unknown);
    let entries = || {
        let entries = scenarios.iter().map(|scenario| scenario.evidence.entries());
        entries.flatten().map(|(_, entry)| entry)
    };
    let verdict = |id: &str| {
        let mut rows = report.verdicts.iter();
        rows.find(|row| row.id.0 == id && row.vendor == vendor && row.judge == Judge::Client)
    };
    let retries = verdict("RET-01").and_then(|row| match row.verdict {
        Verdict::Pass => Some(true),
        Verdict::Warn | Verdict::Fail => Some(false),
        _ => None,
    });
    let basic = verdict("BAS-02").and_then(|row| row.figures.get("spelling"));
    Fingerprint {
        unit: measurement.map(unit),
        margin: measurement.map(margin),
        background: measurement.map(|measurement| measurement.background),
        retries,
        basic: basic.and_then(|word| word.as_str()).map(str::to_owned),
        socket_space: entries().find_map(socket_space),
        user_agent: entries().find_map(user_agent),
    }
}

const fn unit(measurement: &Measurement) -> &'static str {
    match measurement.unit {
        Unit::Ms => "ms",
        Unit::S => "s",
        Unit::None | Unit::Unknown => "none",
    }
}

const fn margin(measurement: &Measurement) -> Margin {
    match measurement.share {
        Some(share) => Margin::Share { share },
        None => Margin::Raw {
            lo: measurement.lo,
            hi: measurement.hi,
        },
    }
}

fn socket_space(entry: &Entry) -> Option<&'static str> {
    let (_, query) = entry.target.split_once('?')?;
    let value = query
        .split(['&', '?'])
        .find_map(|pair| pair.strip_prefix("token=Bearer"))?;
    match value.as_bytes() {
        [b'%', b'2', b'0', ..] => Some("%20"),
        [b'+', ..] => Some("+"),
        [b' ', ..] => Some("raw"),
        _ => None,
    }
}

fn user_agent(entry: &Entry) -> Option<String> {
    let mut headers = entry.headers.iter();
    headers
        .find(|(name, _)| name.eq_ignore_ascii_case("user-agent"))
        .map(|(_, value)| value.clone())
}

/// The card in one line: `reads s, renews 59 to 60 s ahead, sends a refused call again`.
pub(super) fn line(card: &Fingerprint) -> String {
    let mut words = Vec::new();
    match card.unit {
        Some("none") => words.push("takes time from no field".to_owned()),
        Some(unit) => words.push(format!("reads lifetimes in {unit}")),
        None => {}
    }
    match &card.margin {
        Some(Margin::Share { share: (lo, hi) }) => words.push(format!(
            "renews {:.0} to {:.0} % of a lifetime ahead",
            lo * 100.0,
            hi * 100.0
        )),
        Some(Margin::Raw { hi: 0, .. }) if card.unit != Some("none") => {
            words.push("has no margin".to_owned());
        }
        Some(Margin::Raw { hi, .. }) if *hi > 0 => {
            words.push(format!(
                "renews {hi} {} ahead",
                card.unit.unwrap_or_default()
            ));
        }
        _ => {}
    }
    match card.retries {
        Some(true) => words.push("sends a refused call again".to_owned()),
        Some(false) => words.push("leaves a refused call to its caller".to_owned()),
        None => {}
    }
    if let Some(basic) = &card.basic {
        words.push(format!("Basic {basic}"));
    }
    if let Some(space) = card.socket_space {
        words.push(format!("the socket's space as {space}"));
    }
    if let Some(agent) = &card.user_agent {
        words.push(agent.clone());
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(card: &Fingerprint, written: &str, line_of_it: &str) {
        assert_eq!(serde_json::to_string(card).expect("plain"), written);
        assert_eq!(line(card), line_of_it);
    }

    #[test]
    fn a_card_says_what_was_seen_and_no_more() {
        check(&Fingerprint::default(), "{}", "");
        let plain = Fingerprint {
            unit: Some("ms"),
            margin: Some(Margin::Raw {
                lo: 59_999,
                hi: 60_000,
            }),
            retries: Some(true),
            ..Fingerprint::default()
        };
        check(
            &plain,
            r#"{"unit":"ms","margin":{"lo":59999,"hi":60000},"retries":true}"#,
            "reads lifetimes in ms, renews 60000 ms ahead, sends a refused call again",
        );
        let share = Fingerprint {
            unit: Some("s"),
            margin: Some(Margin::Share { share: (0.1, 0.25) }),
            socket_space: Some("%20"),
            ..Fingerprint::default()
        };
        check(
            &share,
            r#"{"unit":"s","margin":{"share":[0.1,0.25]},"socket_space":"%20"}"#,
            "reads lifetimes in s, renews 10 to 25 % of a lifetime ahead, the socket's space as %20",
        );
        let none = Fingerprint {
            unit: Some("none"),
            margin: Some(Margin::Raw { lo: 0, hi: 0 }),
            ..Fingerprint::default()
        };
        let written = r#"{"unit":"none","margin":{"lo":0,"hi":0}}"#;
        check(&none, written, "takes time from no field");
    }
}
