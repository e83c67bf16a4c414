//! How long the tokens of a scenario live, and how they come to their end.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, when};
use serde_json::json;

use super::phrases;
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

#[given("the client has made 1 call with a token that lives short")]
async fn called_with_short(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.set_lifetime(context.raw_lifetime(SHORT_S)).await?;
    context.client_calls(1).await
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

/// Two calls: a client may pass the first refusal on and renew for the next.
#[when("the client's short token ends and it makes 2 calls")]
async fn short_end(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.end_short_token().await?;
    context.client_calls(2).await
}

/// So that what a client does with the dead refresh token is not hidden by the next one.
#[when("the client's short token and its refresh token end, and logins bring no other")]
async fn refresh_token_ends(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.end_short_token().await?;
    context.revoke_refresh_tokens().await?;
    let edit = match context.profile.endpoints.contains_key("cognito") {
        true => json!({"within": "AuthenticationResult", "remove": ["RefreshToken"]}),
        false => json!({"remove": ["refresh_token"]}),
    };
    let always = json!({"always": true});
    context
        .inject("token reply", &always, &json!({"edit": edit}))
        .await
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

#[when(regex = r"^(\d+) milliseconds pass, and the vendor ends the client's token$")]
async fn passes_and_ends(world: &mut World, millis: u64) -> Result<(), Error> {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    let context = world.context()?;
    context.look().await?;
    context.expire_proofs().await
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
#[when(regex = r"^the vendor's clock is set (\d+) seconds (ahead|back)$")]
async fn vendor_clock(world: &mut World, seconds: f64, way: String) -> Result<(), Error> {
    let seconds = if way == "ahead" { seconds } else { -seconds };
    world.context()?.advance(seconds).await
}

/// Each value is written into the reply as it stands in the table; the first column names it.
#[given(regex = r"^each of these is told as `(\w+)`(?: in `(\w+)`)? to an instance of its own$")]
async fn odd(world: &mut World, name: String, within: String, step: &Step) -> Result<(), Error> {
    let context = world.context()?;
    for value in phrases(step)? {
        let mut edit = match value.as_str() {
            "absent" => json!({"remove": [name]}),
            raw => json!({"raw": {&name: raw}}),
        };
        if !within.is_empty() {
            edit["within"] = within.as_str().into();
        }
        let then = json!({"edit": edit});
        let fault = context.fault("token reply", &json!({"always": true}), &then)?;
        context.start_side(&fault).await?;
    }
    Ok(())
}

/// One after the other, so that the one on which a client crashes is known.
#[when("each of them makes 2 calls in turn, and a second passes")]
async fn they_call_twice(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.sides_call_in_turn(2).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    context.look().await
}

#[when(regex = r"^each of them makes (\d+) calls in turn$")]
async fn they_call_often(world: &mut World, n: usize) -> Result<(), Error> {
    world.context()?.sides_call_in_turn(n).await
}

#[given("tokens go on working after their end")]
async fn unenforced(world: &mut World) -> Result<(), Error> {
    world.context()?.set("enforce_expiry", json!(false)).await
}
