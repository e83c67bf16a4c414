//! What becomes of a websocket on which a frame breaks a rule of the protocol (RFC 6455 §5), or whose
//! token ends.

use super::effect::{Step, concluded, unseen};
use crate::evidence::{Exchange, Frame, FrameVariation, Opcode, Operation, Side, Variation};
use crate::rules::{Rule, View, gone, unobserved};
use crate::verdict::{Finding, Grade, Proof};

use FrameVariation as F;

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("WSS-13", |view| {
        concluded(ends_on(view, &[F::Unmasked], &|_| Grade::Broken))
    }),
    Rule::vendor("WSS-15", |view| concluded(outlives_its_token(view))),
    Rule::vendor("WSS-19", |view| {
        let frames = [
            F::ReservedBit,
            F::ReservedOpcode,
            F::NotUtf8,
            F::LongPing,
            F::FragmentedPing,
        ];
        let grade = |frame| match frame {
            F::LongPing | F::FragmentedPing => Grade::Tolerated,
            _ => Grade::Broken,
        };
        concluded(ends_on(view, &frames, &grade))
    }),
];

pub(super) fn frame_of(exchange: &Exchange<'_>) -> Option<FrameVariation> {
    match exchange.variation {
        Variation::Frame(frame) => Some(*frame),
        _ => None,
    }
}

/// What the vendor sent behind the last thing of this kind that the harness sent.
fn after<'a>(exchange: &Exchange<'a>, opcode: Opcode) -> Vec<Frame<'a>> {
    let frames: Vec<Frame<'a>> = exchange.frames().collect();
    let sent = |frame: &Frame<'_>| frame.from == Side::Harness && frame.opcode == opcode;
    match frames.iter().rposition(sent) {
        Some(at) => frames[at + 1..].to_vec(),
        None => Vec::new(),
    }
}

/// Whether the first ping was answered: the websocket lived.
pub(super) fn lived(exchange: &Exchange<'_>) -> bool {
    let answered = |frame: Frame<'_>| frame.opcode == Opcode::Pong && frame.text == "before";
    exchange.received_frames().any(answered)
}

/// How a websocket ended in these frames of the vendor; `None` when it did not.
fn end(frames: &[Frame<'_>]) -> Option<String> {
    let ended = |frame: &&Frame<'_>| matches!(frame.opcode, Opcode::Close | Opcode::Eof);
    let frame = frames.iter().find(ended)?;
    Some(match (frame.opcode, frame.text) {
        (Opcode::Close, "") => "closed without a code".to_owned(),
        (Opcode::Close, code) => format!("closed with {code}"),
        _ => "dropped".to_owned(),
    })
}

/// The vendor ends the websocket on each of these `frames`. One that it goes on after is as bad as
/// its `grade` says.
fn ends_on(
    view: &View<'_>,
    frames: &[FrameVariation],
    grade: &dyn Fn(FrameVariation) -> Grade,
) -> Step<Finding> {
    const EXPECTED: &str = "the end of the websocket";
    let wanted =
        |exchange: &Exchange<'_>| frame_of(exchange).is_some_and(|frame| frames.contains(&frame));
    let sent: Vec<Exchange<'_>> = view
        .evidence
        .exchanges_for(Operation::Frame)
        .filter(wanted)
        .collect();
    let mut worst: Option<Finding> = None;
    let mut ends: Vec<String> = Vec::new();
    for exchange in &sent {
        let words = exchange.words();
        let behind = after(exchange, Opcode::Odd);
        let goes_on = behind
            .iter()
            .any(|frame| frame.opcode == Opcode::Pong && frame.text == "after");
        let finding = if exchange.reply.is_none() {
            gone(exchange)
        } else if !lived(exchange) {
            let what = format!("{words}: no ping was answered before");
            Some(unobserved(view, &what).seen_in(exchange))
        } else if goes_on {
            let grade = frame_of(exchange).map_or(Grade::Broken, grade);
            let seen = format!("{words}: a later ping was answered");
            Some(Finding::deviation(grade, EXPECTED, seen, exchange))
        } else if let Some(end) = end(&behind) {
            ends.push(format!("{words}: {end}"));
            None
        } else {
            let what = format!("not graded: {words}: neither ended nor answered");
            Some(unobserved(view, &what).seen_in(exchange))
        };
        if let Some(finding) = finding
            && worst
                .as_ref()
                .is_none_or(|known| finding.grade() > known.grade())
        {
            worst = Some(finding);
        }
    }
    if let Some(worst) = worst {
        return Ok(worst);
    }
    match Proof::all(&sent) {
        Some(proof) => Ok(Finding::met(ends.join("; "), proof)),
        None => unseen(view, "no such frame was sent"),
    }
}

/// What becomes of a websocket when its token ends.
fn outlives_its_token(view: &View<'_>) -> Step<Finding> {
    let mut sent = view.evidence.exchanges_for(Operation::Frame);
    let Some(open) = sent.find(|sent| frame_of(sent) == Some(F::AfterTokenEnd)) else {
        return unseen(view, "no websocket was kept open");
    };
    if open.reply.is_none() {
        return Ok(Finding::gone(open.sentence(), open));
    }
    if !lived(&open) {
        return Err(Box::new(
            unobserved(view, "no ping was answered before").seen_in(open),
        ));
    }
    let pinged = |frame: &Frame<'_>| frame.opcode == Opcode::Ping && frame.text == "after";
    if !open.frames().any(|frame| pinged(&frame)) {
        return unseen(view, "the token did not end");
    }
    let behind = after(&open, Opcode::Ping);
    let answered = |frame: &Frame<'_>| frame.opcode == Opcode::Pong && frame.text == "after";
    let said = behind.iter().find(|frame| frame.opcode == Opcode::Text);
    let seen = match (end(&behind), said) {
        _ if behind.iter().any(answered) => "it stays open".to_owned(),
        (Some(end), Some(said)) => format!("it says {}, and is {end}", said.text),
        (Some(end), None) => format!("it is {end}"),
        (None, Some(said)) => format!("it says {}", said.text),
        (None, None) => return unseen(view, "nothing was heard of it any more"),
    };
    Ok(Finding::fact(seen, open))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    /// A websocket that answers a ping, and these frames behind the odd one.
    fn log(phrase: &str, frames: &[(&'static str, &str)]) -> Log {
        let start = [("ping", "before"), ("pong", "before"), ("odd", "x")];
        Log::new().framed(phrase, 101, &[&start, frames].concat())
    }

    const PING: (&str, &str) = ("ping", "after");
    const PONG: (&str, &str) = ("pong", "after");

    #[test]
    fn a_frame_ends_the_websocket_or_not() {
        for (id, phrase, goes_on) in [
            ("WSS-13", "without a mask", Grade::Broken),
            ("WSS-19", "with a reserved bit", Grade::Broken),
            ("WSS-19", "with a ping of 126 bytes", Grade::Tolerated),
        ] {
            check(&log(phrase, &[PING, ("close", "1002")]), id, Grade::Met);
            check(&log(phrase, &[PING, ("eof", "")]), id, Grade::Met);
            check(&log(phrase, &[PING, PONG]), id, goes_on);
            check(
                &log(phrase, &[PING, ("silence", "")]),
                id,
                Grade::Unobserved,
            );
            let dead = Log::new().framed(phrase, 101, &[("ping", "before"), ("eof", "")]);
            check(&dead, id, Grade::Unobserved);
            check(&Log::new().framed(phrase, 401, &[]), id, Grade::Unobserved);
            check(&Log::new().cut("frame", phrase), id, Grade::Gone);
        }
    }

    /// One frame is not forgiven for another.
    #[test]
    fn the_worst_of_several_frames_counts() {
        let both = log("with a reserved bit", &[PING, PONG]).framed(
            "with a reserved opcode",
            101,
            &[
                ("ping", "before"),
                ("pong", "before"),
                ("odd", "x"),
                PING,
                ("close", "1002"),
            ],
        );
        check(&both, "WSS-19", Grade::Broken);
    }

    #[test]
    fn what_becomes_of_a_websocket_is_told() {
        let phrase = "after the end of the token";
        let log = |frames: &[(&'static str, &str)]| {
            let start = [("ping", "before"), ("pong", "before")];
            Log::new().framed(phrase, 101, &[&start, frames].concat())
        };
        check(&log(&[PING, PONG]), "WSS-15", Grade::Fact);
        check(&log(&[PING, ("close", "1008")]), "WSS-15", Grade::Fact);
        check(&log(&[PING, ("silence", "")]), "WSS-15", Grade::Unobserved);
        check(&log(&[]), "WSS-15", Grade::Unobserved);
    }
}
