//! A client under test.

use cucumber::{given, when};
use serde_json::json;

use crate::Error;
use crate::run::context::World;

#[given(regex = r"^the vendor takes (\d+) milliseconds to issue a token$")]
async fn slow_tokens(world: &mut World, delay_ms: u64) -> Result<(), Error> {
    let context = world.context()?;
    let endpoint = ["token", "cognito"]
        .into_iter()
        .find(|name| context.profile.endpoint(name).is_some())
        .ok_or_else(|| Error::Step("the profile has no endpoint that issues tokens".to_owned()))?;
    let fault = json!({
        "match": {"vendor": context.profile.vendor, "endpoint": endpoint},
        "then": {"delay_ms": delay_ms},
    });
    context.mock()?.inject(&fault).await?;
    context.log.control("faults", &fault);
    Ok(())
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
