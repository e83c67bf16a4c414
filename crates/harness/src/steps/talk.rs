//! The sessions of a client under test on websockets.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, when};
use serde_json::{Value, json};

use super::phrases;
use crate::Error;
use crate::catalogue::Expectation;
use crate::rules::View;
use crate::rules::client::traffic::{self, Arrival};
use crate::run::context::{ScenarioContext, World};

/// How often the harness looks whether a client is back.
const LOOK: Duration = Duration::from_millis(100);

#[given(regex = r"^the client has talked on the socket (\S+)$")]
#[when(regex = r"^the client talks on the socket (\S+)$")]
async fn talks(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_talks(&place).await
}

#[when(regex = r"^the client talks for a while on the socket (\S+)$")]
async fn talks_for_a_while(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_talks_for_a_while(&place).await
}

#[when(regex = r"^the client talks at length on the socket (\S+)$")]
async fn talks_at_length(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_talks_at_length(&place).await
}

#[when(regex = r"^the client tries to talk on the socket (\S+)$")]
async fn tries_to_talk(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_tries_to_talk(&place).await
}

#[when(regex = r"^the client tries to open the socket (\S+)$")]
async fn tries_to_open(world: &mut World, place: String) -> Result<(), Error> {
    world.context()?.client_tries_to_open(&place).await
}

#[when("the client sends audio")]
async fn sends_audio(world: &mut World) -> Result<(), Error> {
    world.context()?.client_sends_audio().await
}

#[when("the client ends its session")]
async fn ends(world: &mut World) -> Result<(), Error> {
    world.context()?.client_ends_session().await
}

/// The table names what is wrong with the 101, as the fault `answer` does.
#[when(regex = r"^the client tries to open the socket (\S+) once for each of these answers$")]
async fn each_answer(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    let faults: Vec<Value> = phrases(step)?
        .iter()
        .map(|word| json!({"answer": word}))
        .collect();
    let context = world.context()?;
    context.client_opens_despite_each(&place, faults).await
}

/// The table names what takes the place of the acceptance.
#[when(
    regex = r"^the client tries to open the socket (\S+) once for each of these replies to its configuration$"
)]
async fn each_reply(world: &mut World, place: String, step: &Step) -> Result<(), Error> {
    let context = world.context()?;
    for word in phrases(step)? {
        context.set("ws_config_answer", json!(word)).await?;
        context.client_tries_to_open(&place).await?;
    }
    Ok(())
}

/// Waits until more sockets were opened than were asked for.
#[when(regex = r"^the client is back, or (\d+) seconds have passed$")]
async fn is_back(world: &mut World, seconds: u64) -> Result<(), Error> {
    let context = world.context()?;
    let asks = context.log.evidence().asks();
    let asked = asks.filter(|(_, ask)| ask.op() == "ws_open").count();
    let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
    while opened(context) <= asked && tokio::time::Instant::now() < end {
        tokio::time::sleep(LOOK).await;
        context.look().await?;
    }
    Ok(())
}

fn opened(context: &ScenarioContext) -> usize {
    let view = View {
        evidence: context.log.evidence(),
        profile: &context.profile,
        expected: Expectation::of("WS-03", &context.profile.vendor),
    };
    let arrivals = traffic::arrivals(&view).filter(Arrival::is_upgrade);
    arrivals.filter(Arrival::is_served).count()
}
