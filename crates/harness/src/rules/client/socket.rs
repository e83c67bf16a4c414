//! What a client does on websockets.
//!
//! - [`url`]: how it spells the URL
//! - [`handshake`]: its upgrade, and what it makes of the answer
//! - [`session`]: configuration, audio, pings and the end
//! - [`frames`]: fragments, and frames that break the protocol
//! - [`refusal`]: what it reports of a socket that does not open
//! - [`reconnect`]: which token it comes back with, and how soon

pub(super) mod frames;
pub(super) mod handshake;
pub(super) mod reconnect;
pub(super) mod refusal;
pub(super) mod session;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod url;

use locum_core::journal::EntryFrame;
use serde_json::Value;

use super::commands::{GivenCommand, asked};
use super::plan::{Bent, bent};
use super::traffic::{Arrival, arrivals};
use crate::evidence::RecordId;
use crate::rules::View;

/// The requests that want to become a websocket.
fn upgrades<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    arrivals(view).filter(Arrival::is_upgrade)
}

fn token_parameter<'a>(view: &View<'a>) -> &'a str {
    let facts = view.profile.socket.as_ref();
    facts.map_or("token", |facts| facts.token_parameter.as_str())
}

/// The pairs of a target's query, behind a second `?` too.
fn pairs(target: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query
        .split(['&', '?'])
        .filter_map(|pair| pair.split_once('='))
}

/// The upgrades that show a token, with its value as it is spelled.
fn tokens<'a>(view: &View<'a>) -> impl Iterator<Item = (Arrival<'a>, &'a str)> {
    let parameter = token_parameter(view);
    upgrades(view).filter_map(move |upgrade| {
        let mut pairs = pairs(&upgrade.entry.target);
        let (_, token) = pairs.find(|(name, _)| *name == parameter)?;
        Some((upgrade, token))
    })
}

/// A websocket that was opened.
#[derive(Clone, Copy)]
struct Session<'a> {
    upgrade: Arrival<'a>,
}

/// The websockets that were opened and that nothing was wrong with.
fn sessions<'a>(view: &View<'a>) -> impl Iterator<Item = Session<'a>> + use<'a> {
    let sound = upgrades(view).filter(|upgrade| upgrade.entry.fault.is_none());
    sound
        .filter(Arrival::is_served)
        .map(|upgrade| Session { upgrade })
}

/// The upgrades that a right 101 answered, whatever happened later.
fn websockets<'a>(view: &View<'a>) -> Vec<Arrival<'a>> {
    let twisted: Vec<RecordId> = bent(view)
        .into_iter()
        .filter(|bent| bent.action.answer.is_some())
        .map(|bent| bent.arrival.seq)
        .collect();
    let opened = upgrades(view).filter(Arrival::is_served);
    opened
        .filter(|upgrade| !twisted.contains(&upgrade.seq))
        .collect()
}

/// The websockets that were opened and met a fault, with what that did.
fn faulty_sessions<'a>(view: &View<'a>) -> Vec<(Session<'a>, Bent<'a>)> {
    let opened = bent(view)
        .into_iter()
        .filter(|bent| bent.arrival.is_upgrade() && bent.arrival.is_served());
    opened
        .map(|bent| {
            let upgrade = bent.arrival;
            (Session { upgrade }, bent)
        })
        .collect()
}

impl<'a> Session<'a> {
    fn frames(self) -> &'a [EntryFrame] {
        &self.upgrade.entry.frames
    }

    /// The frames of the client, with their place among all. A connection that ended without a close
    /// frame is none.
    fn sent(self) -> impl Iterator<Item = (usize, &'a EntryFrame)> {
        let frames = self.frames().iter().enumerate();
        frames.filter(|(_, frame)| frame.from == "client" && frame.masked.is_some())
    }

    /// The frames of the mock.
    fn received(self) -> impl Iterator<Item = (usize, &'a EntryFrame)> {
        let frames = self.frames().iter().enumerate();
        frames.filter(|(_, frame)| frame.from == "mock")
    }

    /// Where the mock accepted the configuration.
    fn accepted(self, view: &View<'_>) -> Option<usize> {
        let wanted = view.profile.socket.as_ref()?.messages.accepted.as_str();
        let mut texts = self.received();
        let (at, _) = texts.find(|(_, frame)| kind(frame).as_deref() == Some(wanted))?;
        Some(at)
    }

    /// Where the client said that it is done.
    fn end(self, view: &View<'_>) -> Option<usize> {
        let wanted = view.profile.socket.as_ref()?.messages.end.as_str();
        let mut texts = self.sent();
        let (at, _) = texts.find(|(_, frame)| kind(frame).as_deref() == Some(wanted))?;
        Some(at)
    }

    /// Where the vendor said that the session is over.
    fn ended(self, view: &View<'_>) -> Option<usize> {
        let ended = &view.profile.socket.as_ref()?.messages.ended;
        let is_it = |frame: &EntryFrame| kind(frame).is_some_and(|kind| ended.contains(&kind));
        let mut texts = self.received();
        let (at, _) = texts.find(|(_, frame)| is_it(frame))?;
        Some(at)
    }

    /// The client's close frame.
    fn close(self) -> Option<(usize, &'a EntryFrame)> {
        self.sent().find(|(_, frame)| frame.opcode == "close")
    }

    /// Whether all that passed on it is known.
    fn is_whole(self) -> bool {
        self.upgrade.entry.closed.is_some() && self.upgrade.entry.frames_dropped == 0
    }
}

/// The member `type` of a text message.
fn kind(frame: &EntryFrame) -> Option<String> {
    let text = frame.text.as_deref()?;
    let message: Value = serde_json::from_str(text).ok()?;
    message["type"].as_str().map(str::to_owned)
}

/// The openings that the client was asked for, in order.
fn openings<'a>(view: &View<'a>) -> Vec<GivenCommand<'a>> {
    let mut all = asked(view);
    all.retain(|asked| asked.command.op() == "ws_open");
    all
}

/// The opening under which this record was made: the last one before it.
fn opening_of<'a>(view: &View<'a>, seq: RecordId) -> Option<GivenCommand<'a>> {
    let mut openings = openings(view).into_iter();
    openings.rfind(|opening| opening.seq < seq)
}

/// An opening that led to a socket that nothing was wrong with: the client can open one.
fn control<'a>(view: &View<'a>) -> Option<Session<'a>> {
    sessions(view).find(|session| {
        let opening = opening_of(view, session.upgrade.seq);
        let answer = opening.and_then(|opening| opening.answer);
        answer.is_some_and(|(_, reply)| reply.succeeded())
    })
}
