//! The authorization code flow, and callers who are special in one way.

use cucumber::gherkin::Step;
use cucumber::{given, when};

use super::variations;
use crate::Error;
use crate::evidence::{Exchange, Operation, PROMISES_ISSUER, Variation};
use crate::run::context::World;

#[when("the caller asks for authorization")]
async fn asks(world: &mut World) -> Result<(), Error> {
    world.context()?.authorize(&Variation::Documented).await
}

#[when("the caller asks for authorization in each of these ways")]
async fn asks_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Authorize, step)? {
        world.context()?.authorize(&variation).await?;
    }
    Ok(())
}

/// Where it is read and does not, a client can't expect an issuer.
#[given("the metadata promises an issuer in each authorization response")]
async fn issuer_is_promised(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.metadata().await?;
    let promises_none = |read: Exchange<'_>| {
        let metadata = read.json();
        read.is_served() && metadata.is_object() && metadata[PROMISES_ISSUER] != true
    };
    let evidence = context.log.evidence();
    let is_not_promised = evidence.documented(Operation::Metadata).any(promises_none);
    match is_not_promised {
        true => Err(context.lacks("its metadata promises no iss in authorization responses")),
        false => Ok(()),
    }
}

#[when("the caller exchanges a code")]
async fn exchanges(world: &mut World) -> Result<(), Error> {
    world.context()?.redeem(&Variation::Documented).await
}

#[when("a code is exchanged in each of these ways")]
async fn exchanges_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Redeem, step)? {
        world.context()?.redeem(&variation).await?;
    }
    Ok(())
}

/// At a real endpoint they are as they are.
#[given("tokens that tell their client, where the vendor can issue them")]
async fn telling_tokens(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    match context.stage.is_some() {
        true => context.set("token_format", "jwt".into()).await,
        false => Ok(()),
    }
}

#[when("a caller without permission calls the API")]
async fn calls_without_permission(world: &mut World) -> Result<(), Error> {
    world.context()?.call_without_permission().await
}

#[given("another client has logged in with a Basic header")]
async fn other_logs_in(world: &mut World) -> Result<(), Error> {
    world.context()?.other_logs_in_by_basic().await
}

#[given(regex = r"^the client's secret has (a colon|characters that encodings change)$")]
async fn special_secret(world: &mut World, what: String) -> Result<(), Error> {
    world.context()?.change_secret(what == "a colon").await
}

/// At a real endpoint it is as it is.
#[given("the vendor's brake on guessing is on, where it is a setting")]
async fn brake_is_on(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let name = "wrong_secrets";
    match context.stage.is_some() && context.profile.settings.contains_key(name) {
        true => context.set(name, serde_json::json!(15)).await,
        false => Ok(()),
    }
}

#[when(regex = r"^wrong credentials of a throw-away account are tried (\d+) times$")]
async fn wrong_credentials(world: &mut World, times: usize) -> Result<(), Error> {
    world.context()?.try_wrong_credentials(times).await
}

#[when("a person sends the login page in each of these ways, and rightly behind each")]
async fn sends_the_page_wrongly(world: &mut World, step: &Step) -> Result<(), Error> {
    let ways = variations(Operation::SubmitLogin, step)?;
    world.context()?.submit_wrongly(&ways).await
}
