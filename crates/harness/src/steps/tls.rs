//! A vendor over TLS: with a good certificate, a bad one, or none that a client gets to see.

use cucumber::given;
use serde_json::{Value, json};

use crate::Error;
use crate::run::context::World;

#[given(regex = r"^the vendor speaks TLS with (a .+ certificate|a certificate .+)$")]
async fn speaks(world: &mut World, which: String) -> Result<(), Error> {
    let certificate = match which.as_str() {
        "a good certificate" => "good",
        "a certificate that has expired" => "expired",
        "a certificate that is not valid yet" => "not_yet_valid",
        "a certificate for another host" => "wrong_host",
        "a self-signed certificate" => "self_signed",
        "a certificate of an unknown authority" => "untrusted",
        other => return Err(Error::Step(format!("no certificate is known `{other}`"))),
    };
    plan(world, json!({"certificate": certificate})).await
}

#[given("the vendor breaks each TLS handshake off")]
async fn breaks_off(world: &mut World) -> Result<(), Error> {
    plan(world, json!({"break_off": true})).await
}

#[given("the vendor offers TLS 1.1 alone")]
async fn is_old(world: &mut World) -> Result<(), Error> {
    plan(world, json!({"max_version": "1.1"})).await
}

async fn plan(world: &mut World, plan: Value) -> Result<(), Error> {
    world.context()?.speak_tls(&plan).await
}
