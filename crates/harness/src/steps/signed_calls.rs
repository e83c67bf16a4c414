//! A user of an identity pool: identities, AWS credentials, signed calls and presigned URLs.

use cucumber::gherkin::Step;
use cucumber::{given, when};

use super::{phrases, variations};
use crate::Error;
use crate::evidence::{CallVariation, Operation, SignedVariation, Variation};
use crate::run::context::World;

#[given("the user has credentials for signed calls")]
async fn has_credentials(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.sign_in(&Variation::Documented).await?;
    context.fetch_credentials().await
}

#[given("another login of the user has credentials too")]
#[when("the user signs in again and asks for an identity")]
async fn other_credentials(world: &mut World) -> Result<(), Error> {
    world.context()?.fetch_credentials_of_another_login().await
}

#[when("the user asks for an identity and credentials in each of these ways")]
async fn asks_under(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::GetIdentity, step)? {
        if let Variation::Identity(variation) = variation {
            world.context()?.ask_under(variation).await?;
        }
    }
    Ok(())
}

#[when("the user asks for credentials in each of these ways")]
async fn asks_for_others(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::GetCredentials, step)? {
        if let Variation::Identity(variation) = variation {
            world.context()?.ask_for_others(variation).await?;
        }
    }
    Ok(())
}

#[given("a signed call has been served")]
#[when("the user makes a signed call")]
async fn signed_call(world: &mut World) -> Result<(), Error> {
    world.context()?.call_signed(None).await
}

#[given("a signed call with a body has been served")]
async fn signed_call_with_a_body(world: &mut World) -> Result<(), Error> {
    world
        .context()?
        .call_signed(Some(SignedVariation::WithBody))
        .await
}

#[when("the user makes each of these calls")]
async fn signed_calls(world: &mut World, step: &Step) -> Result<(), Error> {
    for phrase in phrases(step)? {
        let context = world.context()?;
        match Variation::parse(Operation::Call, &phrase) {
            Some(Variation::Signed(special)) => context.call_signed(Some(special)).await?,
            Some(Variation::Call(CallVariation::RawQuery(query))) => {
                context.call_signed_with_query(&query).await?;
            }
            _ => return Err(Error::Step(format!("no signed call is known `{phrase}`"))),
        }
    }
    Ok(())
}

#[when("the credentials have ended, and the user makes a signed call with them")]
async fn ended_credentials(world: &mut World, step: &Step) -> Result<(), Error> {
    world.context()?.waits_at(&step.value);
    world.context()?.use_ended_credentials().await
}

#[given("a presigned URL has been used")]
async fn presigned(world: &mut World) -> Result<(), Error> {
    world.context()?.use_presigned().await
}

#[given("a URL that the user presigned has been used")]
async fn own_presigned(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.use_own_presigned(&Variation::Documented).await
}

#[when("a URL that the user presigned is used after its end")]
async fn own_presigned_late(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.use_own_presigned(&Variation::AfterEnd).await
}

#[when("the presigned URL is used after its end")]
async fn presigned_late(world: &mut World) -> Result<(), Error> {
    world.context()?.use_presigned_late().await
}
