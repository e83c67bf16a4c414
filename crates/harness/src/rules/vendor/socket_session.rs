//! What a vendor makes of a flush and of the end of a session on a websocket.

use serde_json::Value;

use super::effect::{Step, concluded, unseen};
use super::socket_conversation::{answer, behind_nth, opened};
use crate::evidence::{Exchange, Frame, FrameVariation, Opcode, message_type};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::Finding;

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-30", |view| concluded(ends_when_asked(view))),
    Rule::vendor("WSS-34", |view| concluded(flushes_when_asked(view))),
    Rule::vendor("WSS-38", |view| concluded(tells_what_a_session_cost(view))),
];

/// What says that a configuration is accepted (Corti's pages, Starting).
pub(super) const ACCEPTED: &str = "CONFIG_ACCEPTED";

/// A session that the client ends is told so, and closed.
fn ends_when_asked(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "a message of type ended, and then a close";
    let open = opened(view, F::Ended)?;
    if answer(&open).as_deref() != Some(ACCEPTED) {
        let absent = unobserved(view, "the configuration was not accepted before");
        return Err(Box::new(absent.seen_in(open)));
    }
    // The first text of the harness is the configuration.
    let Some(frames) = behind_nth(&open, 1, |frame| frame.opcode == Opcode::Text) else {
        return unseen(view, "the session was not ended");
    };
    let is_told = |frame: &Frame<'_>| message_type(frame.text).is_some_and(|word| word == "ENDED");
    let ended = frames.iter().position(is_told);
    let told = ended.is_some();
    let spelled = messages(&open);
    let spelled = spelled.iter().rev().find(|one| word(one) == "ENDED");
    let spelled = spelled.and_then(|one| one["type"].as_str());
    let behind = frames.iter().skip(ended.map_or(frames.len(), |at| at + 1));
    let is_message = |frame: &Frame<'_>| matches!(frame.opcode, Opcode::Text | Opcode::Binary);
    if behind.clone().any(is_message) {
        let seen = "a message behind the one of type ended";
        return Ok(Finding::broken(EXPECTED, seen, open));
    }
    let last = frames.last().map(|frame| frame.opcode);
    let is_over = frames
        .iter()
        .any(|frame| matches!(frame.opcode, Opcode::Close | Opcode::Eof));
    let seen = match (told, is_over, last) {
        (true, true, _) => {
            let seen = spelled.unwrap_or_default();
            let expected = last_word(&open);
            return Ok(match seen == expected {
                true => Finding::met(format!("{seen}, and closed"), open),
                false => Finding::tolerated(expected, seen, open),
            });
        }
        (true, false, _) => "no close",
        (false, true, _) => "a close without that message",
        (false, false, Some(Opcode::Pong)) => "no such message within 5 s",
        (false, false, _) => {
            let absent = unobserved(view, "nothing was heard of the websocket any more");
            return Err(Box::new(absent.seen_in(open)));
        }
    };
    Ok(Finding::broken(EXPECTED, seen, open))
}

/// The word of the last message, which Corti's pages spell differently for their two websockets.
fn last_word(open: &Exchange<'_>) -> &'static str {
    match open.path().ends_with("/streams") {
        true => "ENDED",
        false => "ended",
    }
}

/// Whether a frame ends the websocket.
pub(super) const fn is_end(frame: &Frame<'_>) -> bool {
    matches!(frame.opcode, Opcode::Close | Opcode::Eof)
}

/// A session that is asked for what is left over is told when that was all, and goes on.
fn flushes_when_asked(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "a message of type flushed, and a session that goes on";
    let open = opened(view, F::Flush)?;
    if answer(&open).as_deref() != Some(ACCEPTED) {
        let absent = unobserved(view, "the configuration was not accepted before");
        return Err(Box::new(absent.seen_in(open)));
    }
    let Some(frames) = behind_nth(&open, 1, |frame| frame.opcode == Opcode::Text) else {
        return unseen(view, "nothing was asked for");
    };
    let is_told = |frame: &Frame<'_>| {
        frame.opcode == Opcode::Text
            && message_type(frame.text).is_some_and(|word| word == "FLUSHED")
    };
    let told = frames.iter().any(is_told);
    let last = frames.last().map(|frame| frame.opcode);
    let seen = match (told, frames.iter().any(is_end), last) {
        (true, false, Some(Opcode::Pong)) => return Ok(Finding::met("flushed", open)),
        (true, true, _) => "flushed, and then the end of the websocket",
        (false, true, _) => "the end of the websocket",
        (false, false, Some(Opcode::Pong)) => "no such message within 5 s",
        (_, false, _) => {
            let absent = unobserved(view, "nothing was heard of the websocket any more");
            return Err(Box::new(absent.seen_in(open)));
        }
    };
    Ok(Finding::broken(EXPECTED, seen, open))
}

/// The messages that came, in order.
pub(super) fn messages(open: &Exchange<'_>) -> Vec<Value> {
    let texts = open.received_frames();
    let texts = texts.filter(|frame| frame.opcode == Opcode::Text);
    texts
        .filter_map(|frame| serde_json::from_str(frame.text).ok())
        .collect()
}

/// The word of a message, in capitals.
pub(super) fn word(message: &Value) -> String {
    let word = message["type"].as_str().unwrap_or_default();
    word.to_ascii_uppercase()
}

/// A session that the client ends is told what it cost before it is told its end.
fn tells_what_a_session_cost(view: &View<'_>) -> Step<Finding> {
    let open = opened(view, F::Ended)?;
    let all = messages(&open);
    let Some(end) = all.iter().position(|message| word(message) == "ENDED") else {
        let absent = unobserved(view, "the session was not told its end");
        return Err(Box::new(absent.seen_in(open)));
    };
    let usage = all[..end].iter().rfind(|message| word(message) == "USAGE");
    match usage.map(|usage| &usage["credits"]) {
        Some(credits) if credits.is_number() => {
            Ok(Finding::met(format!("{credits} credits"), open))
        }
        told => {
            let seen = match told {
                Some(credits) => format!("credits {credits}"),
                None => "no message of type usage".to_owned(),
            };
            let expected = "a message of type usage, with its credits, before ended";
            Ok(Finding::broken(expected, seen, open))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Frames, Log, check, check_failures};
    use crate::verdict::Grade;

    const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
    const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);

    #[test]
    fn a_session_that_is_ended_says_so() {
        let log = |frames: Frames<'_>| {
            let before = [("sent", "{}"), ACCEPTED, ("sent", "{}")];
            let frames = [&before, frames].concat();
            Log::new().framed("with the end of the session", 101, &frames)
        };
        let told = ("text", r#"{"type":"ended"}"#);
        let (usage, close) = (("text", r#"{"type":"usage"}"#), ("close", "1000"));
        check(&log(&[usage, told, close]), "WSS-30", Grade::Met);
        check(&log(&[told, ("eof", "")]), "WSS-30", Grade::Met);
        let loud = ("text", r#"{"type":"ENDED"}"#);
        check(&log(&[loud, close]), "WSS-30", Grade::Tolerated);
        check(&log(&[usage, close]), "WSS-30", Grade::Broken);
        let lives = [("silence", ""), ("ping", "after"), ("pong", "after")];
        check(&log(&lives), "WSS-30", Grade::Broken);
        check(
            &log(&[&[told], &lives[..]].concat()),
            "WSS-30",
            Grade::Broken,
        );
        check(&log(&[("silence", "")]), "WSS-30", Grade::Unobserved);
        let alone = [("sent", "{}"), ACCEPTED, told, close];
        let alone = Log::new().framed("with the end of the session", 101, &alone);
        check(&alone, "WSS-30", Grade::Unobserved);
        check_failures("WSS-30", "frame", "with the end of the session");
    }

    #[test]
    fn a_flush_is_answered() {
        let log = |frames: Frames<'_>| {
            let before = [("sent", "{}"), ACCEPTED, ("sent", "{}")];
            let frames = [&before, frames].concat();
            Log::new().framed("with a flush", 101, &frames)
        };
        let told = ("text", r#"{"type":"flushed"}"#);
        let lives = [("ping", "after"), ("pong", "after")];
        let and_lives = |one| [&[one], &lives[..]].concat();
        check(&log(&and_lives(told)), "WSS-34", Grade::Met);
        check(&log(&and_lives(("silence", ""))), "WSS-34", Grade::Broken);
        check(&log(&[told, ("close", "1000")]), "WSS-34", Grade::Broken);
        check(&log(&[("close", "1000")]), "WSS-34", Grade::Broken);
        check(&log(&[("silence", "")]), "WSS-34", Grade::Unobserved);
        check(&log(&[told]), "WSS-34", Grade::Unobserved);
        let denied = [("sent", "{}"), DENIED, ("sent", "{}"), told];
        let denied = Log::new().framed("with a flush", 101, &denied);
        check(&denied, "WSS-34", Grade::Unobserved);
        check_failures("WSS-34", "frame", "with a flush");
    }

    #[test]
    fn a_session_is_told_what_it_cost() {
        const END: &str = "with the end of the session";
        let log = |texts: &[&'static str]| {
            let texts = texts.iter().map(|text| ("text", *text));
            let frames: Vec<_> = [("sent", "{}"), ACCEPTED]
                .into_iter()
                .chain(texts)
                .collect();
            Log::new().framed(END, 101, &frames)
        };
        let (usage, ended) = (r#"{"type":"usage","credits":0}"#, r#"{"type":"ended"}"#);
        check(&log(&[usage, ended]), "WSS-38", Grade::Met);
        check(&log(&[ended]), "WSS-38", Grade::Broken);
        check(&log(&[ended, usage]), "WSS-38", Grade::Broken);
        check(
            &log(&[r#"{"type":"usage"}"#, ended]),
            "WSS-38",
            Grade::Broken,
        );
        check(&log(&[usage]), "WSS-38", Grade::Unobserved);
        check_failures("WSS-38", "frame", END);
    }
}
