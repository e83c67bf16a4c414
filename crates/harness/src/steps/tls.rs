//! A vendor over TLS: with a good certificate, a bad one, or none that a client gets to see.

use cucumber::gherkin::Step;
use cucumber::{given, when};
use locum_core::profile::Grant;
use serde_json::{Value, json};

use crate::Error;
use crate::evidence::{TlsOffer, Variation};
use crate::run::context::World;

#[given(regex = r"^the vendor speaks TLS with (a .+ certificate|a certificate .+)$")]
async fn speaks(world: &mut World, which: String) -> Result<(), Error> {
    plan(world, certificate(&which)?).await
}

#[given(regex = r"^the API alone speaks TLS, with (a .+ certificate|a certificate .+)$")]
async fn api_speaks(world: &mut World, which: String) -> Result<(), Error> {
    let plan = certificate(&which)?;
    world.context()?.speak_tls_at_the_api(&plan).await
}

/// What the vendor's ports do to show a certificate.
fn certificate(words: &str) -> Result<Value, Error> {
    let certificate = match words {
        "a good certificate" => "good",
        "a certificate that has expired" => "expired",
        "a certificate that is not valid yet" => "not_yet_valid",
        "a certificate for another host" => "wrong_host",
        "a self-signed certificate" => "self_signed",
        "a certificate of an unknown authority" => "untrusted",
        other => return Err(Error::Step(format!("no certificate is known `{other}`"))),
    };
    Ok(json!({"certificate": certificate}))
}

#[given("the vendor breaks each TLS handshake off")]
async fn breaks_off(world: &mut World) -> Result<(), Error> {
    plan(world, json!({"break_off": true})).await
}

#[given("the vendor offers TLS 1.1 alone")]
async fn is_old(world: &mut World) -> Result<(), Error> {
    plan(world, json!({"max_version": "1.1"})).await
}

#[given("the vendor is called over TLS")]
async fn over_tls(world: &mut World) -> Result<(), Error> {
    world.context()?.call_over_tls().await
}

#[when("the caller offers TLS 1.2 and 1.3")]
async fn offers_what_is_good(world: &mut World) -> Result<(), Error> {
    world.context()?.greet(TlsOffer::Modern).await
}

#[when("the caller offers each of these alone")]
async fn offers_alone(world: &mut World, step: &Step) -> Result<(), Error> {
    for words in super::phrases(step)? {
        let mut all = TlsOffer::ALL.iter();
        let offer = all.find(|offer| offer.words() == words);
        let offer = offer.ok_or_else(|| Error::Step(format!("no offer is known `{words}`")))?;
        world.context()?.greet(*offer).await?;
    }
    Ok(())
}

#[given("the first account has logged in")]
async fn first_account(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    match context.profile.token.grant {
        Grant::Cognito => context.sign_in(&Variation::Documented).await,
        _ => context.login(&Variation::Documented).await,
    }
}

#[when("the caller sends its login in the clear")]
async fn in_the_clear(world: &mut World) -> Result<(), Error> {
    world.context()?.login_in_the_clear().await
}

async fn plan(world: &mut World, plan: Value) -> Result<(), Error> {
    world.context()?.speak_tls(&plan).await
}
