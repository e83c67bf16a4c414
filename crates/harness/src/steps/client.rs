//! A client under test.

use std::time::Duration;

use cucumber::{given, when};
use serde_json::json;

use crate::Error;
use crate::run::context::World;
use crate::run::lifetimes::SHORT_S;

#[given(regex = r"^the vendor takes (\d+) milliseconds to issue a token$")]
async fn slow_tokens(world: &mut World, delay_ms: u64) -> Result<(), Error> {
    let context = world.context()?;
    let (always, late) = (json!({"always": true}), json!({"delay_ms": delay_ms}));
    context.inject("token", &always, &late).await
}

#[when("the client is measured")]
async fn measured(world: &mut World) -> Result<(), Error> {
    world.context()?.measure_client().await
}

#[given("the first token lives short")]
async fn short(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.set_lifetime(context.raw_lifetime(SHORT_S)).await
}

#[given(regex = r"^tokens live (\d+) seconds$")]
#[when(regex = r"^new tokens live (\d+) seconds$")]
async fn lifetime(world: &mut World, seconds: f64) -> Result<(), Error> {
    let context = world.context()?;
    context.set_lifetime(context.raw_lifetime(seconds)).await
}

#[given(regex = r"^tokens live (\d+) seconds? beyond the client's margin$")]
async fn beyond_margin(world: &mut World, seconds: f64) -> Result<(), Error> {
    let context = world.context()?;
    let margin = context
        .measurement
        .as_ref()
        .map_or(0, |measurement| measurement.hi);
    context
        .set_lifetime(margin + context.raw_lifetime(seconds))
        .await
}

#[when("new tokens live long")]
async fn long(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.set_lifetime(context.long_lifetime()).await
}

#[when("the client's token comes to its end")]
async fn end(world: &mut World) -> Result<(), Error> {
    world.context()?.end_token().await
}

#[when("the vendor ends the client's token")]
async fn ended(world: &mut World) -> Result<(), Error> {
    world.context()?.expire_proofs().await
}

#[when(regex = r"^(\d+) milliseconds pass$")]
async fn passes(world: &mut World, millis: u64) -> Result<(), Error> {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    world.context()?.look().await
}

#[given(regex = r"^the vendor's setting (\w+) is (\w+)$")]
async fn setting(world: &mut World, name: String, value: String) -> Result<(), Error> {
    let value = serde_json::from_str(&value).unwrap_or_else(|_| json!(value));
    world.context()?.set(&name, value).await
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

#[when(regex = r"^the client makes 1 call within (\d+) seconds$")]
async fn call_within(world: &mut World, seconds: u64) -> Result<(), Error> {
    let limit = Duration::from_secs(seconds);
    world.context()?.client_calls_within(limit).await
}

#[when(regex = r"^the client makes (\d+) calls at once$")]
async fn calls_at_once(world: &mut World, n: usize) -> Result<(), Error> {
    world.context()?.client_calls_at_once(n).await
}

#[when(regex = r"^the client's clock runs (\d+) seconds ahead and it calls again$")]
async fn clock_and_call(world: &mut World, seconds: f64) -> Result<(), Error> {
    let context = world.context()?;
    context.advance_client(seconds).await?;
    context.client_calls(1).await
}

#[when("the vendor revokes the client's token")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let selector = json!({"vendor": context.profile.vendor, "all": true});
    context.mock()?.revoke_tokens(&selector).await?;
    context.log.control("tokens/revoke", &selector);
    Ok(())
}
