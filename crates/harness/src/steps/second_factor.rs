//! A user of a pool with an authenticator, and one who signs in by SRP.

use cucumber::gherkin::Step;
use cucumber::when;

use super::variations;
use crate::Error;
use crate::evidence::{Operation, ProofVariation, Variation};
use crate::run::context::World;

#[when("a user with a second factor signs in")]
async fn opens(world: &mut World) -> Result<(), Error> {
    world.context()?.open_second_factor().await
}

#[when("that user shows a code in each of these ways")]
async fn shows_codes(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::ShowCode, step)? {
        let Variation::Challenge(change) = variation else {
            return Err(Error::Step("the right code has its own step".to_owned()));
        };
        world.context()?.show_changed_code(change).await?;
    }
    Ok(())
}

#[when("that user signs in once more and shows the right code")]
async fn shows_the_right_code(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.open_second_factor().await?;
    context.show_right_code().await
}

#[when("the user signs in by SRP")]
async fn proves(world: &mut World) -> Result<(), Error> {
    world.context()?.prove_srp(&Variation::Documented).await
}

#[when("the user signs in by SRP in each of these ways")]
async fn proves_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::ProveSrp, step)? {
        let context = world.context()?;
        context.prove_srp(&variation).await?;
        let is_right = matches!(variation, Variation::Proof(change)
            if ProofVariation::next_challenge(change).is_some());
        // So that a vendor that counts wrong passwords in a row never counts two.
        if context.stage.is_none() && !is_right {
            context.sign_in(&Variation::Documented).await?;
        }
    }
    Ok(())
}
