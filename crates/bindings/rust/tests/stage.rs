//! What a stage gives, in many tests at once, each with a clock of its own; and what it says of a client.

mod clients;

use std::process::Command;
use std::time::Duration;

use clients::{Pattern, interactions};
use locum_testing::Locum;
use serde_json::json;

const DAY: Duration = Duration::from_secs(86_400);

fn turns_a_clock_of_its_own(days: usize) {
    let clock = json!({"now": "2030-01-01T00:00:00Z", "mode": "frozen"});
    let locum = Locum::start_with("pattern", json!({"clock": clock}));
    let mut client = Pattern::new(&locum);
    assert_eq!(client.members(), Ok(200));
    for day in 2..days + 2 {
        assert_eq!(
            locum.advance(DAY)["now"],
            format!("2030-01-{day:02}T00:00:00Z")
        );
        assert_eq!(client.members(), Ok(200));
    }
    assert_eq!(client.logins, days + 1);
    let logins = locum
        .journal()
        .into_iter()
        .filter(|entry| entry["endpoint"] == "token");
    assert_eq!(logins.count(), days + 1);
}

macro_rules! clocks {
    ($($name:ident: $days:expr),*) => { $(#[test] fn $name() { turns_a_clock_of_its_own($days); })* };
}
clocks!(days_0: 0, days_1: 1, days_2: 2, days_3: 3, days_4: 4, days_5: 5, days_6: 6, days_7: 7);

#[test]
fn tokens_end_when_the_test_says_so() {
    let locum = Locum::start("pattern");
    let mut client = Pattern::new(&locum);
    assert_eq!(client.members(), Ok(200));
    locum.expire();
    assert_eq!(client.members(), Ok(200));
    locum.revoke();
    assert_eq!(client.members(), Ok(200));
    assert_eq!(client.logins, 3);
}

#[test]
fn settings_are_given_at_the_start_or_changed() {
    let settings = json!({"pattern.token_ttl_ms": 7000});
    let locum = Locum::start_with("pattern", json!({"settings": settings}));
    let mut client = Pattern::new(&locum);
    client.login().expect("a token");
    locum.settings(json!({"pattern.token_ttl_ms": 9000}));
    client.login().expect("a token");
    for (entry, lifetime) in locum.journal().iter().zip(["7000", "9000"]) {
        assert!(
            entry["reply"]["body"].to_string().contains(lifetime),
            "{entry}"
        );
    }
}

#[test]
fn a_fault_strikes_its_vendor_alone() {
    let locum = Locum::start("pattern");
    locum.fault("token", json!({"first": 1}), json!({"status": 503}));
    assert_eq!(Pattern::new(&locum).members(), Err(503));
    let corti = locum.of("corti");
    assert_eq!(
        interactions(&corti, Some(&corti.credentials()["tenant"])),
        200
    );
}

#[test]
fn a_fault_of_the_client_may_be_meant() {
    let start = || Locum::start("corti");
    for locum in [
        start().ignore("REQ-08"),
        start().expect("REQ-08"),
        start().verdicts("off"),
    ] {
        assert_eq!(interactions(&locum, None), 403);
    }
}

/// Ought to fail where it is played, though it asserts nothing.
#[test]
fn played() {
    match std::env::var("PLAY").as_deref() {
        Ok("faulty") => _ = interactions(&Locum::start("corti"), None),
        Ok("unexpected") => drop(Locum::start("corti").expect("REQ-08")),
        Ok("killed") => {
            let locum = Locum::start("corti");
            let id = std::process::id().to_string();
            let killed = Command::new("kill").args(["-9", &id]).status();
            panic!("it lives: {killed:?}, {locum:?}");
        }
        _ => {}
    }
}

/// This test binary within itself. Its output ends when the server that it started has ended, too.
fn play(variables: &[(&str, &str)]) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command
        .args(["played", "--exact", "--nocapture"])
        .envs(variables.iter().copied());
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text.into_owned())
}

fn fails(variables: &[(&str, &str)], says: &[&str]) {
    let (passed, output) = play(variables);
    assert!(!passed, "{output}");
    for part in says {
        assert!(output.contains(part), "{part:?} is not in {output}");
    }
}

#[test]
fn a_faulty_client_fails_its_test() {
    fails(
        &[("PLAY", "faulty")],
        &[
            "FAIL REQ-08 (MUST, corti): Every REST request carries Tenant-Name with the tenant of the token URL.\n",
            "  seen: ",
            "  expected: ",
            "  in: GET /v2/interactions/\n",
            "  hint: `locum explain REQ-08`",
            "\nstage ",
        ],
    );
    fails(
        &[("PLAY", "unexpected")],
        &["REQ-08 was expected to be broken, and is not"],
    );
    let (passed, output) = play(&[("PLAY", "faulty"), ("LOCUM_VERDICTS", "off")]);
    assert!(passed, "{output}");
}

#[test]
fn a_binary_that_is_missing_is_an_error_that_says_what_to_do() {
    let variables = [("PLAY", "faulty"), ("LOCUM_BIN", "/nowhere/locum")];
    fails(
        &variables,
        &["/nowhere/locum does not start: ", "LOCUM_BIN names another"],
    );
}

#[test]
#[cfg(unix)]
fn the_server_ends_when_the_runner_is_killed() {
    let (passed, output) = play(&[("PLAY", "killed")]);
    assert!(!passed && !output.contains("it lives"), "{output}");
}
