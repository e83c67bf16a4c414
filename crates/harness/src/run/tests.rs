use locum_core::profile::SecretIn;
use locum_core::{SystemClock, Verdict};
use serde_json::json;

use super::*;
use crate::verdict::{VerdictRow, judge};

/// Plays one scenario against an address where nobody listens.
async fn play_one(steps: &str) -> Vec<VerdictRow> {
    let text = format!(
        "Feature: f\n  @id:VEN-16 @must @judge:vendor\n  Scenario: s\n    {}\n",
        steps.replace("; ", "\n    ")
    );
    let freed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
    let base = format!("http://{}", freed.expect("loopback"));
    let nowhere = json!({
        "urls": {"token": format!("{base}/token"), "api": base},
        "credentials": {"client_id": "me", "client_secret": "t0p secret"}
    });
    let options = CheckOptions {
        webhook: None,
        profiles: vec![crate::testing::profile(|profile| {
            "pattern".clone_into(&mut profile.vendor);
            profile.token.secret_in = SecretIn::Basic;
        })],
        judge: Judge::Vendor,
        target: TargetKind::Endpoint(serde_json::from_value(nowhere).expect("a place")),
        client: None,
        jobs: CONCURRENCY,
        selection: Selection::default(),
        seed: 7,
        strict: false,
        fail_on: Vec::new(),
        resume: None,
        manners: Manners::default(),
        stop: tokio::sync::watch::channel(false).1,
        clock: Arc::new(SystemClock::new()),
    };
    let plan = Plan::of_text("pattern", &text).expect("it parses");
    let played = play(
        &options,
        &plan,
        Duration::ZERO,
        Box::new(drop),
        &Shared::default(),
    )
    .await;
    let (scenarios, _): (Vec<Scenario>, Vec<_>) = played.into_iter().unzip();
    let scope = Scope {
        catalogue: catalogue(),
        vendors: &["pattern".to_owned()],
        judge: Judge::Vendor,
        selection: &Selection::of_rows(&["VEN-16"]),
    };
    judge(&scope, &options.profiles, &scenarios)
}

async fn check_one(steps: &str, expected: Verdict, reason: &str) {
    let verdicts = play_one(steps).await;
    let row = verdicts
        .iter()
        .find(|row| row.id.0 == "VEN-16")
        .expect("it is in scope");
    assert_eq!(row.verdict, expected, "{steps}: {}", row.reason);
    assert!(row.reason.contains(reason), "{steps}: {}", row.reason);
}

#[tokio::test]
async fn what_cucumber_calls_a_success_is_our_fault() {
    check_one(
        "When the caller logs in; And the moon is full",
        Verdict::Harness,
        "a step is undefined",
    )
    .await;
}

#[tokio::test]
async fn a_step_that_fails_is_our_fault() {
    check_one(
        "When the caller calls the API with x=1; Then the vendor issued a token",
        Verdict::Inconclusive,
        "there was no token to call with",
    )
    .await;
    check_one(
        "When the caller calls each of these endpoints without a token",
        Verdict::Harness,
        "the step needs a table",
    )
    .await;
}

#[tokio::test]
async fn a_vendor_that_is_not_there_is_an_error() {
    check_one(
        "When the caller logs in; Then the vendor issued a token",
        Verdict::Error,
        "login got no reply: the connection failed",
    )
    .await;
}

#[tokio::test]
async fn a_real_endpoint_is_waited_for_or_not() {
    check_one(
        "When 66 minutes have passed; Then the expired token is answered with 401",
        Verdict::Pending,
        "it takes --wait 66m",
    )
    .await;
}
