//! What a vendor says on a websocket where each frame of the client is one that it may send (RFC 6455
//! §5): messages in fragments, pings, a close, and the form of its own frames.

use super::deviation::Deviations;
use super::effect::{Step, concluded, unseen};
use super::socket_frames::{frame_of, lived};
use crate::evidence::{Exchange, Frame, FrameVariation, Opcode, Operation, Side, message_type};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-23", |view| concluded(answers_a_close(view))),
    Rule::vendor("WSS-24", |view| {
        concluded(closes_with_codes_that_may_be_sent(view))
    }),
    Rule::vendor("WSS-25", |view| concluded(puts_fragments_together(view))),
    Rule::vendor("WSS-26", |view| concluded(answers_pings(view))),
    Rule::vendor("WSS-27", |view| {
        concluded(sends_frames_of_the_right_form(view))
    }),
    Rule::vendor("WSS-28", |view| {
        concluded(closes_with_the_fitting_code(view))
    }),
    Rule::vendor("WSS-29", |view| {
        concluded(takes_no_empty_configuration(view))
    }),
    Rule::vendor("WSS-30", |view| concluded(ends_when_asked(view))),
];

/// The websocket that was opened for this.
fn opened<'a>(view: &View<'a>, which: FrameVariation) -> Step<Exchange<'a>> {
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
fn behind<'a>(open: &Exchange<'a>, sent: impl Fn(&Frame<'a>) -> bool) -> Option<Vec<Frame<'a>>> {
    behind_nth(open, 0, sent)
}

/// The same behind the one before which the harness had sent `earlier` such frames.
fn behind_nth<'a>(
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
fn answer(open: &Exchange<'_>) -> Option<String> {
    let texts = open
        .received_frames()
        .filter(|frame| frame.opcode == Opcode::Text);
    let mut words = texts.filter_map(|frame| message_type(frame.text));
    words.find(|word| word.starts_with("CONFIG"))
}

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

/// RFC 6455 §7.4.1, §7.4.2, and the codes that IANA has registered since.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The code and the reason of each close of the vendor are such as may be sent.
fn closes_with_codes_that_may_be_sent(view: &View<'_>) -> Step<Finding> {
    let (mut wrong, mut good) = (Deviations::default(), None::<Proof>);
    let mut codes = Vec::new();
    for open in view.evidence.exchanges_for(Operation::Frame) {
        for close in open
            .received_frames()
            .filter(|frame| frame.opcode == Opcode::Close)
        {
            let is_good = match close.text {
                "" => true,
                text => text.parse().is_ok_and(may_be_sent),
            };
            if is_good {
                let code = if close.text.is_empty() {
                    "none"
                } else {
                    close.text
                };
                codes.push(code.to_owned());
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
            codes.dedup();
            Ok(Finding::met(
                format!("closed with {}", codes.join(", ")),
                proof,
            ))
        }
        (None, None) => unseen(view, "the vendor sent no close frame"),
    }
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
    let (mut wrong, mut seen) = (Deviations::default(), Vec::new());
    for which in [F::LongestPing, F::EmptyPing] {
        let open = opened(view, which)?;
        if answer(&open).is_none() {
            let absent = unobserved(view, "the configuration was not answered before");
            return Err(Box::new(absent.seen_in(open)));
        }
        let mut sent = open.frames();
        let ping = sent.find(|frame| frame.from == Side::Harness && frame.opcode == Opcode::Ping);
        let Some(frames) = behind(&open, |frame| frame.opcode == Opcode::Ping) else {
            return unseen(view, "no ping was sent");
        };
        let payload = ping.map_or("", |ping| ping.text);
        let pongs: Vec<&Frame<'_>> = frames
            .iter()
            .filter(|frame| frame.opcode == Opcode::Pong)
            .collect();
        if pongs.iter().any(|pong| pong.text == payload) {
            seen.push(open);
            continue;
        }
        let what = match (pongs.first(), frames.last().map(|frame| frame.opcode)) {
            (Some(pong), _) => format!(
                "a pong of {} bytes that carries something else",
                pong.text.len()
            ),
            (None, Some(Opcode::Silence)) => "no pong within 5 s".to_owned(),
            (None, _) => "the end of the websocket".to_owned(),
        };
        wrong.add(
            "a pong with the payload of the ping",
            format!("{}: {what}", open.words()),
            open,
        );
    }
    match (wrong.broken(), Proof::all(&seen)) {
        (Some(broken), _) => Ok(broken),
        (None, Some(proof)) => Ok(Finding::met("a pong with each ping's payload", proof)),
        (None, None) => unseen(view, "no ping was sent"),
    }
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

/// 1002, and 1007 for text that is not UTF-8 (RFC 6455 §7.4.1).
fn closes_with_the_fitting_code(view: &View<'_>) -> Step<Finding> {
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    for which in [F::ReservedBit, F::ReservedOpcode, F::NotUtf8] {
        let open = opened(view, which)?;
        let code = if which == F::NotUtf8 { "1007" } else { "1002" };
        let frames = behind(&open, |frame| frame.opcode == Opcode::Odd).unwrap_or_default();
        let end = frames
            .iter()
            .find(|frame| matches!(frame.opcode, Opcode::Close | Opcode::Eof));
        let seen = match end {
            Some(close) if close.opcode == Opcode::Close && close.text == code => {
                good.push(open);
                continue;
            }
            Some(close) if close.opcode == Opcode::Close && close.text.is_empty() => {
                "a close without a code".to_owned()
            }
            Some(close) if close.opcode == Opcode::Close => format!("a close with {}", close.text),
            Some(_) => "an end of the connection without a close".to_owned(),
            // A websocket that goes on is a row of its own.
            None => continue,
        };
        let seen = format!("{}: {seen}", open.words());
        wrong.add(format!("a close with {code}"), seen, open);
    }
    match (wrong.broken(), Proof::all(&good)) {
        (Some(broken), _) => Ok(broken),
        (None, Some(proof)) => Ok(Finding::met("1002, and 1007 for text", proof)),
        (None, None) => unseen(view, "no websocket was ended for a broken frame"),
    }
}

/// A configuration that lacks what the page requires is not accepted, beside a whole one that is. The
/// pages differ on the word, so that any other is as good.
fn takes_no_empty_configuration(view: &View<'_>) -> Step<Finding> {
    const ACCEPTED: &str = "CONFIG_ACCEPTED";
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
    if answer(&open).as_deref() != Some("CONFIG_ACCEPTED") {
        let absent = unobserved(view, "the configuration was not accepted before");
        return Err(Box::new(absent.seen_in(open)));
    }
    // The first text of the harness is the configuration.
    let Some(frames) = behind_nth(&open, 1, |frame| frame.opcode == Opcode::Text) else {
        return unseen(view, "the session was not ended");
    };
    let mut words = frames.iter().filter_map(|frame| message_type(frame.text));
    let told = words.any(|word| word == "ENDED");
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
    use crate::rules::testing::{FAILURES, Log, check};
    use crate::verdict::Grade;

    type Frames<'a> = &'a [(&'static str, &'a str)];

    const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
    const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);

    /// A websocket on which all this passed behind an answered ping.
    fn alive(phrase: &str, frames: Frames<'_>) -> Log {
        let start = [("ping", "before"), ("pong", "before")];
        Log::new().framed(phrase, 101, &[&start, frames].concat())
    }

    /// What is sent and comes behind a frame that breaks a rule.
    fn behind_an_odd_frame(frames: Frames<'_>) -> Vec<(&'static str, &str)> {
        [&[("odd", "x"), ("ping", "after")], frames].concat()
    }

    /// A failure is no answer, whatever the row.
    fn check_failures(id: &str, phrase: &str) {
        check(&Log::new(), id, Grade::Unobserved);
        for failure in FAILURES {
            let finding = Log::new().failed("frame", phrase, failure);
            let rule = crate::rules::find(id, locum_core::requirement::Judge::Vendor);
            let finding = finding.judge(rule.expect("a rule"));
            assert!(
                matches!(finding.grade(), Grade::Unobserved | Grade::Gone),
                "{id}: {finding:?}"
            );
        }
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
        check_failures("WSS-23", "with a close");
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
        check_failures("WSS-24", "with a close");
    }

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
        check_failures("WSS-25", fragments);
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
        check_failures("WSS-26", "with a ping of 125 bytes");
    }

    #[test]
    fn a_frame_of_the_vendor_has_its_form_or_not() {
        check(&whole(ACCEPTED), "WSS-27", Grade::Met);
        let masked = [("bad", "a frame with a mask"), ACCEPTED];
        let log = Log::new().framed("with the configuration", 101, &masked);
        check(&log, "WSS-27", Grade::Broken);
        check(&whole(("eof", "")), "WSS-27", Grade::Unobserved);
        check_failures("WSS-27", "with the configuration");
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
        check_failures("WSS-28", "with a reserved bit");
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
        check_failures("WSS-29", "with an empty configuration");
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
        check_failures("WSS-30", "with the end of the session");
    }
}
