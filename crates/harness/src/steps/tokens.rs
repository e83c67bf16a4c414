//! Tokens for their own sake: what was issued, what else is shown in their place, and what the vendor
//! publishes about them.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, when};
use locum_core::profile::Grant;

use super::{phrases, variations};
use crate::Error;
use crate::evidence::{Operation, ShownToken, Variation};
use crate::run::context::World;

/// Two percent of a life that is shorter than this are less than a second.
const SHORT_LIFE: Duration = Duration::from_secs(50);

#[given("each kind of token has been accepted")]
async fn accepted(world: &mut World) -> Result<(), Error> {
    world.context()?.has_accepted_tokens().await
}

/// By a login, whatever it is at this vendor.
#[given("tokens have been issued")]
#[when("tokens are issued")]
async fn issued(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    match context.profile.token.grant {
        Grant::Cognito => context.sign_in(&Variation::Documented).await,
        _ => context.login(&Variation::Documented).await,
    }
}

/// By a further login, and where the login gave a refresh token by that.
#[when("further tokens are issued")]
async fn issued_again(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.profile.token.grant == Grant::Cognito {
        context.refresh(&Variation::Documented).await?;
        return context.sign_in(&Variation::Again).await;
    }
    context.login_for_another_token().await
}

#[given(regex = r"^the issued tokens have a (\w+)$")]
async fn have_claim(world: &mut World, name: String) -> Result<(), Error> {
    world.context()?.needs_claim(&name)
}

#[when("the access token can be read")]
async fn is_readable(world: &mut World) -> Result<(), Error> {
    world.context()?.needs_readable_token()
}

#[when("the issued tokens are examined")]
async fn examined(world: &mut World) -> Result<(), Error> {
    world.context()?.examine_tokens();
    Ok(())
}

#[given("the vendor's key set has been read")]
#[when("the vendor's key set is read")]
async fn key_set(world: &mut World) -> Result<(), Error> {
    world.context()?.read_key_set().await
}

#[when("the vendor's metadata and its key set are read")]
async fn metadata(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.metadata().await?;
    let documents = context.log.evidence().documented(Operation::Metadata);
    let uris = documents.map(|document| document.json()["jwks_uri"].clone());
    let uri = uris.last().and_then(|uri| uri.as_str().map(str::to_owned));
    context.fetch_key_set(uri).await
}

#[given("a listener of ours can be reached by the vendor")]
async fn listener(world: &mut World) -> Result<(), Error> {
    world.context()?.listen().await
}

#[when("each of these tokens is shown in its place")]
async fn shown(world: &mut World, step: &Step) -> Result<(), Error> {
    for phrase in phrases(step)? {
        let shown = ShownToken::parse(&phrase)
            .ok_or_else(|| Error::Step(format!("no token is known `{phrase}`")))?;
        world.context()?.show(shown).await?;
    }
    Ok(())
}

#[when("the listener has been asked by us alone, or by the vendor too")]
async fn listened(world: &mut World) -> Result<(), Error> {
    world.context()?.end_listening().await
}

#[when("the caller names another tenant beside the token")]
async fn other_tenant(world: &mut World) -> Result<(), Error> {
    world.context()?.name_another_tenant().await
}

#[given("the caller stands in the audience of its own tokens")]
async fn in_audience(world: &mut World) -> Result<(), Error> {
    world.context()?.be_in_own_audience();
    Ok(())
}

#[when("the token is introspected")]
async fn introspected(world: &mut World) -> Result<(), Error> {
    world.context()?.introspect(&Variation::Documented).await
}

#[when("the token is introspected in each of these ways")]
async fn introspected_each_way(world: &mut World, step: &Step) -> Result<(), Error> {
    for variation in variations(Operation::Introspect, step)? {
        world.context()?.introspect(&variation).await?;
    }
    Ok(())
}

/// Where the vendor's clock can be turned, the token ends by it; elsewhere the user has to have given
/// one that has ended, or leave to wait for the end that the token tells.
#[when("a token has come to its end and is used again")]
async fn ended(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.stage.is_none() {
        return match context.profile.token.grant {
            Grant::Cognito => context.use_after_the_told_end().await,
            _ => context.call_with_ended().await,
        };
    }
    for (share, extra_s) in [(1.0, 0.0), (1.0, 300.0)] {
        context.pass_lifetime(share, extra_s).await?;
        context.use_again().await?;
    }
    Ok(())
}

#[when("each of them is used again, at once and a few seconds later")]
async fn used_again(world: &mut World) -> Result<(), Error> {
    world.context()?.use_again_and_later().await
}

#[when(regex = r"^(\d+) percent of their lifetime has passed$")]
async fn most_of_the_lifetime(world: &mut World, step: &Step, percent: f64) -> Result<(), Error> {
    let context = world.context()?;
    context.waits_at(&step.value);
    // Of a short life a second has to be left, or a quarter: a use takes its time.
    let lifetime = context.token().map(|token| token.lifetime);
    let short = lifetime.ok().filter(|lifetime| *lifetime < SHORT_LIFE);
    match short {
        Some(lifetime) => {
            let left = (lifetime.as_secs_f64() / 4.0).min(1.0);
            context.pass_lifetime(1.0, -left).await
        }
        None => context.pass_lifetime(percent / 100.0, 0.0).await,
    }
}

#[when("each of them is used once more, and new ones after that")]
async fn used_to_the_end(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.use_again().await?;
    context.use_new_ones().await
}
