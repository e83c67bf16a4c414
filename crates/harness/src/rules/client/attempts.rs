//! Attempts: how many there were, how far apart, and what the caller was told in the end.

use super::commands::{GivenCommand, calls};
use super::traffic::Arrival;
use crate::evidence::RecordId;
use crate::rules::View;
use crate::subject::Departure;

/// The gaps between requests in order, arrival to arrival, in milliseconds.
pub(super) fn gaps_ms(requests: &[Arrival<'_>]) -> Vec<i64> {
    let gap = |pair: &[Arrival<'_>]| {
        pair[1].entry.arrived.as_millis() - pair[0].entry.arrived.as_millis()
    };
    requests.windows(2).map(gap).collect()
}

/// How the caller of one command fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was told that it went well.
    Succeeded(RecordId),
    /// It was told that it did not.
    Failed(RecordId),
    /// It was told nothing.
    Unanswered,
}

impl GivenCommand<'_> {
    /// How its caller fared.
    pub(super) fn end(&self) -> End {
        match self.answer {
            Some((seq, reply)) if reply.succeeded() => End::Succeeded(seq),
            Some((seq, _)) => End::Failed(seq),
            None => End::Unanswered,
        }
    }
}

/// The first API call that was asked for.
pub(super) fn first_call<'a>(view: &View<'a>) -> Option<GivenCommand<'a>> {
    calls(view).into_iter().next()
}

/// Where it shows that the client did not answer in time, though it lives.
pub(super) fn hung(view: &View<'_>) -> Option<RecordId> {
    let (seq, gone) = view.evidence.client_gone()?;
    (gone.kind == Departure::NoReply).then_some(seq)
}

/// How much time lies between two records, in milliseconds.
pub(super) fn elapsed_ms(view: &View<'_>, from: RecordId, to: RecordId) -> u64 {
    let records = view.evidence.records();
    let at = |seq| records.iter().find(|record| record.seq == seq);
    let time = |seq| at(seq).map_or(0, |record| record.t_ms);
    time(to).saturating_sub(time(from))
}

/// `1 token request`, `3 token requests`.
pub(super) fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
