//! Ordinary sessions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::subject::ClientCommand;

fn passed(passed: Passed<'_>) -> Log {
    socket(Log::with_tenants(), 1, 0, passed)
}

#[test]
fn each_frame_is_masked() {
    grade(passed(&[CONFIG]), "WSS-13", Grade::Met);
    grade(
        passed(&[("client bare text", "{}")]),
        "WSS-13",
        Grade::Broken,
    );
    grade(
        passed(&[CONFIG, ("client bare pong", "")]),
        "WSS-13",
        Grade::Broken,
    );
    grade(passed(&[]), "WSS-13", Grade::Unobserved);
    grade(
        passed(&[("client close", "1006")]),
        "WSS-13",
        Grade::Unobserved,
    );
}

#[test]
fn pings_and_closes_are_answered() {
    let bye = ("mock close", "1000");
    let close = ("client close", "1000");
    grade(passed(SESSION), "WS-06", Grade::Met);
    grade(passed(&[CONFIG, PING, bye, close]), "WS-06", Grade::Broken);
    grade(passed(&[CONFIG, PING, PONG, bye]), "WS-06", Grade::Broken);
    let other = ("client pong", "other");
    grade(
        passed(&[CONFIG, PING, other, bye, close]),
        "WS-06",
        Grade::Broken,
    );
    // It ended the session by itself, and may not have read the ping.
    grade(passed(&[CONFIG, PING, close]), "WS-06", Grade::Unobserved);
    grade(passed(&[CONFIG, bye, close]), "WS-06", Grade::Unobserved);
    // More may come.
    let open = upgraded(Log::with_tenants(), 1, |entry| {
        entry.outcome = Some(Outcome::Opened);
        entry.reply = Some(reply(101, ""));
        entry.frames = [CONFIG, PING, bye]
            .iter()
            .map(|one| frame(entry, *one))
            .collect();
    });
    grade(open, "WS-06", Grade::Unobserved);
    let bent = socket(Log::with_tenants(), 1, 1, &[CONFIG, PING, bye, close]);
    grade(bent, "WS-06", Grade::Unobserved);
}

/// A client that closes by itself may not know how to answer.
#[test]
fn a_close_of_the_vendor_is_answered() {
    let bye = ("mock close", "1001");
    let ended = |passed: Passed<'_>| {
        let log = fault(Log::with_tenants(), 1, &json!({"close_ws": 1001}));
        socket(log, 1, 1, passed)
    };
    let close = ("client close", "1001");
    grade(ended(&[CONFIG, ACCEPTED, bye, close]), "WS-06", Grade::Met);
    let gone = ("client close", "1006");
    grade(
        ended(&[CONFIG, ACCEPTED, bye, gone]),
        "WS-06",
        Grade::Broken,
    );
    grade(ended(&[CONFIG, ACCEPTED, bye]), "WS-06", Grade::Broken);
    // It was never sent.
    grade(ended(&[CONFIG, close]), "WS-06", Grade::Unobserved);
}

#[test]
fn the_configuration_comes_first_and_audio_once_it_is_accepted() {
    grade(passed(SESSION), "WS-07", Grade::Met);
    grade(passed(&[CONFIG, AUDIO, ACCEPTED]), "WS-07", Grade::Broken);
    grade(passed(&[AUDIO, CONFIG, ACCEPTED]), "WS-07", Grade::Broken);
    grade(passed(&[AUDIO]), "WS-07", Grade::Broken);
    // Pings and what libraries send besides are no messages.
    let ping = ("client ping", "x");
    grade(
        passed(&[ping, CONFIG, ACCEPTED, AUDIO]),
        "WS-07",
        Grade::Met,
    );
    grade(passed(&[CONFIG]), "WS-07", Grade::Unobserved);
    grade(passed(&[]), "WS-07", Grade::Unobserved);
    let late = upgraded(Log::with_tenants(), 1, |entry| {
        entry.outcome = Some(Outcome::Opened);
        entry.reply = Some(reply(101, ""));
        entry.completed = Some(entry.arrived);
        let mut config = frame(entry, CONFIG);
        config.at = config.at.plus(std::time::Duration::from_secs(11));
        entry.frames = vec![config];
    });
    grade(late, "WS-07", Grade::Broken);
}

#[test]
fn audio_is_cut_into_frames() {
    let with = |opcodes: &[(&str, u64)]| {
        upgraded(Log::with_tenants(), 1, |entry| {
            entry.outcome = Some(Outcome::Opened);
            entry.reply = Some(reply(101, ""));
            let frames = opcodes.iter().map(|(opcode, length)| {
                let mut frame = frame(entry, (opcode, ""));
                frame.length = *length;
                frame
            });
            entry.frames = frames.collect();
        })
    };
    grade(with(&[("client binary", 100)]), "WS-08", Grade::Met);
    grade(with(&[("client binary", 101)]), "WS-08", Grade::Broken);
    let fragments = [
        ("client binary", 60),
        ("client pong", 120),
        ("client continuation", 60),
    ];
    grade(with(&fragments), "WS-08", Grade::Met);
    let fragments = [("client binary", 60), ("client continuation", 101)];
    grade(with(&fragments), "WS-08", Grade::Broken);
    grade(with(&[("client text", 500)]), "WS-08", Grade::Unobserved);
    // The piece that its caller handed over, passed on as it was.
    let handed = |base64: String| {
        let ask = ClientCommand::WsSend {
            ws: "w".to_owned(),
            text: None,
            base64: Some(base64),
        };
        with(&[("client binary", 101)]).asked(&ask)
    };
    let piece = |bytes: usize| handed(STANDARD.encode(vec![0; bytes]));
    grade(piece(101), "WS-08", Grade::Tolerated);
    grade(piece(102), "WS-08", Grade::Broken);
    // What a saved run says may be no base64.
    grade(handed("==".to_owned()), "WS-08", Grade::Broken);
}

#[test]
fn the_client_says_that_it_is_done() {
    let close = ("client close", "1000");
    grade(passed(SESSION), "WS-09", Grade::Met);
    grade(
        passed(&[CONFIG, ACCEPTED, AUDIO, close]),
        "WS-09",
        Grade::Broken,
    );
    grade(
        passed(&[CONFIG, ACCEPTED, END, close]),
        "WS-09",
        Grade::Broken,
    );
    // It was cut off: nobody knows what it would have said.
    let cut = ("client close", "1006");
    grade(
        passed(&[CONFIG, ACCEPTED, AUDIO, cut]),
        "WS-09",
        Grade::Unobserved,
    );
    grade(passed(&[CONFIG, close]), "WS-09", Grade::Unobserved);
}
