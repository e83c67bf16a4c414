//! A user who hands in documents.

use cucumber::{given, when};

use crate::Error;
use crate::evidence::Variation;
use crate::run::context::World;

#[given("the user has signed in for signed calls and created a task")]
async fn creates(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.needs_leave()?;
    context.sign_in(&Variation::Documented).await?;
    context.fetch_credentials().await?;
    context.create_task().await
}

/// One that is there already, where none may be created.
#[given("the user has a task, and has listed the tasks")]
async fn has_one(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.may_write {
        context.create_task().await?;
    }
    context.list_tasks().await
}

#[given("the user has listed the tasks, and read the task")]
async fn lists_and_reads(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.list_tasks().await?;
    context.read_task().await
}

#[given("the user has read the task")]
#[when("the user reads the task")]
async fn reads(world: &mut World) -> Result<(), Error> {
    world.context()?.read_task().await
}

#[when("the user deletes the task")]
#[when("the user deletes what was created")]
async fn deletes(world: &mut World) -> Result<(), Error> {
    world.context()?.delete_task().await
}

#[when("the user reads the deleted task")]
async fn reads_deleted(world: &mut World) -> Result<(), Error> {
    world.context()?.read_deleted_task().await
}

#[when("the user lists the tasks of a company that has none")]
async fn lists_of_nobody(world: &mut World) -> Result<(), Error> {
    world.context()?.list_tasks_of_nobody().await
}

#[when("the user puts a document to the url of the task, with and without its query")]
async fn puts(world: &mut World) -> Result<(), Error> {
    world.context()?.put_document().await
}

#[when("another user creates a task, lists the tasks and reads the first user's")]
async fn another_looks(world: &mut World) -> Result<(), Error> {
    world.context()?.look_as_another_user().await
}
