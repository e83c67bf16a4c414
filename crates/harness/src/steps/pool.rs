//! A client of a user pool under test.

use cucumber::{given, when};

use crate::Error;
use crate::run::context::World;

#[given("the client's account has a temporary password")]
async fn temporary(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let (name, password) = context.temporary_user()?;
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
