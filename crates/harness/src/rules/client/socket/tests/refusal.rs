//! Openings that come to nothing.

use super::*;

const DENIED: Passed<'_> = &[CONFIG, ("mock text", r#"{"type":"DENIED"}"#)];

/// An opening that the vendor refuses with a word, and one that it refuses with a status.
pub(super) fn refused(log: Log) -> Log {
    let log = ordinary(log).opens(false, |log| socket(log, 1, 0, DENIED));
    log.opens(false, |log| super::refused(log, 1, 403))
}

#[test]
fn each_refusal_is_an_error() {
    grade(refused(Log::with_tenants()), "WS-10", Grade::Met);
    let after = || ordinary(Log::with_tenants());
    let opens = after().opens(true, |log| socket(log, 1, 0, DENIED));
    grade(opens, "WS-10", Grade::Broken);
    let asked = || after().asked_to_open("wss://h/s?tenant-name=t");
    grade(
        socket(asked(), 1, 0, DENIED).client_hangs(),
        "WS-10",
        Grade::Broken,
    );
    grade(
        socket(asked(), 1, 0, DENIED).client_gone(),
        "WS-10",
        Grade::Broken,
    );
    // It went before anything was refused.
    grade(asked().client_gone(), "WS-10", Grade::Gone);
    let alone = Log::with_tenants().opens(false, |log| socket(log, 1, 0, DENIED));
    grade(alone, "WS-10", Grade::Unobserved);
    grade(after(), "WS-10", Grade::Unobserved);
}

#[test]
fn the_url_is_told_to_nobody() {
    grade(refused(Log::with_tenants()), "WS-04", Grade::Met);
    let told = |message: &str| refused(Log::with_tenants()).opening_fails_with(message);
    for spelled in ["Bearer%20", "Bearer ", "Bearer+", "Bearer%2520", ""] {
        let url =
            format!("cannot open ws://h/s?tenant-name=t&token={spelled}«access token 1 of a»");
        grade(told(&url), "WS-04", Grade::Broken);
        let printed = refused(Log::with_tenants()).output_heard().printed(&url);
        grade(printed, "WS-04", Grade::Broken);
    }
    for harmless in [
        "cannot open ws://h/s?tenant-name=t&token=***",
        "token=«unknown, 9 bytes»",
        // A token without its URL is the business of other rows.
        "«access token 1 of a» is wrong",
    ] {
        grade(told(harmless), "WS-04", Grade::Met);
    }
    grade(ordinary(Log::with_tenants()), "WS-04", Grade::Unobserved);
}
