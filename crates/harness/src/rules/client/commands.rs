//! What the client was asked for, and when it had answered.

use serde_json::{Map, Value};

use super::traffic::{Arrival, api_requests};
use crate::evidence::{Event, RecordId};
use crate::rules::View;
use crate::subject::{ClientCommand, ClientReply};

/// One command with the client's answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct GivenCommand<'a> {
    /// Its number among what the client was asked.
    pub(super) id: u64,
    /// The record of the command.
    pub(super) seq: RecordId,
    /// The command.
    pub(super) command: &'a ClientCommand,
    /// The record of the answer, and the answer.
    pub(super) answer: Option<(RecordId, &'a ClientReply)>,
}

/// All commands, in order.
pub(super) fn asked<'a>(view: &View<'a>) -> Vec<GivenCommand<'a>> {
    let records = view.evidence.records();
    let answer = |wanted: u64| {
        records.iter().find_map(|record| match &record.event {
            Event::Answer { id, message } if *id == wanted => Some((record.seq, message)),
            _ => None,
        })
    };
    let asks = records.iter().filter_map(|record| match &record.event {
        Event::Ask { id, message } => Some(GivenCommand {
            id: *id,
            seq: record.seq,
            command: message,
            answer: answer(*id),
        }),
        _ => None,
    });
    asks.collect()
}

/// The API calls that were asked for, in order.
pub(super) fn calls<'a>(view: &View<'a>) -> Vec<GivenCommand<'a>> {
    let mut asked = asked(view);
    asked.retain(|asked| matches!(asked.command, ClientCommand::Call { .. }));
    asked
}

/// So many characters of the client's own words are shown.
const MAX_WORDS: usize = 160;

/// What the client gave as the reason of its last failure, shortened: its text, else the kind of error.
/// A client that could not be made fails at all that follows: then why it could not.
pub(super) fn last_words(view: &View<'_>) -> Option<String> {
    let asked = asked(view);
    let is_new = |asked: &&GivenCommand<'_>| asked.command.op() == "new";
    let (made, others): (Vec<&GivenCommand<'_>>, Vec<_>) = asked.iter().partition(is_new);
    let mut replies = made.iter().chain(others.iter().rev());
    let (_, reply) = replies.find_map(|one| one.answer.filter(|(_, reply)| !reply.succeeded()))?;
    let told = [&reply.message, &reply.error, &reply.unsupported];
    let mut lines = told
        .into_iter()
        .flatten()
        .filter_map(|text| text.trim().lines().next());
    let line = lines.find(|line| !line.is_empty())?;
    Some(line.chars().take(MAX_WORDS).collect())
}

/// Whether a call was asked for after this record.
pub(super) fn call_follows(view: &View<'_>, seq: RecordId) -> bool {
    calls(view).iter().any(|call| call.seq > seq)
}

/// Whether anything of this kind was asked for.
pub(super) fn is_asked(view: &View<'_>, op: &str) -> bool {
    asked(view).iter().any(|asked| asked.command.op() == op)
}

/// The records at which the client's clock was set, and its distance from then on in seconds.
pub(super) fn clock_turns(view: &View<'_>) -> Vec<(RecordId, f64)> {
    let turn = |asked: GivenCommand<'_>| match asked.command {
        ClientCommand::Clock { offset_s, .. } => Some((asked.seq, *offset_s)),
        _ => None,
    };
    asked(view).into_iter().filter_map(turn).collect()
}

/// What the client was configured with: addresses and ids in clear, secrets by name.
pub(super) fn config<'a>(view: &View<'a>) -> Option<&'a Map<String, Value>> {
    asked(view)
        .into_iter()
        .rev()
        .find_map(|asked| match asked.command {
            ClientCommand::New { config, .. } => Some(config),
            _ => None,
        })
}

/// A text of the configuration.
pub(super) fn configured<'a>(view: &View<'a>, name: &str) -> Option<&'a str> {
    config(view)?.get(name)?.as_str()
}

/// Whether one instance lived through all that was asked, with neither clock turned and no token
/// ended: nothing but the client itself had a reason for a new token.
pub(super) fn is_one_quiet_life(view: &View<'_>) -> bool {
    let places = view.evidence.places();
    let is_apart = |command: &ClientCommand| {
        let handle = command.handle();
        handle.is_some_and(|handle| places.contains(handle))
    };
    let instances = asked(view)
        .iter()
        .filter(|asked| asked.command.op() == "new" && !is_apart(asked.command))
        .count();
    let disturbs = |event: &Event| matches!(event, Event::Control { call, .. } if call == "clock" || call.starts_with("tokens/"));
    let mut records = view.evidence.records().iter();
    instances <= 1 && clock_turns(view).is_empty() && !records.any(|record| disturbs(&record.event))
}

/// The record of the first control call of this name.
pub(super) fn control(view: &View<'_>, name: &str) -> Option<RecordId> {
    let mut controls = view.evidence.controls();
    controls
        .find(|(_, call, _)| *call == name)
        .map(|(seq, ..)| seq)
}

/// Whether the client sends refused calls again, as far as these calls show: more requests came of
/// them than were asked for.
pub(super) fn resends(view: &View<'_>, burst: &[GivenCommand<'_>]) -> bool {
    let Some(start) = burst.first().map(|call| call.seq) else {
        return false;
    };
    let end = burst
        .iter()
        .filter_map(|call| call.answer)
        .map(|(at, _)| at)
        .max();
    let arrived =
        api_requests(view).filter(|call| call.seq > start && end.is_none_or(|end| call.seq < end));
    let (served, refused): (Vec<_>, Vec<_>) = arrived.partition(Arrival::is_served);
    !served.is_empty() && !refused.is_empty() && served.len() + refused.len() > burst.len()
}
