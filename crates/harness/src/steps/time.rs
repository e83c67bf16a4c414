//! Time that passes at the vendor, without waiting.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, when};

use crate::Error;
use crate::run::context::{ScenarioContext, World};

#[when(regex = r"^(\d+) percent of the token's lifetime has passed$")]
async fn part_of_the_lifetime(world: &mut World, step: &Step, percent: f64) -> Result<(), Error> {
    world.context()?.waits_at(&step.value);
    world.context()?.advance_to(percent / 100.0, 0.0).await
}

#[when(regex = r"^the token's lifetime and (\d+) minutes more have passed$")]
async fn lifetime_and_more(world: &mut World, step: &Step, minutes: f64) -> Result<(), Error> {
    world.context()?.waits_at(&step.value);
    // One second more, because a row says "more than".
    world.context()?.advance_to(1.0, minutes * 60.0 + 1.0).await
}

#[when(regex = r"^(\d+) minutes have passed$")]
async fn some_minutes(world: &mut World, step: &Step, minutes: f64) -> Result<(), Error> {
    world.context()?.waits_at(&step.value);
    world.context()?.advance(minutes * 60.0).await
}

#[when(regex = r"^(\d+) hours have passed$")]
async fn some_hours(world: &mut World, step: &Step, hours: f64) -> Result<(), Error> {
    world.context()?.waits_at(&step.value);
    world.context()?.advance(hours * 3600.0).await
}

/// So that what is dated anew has another date: at a real endpoint, the next second.
#[given("a moment has passed")]
#[when("a moment has passed")]
async fn a_moment(world: &mut World) -> Result<(), Error> {
    world.context()?.pass_a_moment().await
}

impl ScenarioContext {
    /// Lets a minute pass at a mock, and a second at a real endpoint.
    pub(crate) async fn pass_a_moment(&mut self) -> Result<(), Error> {
        if self.stage.is_some() {
            return self.advance(60.0).await;
        }
        if !self.manners.is_rehearsal {
            tokio::time::sleep(Duration::from_millis(1100)).await;
        }
        Ok(())
    }
}

#[when(regex = r"^(\d+) seconds have passed$")]
async fn some_seconds(world: &mut World, step: &Step, seconds: f64) -> Result<(), Error> {
    world.context()?.waits_at(&step.value);
    world.context()?.advance(seconds).await
}
