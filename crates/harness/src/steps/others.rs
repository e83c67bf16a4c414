//! What others do beside the caller, and what only a created thing can show.

#![expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands its captures over"
)]

use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::phrases;
use crate::Error;
use crate::rules::vendor::{challenge, fact, login, revocation, socket, strangers};
use crate::run::context::World;
use crate::target::Other;

#[given(regex = r"^the caller has created one of (/\S*)$")]
#[when(regex = r"^the caller creates one of (/\S*)$")]
async fn creates(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    let body = step.docstring.clone().unwrap_or_default();
    world.context()?.create(&path, &body).await
}

#[when(regex = r"^the caller reads (/\S*)$")]
async fn reads(world: &mut World, path: String) -> Result<(), Error> {
    world.context()?.read(&path, "").await
}

#[when(regex = r"^(/\S*) is read in each of these ways$")]
async fn reads_each_way(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    for how in phrases(step)? {
        world.context()?.read(&path, &how).await?;
    }
    Ok(())
}

#[when("another client revokes the caller's token")]
async fn foreign_revocation(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke(Some(Other::Client)).await
}

#[when("the caller revokes the token")]
async fn revocation_of_ones_own(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke(None).await
}

#[when("the caller reads the vendor's metadata")]
async fn reads_metadata(world: &mut World) -> Result<(), Error> {
    world.context()?.metadata().await
}

#[then("none of these readers gets it")]
fn kept(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(strangers::get_nothing);
    Ok(())
}

#[then("only the caller's own revocation ended the token")]
fn own_only(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(revocation::is_for_ones_own);
    Ok(())
}

#[then(regex = r"^the reply to the login (\S.*) has no (\w+)$")]
fn lacks(world: &mut World, how: String, name: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| login::reply_lacks(view, &how, &name));
    Ok(())
}

#[then("each of these calls is refused by a challenge that says invalid_token, without a body")]
fn challenged(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(challenge::says_invalid_token);
    Ok(())
}

#[then("the status of this call is reported")]
fn status(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(fact::status_of_the_altered_call);
    Ok(())
}

#[then(regex = r"^the metadata's (\w+) is reported$")]
fn member(world: &mut World, name: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| fact::metadata_says(view, &name));
    Ok(())
}

#[then(regex = r"^(\w+) is the URL of a socket with the tenant as ([\w-]+) and without a token$")]
fn socket_url(world: &mut World, member: String, parameter: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| socket::url_names_the_tenant(view, &member, &parameter));
    Ok(())
}
