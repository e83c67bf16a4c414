//! What a scenario is for: each of these asks one rule and keeps what it found.

#![expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands its captures over"
)]

use cucumber::gherkin::Step;
use cucumber::then;

use super::{pairs, phrases};
use crate::Error;
use crate::rules::refusal::{Refusal, each_is_refused};
use crate::rules::{call, client, echo, expiry, login, paging};
use crate::world::World;

#[then("the vendor issued a token")]
fn issued(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(login::issued);
    Ok(())
}

#[then("the token reply contains")]
fn reply_contains(world: &mut World, step: &Step) -> Result<(), Error> {
    let members = pairs(step)?;
    world
        .scene()?
        .finds(|view| login::has_members(view, &members));
    Ok(())
}

#[then("expires_in is a span, not a date")]
fn is_a_span(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(login::tells_a_span);
    Ok(())
}

#[then(regex = r"^the token reply has no (\w+)$")]
fn reply_lacks(world: &mut World, name: String) -> Result<(), Error> {
    world
        .scene()?
        .finds(|view| login::has_no_member(view, &name));
    Ok(())
}

#[then(
    regex = r"^the vendor refuses each of these (login|call)s(?: with (\d{3})(?: or (\d{3}))?(?: (\w+))?)?$"
)]
fn refused(
    world: &mut World,
    act: String,
    status: String,
    other: String,
    error: String,
) -> Result<(), Error> {
    let statuses = [status, other]
        .iter()
        .filter_map(|word| word.parse().ok())
        .collect();
    let wanted = Refusal {
        statuses,
        error: (!error.is_empty()).then_some(error),
    };
    world
        .scene()?
        .finds(|view| each_is_refused(view, &act, &wanted));
    Ok(())
}

#[then("the API accepts the token")]
fn accepted(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(call::accepted);
    Ok(())
}

#[then(regex = r"^the expired token is answered with (\d{3})$")]
fn expired(world: &mut World, status: u16) -> Result<(), Error> {
    world
        .scene()?
        .finds(|view| expiry::expired_is_answered_with(view, status));
    Ok(())
}

#[then("the token lived as long as the reply said and not longer")]
fn lived(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(expiry::lives_as_long_as_told);
    Ok(())
}

#[then("each login gave a token that works for its full lifetime")]
fn each_login(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(expiry::each_login_works);
    Ok(())
}

#[then("no reply repeats a secret or token of its request")]
fn no_echo(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(echo::nothing_is_repeated);
    Ok(())
}

#[then(regex = r"^the vendor answers with (\d{3}) and says what is wrong$")]
fn says_what(world: &mut World, status: u16) -> Result<(), Error> {
    world
        .scene()?
        .finds(|view| call::says_what_is_wrong(view, status));
    Ok(())
}

#[then("each page contains")]
fn page_contains(world: &mut World, step: &Step) -> Result<(), Error> {
    let members = pairs(step)?;
    world
        .scene()?
        .finds(|view| paging::pages_have(view, &members));
    Ok(())
}

#[then("these links stay on the vendor's host, or are absent")]
fn links(world: &mut World, step: &Step) -> Result<(), Error> {
    let names = phrases(step)?;
    world
        .scene()?
        .finds(|view| paging::links_stay(view, &names));
    Ok(())
}

#[then(regex = r"^all (\w+) together are as many as (\w+) says$")]
fn all_entries(world: &mut World, list: String, total: String) -> Result<(), Error> {
    world
        .scene()?
        .finds(|view| paging::pages_hold_all(view, &list, &total));
    Ok(())
}

#[then(regex = r"^the vendor answers with 422 or with at most (\d+) (\w+)$")]
fn limit_kept(world: &mut World, most: usize, list: String) -> Result<(), Error> {
    world
        .scene()?
        .finds(|view| paging::limit_is_kept(view, &list, most));
    Ok(())
}

#[then("the client logged in and its calls were served")]
fn control(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(client::logs_in_and_calls);
    Ok(())
}

#[then(regex = r"^the (\d+) calls took 1 token request; up to (\d+) are tolerated$")]
fn one_token(world: &mut World, calls: usize, tolerated: usize) -> Result<(), Error> {
    world
        .scene()?
        .finds(|view| client::obtained_one_token(view, calls, tolerated));
    Ok(())
}

#[then("the client read expires_in as milliseconds")]
fn milliseconds(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(client::reads_milliseconds);
    Ok(())
}

#[then("the client fetched a new token and never showed the refused one again")]
fn dropped(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(client::drops_a_refused_token);
    Ok(())
}

#[then("the client sent the refused call once more with a new token")]
fn resent(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(client::resends_once);
    Ok(())
}
