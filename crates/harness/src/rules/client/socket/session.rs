//! An ordinary session of a client: masked frames, configuration, audio, pings, the end.

use std::collections::BTreeMap;
use std::time::Duration;

use locum_core::journal::{EntryFrame, Mask};

use super::super::commands::{GivenCommand, asked};
use super::super::traffic::Arrival;
use super::super::{Fault, each_has_the_form, met, unobserved};
use super::{Session, faulty_sessions, kind, sessions, websockets};
use crate::rules::{Rule, View, may_close_with};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Grade, Proof};

pub(in crate::rules::client) const RULES: &[Rule] = &[
    Rule::client("WSS-13", masks).everywhere(),
    Rule::client("WSS-31", draws_masks).everywhere(),
    Rule::client("WSS-32", closes_with_codes_that_may_be_sent).everywhere(),
    Rule::client("WS-06", answers_ping_and_close),
    Rule::client("WS-07", configures_first),
    Rule::client("WS-08", cuts_audio).everywhere(),
    Rule::client("WS-09", says_the_end),
];

/// How many keys that came before are no chance: of a thousand frames, two are equal once in 8600 runs.
const CHANCE: usize = 2;

/// How many masked frames show that their keys differ.
const LEAST_MASKED: usize = 3;

/// How long the vendor waits for the configuration.
const CONFIGURATION_TIME: Duration = Duration::from_secs(10);

/// Each frame of the client is masked.
fn masks(view: &View<'_>) -> Finding {
    let judged = websockets(view).into_iter().filter_map(|upgrade| {
        let sent: Vec<bool> = Session { upgrade }
            .sent()
            .filter_map(|(_, frame)| frame.masked)
            .collect();
        let bare = sent.iter().filter(|masked| !**masked).count();
        let fault = (bare > 0).then(|| Fault::broken(upgrade, format!("{bare} without a mask")));
        (!sent.is_empty()).then_some((upgrade, fault))
    });
    each_has_the_form(view, "each frame is masked", "no frame arrived", judged)
}

/// Each frame has a masking key of its own (RFC 6455 §5.3). One that comes again may be chance, and
/// where there is nothing to mask, it hides nothing. Whether keys can be foretold otherwise does not
/// show.
fn draws_masks(view: &View<'_>) -> Finding {
    let mut keys: BTreeMap<Mask, Vec<Arrival<'_>>> = BTreeMap::new();
    for upgrade in websockets(view) {
        let full = (Session { upgrade })
            .sent()
            .filter(|(_, frame)| frame.length > 0);
        for mask in full.filter_map(|(_, frame)| frame.mask) {
            keys.entry(mask).or_default().push(upgrade);
        }
    }
    let count: usize = keys.values().map(Vec::len).sum();
    let again = count - keys.len();
    let most = keys.iter().max_by_key(|(_, frames)| frames.len());
    match most {
        Some((mask, frames)) if again >= CHANCE => {
            let repeated = keys.values().filter(|frames| frames.len() > 1);
            let proof = Proof::all(repeated.flatten().copied());
            let proof = proof.unwrap_or_else(|| frames[0].into());
            let times = frames.len();
            let seen = format!("{times} of {count} frames are masked with {mask}");
            Finding::broken("a fresh masking key for each frame", seen, proof)
        }
        _ if again > 0 => unobserved(view, "two frames have the same key, which may be chance"),
        _ if count < LEAST_MASKED => unobserved(view, "no three masked frames arrived"),
        _ => {
            let looked_at = keys.values().flatten();
            let looked_at = looked_at.filter(|upgrade| upgrade.was_looked_at());
            match Proof::all(looked_at.copied()) {
                Some(proof) => met(
                    view,
                    format!("{count} frames, each with another key"),
                    proof,
                ),
                None => unobserved(view, "no masked frame was looked at"),
            }
        }
    }
}

/// A close of the client carries no code, or one that may be sent (RFC 6455 §5.5.1, §7.4.1). One that
/// the vendor sent itself may come back.
fn closes_with_codes_that_may_be_sent(view: &View<'_>) -> Finding {
    let judged = websockets(view).into_iter().filter_map(|upgrade| {
        let session = Session { upgrade };
        let closes = || session.sent().filter(|(_, frame)| frame.opcode == "close");
        let is_known = |frame: &EntryFrame| frame.length < 2 || close_code(frame).is_some();
        let returned = |wrong: u16| {
            let mut frames = session.received();
            frames.any(|(_, frame)| frame.opcode == "close" && close_code(frame) == Some(wrong))
        };
        let fault = closes().find_map(|(_, frame)| match close_code(frame) {
            Some(code) if may_close_with(code) => None,
            Some(code) if returned(code) => {
                let seen = format!("a close with {code}, as the vendor closed");
                Some(Fault::new(upgrade, Grade::Tolerated, seen))
            }
            Some(code) => Some(Fault::broken(upgrade, format!("a close with {code}"))),
            None if frame.length == 1 => Some(Fault::broken(upgrade, "a close of one byte")),
            None => None,
        });
        closes()
            .any(|(_, frame)| is_known(frame))
            .then_some((upgrade, fault))
    });
    let expected = "1000 to 1003, 1007 to 1014, 3000 to 4999, or no code";
    each_has_the_form(view, expected, "no close frame arrived", judged)
}

/// The code with which a frame closes.
pub(super) fn close_code(frame: &EntryFrame) -> Option<u16> {
    let text = frame.text.as_deref()?;
    text.split(' ').next()?.parse().ok()
}

/// A ping is answered with a pong of the same bytes, and a close with a close.
fn answers_ping_and_close(view: &View<'_>) -> Finding {
    let judged = sessions(view)
        .filter(|session| session.is_whole())
        .filter_map(|session| {
            let (_, ping) = session
                .received()
                .find(|(_, frame)| frame.opcode == "ping")?;
            // A client that ended the session by itself may not have read so far.
            session
                .received()
                .find(|(_, frame)| is_ordinary_close(frame))?;
            let has_pong = session
                .sent()
                .any(|(_, frame)| frame.opcode == "pong" && frame.text == ping.text);
            let missing: Vec<&str> = [
                (has_pong, "no pong with the bytes of the ping"),
                (session.close().is_some(), "no close frame"),
            ]
            .into_iter()
            .filter_map(|(is_there, seen)| (!is_there).then_some(seen))
            .collect();
            let seen = missing.join(", ");
            let fault = (!missing.is_empty()).then(|| Fault::broken(session.upgrade, seen));
            Some((session.upgrade, fault))
        });
    let judged = judged.chain(ended_by_the_vendor(view));
    let what = "no websocket on which the vendor sent a ping and a close was seen to its end";
    each_has_the_form(view, "a pong and a close frame", what, judged)
}

/// Whether it is a close that names no fault of the client (RFC 6455 §7.4.1).
fn is_ordinary_close(frame: &EntryFrame) -> bool {
    frame.opcode == "close" && matches!(close_code(frame), None | Some(1000 | 1001))
}

/// The sessions that the vendor ended before the client did: what the client closes with after that
/// is its answer. One that it had closed by itself tells nothing.
fn ended_by_the_vendor<'a>(
    view: &View<'a>,
) -> impl Iterator<Item = (Arrival<'a>, Option<Fault<'a>>)> {
    let closed = faulty_sessions(view).into_iter();
    let closed =
        closed.filter(|(session, bent)| bent.action.close_ws.is_some() && session.is_whole());
    closed.filter_map(|(session, _)| {
        let mut received = session.received();
        let (ended, _) = received.find(|(_, frame)| is_ordinary_close(frame))?;
        let fault = match session.close() {
            Some((closed, _)) if closed < ended => return None,
            Some(_) => None,
            None => Some(Fault::broken(
                session.upgrade,
                "no close frame to the vendor's",
            )),
        };
        Some((session.upgrade, fault))
    })
}

/// The configuration comes first and in time, and no audio before it is accepted.
fn configures_first(view: &View<'_>) -> Finding {
    let wanted = view.profile.socket.as_ref();
    let wanted = wanted.map_or("", |facts| facts.messages.configuration.as_str());
    let judged = sessions(view).filter_map(|session| {
        let messages = || session.sent().filter(|(_, frame)| is_data(&frame.opcode));
        let (_, first) = messages().next()?;
        let mut texts = session.sent();
        let configuration = texts.find(|(_, frame)| kind(frame).as_deref() == Some(wanted));
        let accepted = session.accepted(view);
        let is_early = |at: usize| accepted.is_none_or(|accepted| at < accepted);
        let opened = session.upgrade.entry.completed;
        let is_late = |at: locum_core::Timestamp| {
            opened.is_some_and(|opened| at.since(opened) > CONFIGURATION_TIME)
        };
        let fault = match configuration {
            _ if first.opcode == "binary" => Some("audio before the configuration"),
            None if accepted.is_none() => None?,
            None => Some("the first message is not the configuration"),
            Some((_, frame)) if is_late(frame.at) => Some("a configuration after 10 s"),
            _ if messages().any(|(at, frame)| frame.opcode == "binary" && is_early(at)) => {
                Some("audio before the configuration was accepted")
            }
            // Whether it would have waited is not known.
            _ if accepted.is_none() => None?,
            Some(_) => None,
        };
        let fault = fault.map(|seen| Fault::broken(session.upgrade, seen));
        Some((session.upgrade, fault))
    });
    let expected = "the configuration within 10 s, and audio once it is accepted";
    each_has_the_form(view, expected, "no configuration was accepted", judged)
}

fn is_data(opcode: &str) -> bool {
    matches!(opcode, "text" | "binary")
}

/// No frame of audio is longer than the vendor takes.
fn cuts_audio(view: &View<'_>) -> Finding {
    let facts = view.profile.socket.as_ref();
    let most = facts.map_or(u64::MAX, |facts| facts.max_frame);
    let pieces = pieces_of_audio(view);
    let judged = websockets(view).into_iter().filter_map(|upgrade| {
        let mut longest = None;
        let mut is_audio = false;
        for (_, frame) in (Session { upgrade }).sent() {
            match frame.opcode.as_str() {
                "binary" => is_audio = true,
                "text" => is_audio = false,
                "continuation" => {}
                _ => continue,
            }
            if is_audio {
                longest = longest.max(Some(frame.length));
            }
        }
        let longest = longest?;
        // A caller that hands over such a piece could as well have cut it.
        let grade = match pieces.contains(&longest) {
            true => Grade::Tolerated,
            false => Grade::Broken,
        };
        let seen = format!("a frame of {longest} bytes");
        let fault = (longest > most).then(|| Fault::new(upgrade, grade, seen));
        Some((upgrade, fault))
    });
    let expected = format!("frames of at most {most} bytes");
    each_has_the_form(view, &expected, "no audio arrived", judged)
}

/// How long the pieces were that the client was handed, in bytes.
fn pieces_of_audio(view: &View<'_>) -> Vec<u64> {
    let length = |one: GivenCommand<'_>| match one.command {
        ClientCommand::WsSend {
            base64: Some(audio),
            ..
        } => {
            let padding = audio.bytes().rev().take_while(|byte| *byte == b'=').count();
            u64::try_from((audio.len() / 4 * 3).checked_sub(padding)?).ok()
        }
        _ => None,
    };
    asked(view).into_iter().filter_map(length).collect()
}

/// The client says that it is done, and takes the vendor's word for the end.
fn says_the_end(view: &View<'_>) -> Finding {
    let judged = sessions(view)
        .filter(|session| session.is_whole() && session.accepted(view).is_some())
        .filter_map(|session| {
            let end = session.end(view);
            let fault = match (end, session.ended(view), session.close()) {
                (None, _, Some(_)) => Some("closed without an end message"),
                // It broke off, and why is not known.
                (None, _, None) => None?,
                (Some(_), Some(_), _) => None,
                (Some(_), None, _) => Some("closed before the vendor's word for the end"),
            };
            let fault = fault.map(|seen| Fault::new(session.upgrade, Grade::Broken, seen));
            Some((session.upgrade, fault))
        });
    let expected = "an end message, and the socket closed after the vendor's";
    each_has_the_form(view, expected, "no session was seen to its end", judged)
}
