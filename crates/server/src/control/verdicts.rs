//! Verdicts: the journal so far, judged. Only a server that was given a judge has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use locum_core::{Entry, Filter, Profile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{self, CallResult, ControlCall, ControlRequest, text};
use super::filter;
use super::refusal::Refusal;
use crate::judge::{JournalJudge, JudgedRow};

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[ControlCall::new(
    "GET …/verdicts",
    "judges the client by the journal so far; without `vendor`, for each vendor that has entries",
    |request| Box::pin(verdicts(request)),
)
.query::<Query>(&[text("vendor")])
.returns::<Verdicts>()];

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Query {
    vendor: Option<String>,
}

/// The journal so far, judged.
#[derive(Serialize, JsonSchema)]
pub(super) struct Verdicts {
    /// One for each requirement and vendor.
    pub(super) verdicts: Vec<JudgedRow>,
    /// How many came to each verdict, by its word, such as `FAIL`.
    summary: BTreeMap<&'static str, usize>,
    /// How many entries were judged.
    entries: usize,
    /// How many old entries fell out of the journal, and were not judged.
    pub(super) dropped: u64,
}

/// One vendor with what its journal has.
type Case = (Profile, Vec<Arc<Entry>>);

async fn verdicts(request: ControlRequest) -> CallResult {
    let query: Query = request.query()?;
    let judged = of_stage(&request, query.vendor.as_deref()).await?;
    Ok(call::json(200, &judged))
}

/// The verdicts on what happened in the request's stage, at this vendor or at all.
pub(super) async fn of_stage(
    request: &ControlRequest,
    vendor: Option<&str>,
) -> Result<Verdicts, Refusal> {
    let stage = request.stage()?;
    let vendors = filter::vendors(request, vendor)?;
    let Some(judge) = request.stages.config.judge.clone() else {
        return Err(
            Refusal::new(404, "verdicts are not served: this server has no judge")
                .hint("`locum serve` has one, and `locum check` judges a vendor or a client"),
        );
    };
    // One journal's copy at a time, however many ask.
    let turn = Arc::clone(&request.control.judging).acquire_owned().await;
    let turn = turn.expect("the semaphore is never closed");
    let (cases, dropped) = stage.with_journal(|journal| {
        let case = |profile: &Profile| {
            let filter = Filter {
                vendor: Some(profile.vendor.clone()),
                ..Filter::default()
            };
            (profile.clone(), journal.find(&filter).cloned().collect())
        };
        let cases = vendors.iter().map(|vendor| case(vendor.profile()));
        (cases.collect::<Vec<Case>>(), journal.dropped())
    });
    let asked = vendor.is_some();
    let judged = tokio::task::spawn_blocking(move || {
        // A caller that went away must not let the next one in before this one is done.
        let _turn = turn;
        judged(judge.as_ref(), &cases, asked, dropped)
    });
    judged.await.map_err(|_| {
        Refusal::new(500, "the journal could not be judged: a rule panicked")
            .hint("a defect of locum; GET /_locum/journal has the entries to report it with")
    })
}

/// What the judge says of each case; one without entries counts only where it was `asked` for.
fn judged(judge: &dyn JournalJudge, cases: &[Case], asked: bool, dropped: u64) -> Verdicts {
    let cases = cases
        .iter()
        .filter(|(_, entries)| asked || !entries.is_empty());
    let mut judged = Verdicts {
        verdicts: Vec::new(),
        summary: BTreeMap::new(),
        entries: 0,
        dropped,
    };
    for (profile, entries) in cases {
        judged.entries += entries.len();
        judged.verdicts.extend(judge.judge(profile, entries));
    }
    for row in &judged.verdicts {
        *judged.summary.entry(row.verdict.word()).or_default() += 1;
    }
    judged
}
