//! What a vendor says on a websocket where each frame of the client is one that it may send (RFC 6455
//! §5): messages in fragments, pings, and the form of its own frames.

use super::deviation::Deviations;
use super::effect::{Step, concluded, unseen};
use super::socket_frames::frame_of;
use crate::evidence::{Exchange, Frame, FrameVariation, Opcode, Operation, Side, message_type};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Proof};

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-25", |view| concluded(puts_fragments_together(view))),
    Rule::vendor("WSS-26", |view| concluded(answers_pings(view))),
    Rule::vendor("WSS-27", |view| {
        concluded(sends_frames_of_the_right_form(view))
    }),
];

/// The websocket that was opened for this.
pub(super) fn opened<'a>(view: &View<'a>, which: FrameVariation) -> Step<Exchange<'a>> {
    let mut sent = view.evidence.exchanges_for(Operation::Frame);
    let Some(open) = sent.find(|sent| frame_of(sent) == Some(which)) else {
        return unseen(view, "no such websocket was opened");
    };
    if open.status() == 101 {
        return Ok(open);
    }
    let absent = || unobserved(view, &open.sentence()).seen_in(open);
    Err(Box::new(gone(&open).unwrap_or_else(absent)))
}

/// What the vendor sent behind the first frame of the harness that is `sent`.
pub(super) fn behind<'a>(
    open: &Exchange<'a>,
    sent: impl Fn(&Frame<'a>) -> bool,
) -> Option<Vec<Frame<'a>>> {
    behind_nth(open, 0, sent)
}

/// The same behind the one before which the harness had sent `earlier` such frames.
pub(super) fn behind_nth<'a>(
    open: &Exchange<'a>,
    earlier: usize,
    sent: impl Fn(&Frame<'a>) -> bool,
) -> Option<Vec<Frame<'a>>> {
    let mut frames = open.frames();
    let is_sent = |frame: &Frame<'a>| frame.from == Side::Harness && sent(frame);
    frames.by_ref().filter(is_sent).nth(earlier)?;
    Some(frames.filter(|frame| frame.from == Side::Vendor).collect())
}

/// The word of the vendor's answer to the configuration.
pub(super) fn answer(open: &Exchange<'_>) -> Option<String> {
    let texts = open
        .received_frames()
        .filter(|frame| frame.opcode == Opcode::Text);
    let mut words = texts.filter_map(|frame| message_type(frame.text));
    words.find(|word| word.starts_with("CONFIG"))
}

/// A configuration in two fragments, with a ping between them, gets the answer of a whole one.
fn puts_fragments_together(view: &View<'_>) -> Step<Finding> {
    let whole = opened(view, F::Configuration)?;
    let Some(expected) = answer(&whole) else {
        let absent = unobserved(view, "a whole configuration was not answered");
        return Err(Box::new(absent.seen_in(whole)));
    };
    let open = opened(view, F::Fragmented)?;
    let seen = match answer(&open) {
        Some(word) if word == expected => return Ok(Finding::met(word, open).beside(whole)),
        Some(word) => word,
        None => {
            let mut opcodes = open.received_frames().map(|frame| frame.opcode);
            let end = opcodes.find(|opcode| matches!(opcode, Opcode::Close | Opcode::Eof));
            match end.or_else(|| open.received_frames().last().map(|frame| frame.opcode)) {
                Some(Opcode::Close) => "a close".to_owned(),
                Some(Opcode::Eof) => "the end of the connection".to_owned(),
                // It lives, and has not understood.
                Some(Opcode::Pong) => "no answer within 5 s".to_owned(),
                _ => {
                    let absent = unobserved(view, "nothing was heard of the websocket any more");
                    return Err(Box::new(absent.seen_in(open)));
                }
            }
        }
    };
    Ok(Finding::broken(expected, seen, open).beside(whole))
}

/// A ping of any length is answered with a pong that carries the same (RFC 6455 §5.5.3).
fn answers_pings(view: &View<'_>) -> Step<Finding> {
    each_of(view, &[F::LongestPing, F::EmptyPing], |open| {
        if answer(open).is_none() {
            return Seen::Nothing("the configuration was not answered before");
        }
        let mut sent = open.frames();
        let ping = sent.find(|frame| frame.from == Side::Harness && frame.opcode == Opcode::Ping);
        let Some((ping, frames)) = ping.zip(behind(open, |frame| frame.opcode == Opcode::Ping))
        else {
            return Seen::Nothing("no ping was sent");
        };
        let pongs = frames.iter().filter(|frame| frame.opcode == Opcode::Pong);
        let pongs: Vec<&Frame<'_>> = pongs.collect();
        if pongs.iter().any(|pong| pong.text == ping.text) {
            return Seen::Good("a pong with its payload".to_owned());
        }
        let what = match (pongs.first(), frames.last().map(|frame| frame.opcode)) {
            (Some(pong), _) => format!(
                "a pong of {} bytes that carries something else",
                pong.text.len()
            ),
            (None, Some(Opcode::Silence)) => "no pong within 5 s".to_owned(),
            (None, _) => "the end of the websocket".to_owned(),
        };
        Seen::Wrong("a pong with the payload of the ping".to_owned(), what)
    })
}

/// No frame of the vendor has a mask or a reserved bit, or is a control frame in fragments or of more
/// than 125 bytes; text is UTF-8.
fn sends_frames_of_the_right_form(view: &View<'_>) -> Step<Finding> {
    let (mut wrong, mut good) = (Deviations::default(), None::<Proof>);
    for open in view.evidence.exchanges_for(Operation::Frame) {
        for frame in open.received_frames() {
            match frame.opcode {
                Opcode::Odd => {
                    let seen = format!("{}: {}", open.words(), frame.text);
                    wrong.add("frames as RFC 6455 has them", seen, open);
                }
                Opcode::Eof | Opcode::Silence => {}
                _ => {
                    good = Some(match good {
                        Some(known) => known.and(open),
                        None => open.into(),
                    });
                }
            }
        }
    }
    match (wrong.broken(), good) {
        (Some(broken), _) => Ok(broken),
        (None, Some(proof)) => Ok(Finding::met("each frame that came", proof)),
        (None, None) => unseen(view, "no frame of the vendor was seen"),
    }
}

/// What was seen of one of several websockets.
pub(super) enum Seen {
    /// What was seen.
    Good(String),
    /// What was expected, and what was seen.
    Wrong(String, String),
    /// It went on, which is for another row to judge.
    OfAnotherRow,
    /// Why nothing can be said.
    Nothing(&'static str),
}

/// What the websockets came to that were opened for each of these. What is wrong with one weighs more
/// than that nothing was seen of another, and that more than what is good.
pub(super) fn each_of(
    view: &View<'_>,
    frames: &[FrameVariation],
    seen: impl Fn(&Exchange<'_>) -> Seen,
) -> Step<Finding> {
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    let (mut met, mut unanswered) = (Vec::new(), None);
    for which in frames {
        let open = match opened(view, *which) {
            Ok(open) => open,
            Err(absent) => {
                unanswered.get_or_insert(absent);
                continue;
            }
        };
        match seen(&open) {
            Seen::Good(seen) => {
                met.push(format!("{}: {seen}", open.words()));
                good.push(open);
            }
            Seen::Wrong(expected, seen) => {
                wrong.add(expected, format!("{}: {seen}", open.words()), open);
            }
            Seen::OfAnotherRow => {}
            Seen::Nothing(what) => {
                unanswered.get_or_insert(Box::new(unobserved(view, what).seen_in(open)));
            }
        }
    }
    match (wrong.broken(), unanswered, Proof::all(&good)) {
        (Some(broken), _, _) => Ok(broken),
        (None, Some(absent), _) => Err(absent),
        (None, None, Some(proof)) => Ok(Finding::met(met.join("; "), proof)),
        (None, None, None) => unseen(view, "each websocket went on"),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{BadReply, Frames, Log, check, check_failures};
    use crate::verdict::Grade;

    const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
    const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);

    fn whole(answer: (&'static str, &str)) -> Log {
        Log::new().framed("with the configuration", 101, &[("sent", "{}"), answer])
    }

    #[test]
    fn fragments_are_put_together_or_not() {
        let fragments = "with the configuration in fragments";
        let check_with = |whole: Log, frames: Frames<'_>, grade| {
            check(&whole.framed(fragments, 101, frames), "WSS-25", grade);
        };
        let pong = ("pong", "between");
        check_with(whole(ACCEPTED), &[pong, ACCEPTED], Grade::Met);
        check_with(whole(ACCEPTED), &[ACCEPTED], Grade::Met);
        check_with(whole(DENIED), &[DENIED], Grade::Met);
        check_with(whole(ACCEPTED), &[DENIED], Grade::Broken);
        check_with(
            whole(ACCEPTED),
            &[("close", "1002"), ("eof", "")],
            Grade::Broken,
        );
        let closed = [("close", "1002"), ("ping", "after"), ("silence", "")];
        check_with(whole(ACCEPTED), &closed, Grade::Broken);
        let silent = [("silence", ""), ("ping", "after"), ("pong", "after")];
        check_with(whole(ACCEPTED), &silent, Grade::Broken);
        check_with(whole(ACCEPTED), &[("silence", "")], Grade::Unobserved);
        check_with(whole(("silence", "")), &[ACCEPTED], Grade::Unobserved);
        check_failures("WSS-25", "frame", fragments);
    }

    #[test]
    fn a_pong_carries_what_the_ping_did() {
        let log = |config, frames: Frames<'_>| {
            let empty = [ACCEPTED, ("ping", ""), ("pong", "")];
            let log = Log::new().framed("with an empty ping", 101, &empty);
            let frames = [&[config, ("ping", "ppp")], frames].concat();
            log.framed("with a ping of 125 bytes", 101, &frames)
        };
        check(&log(ACCEPTED, &[("pong", "ppp")]), "WSS-26", Grade::Met);
        let unasked = [("pong", ""), ("pong", "ppp")];
        check(&log(ACCEPTED, &unasked), "WSS-26", Grade::Met);
        check(
            &log(ACCEPTED, &[("pong", "pp"), ("silence", "")]),
            "WSS-26",
            Grade::Broken,
        );
        check(&log(ACCEPTED, &[("silence", "")]), "WSS-26", Grade::Broken);
        check(
            &log(ACCEPTED, &[("close", "1002")]),
            "WSS-26",
            Grade::Broken,
        );
        let silent = ("silence", "");
        check(&log(silent, &[("pong", "pp")]), "WSS-26", Grade::Unobserved);
        check_failures("WSS-26", "frame", "with a ping of 125 bytes");
    }

    /// What is wrong with one websocket stays wrong where another shows nothing.
    #[test]
    fn a_wrong_pong_is_known_although_another_ping_was_not_sent() {
        let log = |pong| {
            let frames = [ACCEPTED, ("ping", "ppp"), ("pong", pong)];
            Log::new().framed("with a ping of 125 bytes", 101, &frames)
        };
        let empty = "with an empty ping";
        check(&log("pp"), "WSS-26", Grade::Broken);
        check(&log("ppp"), "WSS-26", Grade::Unobserved);
        for (pong, grade) in [("pp", Grade::Broken), ("ppp", Grade::Unobserved)] {
            let unconfigured = log(pong).framed(empty, 101, &[("silence", "")]);
            check(&unconfigured, "WSS-26", grade);
            let unopened = log(pong).failed("frame", empty, BadReply::ServerError);
            check(&unopened, "WSS-26", grade);
        }
    }

    #[test]
    fn a_frame_of_the_vendor_has_its_form_or_not() {
        check(&whole(ACCEPTED), "WSS-27", Grade::Met);
        let masked = [("bad", "a frame with a mask"), ACCEPTED];
        let log = Log::new().framed("with the configuration", 101, &masked);
        check(&log, "WSS-27", Grade::Broken);
        check(&whole(("eof", "")), "WSS-27", Grade::Unobserved);
        check_failures("WSS-27", "frame", "with the configuration");
    }
}
