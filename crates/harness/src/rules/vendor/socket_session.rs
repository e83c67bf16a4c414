//! What a vendor makes of the configuration and of the end of a session on a websocket.

use serde_json::Value;

use super::effect::{Step, concluded, unseen};
use super::socket_conversation::{answer, behind_nth, opened};
use crate::evidence::{Exchange, Frame, FrameVariation, Opcode, message_type};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::Finding;

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-29", |view| {
        concluded(takes_no_empty_configuration(view))
    }),
    Rule::vendor("WSS-30", |view| concluded(ends_when_asked(view))),
    Rule::vendor("WSS-34", |view| concluded(flushes_when_asked(view))),
    Rule::vendor("WSS-35", |view| concluded(closes_when_it_denies(view))),
    Rule::vendor("WSS-36", |view| concluded(waits_for_no_configuration(view))),
    Rule::vendor("WSS-37", |view| concluded(says_why_it_denies(view))),
    Rule::vendor("WSS-38", |view| concluded(tells_what_a_session_cost(view))),
];

/// What says that a configuration is accepted (Corti's pages, Starting).
const ACCEPTED: &str = "CONFIG_ACCEPTED";

/// A configuration that lacks what the page requires is not accepted, beside a whole one that is. The
/// pages differ on the word, so that any other is as good.
fn takes_no_empty_configuration(view: &View<'_>) -> Step<Finding> {
    let whole = opened(view, F::Configuration)?;
    let open = opened(view, F::EmptyConfiguration)?;
    let is_over = |frame: Frame<'_>| matches!(frame.opcode, Opcode::Close | Opcode::Eof);
    let seen = match answer(&open) {
        Some(word) if word == ACCEPTED => {
            let finding = Finding::broken("CONFIG_DENIED", word, open);
            return Ok(finding.beside(whole));
        }
        Some(word) => word,
        None if open.received_frames().last().is_some_and(is_over) => {
            "the end of the websocket".to_owned()
        }
        None => {
            let absent = unobserved(view, "the empty configuration was not answered");
            return Err(Box::new(absent.seen_in(open)));
        }
    };
    if answer(&whole).as_deref() != Some(ACCEPTED) {
        let absent = unobserved(view, "a whole configuration was not accepted");
        return Err(Box::new(absent.seen_in(whole)));
    }
    Ok(Finding::met(seen, open).beside(whole))
}

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
        (true, true, _) => return Ok(Finding::met("ended, and closed", open)),
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

/// Whether a frame ends the websocket.
const fn is_end(frame: &Frame<'_>) -> bool {
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

/// A websocket whose configuration was denied is closed.
fn closes_when_it_denies(view: &View<'_>) -> Step<Finding> {
    let open = opened(view, F::EmptyConfiguration)?;
    let word = answer(&open);
    if word.as_deref() == Some(ACCEPTED) {
        return unseen(view, "the configuration was accepted");
    }
    let word = word.unwrap_or_else(|| "no word".to_owned());
    let frames: Vec<Frame<'_>> = open.received_frames().collect();
    if frames.iter().any(is_end) {
        return Ok(Finding::met(format!("{word}, and closed"), open));
    }
    if frames.last().map(|frame| frame.opcode) == Some(Opcode::Pong) {
        let seen = format!("{word}, and the websocket stays open");
        return Ok(Finding::broken("a close behind it", seen, open));
    }
    let absent = unobserved(view, "nothing was heard of the websocket any more");
    Err(Box::new(absent.seen_in(open)))
}

/// The messages that came, in order.
fn messages(open: &Exchange<'_>) -> Vec<Value> {
    let texts = open.received_frames();
    let texts = texts.filter(|frame| frame.opcode == Opcode::Text);
    texts
        .filter_map(|frame| serde_json::from_str(frame.text).ok())
        .collect()
}

/// The word of a message, in capitals.
fn word(message: &Value) -> String {
    let word = message["type"].as_str().unwrap_or_default();
    word.to_ascii_uppercase()
}

/// A configuration that is denied is denied with a reason.
fn says_why_it_denies(view: &View<'_>) -> Step<Finding> {
    let open = opened(view, F::EmptyConfiguration)?;
    let all = messages(&open);
    let Some(denial) = all.iter().find(|message| word(message) == "CONFIG_DENIED") else {
        let absent = unobserved(view, "CONFIG_DENIED was not said");
        return Err(Box::new(absent.seen_in(open)));
    };
    match denial["reason"].as_str() {
        Some(reason) if !reason.trim().is_empty() => Ok(Finding::met(reason, open)),
        _ => {
            let seen = format!("CONFIG_DENIED, reason {}", denial["reason"]);
            Ok(Finding::broken("a reason", seen, open))
        }
    }
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

/// A websocket on which no configuration comes in time is closed, and told why.
fn waits_for_no_configuration(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "CONFIG_TIMEOUT, and then a close";
    let open = opened(view, F::NoConfiguration)?;
    let frames: Vec<Frame<'_>> = open.received_frames().collect();
    let alive = frames.iter().position(|frame| frame.opcode == Opcode::Pong);
    let Some(alive) = alive else {
        let absent = unobserved(view, "the websocket did not live before");
        return Err(Box::new(absent.seen_in(open)));
    };
    let behind = &frames[alive + 1..];
    let last = behind.last().map(|frame| frame.opcode);
    match (answer(&open), behind.iter().any(is_end), last) {
        (Some(word), true, _) => Ok(Finding::met(format!("{word}, and closed"), open)),
        (None, true, _) => {
            let seen = "the end of the websocket, without a word";
            Ok(Finding::tolerated(EXPECTED, seen, open))
        }
        (word, false, Some(Opcode::Pong)) => {
            let word = word.unwrap_or_else(|| "no word".to_owned());
            let seen = format!("{word}, and the websocket is open after 16 s");
            Ok(Finding::broken(EXPECTED, seen, open))
        }
        _ => {
            let absent = unobserved(view, "it was not seen for as long as it had to be");
            Err(Box::new(absent.seen_in(open)))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Frames, Log, check, check_failures};
    use crate::verdict::Grade;

    const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
    const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);

    fn whole(answer: (&'static str, &str)) -> Log {
        Log::new().framed("with the configuration", 101, &[("sent", "{}"), answer])
    }

    #[test]
    fn an_empty_configuration_is_accepted_or_not() {
        let log = |whole: Log, answer| {
            whole.framed(
                "with an empty configuration",
                101,
                &[("sent", "{}"), answer],
            )
        };
        check(&log(whole(ACCEPTED), DENIED), "WSS-29", Grade::Met);
        check(
            &log(whole(ACCEPTED), ("close", "1008")),
            "WSS-29",
            Grade::Met,
        );
        check(&log(whole(ACCEPTED), ACCEPTED), "WSS-29", Grade::Broken);
        check(
            &log(whole(ACCEPTED), ("silence", "")),
            "WSS-29",
            Grade::Unobserved,
        );
        check(&log(whole(DENIED), DENIED), "WSS-29", Grade::Unobserved);
        check_failures("WSS-29", "frame", "with an empty configuration");
    }

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
    fn a_denied_websocket_is_closed() {
        const EMPTY: &str = "with an empty configuration";
        let log = |frames: Frames<'_>| {
            let frames = [&[("sent", "{}")], frames].concat();
            Log::new().framed(EMPTY, 101, &frames)
        };
        let lives = [("ping", "after"), ("pong", "after")];
        check(&log(&[DENIED, ("close", "1000")]), "WSS-35", Grade::Met);
        check(&log(&[DENIED, ("eof", "")]), "WSS-35", Grade::Met);
        check(&log(&[("close", "1008")]), "WSS-35", Grade::Met);
        let stays = [&[DENIED, ("silence", "")], &lives[..]].concat();
        check(&log(&stays), "WSS-35", Grade::Broken);
        check(
            &log(&[DENIED, ("silence", "")]),
            "WSS-35",
            Grade::Unobserved,
        );
        let accepted = [&[ACCEPTED], &lives[..]].concat();
        check(&log(&accepted), "WSS-35", Grade::Unobserved);
        check_failures("WSS-35", "frame", EMPTY);
    }

    #[test]
    fn a_websocket_without_a_configuration_is_closed() {
        const NONE: &str = "without a configuration";
        let log = |frames: Frames<'_>| {
            let before = [("ping", "before"), ("pong", "before")];
            Log::new().framed(NONE, 101, &[&before, frames].concat())
        };
        let late = ("text", r#"{"type":"CONFIG_TIMEOUT"}"#);
        let lives = [("silence", ""), ("ping", "after"), ("pong", "after")];
        check(&log(&[late, ("close", "1000")]), "WSS-36", Grade::Met);
        check(&log(&[("close", "1000")]), "WSS-36", Grade::Tolerated);
        check(&log(&lives), "WSS-36", Grade::Broken);
        let told = [&[late], &lives[..]].concat();
        check(&log(&told), "WSS-36", Grade::Broken);
        check(&log(&[("silence", "")]), "WSS-36", Grade::Unobserved);
        check(&log(&[]), "WSS-36", Grade::Unobserved);
        let dead = Log::new().framed(NONE, 101, &[("eof", "")]);
        check(&dead, "WSS-36", Grade::Unobserved);
        check_failures("WSS-36", "frame", NONE);
    }

    #[test]
    fn a_denial_has_a_reason() {
        const EMPTY: &str = "with an empty configuration";
        let log = |message: &str| {
            let frames = [("sent", "{}"), ("text", message), ("close", "1000")];
            Log::new().framed(EMPTY, 101, &frames)
        };
        let told = |reason: &str| log(&format!(r#"{{"type":"CONFIG_DENIED","reason":{reason}}}"#));
        check(&told(r#""no language""#), "WSS-37", Grade::Met);
        check(&told(r#""""#), "WSS-37", Grade::Broken);
        check(&told("null"), "WSS-37", Grade::Broken);
        check(&log(DENIED.1), "WSS-37", Grade::Broken);
        check(&log(ACCEPTED.1), "WSS-37", Grade::Unobserved);
        check_failures("WSS-37", "frame", EMPTY);
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
