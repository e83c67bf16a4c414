//! Waits until the journal has what is asked for.

use std::sync::Arc;
use std::time::Duration;

use locum_core::Filter;
use serde_json::{Map, Value};

use super::call::{self, CallResult, ControlRequest};
use super::filter;
use super::journal::Arrived;
use super::refusal::Refusal;
use crate::Stages;
use crate::stage::Stage;

/// How long a caller may wait, in seconds.
const MAX_WAIT_S: f64 = 600.0;

/// Answers when as many entries fit as the query says.
pub(super) async fn wait(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let mut query = request.query.clone();
    let count = whole(&mut query, "count", 1)?;
    let timeout = seconds(&mut query, "timeout", 5.0)?;
    let filter = filter::of_members(&request, query)?;
    let enough = until(&request.stages, &stage, &filter, count);
    match tokio::time::timeout(timeout, enough).await {
        Ok(true) => {
            let entries = stage.with_journal(|journal| {
                let found = journal.find(&filter);
                found.map(|entry| Arc::clone(entry).into()).collect()
            });
            Ok(call::json(200, &Arrived { entries }))
        }
        Ok(false) => {
            Err(Refusal::unknown("stage", &stage.name).hint("it was deleted while the call waited"))
        }
        Err(_) => {
            let have = fitting(&stage, &filter);
            Err(
                Refusal::new(408, format!("{have} of {count} entries arrived in time"))
                    .hint("GET /_locum/journal shows what arrived; `timeout` is in seconds")
                    .with("count", have),
            )
        }
    }
}

/// Waits until `count` entries fit; false when the stage is gone.
async fn until(stages: &Stages, stage: &Arc<Stage>, filter: &Filter, count: usize) -> bool {
    loop {
        let written = stage.written.notified();
        tokio::pin!(written);
        written.as_mut().enable();
        if fitting(stage, filter) >= count {
            return true;
        }
        if !stages.has(stage) {
            return false;
        }
        written.await;
    }
}

fn fitting(stage: &Stage, filter: &Filter) -> usize {
    stage.with_journal(|journal| journal.find(filter).count())
}

fn whole(query: &mut Map<String, Value>, name: &str, default: usize) -> Result<usize, Refusal> {
    let Some(value) = query.remove(name) else {
        return Ok(default);
    };
    let whole = value.as_u64().and_then(|n| usize::try_from(n).ok());
    whole.ok_or_else(|| {
        Refusal::bad(format!("`{name}` is not a whole number: {value}")).hint("such as 3")
    })
}

fn seconds(query: &mut Map<String, Value>, name: &str, default: f64) -> Result<Duration, Refusal> {
    let value = query.remove(name).and_then(|value| value.as_f64());
    let seconds = value.unwrap_or(default);
    if !(0.0..=MAX_WAIT_S).contains(&seconds) {
        return Err(Refusal::bad(format!("`{name}` is out of range: {seconds}"))
            .hint(format!("seconds, from 0 to {MAX_WAIT_S}")));
    }
    Ok(Duration::from_secs_f64(seconds))
}
