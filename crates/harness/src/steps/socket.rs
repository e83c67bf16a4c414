//! Websockets: those that the harness opens, and those of a client under test.

#![expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands its captures over"
)]

use cucumber::gherkin::Step;
use cucumber::{given, when};

use super::{variation, variations};
use crate::Error;
use crate::evidence::{Operation, Variation};
use crate::run::context::World;

#[given("each socket is configured with")]
fn configured(world: &mut World, step: &Step) -> Result<(), Error> {
    let configuration = step.docstring.clone().unwrap_or_default();
    world.context()?.configure_sockets("", &configuration)
}

#[given(regex = r"^the socket (\S+) is configured with$")]
fn configured_one(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    let configuration = step.docstring.clone().unwrap_or_default();
    world.context()?.configure_sockets(&place, &configuration)
}

#[given("a session on a socket is flushed with")]
fn flushed(world: &mut World, step: &Step) -> Result<(), Error> {
    let message = step.docstring.clone().unwrap_or_default();
    world.context()?.flush_sockets_with(&message)
}

#[given("a session on a socket is ended with")]
fn ended(world: &mut World, step: &Step) -> Result<(), Error> {
    let message = step.docstring.clone().unwrap_or_default();
    world.context()?.end_sockets_with(&message)
}

#[when(regex = r"^the caller opens the socket (\S+)$")]
async fn opens(world: &mut World, place: String) -> Result<(), Error> {
    world
        .context()?
        .open_socket(&place, &Variation::Documented)
        .await
}

#[when(regex = r"^the caller opens the socket (\S+) (with .+)$")]
async fn opens_one_way(world: &mut World, place: String, how: String) -> Result<(), Error> {
    let variation = variation(Operation::OpenSocket, &how)?;
    world.context()?.open_socket(&place, &variation).await
}

#[when(regex = r"^the caller opens the socket (\S+) in each of these ways$")]
async fn opens_each_way(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::OpenSocket, step)? {
        world.context()?.open_socket(&place, &variation).await?;
    }
    Ok(())
}

#[when(regex = r"^the caller asks for an upgrade of the socket (\S+)$")]
async fn asks_for_an_upgrade(world: &mut World, place: String) -> Result<(), Error> {
    let how = Variation::Documented;
    world.context()?.ask_for_upgrade(&place, &how).await
}

#[when(
    regex = r"^the caller asks for an upgrade of the socket (\S+) (for an interaction that does not exist)$"
)]
async fn asks_one_way(world: &mut World, place: String, how: String) -> Result<(), Error> {
    let variation = variation(Operation::Upgrade, &how)?;
    world.context()?.ask_for_upgrade(&place, &variation).await
}

#[when(regex = r"^the caller asks for an upgrade of the socket (\S+) in each of these ways$")]
async fn asks_each_way(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Upgrade, step)? {
        world.context()?.ask_for_upgrade(&place, &variation).await?;
    }
    Ok(())
}

#[when(regex = r"^the caller sends a frame on the socket (\S+) in each of these ways$")]
async fn sends_frames(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Frame, step)? {
        world.context()?.send_frame(&place, &variation).await?;
    }
    Ok(())
}

#[when(regex = r"^the client opens the socket (\S+)$")]
async fn client_opens(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_opens(&place).await
}
