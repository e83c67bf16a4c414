//! A client under test.

use std::time::Duration;

use cucumber::{given, when};
use serde_json::json;

use crate::Error;
use crate::run::context::World;
use crate::subject::ClockSelection;

#[given(regex = r"^the vendor takes (\d+) milliseconds to issue a token$")]
#[when(regex = r"^each token request from now on takes (\d+) milliseconds$")]
async fn slow_tokens(world: &mut World, delay_ms: u64) -> Result<(), Error> {
    let context = world.context()?;
    let (always, late) = (json!({"always": true}), json!({"delay_ms": delay_ms}));
    context.inject("token", &always, &late).await
}

#[given(regex = r"^the vendor's setting (\w+) is (\w+)$")]
async fn setting(world: &mut World, name: String, value: String) -> Result<(), Error> {
    let value = serde_json::from_str(&value).unwrap_or_else(|_| json!(value));
    world.context()?.set(&name, value).await
}

#[given(regex = r"^the vendor's settings (\w+) and (\w+) are true$")]
async fn switches(world: &mut World, one: String, other: String) -> Result<(), Error> {
    let context = world.context()?;
    context.set(&one, json!(true)).await?;
    context.set(&other, json!(true)).await
}

#[given(regex = r"^the client has made (\d+) calls?$")]
#[when(regex = r"^the client makes (\d+) calls? in turn$")]
#[when(regex = r"^the client makes (\d+) calls?$")]
async fn calls(world: &mut World, n: usize) -> Result<(), Error> {
    world.context()?.client_calls(n).await
}

#[when(regex = r"^the client makes (\d+) calls, one every (\d+) milliseconds$")]
async fn calls_every(world: &mut World, n: usize, millis: u64) -> Result<(), Error> {
    let every = Duration::from_millis(millis);
    world.context()?.client_calls_every(n, every).await
}

#[when(regex = r"^the client makes (\d+) calls in turn, one every (\d+) milliseconds$")]
async fn calls_in_turn_every(world: &mut World, n: usize, millis: u64) -> Result<(), Error> {
    let every = Duration::from_millis(millis);
    world.context()?.client_calls_in_turn_every(n, every).await
}

#[when(
    regex = r"^the client makes (\d+) calls at most, one every (\d+) milliseconds, until it has fetched another token$"
)]
async fn calls_until_renewed(world: &mut World, n: usize, millis: u64) -> Result<(), Error> {
    let context = world.context()?;
    let every = Duration::from_millis(millis);
    context.client_calls_until_renewed(n, every).await
}

/// A client may leave a vendor alone for a while after a failure; where its clock can be turned nobody
/// waits for that.
#[when(regex = r"^the client makes 1 call, and others for (\d+) seconds while they fail$")]
async fn calls_while_they_fail(world: &mut World, seconds: u64) -> Result<(), Error> {
    let context = world.context()?;
    context
        .client_calls_while_they_fail(Duration::from_secs(seconds))
        .await
}

#[when(regex = r"^the client begins (\d+) calls, one every (\d+) milliseconds$")]
async fn begins_calls(world: &mut World, n: usize, millis: u64) -> Result<(), Error> {
    let context = world.context()?;
    if context.lacks_cap("concurrency") {
        return Ok(());
    }
    context
        .begin_calls_every(n, Duration::from_millis(millis))
        .await
}

#[when("the client has answered")]
async fn answered(world: &mut World) -> Result<(), Error> {
    world.context()?.answers().await
}

#[when("the client creates one object")]
async fn creates_one(world: &mut World) -> Result<(), Error> {
    world.context()?.client_creates_one().await
}

#[given(regex = r"^the client's token URL ends in (\S+)$")]
async fn token_url(world: &mut World, end: String) -> Result<(), Error> {
    world.context()?.start_client_at(&end).await
}

#[given(regex = r"^the vendor's setting (\w+) is the list (.+)$")]
async fn list(world: &mut World, name: String, words: String) -> Result<(), Error> {
    let words: Vec<&str> = words.split(',').map(str::trim).collect();
    world.context()?.set(&name, json!(words)).await
}

#[when(regex = r"^the client makes (\d+) calls at once$")]
async fn calls_at_once(world: &mut World, n: usize) -> Result<(), Error> {
    world.context()?.client_calls_at_once(n).await
}

#[when(regex = r"^the client makes (\d+) calls at once while a token takes (\d+) milliseconds$")]
async fn calls_at_once_with_slow_tokens(
    world: &mut World,
    n: usize,
    delay_ms: u64,
) -> Result<(), Error> {
    slow_tokens(world, delay_ms).await?;
    world.context()?.client_calls_at_once(n).await
}

#[when(regex = r"^the client makes (\d+) calls? within (\d+) seconds$")]
async fn calls_within(world: &mut World, n: usize, seconds: u64) -> Result<(), Error> {
    let context = world.context()?;
    context.client_calls_within(n, Some(1000 * seconds)).await
}

#[when(
    regex = r"^the client makes (\d+) calls at once, of which two arrive before one is answered$"
)]
async fn calls_at_barrier(world: &mut World, n: usize) -> Result<(), Error> {
    world.context()?.client_calls_at_barrier(n).await
}

#[when(regex = r"^the client begins (\d+) calls?$")]
async fn begins(world: &mut World, n: usize) -> Result<(), Error> {
    world.context()?.begin_calls(n).await
}

#[when("the first of them is cancelled, and all are answered")]
async fn cancelled(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.cancel_first().await?;
    context.answers().await
}

#[when(
    regex = r"^the client's (wall clock|clock) is set (\d+) seconds (ahead|back) and it (calls|calls thrice)$"
)]
async fn clock(
    world: &mut World,
    which: String,
    seconds: f64,
    way: String,
    calls: String,
) -> Result<(), Error> {
    let which = match which.as_str() {
        "wall clock" => ClockSelection::Wall,
        _ => ClockSelection::Both,
    };
    let offset_s = if way == "ahead" { seconds } else { -seconds };
    let context = world.context()?;
    context.set_client_clock(offset_s, which).await?;
    let calls = if calls == "calls" { 1 } else { 3 };
    context.client_calls(calls).await
}

#[when(regex = r"^the client's clock runs (\d+) seconds ahead and it calls again$")]
async fn clock_and_call(world: &mut World, seconds: f64) -> Result<(), Error> {
    let context = world.context()?;
    context.advance_client(seconds).await?;
    context.client_calls(1).await
}

#[when("the vendor changes its signing key")]
async fn rotates(world: &mut World) -> Result<(), Error> {
    const GRACE_S: u64 = 300;
    let context = world.context()?;
    let vendor = context.profile.vendor.clone();
    context.mock()?.rotate_keys(&vendor, GRACE_S).await?;
    context
        .log
        .control("keys/rotate", &json!({"grace_s": GRACE_S}));
    Ok(())
}

#[when("the vendor revokes the client's token")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke_all().await
}

#[when("the client creates one thing or posts in its place")]
async fn creates(world: &mut World) -> Result<(), Error> {
    world.context()?.client_creates().await
}
