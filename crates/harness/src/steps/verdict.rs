//! What a scenario is for: each of these asks one rule and keeps what it found.

#![expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands its captures over"
)]

use cucumber::gherkin::Step;
use cucumber::then;
use locum_core::Grade;

use super::{pairs, phrases};
use crate::Error;
use crate::rules::client::tokens as client;
use crate::rules::vendor::refusal::{Refusal, each_is_refused};
use crate::rules::vendor::{call, echo, errors, expiry, jwt, login, paging};
use crate::run::context::World;

#[then("the vendor issued a token")]
fn issued(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(login::issued);
    Ok(())
}

#[then("the token reply contains")]
fn reply_contains(world: &mut World, step: &Step) -> Result<(), Error> {
    let members = pairs(step)?;
    world
        .context()?
        .finds(|view| login::has_members(view, &members));
    Ok(())
}

#[then("expires_in is a span, not a date")]
fn is_a_span(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(login::tells_a_span);
    Ok(())
}

#[then(regex = r"^the token reply has no (\w+)$")]
fn reply_lacks(world: &mut World, name: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| login::has_no_member(view, &name));
    Ok(())
}

#[then(
    regex = r"^the vendor refuses each of these (login|call|read)s(?: with (\d{3}|4xx)(?: or (\d{3}))?(?: (\w+))?)?(?:; (\d{3}|another 4xx) is (documented|tolerated))?$"
)]
fn refused(
    world: &mut World,
    act: String,
    status: String,
    other: String,
    error: String,
    exception: String,
    how: String,
) -> Result<(), Error> {
    let statuses = [status, other]
        .iter()
        .filter_map(|word| word.trim_end_matches("xx").parse().ok())
        .collect();
    let grade = if how == "documented" {
        Grade::Fact
    } else {
        Grade::Tolerated
    };
    let wanted = Refusal {
        statuses,
        error: (!error.is_empty()).then_some(error),
        otherwise: (!exception.is_empty()).then(|| (grade, exception.parse().ok())),
    };
    world
        .context()?
        .finds(|view| each_is_refused(view, &act, &wanted));
    Ok(())
}

#[then("the token reply has no members besides")]
fn reply_has_only(world: &mut World, step: &Step) -> Result<(), Error> {
    let names = phrases(step)?;
    world.context()?.finds(|view| login::has_only(view, &names));
    Ok(())
}

#[then("the access token is a JWT")]
fn is_a_jwt(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(jwt::is_one);
    Ok(())
}

#[then("expires_in, if the reply has it, agrees with the token")]
fn agrees(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(jwt::agrees_with_the_reply);
    Ok(())
}

#[then(regex = r"^the token's exp is (\d+) seconds after the reply$")]
fn ends_after(world: &mut World, seconds: f64) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| jwt::ends_after(view, seconds));
    Ok(())
}

#[then("the token is refused from its exp on")]
fn ends_at_its_exp(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(expiry::refused_from_its_exp);
    Ok(())
}

#[then("no token tells a secret")]
fn no_claim_tells(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(echo::no_claim_tells);
    Ok(())
}

#[then(regex = r"^the error replies (\d{3}(?:, \d{3})*) and all others have a JSON body$")]
fn errors_in_json(world: &mut World, statuses: String) -> Result<(), Error> {
    let statuses = numbers(&statuses);
    world
        .context()?
        .finds(|view| errors::are_json(view, &statuses));
    Ok(())
}

#[then(regex = r"^each of the error replies (\d{3}(?:, \d{3})*) has (\w+) as text or list$")]
fn errors_have(world: &mut World, statuses: String, member: String) -> Result<(), Error> {
    let statuses = numbers(&statuses);
    world
        .context()?
        .finds(|view| errors::have_member(view, &statuses, &member));
    Ok(())
}

fn numbers(list: &str) -> Vec<u16> {
    list.split(", ")
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[then(regex = r"^(\w+) is answered with (\d{3}) and$")]
fn form_answered(world: &mut World, name: String, status: u16, step: &Step) -> Result<(), Error> {
    let members = pairs(step)?;
    world
        .context()?
        .finds(|view| call::form_is_answered_with(view, &name, status, &members));
    Ok(())
}

#[then("the client uses a token whose reply has no expires_in")]
fn uses_it(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .finds(client::uses_a_token_without_lifetime);
    Ok(())
}

#[then("the client took the documented lifetime")]
fn took_the_documented(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .finds(client::takes_the_documented_lifetime);
    Ok(())
}

#[then("the API accepts the token")]
fn accepted(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(call::accepted);
    Ok(())
}

#[then(regex = r"^the expired token is answered with (\d{3})$")]
fn expired(world: &mut World, status: u16) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| expiry::expired_is_answered_with(view, status));
    Ok(())
}

#[then("the token lived as long as the reply said and not longer")]
fn lived(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(expiry::lives_as_long_as_told);
    Ok(())
}

#[then("each login gave a token that works for its full lifetime")]
fn each_login(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(expiry::each_login_works);
    Ok(())
}

#[then("no reply repeats a secret or token of its request")]
fn no_echo(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(echo::nothing_is_repeated);
    Ok(())
}

#[then(regex = r"^the vendor answers with (\d{3}) and says what is wrong$")]
fn says_what(world: &mut World, status: u16) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| call::says_what_is_wrong(view, status));
    Ok(())
}

#[then("each page contains")]
fn page_contains(world: &mut World, step: &Step) -> Result<(), Error> {
    let members = pairs(step)?;
    world
        .context()?
        .finds(|view| paging::pages_have(view, &members));
    Ok(())
}

#[then("these links stay on the vendor's host, or are absent")]
fn links(world: &mut World, step: &Step) -> Result<(), Error> {
    let names = phrases(step)?;
    world
        .context()?
        .finds(|view| paging::links_stay(view, &names));
    Ok(())
}

#[then(regex = r"^all (\w+) together are as many as (\w+) says$")]
fn all_entries(world: &mut World, list: String, total: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| paging::pages_hold_all(view, &list, &total));
    Ok(())
}

#[then(regex = r"^the vendor answers with 422 or with at most (\d+) (\w+)$")]
fn limit_kept(world: &mut World, most: usize, list: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| paging::limit_is_kept(view, &list, most));
    Ok(())
}

#[then("the client logged in and its calls were served")]
fn control(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(client::logs_in_and_calls);
    Ok(())
}

#[then(regex = r"^the (\d+) calls took 1 token request; up to (\d+) are tolerated$")]
fn one_token(world: &mut World, calls: usize, tolerated: usize) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| client::obtained_one_token(view, calls, tolerated));
    Ok(())
}

#[then("the client read expires_in as milliseconds")]
fn milliseconds(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(client::reads_milliseconds);
    Ok(())
}

#[then("the client fetched a new token and never showed the refused one again")]
fn dropped(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(client::drops_a_refused_token);
    Ok(())
}

#[then("the client sent the refused call once more with a new token")]
fn resent(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(client::resends_once);
    Ok(())
}
