//! What a vendor makes of the configuration and of the end of a session on a websocket.

use super::effect::{Step, concluded, unseen};
use super::socket_conversation::{answer, behind_nth, opened};
use crate::evidence::{Frame, FrameVariation, Opcode, message_type};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::Finding;

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-29", |view| {
        concluded(takes_no_empty_configuration(view))
    }),
    Rule::vendor("WSS-30", |view| concluded(ends_when_asked(view))),
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
}
