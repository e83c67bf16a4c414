//! A client that keeps tokens for its next process.

use std::time::Duration;

use cucumber::when;

use crate::Error;
use crate::run::context::World;

#[when("the client's process begins anew and makes 1 call")]
async fn anew(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.restart_client().await?;
    context.client_calls(1).await?;
    context.must_have_stored();
    Ok(())
}

#[when("the stored token ends, and the client's process begins anew and makes 1 call")]
async fn ended(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    // Past the lifetime that the first token was given beyond the margin, and past what is not
    // known of the margin.
    let unknown = context.measurement.as_ref().map_or(0, |measurement| {
        measurement.hi.saturating_sub(measurement.lo)
    });
    let unknown_ms = 1000 * unknown / context.raw_lifetime(1.0).max(1);
    tokio::time::sleep(Duration::from_millis(4250 + unknown_ms)).await;
    context.expire_proofs().await?;
    context.restart_client().await?;
    context.client_calls(1).await
}

#[when("two processes of the client make 1 call each, at once")]
async fn two(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.two_processes_call().await?;
    context.must_have_stored();
    Ok(())
}
