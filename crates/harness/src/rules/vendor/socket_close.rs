//! How a vendor closes a websocket: in answer to a close, and on a frame that breaks a rule (RFC 6455
//! §5.5.1, §7.4).

use std::collections::BTreeSet;

use super::deviation::Deviations;
use super::effect::{Step, concluded, unseen};
use super::socket_conversation::{Seen, behind, each_of, opened};
use super::socket_frames::{frame_of, lived};
use crate::evidence::{Frame, FrameVariation, Opcode, Operation};
use crate::rules::{Rule, View, may_close_with, unobserved};
use crate::verdict::{Finding, Grade, Proof};

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-23", |view| concluded(answers_a_close(view))),
    Rule::vendor("WSS-24", |view| {
        concluded(closes_with_codes_that_may_be_sent(view))
    }),
    Rule::vendor("WSS-28", |view| {
        concluded(closes_with_the_fitting_code(view))
    }),
];

/// A close is answered with a close, behind which nothing comes and the connection ends (RFC 6455
/// §5.5.1). A vendor that drops the connection, or leaves it to the client to end it, is tolerated:
/// libraries whose application returns on a close do the one, proxies the other.
fn answers_a_close(view: &View<'_>) -> Step<Finding> {
    const EXPECTED: &str = "a close frame, and then the end of the connection";
    let open = opened(view, F::Close)?;
    if !lived(&open) {
        let absent = unobserved(view, "no ping was answered before");
        return Err(Box::new(absent.seen_in(open)));
    }
    let Some(frames) = behind(&open, |frame| frame.opcode == Opcode::Close) else {
        return unseen(view, "no close was sent");
    };
    let closed = frames
        .iter()
        .position(|frame| frame.opcode == Opcode::Close);
    let last = frames.last().map(|frame| frame.opcode);
    let (grade, seen) = match (closed, last) {
        (Some(at), _) if frames[at + 1..].iter().any(|frame| !is_an_end(frame)) => {
            (Grade::Broken, "another frame behind its own close")
        }
        (Some(_), Some(Opcode::Eof)) => {
            return Ok(Finding::met("closed, and the connection ended", open));
        }
        (Some(_), _) => (
            Grade::Tolerated,
            "a close, and a connection that stays open for 5 s",
        ),
        (None, Some(Opcode::Eof)) => (Grade::Tolerated, "an end of the connection without a close"),
        (None, Some(Opcode::Silence)) => (Grade::Broken, "no close within 5 s"),
        (None, _) => (Grade::Broken, "other frames, and no close"),
    };
    Ok(Finding::deviation(grade, EXPECTED, seen, open))
}

fn is_an_end(frame: &Frame<'_>) -> bool {
    matches!(frame.opcode, Opcode::Eof | Opcode::Silence)
}

/// The code and the reason of each close of the vendor are such as may be sent.
fn closes_with_codes_that_may_be_sent(view: &View<'_>) -> Step<Finding> {
    let (mut wrong, mut good) = (Deviations::default(), None::<Proof>);
    let mut codes = BTreeSet::new();
    for open in view.evidence.exchanges_for(Operation::Frame) {
        for close in open
            .received_frames()
            .filter(|frame| frame.opcode == Opcode::Close)
        {
            let is_good = match close.text {
                "" => true,
                text => text.parse().is_ok_and(may_close_with),
            };
            if is_good {
                let code = if close.text.is_empty() {
                    "none"
                } else {
                    close.text
                };
                codes.insert(code.to_owned());
                good = Some(match good {
                    Some(known) => known.and(open),
                    None => open.into(),
                });
            } else {
                let seen = format!("{}: closed with {}", open.words(), close.text);
                let expected = "1000 to 1003, 1007 to 1014, or 3000 to 4999, and a reason in UTF-8";
                wrong.add(expected, seen, open);
            }
        }
    }
    match (wrong.broken(), good) {
        (Some(broken), _) => Ok(broken),
        (None, Some(proof)) => {
            let codes = codes.into_iter().collect::<Vec<_>>().join(", ");
            Ok(Finding::met(format!("closed with {codes}"), proof))
        }
        (None, None) => unseen(view, "the vendor sent no close frame"),
    }
}

/// 1002, and 1007 for text that is not UTF-8 (RFC 6455 §7.4.1).
fn closes_with_the_fitting_code(view: &View<'_>) -> Step<Finding> {
    each_of(
        view,
        &[F::ReservedBit, F::ReservedOpcode, F::NotUtf8],
        |open| {
            let is_text = frame_of(open) == Some(F::NotUtf8);
            let code = if is_text { "1007" } else { "1002" };
            let Some(frames) = behind(open, |frame| frame.opcode == Opcode::Odd) else {
                return Seen::Nothing("no broken frame was sent");
            };
            let mut ends = frames
                .iter()
                .filter(|frame| matches!(frame.opcode, Opcode::Close | Opcode::Eof));
            let seen = match ends.next().map(|end| (end.opcode, end.text)) {
                Some((Opcode::Close, told)) if told == code => {
                    return Seen::Good(format!("closed with {code}"));
                }
                Some((Opcode::Close, "")) => "a close without a code".to_owned(),
                Some((Opcode::Close, told)) => format!("a close with {told}"),
                Some(_) => "an end of the connection without a close".to_owned(),
                None if frames.iter().any(|frame| frame.opcode == Opcode::Pong) => {
                    return Seen::OfAnotherRow;
                }
                None => return Seen::Nothing("a websocket neither ended nor answered"),
            };
            Seen::Wrong(format!("a close with {code}"), seen)
        },
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, Frames, Log, check, check_failures};
    use crate::verdict::Grade;

    /// A websocket on which all this passed behind an answered ping.
    fn alive(phrase: &str, frames: Frames<'_>) -> Log {
        let start = [("ping", "before"), ("pong", "before")];
        Log::new().framed(phrase, 101, &[&start, frames].concat())
    }

    /// What is sent and comes behind a frame that breaks a rule.
    fn behind_an_odd_frame(frames: Frames<'_>) -> Vec<(&'static str, &str)> {
        [&[("odd", "x"), ("ping", "after")], frames].concat()
    }

    #[test]
    fn a_close_is_answered_or_not() {
        let check_close = |frames: Frames<'_>, grade| {
            let frames = [&[("our close", "1000")], frames].concat();
            check(&alive("with a close", &frames), "WSS-23", grade);
        };
        let (close, eof, silence) = (("close", "1000"), ("eof", ""), ("silence", ""));
        let text = ("text", "{}");
        check_close(&[close, eof], Grade::Met);
        check_close(&[text, close, eof], Grade::Met);
        check_close(&[close, text, eof], Grade::Broken);
        check_close(&[silence], Grade::Broken);
        check_close(&[eof], Grade::Tolerated);
        check_close(&[close, silence], Grade::Tolerated);
        let dead = Log::new().framed("with a close", 101, &[("ping", "before"), eof]);
        check(&dead, "WSS-23", Grade::Unobserved);
        check_failures("WSS-23", "frame", "with a close");
    }

    #[test]
    fn a_code_may_be_sent_or_not() {
        for (code, grade) in [
            ("1000", Grade::Met),
            ("1011", Grade::Met),
            ("4000", Grade::Met),
            ("", Grade::Met),
            ("1005", Grade::Broken),
            ("1006", Grade::Broken),
            ("1015", Grade::Broken),
            ("999", Grade::Broken),
            ("2000", Grade::Broken),
            ("a code of one byte", Grade::Broken),
            ("1000 and a reason that is not UTF-8", Grade::Broken),
        ] {
            let frames = [("our close", "1000"), ("close", code), ("eof", "")];
            check(&alive("with a close", &frames), "WSS-24", grade);
        }
        check(
            &alive("with a close", &[("eof", "")]),
            "WSS-24",
            Grade::Unobserved,
        );
        check_failures("WSS-24", "frame", "with a close");
    }

    #[test]
    fn a_broken_frame_is_told_by_its_code() {
        let log = |text: Frames<'_>| {
            let other = behind_an_odd_frame(&[("close", "1002")]);
            alive("with text that is not UTF-8", &behind_an_odd_frame(text))
                .framed("with a reserved bit", 101, &other)
                .framed("with a reserved opcode", 101, &other)
        };
        check(&log(&[("close", "1007")]), "WSS-28", Grade::Met);
        check(&log(&[("close", "1002")]), "WSS-28", Grade::Broken);
        check(&log(&[("close", "")]), "WSS-28", Grade::Broken);
        check(&log(&[("eof", "")]), "WSS-28", Grade::Broken);
        // That it goes on is a row of its own.
        check(&log(&[("pong", "after")]), "WSS-28", Grade::Met);
        check(&log(&[("silence", "")]), "WSS-28", Grade::Unobserved);
        check_failures("WSS-28", "frame", "with a reserved bit");
    }

    /// What is wrong with one websocket stays wrong where another shows nothing.
    #[test]
    fn a_wrong_code_is_known_although_another_frame_was_not_sent() {
        let log = |code| {
            let close = [("close", code)];
            alive("with a reserved bit", &behind_an_odd_frame(&close))
        };
        let opcode = "with a reserved opcode";
        for (code, grade) in [("1000", Grade::Broken), ("1002", Grade::Unobserved)] {
            check(&log(code), "WSS-28", grade);
            let unopened = log(code).failed("frame", opcode, BadReply::ServerError);
            check(&unopened, "WSS-28", grade);
            let dead = log(code).framed(opcode, 101, &[("ping", "before"), ("silence", "")]);
            check(&dead, "WSS-28", grade);
        }
    }
}
