use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use locum_core::{ManualClock, Timestamp};

use super::*;
use crate::evidence::Event;
use crate::subject::{ClientGone, ClientHello, ClientOutput, ClientReply, ClientSubject};
use crate::target::Target;

/// Answers so many requests, then crashes.
struct Fragile {
    hello: ClientHello,
    left: AtomicUsize,
}

impl ClientSubject for Fragile {
    fn hello(&self) -> &ClientHello {
        &self.hello
    }

    fn send(&self, _: ClientCommand) -> BoxFuture<'static, Outcome> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        let crashed = || ClientGone {
            kind: Departure::Crashed,
            why: "it ended with t0p secret".to_owned(),
        };
        let outcome = (left > 0).then(|| ClientReply::done(Some(200)));
        ready(outcome.ok_or_else(crashed)).boxed()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Vec<ClientOutput>> {
        ready(Vec::new()).boxed()
    }
}

fn context() -> ScenarioContext {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_795_514_400)));
    let profile = crate::testing::profile(|_| {});
    let target: Target = serde_json::from_value(json!({
        "credentials": {"client_id": "me", "client_secret": "t0p secret"}
    }))
    .expect("a target");
    ScenarioContext::new(profile, target, None, clock, Duration::ZERO)
}

fn fragile(answers: usize, ops: &[&str]) -> BoxFuture<'static, Started> {
    let subject: Box<dyn ClientSubject> = Box::new(Fragile {
        hello: ClientHello {
            ops: ops.iter().map(|op| (*op).to_owned()).collect(),
            ..ClientHello::default()
        },
        left: AtomicUsize::new(answers),
    });
    ready(Ok(subject)).boxed()
}

/// Asks, answers and departures that were written down.
fn counts(context: &ScenarioContext) -> (usize, usize, usize) {
    let evidence = context.log.evidence();
    let gone = |record: &&crate::evidence::Record| matches!(record.event, Event::Gone { .. });
    (
        evidence.asks().count(),
        evidence.answers().count(),
        evidence.records().iter().filter(gone).count(),
    )
}

#[tokio::test]
async fn a_client_that_crashed_is_asked_nothing_more() {
    let mut context = context();
    context.seat(fragile(2, &["new", "call"])).await;
    context.start_client().await.expect("no fault of ours");
    context.client_calls(5).await.expect("no fault of ours");
    assert_eq!(counts(&context), (3, 2, 1));
    assert_eq!(context.not_applicable, None);
    let (_, gone) = context.log.evidence().client_gone().expect("it crashed");
    assert_eq!(
        gone.to_string(),
        "the client crashed: it ended with «client secret»"
    );
    // A saved run knows it, too.
    for record in context.log.evidence().records() {
        let written = serde_json::to_string(&record.event).expect("it is written");
        let read: Event = serde_json::from_str(&written).expect("it is read");
        assert_eq!(read, record.event, "{written}");
    }
    context.end_client().await;
}

#[tokio::test]
async fn a_client_that_does_not_start_is_gone() {
    let mut context = context();
    let refused = ClientGone {
        kind: Departure::NotStarted,
        why: "no such file".to_owned(),
    };
    context.seat(ready(Err(refused)).boxed()).await;
    context.start_client().await.expect("no fault of ours");
    context.client_calls_at_once(2).await.expect("nor here");
    context.advance_client(5.0).await.expect("nor here");
    assert_eq!(counts(&context), (0, 0, 1));
    assert_eq!(context.not_applicable, None);
    context.end_client().await;
}

#[tokio::test]
async fn what_a_client_does_not_claim_is_not_asked_for() {
    for (ops, reason) in [
        (&["new"][..], "the client has no call"),
        (
            &["new", "call"][..],
            "the client does not claim concurrency",
        ),
    ] {
        let mut context = context();
        context.seat(fragile(9, ops)).await;
        context.start_client().await.expect("no fault of ours");
        let asked = match ops {
            [_] => context.client_calls(1).await,
            _ => context.client_calls_at_once(2).await,
        };
        asked.expect("no fault of ours");
        assert_eq!(counts(&context), (1, 1, 0));
        assert_eq!(context.not_applicable.as_deref(), Some(reason));
    }
}
