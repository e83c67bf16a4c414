//! A user of an Amazon Cognito user pool, and the signed calls behind it.

#![expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands its captures over"
)]

use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::{pairs, phrases};
use crate::Error;
use crate::rules::vendor::account;
use crate::rules::vendor::refusal::{Refusal, each_is_refused};
use crate::run::context::World;

#[given("the user has signed in")]
#[when("the user signs in")]
async fn signs_in(world: &mut World) -> Result<(), Error> {
    world.context()?.sign_in("").await.map(drop)
}

#[given(regex = r"^the user signed in (\d+) hours ago$")]
async fn signed_in_before(world: &mut World, hours: f64) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in("").await?;
    context.advance(hours * 3600.0).await
}

#[when("the user signs in in each of these ways")]
async fn signs_in_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for how in phrases(step)? {
        world.context()?.sign_in(&how).await?;
    }
    Ok(())
}

#[given("the user has refreshed")]
#[when("the user refreshes")]
async fn refreshes(world: &mut World) -> Result<(), Error> {
    world.context()?.refresh("").await
}

#[given("the user has signed in and refreshed")]
async fn signed_in_and_refreshed(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in("").await?;
    context.refresh("").await
}

#[when(regex = r"^the user refreshes (again|after the revocation)$")]
async fn refreshes_again(world: &mut World, how: String) -> Result<(), Error> {
    world.context()?.refresh(&how).await
}

#[given("each token of the login has been used")]
async fn used_before(world: &mut World) -> Result<(), Error> {
    world.context()?.try_tokens("before").await
}

#[when("each token of the login is used again")]
async fn used_after(world: &mut World) -> Result<(), Error> {
    world.context()?.try_tokens("after").await
}

#[when("the user revokes the refresh token")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke_refresh().await
}

#[when("the user signs in again")]
async fn signs_in_again(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let (user, client) = (
        context.user(),
        context.target.credential("client_id").to_owned(),
    );
    context
        .sign_in_as("sign-in", "again", &user, &client)
        .await
        .map(drop)
}

#[when("a user with a temporary password signs in")]
async fn temporary_signs_in(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let (user, client) = (
        context.user_in_state("temporary")?,
        context.target.credential("client_id").to_owned(),
    );
    context
        .sign_in_as("sign-in", "with a temporary password", &user, &client)
        .await
        .map(drop)
}

#[when("the challenge's Session is used as a token")]
async fn session_as_token(world: &mut World) -> Result<(), Error> {
    world.context()?.try_challenge().await
}

#[when("that user chooses a password and signs in with it")]
async fn chooses(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let user = context.user_in_state("temporary")?;
    context.choose_password(&user).await?;
    context
        .sign_in_chosen("with the chosen password", &user)
        .await
}

#[when("that user signs in with the temporary password again")]
async fn temporary_again(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let (user, client) = (
        context.user_in_state("temporary")?,
        context.target.credential("client_id").to_owned(),
    );
    context
        .sign_in_as("sign-in", "with the replaced password", &user, &client)
        .await
        .map(drop)
}

#[when(regex = r"^the user changes the password, naming (a wrong|the right) present one$")]
async fn changes(world: &mut World, which: String) -> Result<(), Error> {
    let context = world.context()?;
    let (_, password) = context.user();
    let previous = if which == "the right" {
        password.expose().to_owned()
    } else {
        "Lo-wrong-Pass9".to_owned()
    };
    let how = if which == "the right" {
        ""
    } else {
        "naming a wrong present one"
    };
    context.change_password(how, &previous).await
}

#[when(regex = r"^the user signs in with the (old|new) password (afterwards|at the end)$")]
async fn signs_in_with(world: &mut World, which: String, when: String) -> Result<(), Error> {
    let context = world.context()?;
    let (user, how) = (context.user(), format!("with the {which} password {when}"));
    if which == "new" {
        return context.sign_in_chosen(&how, &user).await;
    }
    let client = context.target.credential("client_id").to_owned();
    context
        .sign_in_as("sign-in", &how, &user, &client)
        .await
        .map(drop)
}

#[given("the user has credentials for signed calls")]
async fn has_credentials(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in("").await?;
    context.fetch_credentials().await
}

#[given("a signed call has been served")]
#[when("the user makes a signed call")]
async fn signed_call(world: &mut World) -> Result<(), Error> {
    world.context()?.call_signed("").await
}

#[given("a signed call with a body has been served")]
async fn signed_call_with_a_body(world: &mut World) -> Result<(), Error> {
    world.context()?.call_signed("with a body").await
}

#[when("the user makes each of these calls")]
async fn signed_calls(world: &mut World, step: &Step) -> Result<(), Error> {
    for how in phrases(step)? {
        world.context()?.call_signed(&how).await?;
    }
    Ok(())
}

#[then("the user has an access, an id and a refresh token")]
fn has_tokens(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(account::signed_in);
    Ok(())
}

#[then("the vendor refuses each of these sign-ins as not authorized")]
fn not_authorized(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(account::refused_as_not_authorized);
    Ok(())
}

#[then("the vendor serves each of these")]
fn serves(world: &mut World, step: &Step) -> Result<(), Error> {
    let wanted = pairs(step)?;
    world
        .context()?
        .finds(|view| account::each_was_served(view, &wanted));
    Ok(())
}

#[then("the vendor refuses each of these")]
fn refuses(world: &mut World, step: &Step) -> Result<(), Error> {
    let wanted = pairs(step)?;
    world
        .context()?
        .finds(|view| account::each_was_refused(view, &wanted));
    Ok(())
}

#[then("the tokens that worked before work no more")]
fn died(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| account::tokens_died(view, "after"));
    Ok(())
}

#[then("the Session opens nothing that a token opens")]
fn session_is_no_token(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| account::tokens_died(view, "as a Session"));
    Ok(())
}

#[then(regex = r"^the temporary password leads to the challenge (\w+)$")]
fn challenged(world: &mut World, name: String) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| account::challenged(view, "with a temporary password", &name));
    Ok(())
}

#[then("the refresh gave fresh access and id tokens")]
fn refreshed(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(account::refreshed_anew);
    Ok(())
}

#[then(regex = r"^access and id token live at most (\d+) seconds$")]
fn live_at_most(world: &mut World, seconds: i64) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| account::lives_at_most(view, seconds));
    Ok(())
}

#[then("the vendor refuses each of these signed calls")]
fn refuses_calls(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .finds(|view| each_is_refused(view, "call", &Refusal::default()));
    Ok(())
}

#[then("each of these calls is admitted")]
fn admitted(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(account::each_call_was_admitted);
    Ok(())
}
