//! Waiting for the journal: until so many entries fit.

use std::time::Duration;

use locum_core::{Entry, Filter};
use serde::Deserialize;
use serde_json::json;

use super::call::{self, Ask, Outcome, number, text};
use super::refusal::Refusal;

/// The longest wait in seconds.
const LONGEST: f64 = 60.0;

/// The parameters: how many, how long, and a filter.
pub(super) const PARAMS: &[call::Param] = &[
    number("count"),
    number("timeout"),
    number("after"),
    text("vendor"),
    text("outcome"),
    text("endpoint"),
    text("method"),
    text("path"),
    text("header"),
    number("token"),
    text("denial"),
];

#[derive(Debug, Deserialize)]
struct Patience {
    #[serde(default = "one")]
    count: usize,
    #[serde(default = "five")]
    timeout: f64,
}

const fn one() -> usize {
    1
}

const fn five() -> f64 {
    5.0
}

/// Answers when enough entries fit, or the time is over.
pub(super) async fn wait(ask: Ask) -> Outcome {
    let stage = ask.stage()?;
    let patience: Patience = ask.query()?;
    let mut members = ask.query.clone();
    members.retain(|name, _| name != "count" && name != "timeout");
    let filter: Filter =
        serde_json::from_value(members.into()).map_err(|error| Refusal::json(&error))?;
    if !(0.0..=LONGEST).contains(&patience.timeout) {
        return Err(Refusal::bad("timeout is out of range").hint(format!("0 to {LONGEST} seconds")));
    }
    let enough = async {
        loop {
            let written = stage.written.notified();
            tokio::pin!(written);
            written.as_mut().enable();
            let entries = stage.find(&filter);
            if entries.len() >= patience.count {
                return entries;
            }
            written.await;
        }
    };
    match tokio::time::timeout(Duration::from_secs_f64(patience.timeout), enough).await {
        Ok(entries) => Ok(call::json(200, &json!({ "entries": entries }))),
        Err(_) => {
            let entries: Vec<Entry> = stage.find(&filter);
            Err(Refusal::new(
                408,
                format!("{} entries fit, not {}", entries.len(), patience.count),
            )
            .hint("wait longer with timeout, or look at GET …/journal")
            .with("count", entries.len()))
        }
    }
}
