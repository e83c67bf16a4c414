//! A client of a user pool under test.

use cucumber::{given, then, when};

use crate::Error;
use crate::rules::pool;
use crate::world::World;

#[given("the client's account has a temporary password")]
async fn temporary(world: &mut World) -> Result<(), Error> {
    let scene = world.scene()?;
    let (name, password) = scene.user_in_state("temporary")?;
    let credentials = &mut scene.place.credentials;
    credentials.insert("username".to_owned(), name.into());
    credentials.insert("password".to_owned(), password.expose().into());
    scene.start_client().await
}

#[when(regex = r"^the client posts (\{.*\}) to (/\S+)$")]
async fn posts(world: &mut World, body: String, path: String) -> Result<(), Error> {
    world.scene()?.client_posts(&path, &body).await
}

#[when("the client changes the password")]
async fn changes_password(world: &mut World) -> Result<(), Error> {
    world.scene()?.client_changes_password().await
}

#[when("the client revokes what it holds")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    world.scene()?.client_revokes().await
}

#[then("the client signed in, got an identity and credentials, and then called the API")]
fn in_order(world: &mut World) -> Result<(), Error> {
    let scene = world.scene()?;
    let id = |name: &str| scene.place.credential(name).to_owned();
    let (client, identity_pool) = (id("client_id"), id("identity_pool_id"));
    scene.finds(|view| pool::signs_in_in_order(view, &client, &identity_pool));
    Ok(())
}

#[then("the client named the user pool and showed the id token")]
fn id_token(world: &mut World) -> Result<(), Error> {
    let scene = world.scene()?;
    let provider = format!(
        "cognito-idp.{}.amazonaws.com/{}",
        scene.place.credential("region"),
        scene.place.credential("user_pool_id")
    );
    scene.finds(|view| pool::logins_carry_the_id_token(view, &provider));
    Ok(())
}

#[then("the client asked for nothing with the challenge open")]
fn waits(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(pool::answers_the_challenge_first);
    Ok(())
}

#[then("the client answered the challenge with USERNAME and NEW_PASSWORD")]
fn answers(world: &mut World) -> Result<(), Error> {
    let scene = world.scene()?;
    let client = scene.place.credential("client_id").to_owned();
    scene.finds(|view| pool::answers_the_challenge(view, &client));
    Ok(())
}

#[then("the client renewed with the refresh token and sent the password once")]
fn password_once(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(pool::sends_the_password_once);
    Ok(())
}

#[then("the client used no token of the revoked login")]
fn nothing_revoked(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(pool::uses_nothing_revoked);
    Ok(())
}

#[then("the client's signatures agree with what the vendor received")]
fn signatures(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(pool::signs_correctly);
    Ok(())
}

#[then("the client revoked the newest refresh token, once")]
fn newest(world: &mut World) -> Result<(), Error> {
    let scene = world.scene()?;
    let client = scene.place.credential("client_id").to_owned();
    scene.finds(|view| pool::revokes_the_newest(view, &client));
    Ok(())
}

#[then("each signature has the vendor's date, scope and session token")]
fn dated(world: &mut World) -> Result<(), Error> {
    world.scene()?.finds(pool::dates_and_scopes);
    Ok(())
}
