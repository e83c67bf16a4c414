//! People who log in where clients log in by themselves; tokens that are shown, refreshed and
//! revoked.

use cucumber::gherkin::Step;
use cucumber::{given, when};
use serde_json::json;

use super::variations;
use crate::Error;
use crate::evidence::{Moment, Operation, Variation};
use crate::run::context::World;

#[given("a person has logged in")]
async fn person_logs_in(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.log_in_person(&Variation::Documented).await
}

#[given("a person has logged in twice")]
async fn person_logs_in_twice(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.log_in_person(&Variation::Documented).await?;
    context.log_in_person(&Variation::Again).await
}

#[when("the person logs in in each of these ways, and rightly behind each")]
async fn person_logs_in_wrongly(world: &mut World, step: &Step) -> Result<(), Error> {
    let ways = variations(Operation::PersonLogin, step)?;
    world.context()?.log_in_person_wrongly(&ways).await
}

#[when("the caller shows the token, which lacks openid, at userinfo")]
async fn shows_without_openid(world: &mut World) -> Result<(), Error> {
    world.context()?.show_without_openid().await
}

#[when("the caller shows userinfo each of these tokens")]
async fn shows_badly(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::UserInfo, step)? {
        world.context()?.show_badly(&variation).await?;
    }
    Ok(())
}

#[given("each login of the person has been used")]
async fn people_shown(world: &mut World) -> Result<(), Error> {
    world.context()?.show_people(Moment::Before).await
}

#[when("each login of the person is used again")]
async fn people_shown_again(world: &mut World) -> Result<(), Error> {
    world.context()?.show_people(Moment::After).await
}

#[when("the first login is ended by its refresh token")]
async fn person_logs_out(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.log_out_first(&Variation::Documented).await
}

#[when("the first login is ended by its refresh token, which is then used again")]
async fn person_logs_out_and_refreshes(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.log_out_first(&Variation::Documented).await?;
    context.renew(&Variation::AfterEnd).await
}

#[when("the first login is to be ended in each of these ways")]
async fn others_log_a_person_out(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Logout, step)? {
        world.context()?.log_out_first(&variation).await?;
    }
    Ok(())
}

#[when("the person's refresh token is to be revoked in each of these ways")]
async fn others_revoke(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Revoke, step)? {
        let context = world.context()?;
        context.revoke_refresh_of_first(&variation).await?;
    }
    Ok(())
}

/// A mock is told to; whether a real endpoint does shows when an old one is used.
#[given("a person has logged in where refresh tokens rotate")]
async fn person_logs_in_where_they_rotate(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.stage.is_some() {
        context.set("rotate_refresh", json!(true)).await?;
    }
    context.log_in_person(&Variation::Documented).await
}

#[given("a replaced refresh token has been refused")]
async fn replaced_is_refused(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.renew(&Variation::WithReplacement).await?;
    context.pass_a_moment().await?;
    context.replay_refresh().await
}

#[given("the caller has refreshed with the token of the reply")]
#[when("the caller refreshes with the token of the reply")]
async fn renews_with_the_newest(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.renew(&Variation::WithReplacement).await
}

/// A vendor that grants no grace is judged at once.
#[when("the replaced refresh token is used again, a moment later")]
async fn replays(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.pass_a_moment().await?;
    context.renew(&Variation::Again).await
}

#[when(regex = r"^it is used again (\d+) seconds later where it was taken$")]
async fn replays_late(world: &mut World, step: &Step, seconds: f64) -> Result<(), Error> {
    let context = world.context()?;
    if !context.replay_was_taken() {
        return Ok(());
    }
    context.waits_at(&step.value);
    context.advance(seconds).await?;
    match context.is_pending {
        true => Ok(()),
        false => context.replay_refresh().await,
    }
}

#[when("refreshes with one token arrive at once")]
async fn renews_at_once(world: &mut World) -> Result<(), Error> {
    world.context()?.renew_at_once().await
}

#[when("the refresh token has ended and is used again")]
async fn renews_late(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let lives = context.profile.token.refresh_lifetime_s.unwrap_or_default();
    if context.stage.is_none() || lives == 0 {
        return Err(context.lacks("the end of a refresh token is not waited for"));
    }
    #[expect(clippy::cast_precision_loss, reason = "lifetimes are small")]
    context.advance(lives as f64 + 60.0).await?;
    context.renew(&Variation::Again).await
}

#[when("the person's refresh token is revoked and used again")]
async fn revokes_refresh_token(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context
        .revoke_refresh_of_first(&Variation::Documented)
        .await?;
    context.renew(&Variation::AfterRevocation).await
}

#[when("the person's first refresh token is revoked")]
async fn revokes_first_refresh_token(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context
        .revoke_refresh_of_first(&Variation::Documented)
        .await
}

#[given("the caller has logged in and shown the token")]
#[when("the caller logs in and shows the token")]
async fn logs_in_and_shows(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.login(&Variation::Documented).await?;
    context.show_latest().await
}

#[when("the caller shows the token")]
async fn shows(world: &mut World) -> Result<(), Error> {
    world.context()?.show_latest().await
}

#[given("the caller has logged in twice and shown both tokens")]
async fn both_shown(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    for _ in 0..2 {
        context.login(&Variation::Documented).await?;
    }
    context.show_tokens(Moment::Before).await
}

#[when("the caller revokes the first token and shows both")]
async fn first_revoked(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.revoke_first().await?;
    context.show_tokens(Moment::After).await
}

#[when("the caller revokes its token and shows it again")]
async fn revokes_and_shows(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.revoke_as(&Variation::Documented).await?;
    context.show_latest().await
}

#[when("the caller revokes its token")]
async fn revokes(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke_as(&Variation::Documented).await
}

#[when("the caller revokes in each of these ways")]
async fn revokes_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Revoke, step)? {
        world.context()?.revoke_as(&variation).await?;
    }
    Ok(())
}
