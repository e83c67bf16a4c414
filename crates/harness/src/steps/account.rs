//! A user of an Amazon Cognito user pool.

use cucumber::gherkin::Step;
use cucumber::{given, when};

use super::{variation, variations};
use crate::Error;
use crate::evidence::{Moment, Operation, SignInVariation, Variation};
use crate::run::context::World;

#[given("the user has signed in")]
#[when("the user signs in")]
async fn signs_in(world: &mut World) -> Result<(), Error> {
    world.context()?.sign_in(&Variation::Documented).await
}

#[given(regex = r"^the user signed in (\d+) hours ago$")]
async fn signed_in_before(world: &mut World, hours: f64) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in(&Variation::Documented).await?;
    context.advance(hours * 3600.0).await
}

#[when("the user signs in in each of these ways")]
async fn signs_in_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::SignIn, step)? {
        world.context()?.sign_in(&variation).await?;
    }
    Ok(())
}

#[given("the user has refreshed")]
#[when("the user refreshes")]
async fn refreshes(world: &mut World) -> Result<(), Error> {
    world.context()?.refresh(&Variation::Documented).await
}

#[given("the user has signed in and refreshed")]
async fn signed_in_and_refreshed(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in(&Variation::Documented).await?;
    context.refresh(&Variation::Documented).await
}

/// With the token that took the place of the first one, where there is such a one.
#[when("the user refreshes once more")]
async fn refreshes_once_more(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let session = context.sessions.last();
    let is_replaced = session.is_some_and(|session| session.replacement.is_some());
    let variation = match is_replaced {
        true => Variation::WithReplacement,
        false => Variation::Again,
    };
    context.refresh(&variation).await
}

#[when(regex = r"^the user refreshes (again|after the revocation|with the token of the reply)$")]
async fn refreshes_again(world: &mut World, how: String) -> Result<(), Error> {
    let variation = variation(Operation::Refresh, &how)?;
    world.context()?.refresh(&variation).await
}

#[given("each token of the login has been used")]
async fn used_before(world: &mut World) -> Result<(), Error> {
    world.context()?.try_tokens(Moment::Before).await
}

#[when("each token of the login is used again")]
async fn used_after(world: &mut World) -> Result<(), Error> {
    world.context()?.try_tokens(Moment::After).await
}

#[when("the user revokes the refresh token")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let latest = context.sessions.len();
    context.revoke_refresh(latest, &Variation::Documented).await
}

#[when("the user signs in again")]
async fn signs_in_again(world: &mut World) -> Result<(), Error> {
    world.context()?.sign_in(&Variation::Again).await
}

#[when("a user with a temporary password signs in")]
async fn temporary_signs_in(world: &mut World) -> Result<(), Error> {
    signs_in_by(world, SignInVariation::TemporaryPassword).await
}

async fn signs_in_by(world: &mut World, change: SignInVariation) -> Result<(), Error> {
    world.context()?.sign_in(&Variation::SignIn(change)).await
}

#[when("the challenge's Session is used as a token")]
async fn session_as_token(world: &mut World) -> Result<(), Error> {
    world.context()?.try_challenge().await
}

#[when("that user chooses a password and signs in with it")]
async fn chooses(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let user = context.temporary_user()?;
    let used = context.challenge.clone();
    context.choose_password(&user).await?;
    signs_in_by(world, SignInVariation::ChosenPassword).await?;
    // It is this one that may be answered once more.
    world.context()?.challenge = used;
    Ok(())
}

#[when("that user signs in with the temporary password again")]
async fn temporary_again(world: &mut World) -> Result<(), Error> {
    signs_in_by(world, SignInVariation::ReplacedPassword).await
}

#[given("the user whose password may be changed has signed in")]
async fn changing_user_signs_in(world: &mut World) -> Result<(), Error> {
    world.context()?.sign_in_changing_user().await
}

#[when(
    "the user changes the password, naming a wrong present one and then none, and signs in with the old one"
)]
async fn changes_wrongly(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let wrong = Some("Lo-wrong-Pass9");
    context
        .change_password(&Variation::WrongPresentPassword, wrong)
        .await?;
    context
        .change_password(&Variation::NoPresentPassword, None)
        .await?;
    signs_in_by(world, SignInVariation::OldPasswordAfterwards).await
}

#[when("the user changes the password, naming the right present one")]
async fn changes(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let (_, password) = context.changing_user()?;
    context
        .change_password(&Variation::Documented, Some(password.expose()))
        .await
}

#[when("the user changes the password in each of these ways")]
async fn changes_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::ChangePassword, step)? {
        let context = world.context()?;
        match variation {
            Variation::Weak(weak) => context.propose_weak_password(weak).await?,
            Variation::Change(change) => context.change_password_without_token(change).await?,
            other => {
                let what = format!("a change {other} has its own step");
                return Err(Error::Step(what));
            }
        }
    }
    Ok(())
}

#[when("the user resets the password in each of these ways")]
async fn resets_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::ResetPassword, step)? {
        world.context()?.reset_password(&variation).await?;
    }
    Ok(())
}

#[when("the user resets the password with the code that was sent")]
async fn resets(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .reset_password(&Variation::Documented)
        .await
}

#[when(
    "the user signs in with the new password at the end, and with the old one, and takes that back"
)]
async fn signs_in_at_the_end(world: &mut World) -> Result<(), Error> {
    signs_in_by(world, SignInVariation::NewPasswordAtTheEnd).await?;
    signs_in_by(world, SignInVariation::OldPasswordAtTheEnd).await?;
    world.context()?.restore_password().await
}
