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

/// A session on which the client's frames have these keys, and this length.
fn masked(log: Log, keys: &[u8], length: u64) -> Log {
    upgraded(log, 1, |entry| {
        entry.outcome = Some(Outcome::Opened);
        entry.reply = Some(reply(101, ""));
        let frames = keys.iter().map(|key| EntryFrame {
            mask: Some(Mask([*key; 4])),
            length,
            ..frame(entry, AUDIO)
        });
        entry.frames = frames.collect();
    })
}

#[test]
fn each_frame_has_a_key_of_its_own() {
    let with = |keys: &[u8]| masked(Log::with_tenants(), keys, 10);
    grade(passed(SESSION), "WSS-31", Grade::Met);
    grade(with(&[1, 2, 3]), "WSS-31", Grade::Met);
    for repeated in [&[0, 0, 0][..], &[5; 9], &[1, 1, 2, 2], &[1, 2, 3, 0, 0, 0]] {
        grade(with(repeated), "WSS-31", Grade::Broken);
    }
    // One key for each connection is one for many frames; so is one that begins anew each time.
    let again = |keys: &[u8]| masked(with(&[1, 2, 3]), keys, 10);
    grade(again(&[4, 4, 4]), "WSS-31", Grade::Broken);
    grade(again(&[1, 2, 3]), "WSS-31", Grade::Broken);
    grade(again(&[4, 5, 6]), "WSS-31", Grade::Met);
    // Too few to tell, or chance.
    for few in [&[][..], &[1], &[1, 2], &[0, 0], &[1, 2, 3, 3]] {
        grade(with(few), "WSS-31", Grade::Unobserved);
    }
    // There is nothing to mask, or it was not masked.
    let empty = masked(Log::with_tenants(), &[0, 0, 0], 0);
    grade(empty, "WSS-31", Grade::Unobserved);
    let bare = ("client bare text", "{}");
    grade(passed(&[bare, bare, bare]), "WSS-31", Grade::Unobserved);
}

#[test]
fn a_close_has_a_code_that_may_be_sent() {
    let closed = |told: &str| passed(&[CONFIG, ("client close", told)]);
    for good in [
        "1000",
        "1001 bye",
        "1002",
        "1011",
        "1014",
        "3000",
        "4999 1006",
    ] {
        grade(closed(good), "WSS-32", Grade::Met);
    }
    // `1006` alone would be a connection without a close.
    for bad in [
        "0",
        "999",
        "1004",
        "1005",
        "1006 lost",
        "1015",
        "2999",
        "5000",
    ] {
        grade(closed(bad), "WSS-32", Grade::Broken);
    }
    grade(closed("1006"), "WSS-32", Grade::Unobserved);
    grade(passed(&[CONFIG]), "WSS-32", Grade::Unobserved);
    let two = [("client close", "1000"), ("client close", "1005")];
    grade(passed(&two), "WSS-32", Grade::Broken);
    let of_length = |length: u64| {
        upgraded(Log::with_tenants(), 1, |entry| {
            entry.outcome = Some(Outcome::Opened);
            entry.reply = Some(reply(101, ""));
            let close = frame(entry, ("client close", ""));
            entry.frames = vec![EntryFrame { length, ..close }];
        })
    };
    grade(of_length(0), "WSS-32", Grade::Met);
    grade(of_length(1), "WSS-32", Grade::Broken);
    // Its end did not come.
    grade(of_length(2), "WSS-32", Grade::Unobserved);
    // The vendor said so first.
    let same = [("mock close", "1005"), ("client close", "1005")];
    grade(passed(&same), "WSS-32", Grade::Tolerated);
    let other = [("mock close", "1005"), ("client close", "1015")];
    grade(passed(&other), "WSS-32", Grade::Broken);
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
    // It closed first, and the vendor's close is the answer.
    let first = ended(&[CONFIG, ACCEPTED, close, bye]);
    grade(first, "WS-06", Grade::Unobserved);
    let twice = ended(&[CONFIG, ACCEPTED, close, bye, close]);
    grade(twice, "WS-06", Grade::Unobserved);
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
