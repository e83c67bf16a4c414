//! What others do beside the caller, and what only a created thing can show.

use cucumber::gherkin::Step;
use cucumber::{given, when};

use super::{phrases, variations};
use crate::Error;
use crate::evidence::{Operation, Other, Variation};
use crate::run::context::World;

#[given(regex = r"^the caller has created one of (/\S*)$")]
#[when(regex = r"^the caller creates one of (/\S*)$")]
async fn creates(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    let body = step.docstring.clone().unwrap_or_default();
    world.context()?.create(&path, &body).await
}

/// `{number}` in the body is the number of each, from 1.
#[given(regex = r"^the caller has created (\d+) of (/\S*)$")]
async fn creates_many(
    world: &mut World,
    count: usize,
    path: String,
    step: &Step,
) -> Result<(), Error> {
    let body = step.docstring.clone().unwrap_or_default();
    let context = world.context()?;
    for number in 1..=count {
        let body = body.replace("{number}", &number.to_string());
        context.create(&path, &body).await?;
    }
    Ok(())
}

/// So late that it has another date.
#[given(regex = r"^a moment later the caller has created one of (/\S*)$")]
async fn creates_later(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    let body = step.docstring.clone().unwrap_or_default();
    let context = world.context()?;
    context.pass_a_moment().await?;
    context.create(&path, &body).await
}

#[when(regex = r"^the caller reads (/\S*)$")]
async fn reads(world: &mut World, path: String) -> Result<(), Error> {
    world.context()?.read(&path, &Variation::Documented).await
}

#[when("the caller reads each that it created")]
async fn reads_each_created(world: &mut World) -> Result<(), Error> {
    world.context()?.read_each_created().await
}

#[when(regex = r"^the caller changes (/\S*) to$")]
async fn changes(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    let body = step.docstring.clone().unwrap_or_default();
    let context = world.context()?;
    context.update(&path, &body, &Variation::Documented).await
}

/// What others send has another value than what is there.
#[when(
    regex = r"^(/\S*) is to be changed and deleted in each of these ways, and read behind each$"
)]
async fn others_change(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    const OTHER: &str = r#"{"assignedUserId": "90000000-0000-4000-8000-000000000009"}"#;
    for variation in variations(Operation::Update, step)? {
        let context = world.context()?;
        context.update(&path, OTHER, &variation).await?;
        context.read(&path, &Variation::Documented).await?;
        context.delete_as(&path, &variation).await?;
        context.read(&path, &Variation::Documented).await?;
    }
    Ok(())
}

#[when(regex = r"^the caller deletes (/\S*)$")]
async fn deletes(world: &mut World, path: String) -> Result<(), Error> {
    world.context()?.delete(&path).await
}

#[when(regex = r"^the caller reads (/\S*), which was deleted$")]
async fn reads_deleted(world: &mut World, path: String) -> Result<(), Error> {
    world.context()?.read_deleted(&path).await
}

#[when(regex = r"^(/\S*) is read in each of these ways$")]
async fn reads_each_way(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Read, step)? {
        world.context()?.read(&path, &variation).await?;
    }
    Ok(())
}

#[when(regex = r"^the caller lists (/\S*)$")]
async fn lists(world: &mut World, path: String) -> Result<(), Error> {
    world.context()?.list(&path, &Variation::Documented).await
}

#[when("the caller lists each of these")]
async fn lists_each(world: &mut World, step: &Step) -> Result<(), Error> {
    for path in phrases(step)? {
        world.context()?.list(&path, &Variation::Documented).await?;
    }
    Ok(())
}

#[when(regex = r"^(/\S*) is listed in each of these ways$")]
async fn lists_each_way(world: &mut World, path: String, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::ListPage, step)? {
        world.context()?.list(&path, &variation).await?;
    }
    Ok(())
}

#[when("another client revokes the caller's token")]
async fn foreign_revocation(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke(Some(Other::Client)).await
}

#[when("the caller revokes the token")]
async fn revocation_of_ones_own(world: &mut World) -> Result<(), Error> {
    world.context()?.revoke(None).await
}

#[when("the caller refreshes the token")]
async fn renews(world: &mut World) -> Result<(), Error> {
    world.context()?.renew(&Variation::Documented).await
}

#[when("the token is refreshed in each of these ways")]
async fn renews_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Renew, step)? {
        world.context()?.renew(&variation).await?;
    }
    Ok(())
}

#[when("the caller reads the vendor's metadata")]
async fn reads_metadata(world: &mut World) -> Result<(), Error> {
    world.context()?.metadata().await
}
