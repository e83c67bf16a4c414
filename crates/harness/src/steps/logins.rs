//! Several logins of one user, and what ends them; challenges that are answered wrongly.

use cucumber::gherkin::Step;
use cucumber::{given, when};
use locum_core::Secret;

use super::variations;
use crate::Error;
use crate::evidence::{
    ChallengeVariation, Moment, Operation, Other, SignInVariation, Variation, WeakPassword,
};
use crate::run::context::World;

#[given("the user has signed in twice")]
async fn signed_in_twice(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in(&Variation::Documented).await?;
    context.sign_in(&Variation::Again).await
}

/// So many values tell what differs from one to the next; a real endpoint is asked for fewer.
const MANY_LOGINS: [usize; 2] = [20, 6];

#[when("the caller logs in many times")]
async fn logs_in_often(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    for _ in 0..MANY_LOGINS[usize::from(context.stage.is_none())] {
        context.login(&Variation::Documented).await?;
    }
    let tokens: Vec<Secret> = context
        .tokens
        .iter()
        .map(|held| held.value.clone())
        .collect();
    if !tokens.is_empty() && tokens.iter().all(|token| is_jwt(token.expose())) {
        return Err(context.lacks("access tokens are JWTs: their signature protects them"));
    }
    context.log.room("access token", &tokens);
    Ok(())
}

#[when("the user signs in many times")]
async fn signs_in_often(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    for _ in 0..MANY_LOGINS[usize::from(context.stage.is_none())] {
        context.sign_in(&Variation::Documented).await?;
    }
    let tokens = context
        .sessions
        .iter()
        .map(|session| session.refresh.clone());
    let tokens: Vec<Secret> = tokens.collect();
    context.log.room("refresh token", &tokens);
    Ok(())
}

#[when("a user with a temporary password signs in many times")]
async fn is_challenged_often(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let mut sessions = Vec::new();
    for _ in 0..MANY_LOGINS[usize::from(context.stage.is_none())] {
        let temporary = Variation::SignIn(SignInVariation::TemporaryPassword);
        context.sign_in(&temporary).await?;
        sessions.extend(context.challenge.clone());
        if sessions.is_empty() && context.stage.is_none() {
            return Err(context.lacks("the temporary password opens no challenge any more"));
        }
    }
    context.log.room("session", &sessions);
    Ok(())
}

/// Whether a token is a JWT in compact form, by its first segment.
fn is_jwt(token: &str) -> bool {
    token.split('.').count() == 3 && token.starts_with("eyJ")
}

#[given("another client of the pool has signed the user in")]
async fn signed_in_by_another_client(world: &mut World) -> Result<(), Error> {
    let by = Variation::SignIn(SignInVariation::AnotherClient);
    world.context()?.sign_in(&by).await
}

#[given("each login has been used")]
async fn logins_used(world: &mut World) -> Result<(), Error> {
    world.context()?.try_logins(Moment::Before).await
}

#[when("each login is used again")]
async fn logins_used_again(world: &mut World) -> Result<(), Error> {
    world.context()?.try_logins(Moment::After).await
}

#[when("the user refreshes in each of these ways")]
async fn refreshes_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Refresh, step)? {
        world.context()?.refresh(&variation).await?;
    }
    Ok(())
}

#[when("the user revokes the refresh token of the first login")]
async fn revokes_the_first(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.revoke_refresh(1, &Variation::Documented).await
}

#[when("another client revokes the refresh token")]
async fn another_client_revokes(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let latest = context.sessions.len();
    let by = Variation::By(Other::Client);
    context.revoke_refresh(latest, &by).await
}

#[when("the user revokes in each of these ways")]
async fn revokes_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::RevokeRefreshToken, step)? {
        let context = world.context()?;
        let latest = context.sessions.len();
        context.revoke_refresh(latest, &variation).await?;
    }
    Ok(())
}

#[when("a page in a browser asks whether it may call the pool")]
async fn asks_for_a_page(world: &mut World) -> Result<(), Error> {
    world.context()?.ask_for_a_page().await
}

#[when("the user signs out of all logins")]
async fn signs_out(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.needs_leave()?;
    context.sign_out().await
}

#[when("the challenge is answered with wrong Sessions, and with a password of five characters")]
async fn answers_wrongly(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.needs_leave()?;
    for how in [
        ChallengeVariation::ForgedSession,
        ChallengeVariation::ForeignSession,
        ChallengeVariation::CutSession,
        ChallengeVariation::LongerSession,
        ChallengeVariation::NoSession,
        ChallengeVariation::CodeForPassword,
        ChallengeVariation::AnotherClient,
    ] {
        context.answer_challenge(how).await?;
    }
    // A Session of a real endpoint is as good as new.
    if context.stage.is_some() {
        context.advance(16.0 * 60.0).await?;
        context
            .answer_challenge(ChallengeVariation::OutdatedSession)
            .await?;
    }
    let again = Variation::SignIn(SignInVariation::TemporaryPasswordAgain);
    context.sign_in(&again).await?;
    context
        .answer_with_weak_password(WeakPassword::TooShort)
        .await?;
    // Whether a refused answer uses a Session up is not documented.
    let again = Variation::SignIn(SignInVariation::TemporaryPasswordAgain);
    context.sign_in(&again).await
}

#[when("the challenge is answered once more")]
async fn answers_again(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context
        .answer_challenge(ChallengeVariation::UsedSession)
        .await
}
