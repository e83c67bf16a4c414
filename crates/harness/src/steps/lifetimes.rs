//! How long the tokens of a scenario live, and how they come to their end.

use std::time::Duration;

use cucumber::{given, when};
use serde_json::json;

use crate::Error;
use crate::run::context::World;
use crate::run::lifetimes::SHORT_S;

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

#[given("the first token will be inside the client's margin")]
async fn will_be_inside(world: &mut World) -> Result<(), Error> {
    world.context()?.plan_margin().await
}

#[when("the token is inside the client's margin")]
async fn is_inside(world: &mut World) -> Result<(), Error> {
    world.context()?.enter_margin().await
}

#[given(regex = r"^the vendor's clock is (\d+) seconds (ahead|behind)$")]
async fn vendor_clock(world: &mut World, seconds: f64, way: String) -> Result<(), Error> {
    let seconds = if way == "ahead" { seconds } else { -seconds };
    world.context()?.advance(seconds).await
}

#[given("tokens go on working after their end")]
async fn unenforced(world: &mut World) -> Result<(), Error> {
    world.context()?.set("enforce_expiry", json!(false)).await
}
