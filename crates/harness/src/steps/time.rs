//! Time that passes at the vendor, without waiting.

use cucumber::when;

use crate::Error;
use crate::run::context::World;

#[when(regex = r"^(\d+) percent of the token's lifetime has passed$")]
async fn part_of_the_lifetime(world: &mut World, percent: f64) -> Result<(), Error> {
    world.context()?.advance_to(percent / 100.0, 0.0).await
}

#[when(regex = r"^the token's lifetime and (\d+) minutes more have passed$")]
async fn lifetime_and_more(world: &mut World, minutes: f64) -> Result<(), Error> {
    // One second more, because a row says "more than".
    world.context()?.advance_to(1.0, minutes * 60.0 + 1.0).await
}

#[when(regex = r"^(\d+) minutes have passed$")]
async fn some_minutes(world: &mut World, minutes: f64) -> Result<(), Error> {
    world.context()?.advance(minutes * 60.0).await
}

#[when(regex = r"^(\d+) hours have passed$")]
async fn some_hours(world: &mut World, hours: f64) -> Result<(), Error> {
    world.context()?.advance(hours * 3600.0).await
}
