//! Messages in fragments, and frames that no server may send.

use locum_core::fault::BadFrame;
use locum_core::journal::EntryFrame;

use super::super::attempts::{End, hung};
use super::super::commands::{GivenCommand, asked};
use super::super::{met, unobserved};
use super::session::close_code;
use super::{Session, control, faulty_sessions, opening_of, sessions};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Grade, Proof};

pub(in crate::rules::client) const RULES: &[Rule] = &[
    Rule::client("WS-12", puts_fragments_together),
    Rule::client("WS-13", fails_on_bad_frames),
];

/// A message in fragments with a ping between them is understood, and the ping is answered.
fn puts_fragments_together(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "a pong with the same bytes, and the session goes on";
    let Some(control) = sessions(view).find(|session| session.accepted(view).is_some()) else {
        return unobserved(view, "no session had its configuration accepted");
    };
    let fragmented = faulty_sessions(view)
        .into_iter()
        .find(|(session, bent)| bent.action.interleave && session.accepted(view).is_some());
    let Some((session, _)) = fragmented else {
        return unobserved(view, "no acceptance came in fragments");
    };
    let proof = Proof::from(session.upgrade);
    let mut received = session.received();
    let Some((_, ping)) = received.find(|(_, frame)| frame.opcode == "ping") else {
        return unobserved(view, "no ping came between fragments");
    };
    let has_pong = session
        .sent()
        .any(|(_, frame)| frame.opcode == "pong" && frame.text == ping.text);
    let opening = opening_of(view, session.upgrade.seq);
    let broken = |seen: &str, proof| Finding::broken(EXPECTED, seen, proof).beside(control.upgrade);
    match opening.map(|opening| opening.end()) {
        Some(End::Failed(seq)) => broken("the open is reported as failed", proof.and(seq)),
        Some(End::Unanswered) => match hung(view) {
            Some(seq) => broken("the open hangs", proof.and(seq)),
            None => unobserved(view, "the open was not answered").seen_in(proof),
        },
        _ if !has_pong => broken("no pong with the bytes of the ping", proof),
        _ if !goes_on(view, session) => unobserved(view, "nothing followed").seen_in(proof),
        _ => met(view, EXPECTED, proof).beside(control.upgrade),
    }
}

/// Whether the client said something after its configuration was accepted.
fn goes_on(view: &View<'_>, session: Session<'_>) -> bool {
    let accepted = session.accepted(view);
    session
        .sent()
        .any(|(at, frame)| is_message(frame) && accepted.is_some_and(|accepted| at > accepted))
}

fn is_message(frame: &EntryFrame) -> bool {
    matches!(frame.opcode.as_str(), "text" | "binary")
}

/// What is wrong with a frame, in words.
const fn words(frame: BadFrame) -> &'static str {
    match frame {
        BadFrame::ReservedBit => "a reserved bit",
        BadFrame::UnknownOpcode => "a reserved opcode",
        BadFrame::Masked => "a masked frame",
        BadFrame::LongPing => "a long ping",
        BadFrame::BadUtf8 => "text that is not UTF-8",
        BadFrame::Continuation => "a continuation of nothing",
    }
}

/// The client ends the connection after each frame that breaks the protocol.
fn fails_on_bad_frames(view: &View<'_>) -> Finding {
    const EXPECTED: &str = "the connection ends before the session's ordinary end";
    let Some(ordinary) = control(view).filter(|session| session.ended(view).is_some()) else {
        return unobserved(view, "no session reached its ordinary end");
    };
    let (mut taken, mut failed, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for (session, bent) in faulty_sessions(view) {
        let Some(frame) = bent.action.bad_frame else {
            continue;
        };
        let Some((at, _)) = session
            .received()
            .find(|(_, frame)| frame.opcode == "fault")
        else {
            continue;
        };
        let proof = Proof::from(session.upgrade);
        let answer = close_of(view, session).map(|close| close.end());
        match (session.ended(view), answer) {
            (None, _) if is_over(session, at) => failed.push(proof),
            (None, _) => open.push(proof),
            // The end of the session had been asked for before the frame came.
            (Some(_), _) if names_a_fault(session, at) => failed.push(proof),
            // It may have read the frame only now, and says that something is wrong.
            (Some(_), Some(End::Failed(seq))) => failed.push(proof.and(seq)),
            (Some(_), _) if !speaks_on(session, at) => open.push(proof),
            (Some(_), Some(End::Succeeded(seq))) => taken.push((frame, proof.and(seq))),
            (Some(_), _) => taken.push((frame, proof)),
        }
    }
    if let Some(proof) = Proof::all(taken.iter().map(|(_, proof)| proof.clone())) {
        let seen: Vec<&str> = taken.iter().map(|(frame, _)| words(*frame)).collect();
        let seen = format!("the session went on after {}", seen.join(", "));
        // gorilla/websocket leaves it to its caller to look at the text; websocket-client unmasks
        // whatever comes masked.
        let is_let_pass = |frame| matches!(frame, BadFrame::BadUtf8 | BadFrame::Masked);
        let grade = match taken.iter().all(|(frame, _)| is_let_pass(*frame)) {
            true => Grade::Tolerated,
            false => Grade::Broken,
        };
        return Finding::deviation(grade, EXPECTED, seen, proof).beside(ordinary.upgrade);
    }
    match (Proof::all(failed), Proof::all(open)) {
        (_, Some(open)) => unobserved(
            view,
            "a connection was left open, or ended before the frame",
        )
        .seen_in(open),
        (Some(proof), None) => met(view, EXPECTED, proof).beside(ordinary.upgrade),
        (None, None) => unobserved(view, "no frame that breaks the protocol was sent"),
    }
}

/// Whether the client ended the connection after the frame at this place.
fn is_over(session: Session<'_>, at: usize) -> bool {
    let mut later = session.frames().iter().skip(at + 1);
    later.any(|frame| frame.from == "client" && frame.opcode == "close")
}

/// Whether the client closed after the frame at this place with a code that names a fault of the vendor
/// (RFC 6455 §7.4.1).
fn names_a_fault(session: Session<'_>, at: usize) -> bool {
    let close = session.close().filter(|(closed, _)| *closed > at);
    close.is_some_and(|(_, frame)| matches!(close_code(frame), Some(1002 | 1003 | 1007)))
}

/// Whether the client sent a message after the frame at this place.
fn speaks_on(session: Session<'_>, at: usize) -> bool {
    let mut sent = session.sent();
    sent.any(|(sent, frame)| sent > at && is_message(frame))
}

/// The command that ended the session: the first one after its opening.
fn close_of<'a>(view: &View<'a>, session: Session<'_>) -> Option<GivenCommand<'a>> {
    let opening = opening_of(view, session.upgrade.seq)?;
    let mut later = asked(view)
        .into_iter()
        .filter(|asked| asked.seq > opening.seq);
    later.find(|asked| asked.command.op() == "ws_close")
}
