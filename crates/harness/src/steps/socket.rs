//! Websockets: those that the harness opens, and those of a client under test.

#![expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands its captures over"
)]

use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::phrases;
use crate::Error;
use crate::rules::client::{request, tokens as client};
use crate::rules::vendor::socket;
use crate::run::context::World;

#[given("each socket is configured with")]
fn configured(world: &mut World, step: &Step) -> Result<(), Error> {
    let configuration = step.docstring.clone().unwrap_or_default();
    world.context()?.configure_sockets(&configuration)
}

#[when(regex = r"^the caller opens the socket (\S+)$")]
async fn opens(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.open_socket(&place, "").await
}

#[when(regex = r"^the caller opens the socket (\S+) (with .+)$")]
async fn opens_one_way(world: &mut World, place: String, how: String) -> Result<(), Error> {
    world.context()?.open_socket(&place, &how).await
}

#[when(regex = r"^the caller opens the socket (\S+) in each of these ways$")]
async fn opens_each_way(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    for how in phrases(step)? {
        world.context()?.open_socket(&place, &how).await?;
    }
    Ok(())
}

#[when(regex = r"^the client opens the socket (\S+)$")]
async fn client_opens(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_opens(&place).await
}

#[then("the answer to the upgrade is the right one for its key")]
fn right_answer(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(socket::accept_is_right);
    Ok(())
}

#[then("the socket accepts its configuration")]
fn accepts(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(socket::serves);
    Ok(())
}

#[then("each of these openings gives no service")]
fn no_service(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(socket::gives_no_service);
    Ok(())
}

#[then("the limited token opened its own socket")]
fn own_socket(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(socket::opened_its_own);
    Ok(())
}

#[then("the client read expires_in as seconds")]
fn seconds(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(client::reads_seconds);
    Ok(())
}

#[then("each token request carries client_id and client_secret in its body")]
fn in_the_body(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(request::credentials_in_the_body);
    Ok(())
}

#[then("each API request names the tenant of the token request")]
fn names_the_tenant(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(request::names_the_tenant);
    Ok(())
}

#[then("the space of the token parameter is written as %20")]
fn space(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(request::writes_the_space);
    Ok(())
}

#[then("the token parameter starts with its prefix")]
fn prefix(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(request::shows_the_prefix);
    Ok(())
}

#[then(regex = r"^the upgrade keeps the URL's ([\w-]+)$")]
fn keeps(world: &mut World, parameter: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| request::keeps_the_parameter(view, &parameter));
    Ok(())
}

#[then("the token is one more parameter of the URL's query")]
fn appended(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(request::appends_the_token);
    Ok(())
}
