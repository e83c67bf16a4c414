//! A client of a user pool under test.

use cucumber::{given, then, when};

use crate::Error;
use crate::rules::client::pool;
use crate::run::context::World;

#[given("the client's account has a temporary password")]
async fn temporary(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let (name, password) = context.user_in_state("temporary")?;
    let credentials = &mut context.target.credentials;
    credentials.insert("username".to_owned(), name.into());
    credentials.insert("password".to_owned(), password.expose().into());
    context.start_client().await
}

#[when(regex = r"^the client posts (\{.*\}) to (/\S+)$")]
async fn posts(world: &mut World, body: String, path: String) -> Result<(), Error> {
    world.context()?.client_posts(&path, &body).await
}

#[when("the client changes the password")]
async fn changes_password(world: &mut World) -> Result<(), Error> {
    world.context()?.client_changes_password().await
}

#[when("the client revokes what it holds")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    world.context()?.client_revokes().await
}

#[then("the client signed in, got an identity and credentials, and then called the API")]
fn in_order(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let id = |name: &str| context.target.credential(name).to_owned();
    let (client, identity_pool) = (id("client_id"), id("identity_pool_id"));
    context.finds(|view| pool::signs_in_in_order(view, &client, &identity_pool));
    Ok(())
}

#[then("the client named the user pool and showed the id token")]
fn id_token(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let provider = format!(
        "cognito-idp.{}.amazonaws.com/{}",
        context.target.credential("region"),
        context.target.credential("user_pool_id")
    );
    context.finds(|view| pool::logins_carry_the_id_token(view, &provider));
    Ok(())
}

#[then("the client asked for nothing with the challenge open")]
fn waits(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(pool::answers_the_challenge_first);
    Ok(())
}

#[then("the client answered the challenge with USERNAME and NEW_PASSWORD")]
fn answers(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let client = context.target.credential("client_id").to_owned();
    context.finds(|view| pool::answers_the_challenge(view, &client));
    Ok(())
}

#[then("the client renewed with the refresh token and sent the password once")]
fn password_once(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(pool::sends_the_password_once);
    Ok(())
}

#[then("the client used no token of the revoked login")]
fn nothing_revoked(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(pool::uses_nothing_revoked);
    Ok(())
}

#[then("the client's signatures agree with what the vendor received")]
fn signatures(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(pool::signs_correctly);
    Ok(())
}

#[then("the client revoked the newest refresh token, once")]
fn newest(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let client = context.target.credential("client_id").to_owned();
    context.finds(|view| pool::revokes_the_newest(view, &client));
    Ok(())
}

#[then("each signature has the vendor's date, scope and session token")]
fn dated(world: &mut World) -> Result<(), Error> {
    world.context()?.finds(pool::dates_and_scopes);
    Ok(())
}
