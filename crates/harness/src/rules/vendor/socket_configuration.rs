//! What a vendor makes of the configuration of a websocket: of none, an empty one and a second one.

use super::effect::{Step, concluded, unseen};
use super::socket_conversation::{answer, behind_nth, opened};
use super::socket_session::{ACCEPTED, is_end, messages, word};
use crate::evidence::{Frame, FrameVariation, Opcode, message_type};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::Finding;

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-29", |view| {
        concluded(takes_no_empty_configuration(view))
    }),
    Rule::vendor("WSS-35", |view| concluded(closes_when_it_denies(view))),
    Rule::vendor("WSS-36", |view| concluded(waits_for_no_configuration(view))),
    Rule::vendor("WSS-37", |view| concluded(says_why_it_denies(view))),
    Rule::vendor("WSS-39", |view| concluded(takes_one_configuration(view))),
];

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

/// A second configuration is told that there is one, and the session goes on.
fn takes_one_configuration(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "CONFIG_ALREADY_RECEIVED, and a session that goes on";
    let open = opened(view, F::SecondConfiguration)?;
    if answer(&open).as_deref() != Some(ACCEPTED) {
        let absent = unobserved(view, "the first configuration was not accepted");
        return Err(Box::new(absent.seen_in(open)));
    }
    let Some(frames) = behind_nth(&open, 1, |frame| frame.opcode == Opcode::Text) else {
        return unseen(view, "no second configuration was sent");
    };
    let texts = frames.iter().filter(|frame| frame.opcode == Opcode::Text);
    let mut words = texts.filter_map(|frame| message_type(frame.text));
    let word = words.find(|word| word.starts_with("CONFIG"));
    let word = word.as_deref();
    let last = frames.last().map(|frame| frame.opcode);
    match (word, frames.iter().any(is_end), last) {
        (Some("CONFIG_ALREADY_RECEIVED"), false, Some(Opcode::Pong)) => {
            Ok(Finding::met("CONFIG_ALREADY_RECEIVED", open))
        }
        (word, true, _) => {
            let seen = format!(
                "{}, and the end of the websocket",
                word.unwrap_or("no word")
            );
            Ok(Finding::broken(EXPECTED, seen, open))
        }
        (Some(word), false, Some(Opcode::Pong)) => Ok(Finding::broken(EXPECTED, word, open)),
        (None, false, Some(Opcode::Pong)) => {
            let seen = "no word of it within 5 s";
            Ok(Finding::tolerated(EXPECTED, seen, open))
        }
        (_, false, _) => {
            let absent = unobserved(view, "nothing was heard of the websocket any more");
            Err(Box::new(absent.seen_in(open)))
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
    fn a_second_configuration_is_told_so() {
        const TWICE: &str = "with the configuration twice";
        let log = |frames: Frames<'_>| {
            let before = [("sent", "{}"), ACCEPTED, ("sent", "{}")];
            Log::new().framed(TWICE, 101, &[&before, frames].concat())
        };
        let told = ("text", r#"{"type":"CONFIG_ALREADY_RECEIVED"}"#);
        let lives = [("ping", "after"), ("pong", "after")];
        let and_lives = |one| [&[one], &lives[..]].concat();
        check(&log(&and_lives(told)), "WSS-39", Grade::Met);
        check(&log(&and_lives(ACCEPTED)), "WSS-39", Grade::Broken);
        check(&log(&[told, ("close", "1000")]), "WSS-39", Grade::Broken);
        check(&log(&[("close", "1008")]), "WSS-39", Grade::Broken);
        check(
            &log(&and_lives(("silence", ""))),
            "WSS-39",
            Grade::Tolerated,
        );
        check(&log(&[("silence", "")]), "WSS-39", Grade::Unobserved);
        let denied = [("sent", "{}"), DENIED, ("sent", "{}"), told];
        let denied = Log::new().framed(TWICE, 101, &denied);
        check(&denied, "WSS-39", Grade::Unobserved);
        check_failures("WSS-39", "frame", TWICE);
    }
}
