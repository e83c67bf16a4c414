//! Signed calls under test: odd paths and queries, ended credentials, clocks apart.

use std::time::Duration;

use cucumber::{given, when};
use locum_core::Timestamp;
use serde_json::json;

use crate::Error;
use crate::run::context::World;
use crate::run::odd_targets;
use crate::subject::{ClientCommand, ClockSelection};

const DAY_S: f64 = 86_400.0;

/// The setting for the life of AWS credentials, in seconds.
const CREDENTIALS_TTL: &str = "credentials_ttl_s";

/// A life that no scenario sees the end of.
const LONG_S: u64 = 86_400;

/// After this, credentials of two seconds are over, also for a client that counts from the whole
/// second of a `Date`.
const PAST_BRIEF: Duration = Duration::from_millis(3250);

/// A day of one digit comes within so many days.
const MAX_DAYS: u32 = 31;

#[when("the client reads odd paths and queries")]
async fn odd(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let sample = context.profile.api.sample.clone();
    let sample = sample.ok_or_else(|| context.lacks("the profile names no sample call"))?;
    let path = context.target.fill(&sample)?;
    for suffix in odd_targets::all(context.seed) {
        let call = ClientCommand::get("a", format!("{path}{suffix}"));
        context.ask_all(vec![call]).await?;
    }
    Ok(())
}

#[when("the vendor ends the client's AWS credentials")]
async fn ends_credentials(world: &mut World) -> Result<(), Error> {
    world.context()?.expire_credentials().await
}

#[given(
    regex = r"^AWS credentials live (\d+) seconds, and each request for them takes (\d+) milliseconds$"
)]
async fn brief_credentials(world: &mut World, life_s: u64, delay_ms: u64) -> Result<(), Error> {
    let context = world.context()?;
    context.set(CREDENTIALS_TTL, json!(life_s)).await?;
    let late = json!({"delay_ms": delay_ms});
    context
        .inject("AWS credentials", &json!({"always": true}), &late)
        .await
}

#[when("these have ended and new ones live long")]
async fn have_ended(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    tokio::time::sleep(PAST_BRIEF).await;
    context.set(CREDENTIALS_TTL, json!(LONG_S)).await
}

#[given("the user types the e-mail address for the name")]
async fn by_address(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let name = context.target.credential("username").to_owned();
    let users = context.target.principals.get("users");
    let mut users = users
        .and_then(|users| users.as_array())
        .into_iter()
        .flatten();
    let address = users
        .find(|user| user["username"] == name.as_str())
        .and_then(|user| user["email"].as_str())
        .map(str::to_owned);
    let address = address.ok_or_else(|| context.lacks("the user has no e-mail address"))?;
    let credentials = &mut context.target.credentials;
    credentials.insert("username".to_owned(), json!(address));
    context.start_client().await
}

/// Of a client whose clock cannot be turned, the day is today's.
#[given("it is a day of one digit")]
async fn early_in_the_month(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let claims = context.claims("clock_offset");
    if !claims {
        context
            .log
            .limitation("the client does not claim clock_offset");
        return Ok(());
    }
    let now = context.mock()?.now().await?;
    let days = days_to_one_digit(now);
    let offset_s = f64::from(days) * DAY_S;
    if days > 0 {
        context.advance(offset_s).await?;
        context
            .set_client_clock(offset_s, ClockSelection::Both)
            .await?;
    }
    Ok(())
}

/// How many days from `now` on the day of the month has one digit, and has it the day after, too.
fn days_to_one_digit(now: Timestamp) -> u32 {
    let is_early = |days: u32| {
        let then = now.plus(Duration::from_secs(86_400 * u64::from(days)));
        (1..9).contains(&then.date_time().day())
    };
    (0..=MAX_DAYS).find(|days| is_early(*days)).unwrap_or(0)
}

#[when("the client signs in and makes 1 call")]
async fn signs_in(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.client_calls(1).await?;
    let entries = context.log.evidence().entries();
    let mut flows = entries.filter_map(|(_, entry)| entry.notes.get("flow")?.as_str());
    if let Some(flow) = flows.next().filter(|flow| *flow != "USER_SRP_AUTH") {
        context.not_applicable = Some(format!("the client signs in by {flow}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_one_digit_is_found() {
        let days = |date: &str| days_to_one_digit(Timestamp::parse_rfc3339(date).expect("a date"));
        assert_eq!(days("2026-11-29T10:00:00Z"), 2);
        assert_eq!(days("2026-12-01T10:00:00Z"), 0);
        assert_eq!(days("2026-12-08T23:59:59Z"), 0);
        assert_eq!(days("2026-12-09T10:00:00Z"), 23);
    }
}
