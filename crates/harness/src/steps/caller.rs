//! A caller who logs in and calls the API.

use cucumber::gherkin::Step;
use cucumber::{given, when};

use super::{phrases, variation, variations};
use crate::Error;
use crate::evidence::{CallVariation, Operation, Variation};
use crate::run::context::World;

#[given("the caller has logged in")]
#[when("the caller logs in")]
#[when("the caller logs in again")]
async fn logs_in(world: &mut World) -> Result<(), Error> {
    world.context()?.login(&Variation::Documented).await
}

/// A token that was told in another unit is over by then.
#[given("the caller has logged in and used its token a few seconds later")]
async fn has_used_it(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.login(&Variation::Documented).await?;
    if context.advance_to_early_use().await? {
        context.call(&Variation::Documented).await?;
    }
    Ok(())
}

#[when("the caller logs in in each of these ways")]
async fn logs_in_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Login, step)? {
        let context = world.context()?;
        context.login(&variation).await?;
        // So that a vendor that counts wrong secrets in a row never counts two.
        if context.stage.is_none() && variation.is_a_wrong_secret() {
            context.login(&Variation::Documented).await?;
        }
    }
    Ok(())
}

#[when("a refused login is tried in each of these ways")]
async fn tries_a_refused_login(world: &mut World, step: &Step) -> Result<(), Error> {
    let ways = variations(Operation::Login, step)?;
    world.context()?.try_refused_login(&ways).await
}

#[when("the caller logs in as each of these accounts")]
async fn logs_in_as(world: &mut World, step: &Step) -> Result<(), Error> {
    for account in phrases(step)? {
        let variation = variation(Operation::Login, &format!("as {account}"))?;
        world.context()?.login(&variation).await?;
    }
    Ok(())
}

#[given("the API has accepted the caller's token")]
async fn has_a_token_that_works(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.login(&Variation::Documented).await?;
    context.call(&Variation::Documented).await
}

#[when("the caller calls the API")]
#[when("the caller calls the API with the new token")]
async fn calls(world: &mut World) -> Result<(), Error> {
    world.context()?.call(&Variation::Documented).await
}

#[when("the caller calls the API with the first token")]
async fn calls_with_the_first(world: &mut World) -> Result<(), Error> {
    world.context()?.call_with_first().await
}

#[when("the caller calls the API with the ended token")]
async fn calls_with_the_ended(world: &mut World) -> Result<(), Error> {
    world.context()?.call_with_ended().await
}

#[when("the caller calls the API in each of these ways")]
async fn calls_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Call, step)? {
        world.context()?.call(&variation).await?;
    }
    Ok(())
}

#[when(
    regex = r"^the caller calls the API ((?:with|without) .+=.+|with the token in the query|without a token)$"
)]
async fn calls_one_way(world: &mut World, how: String) -> Result<(), Error> {
    let variation = variation(Operation::Call, &how)?;
    world.context()?.call(&variation).await
}

#[when("the caller calls each of these endpoints without a token")]
async fn calls_endpoints(world: &mut World, step: &Step) -> Result<(), Error> {
    for name in phrases(step)? {
        world
            .context()?
            .call_endpoint(&name, &Variation::Call(CallVariation::NoToken))
            .await?;
    }
    Ok(())
}

#[when(regex = r"^the caller sends this form to (\w+)$")]
async fn sends_a_form(world: &mut World, name: String, step: &Step) -> Result<(), Error> {
    let fields = super::pairs(step)?;
    world.context()?.send_form(&name, &fields).await
}

#[when(regex = r"^the caller sends this form, with a template that it has not, to (\w+)$")]
async fn sends_an_unknown_template(
    world: &mut World,
    name: String,
    step: &Step,
) -> Result<(), Error> {
    let fields = super::pairs(step)?;
    let how = Variation::UnknownTemplate;
    world.context()?.send_form_as(&how, &name, &fields).await
}

#[when(regex = r"^somebody without a token sends this form to (.+)$")]
async fn sends_a_form_bare(world: &mut World, name: String, step: &Step) -> Result<(), Error> {
    let fields = super::pairs(step)?;
    world
        .context()?
        .send_form_without_token(&name, &fields)
        .await
}

#[when("the caller calls the first entry of the list, and then without a token")]
async fn calls_the_first_entry(world: &mut World) -> Result<(), Error> {
    world.context()?.call_first_entry().await
}

#[when(regex = r"^the caller calls (/\S*), which it created, and then without a token$")]
async fn calls_what_it_created(world: &mut World, path: String) -> Result<(), Error> {
    world.context()?.call_created(&path).await
}

/// Each of them is one more wrong password of the account.
#[given("leave to try further wrong passwords")]
async fn may_try_more(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    match context.may_write {
        true => Ok(()),
        false => Err(context.lacks("more wrong passwords of one account need --allow-writes")),
    }
}

/// Where nobody looks at what is sent, something is made of it.
#[given("leave to create something")]
async fn may_create(world: &mut World) -> Result<(), Error> {
    world.context()?.needs_leave()
}

#[when(regex = r"^the caller reads the list with (\w+=\d+) as far as (\w+) leads$")]
async fn reads_the_list(world: &mut World, limit: String, next: String) -> Result<(), Error> {
    world.context()?.read_pages(&limit, &next).await
}

#[when("the caller reads each of these")]
async fn reads(world: &mut World, step: &Step) -> Result<(), Error> {
    for name in phrases(step)? {
        world
            .context()?
            .call_endpoint(&name, &Variation::Documented)
            .await?;
    }
    Ok(())
}

#[when("the caller reads each of these with the groups below, without them, and of a group below")]
async fn reads_with_groups_below(world: &mut World, step: &Step) -> Result<(), Error> {
    for name in phrases(step)? {
        world.context()?.read_with_groups_below(&name).await?;
    }
    Ok(())
}

#[when("the caller limits each list to what some of its entries have")]
async fn limits_lists(world: &mut World, step: &Step) -> Result<(), Error> {
    for (list, parameter) in super::pairs(step)? {
        world.context()?.limit_list(&list, &parameter).await?;
    }
    Ok(())
}

#[when("the caller follows the href of the first entry of each list")]
async fn follows_entries(world: &mut World) -> Result<(), Error> {
    world.context()?.follow_first_entries().await
}

#[when("the caller looks for an entry of each list in a group below, which does not list it")]
async fn looks_below(world: &mut World) -> Result<(), Error> {
    world.context()?.look_for_entries_below().await
}
