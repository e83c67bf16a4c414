//! A client whose token is refused, in one way or another.

use std::time::Duration;

use cucumber::when;
use serde_json::{Value, json};

use crate::Error;
use crate::catalogue::Expectation;
use crate::rules::View;
use crate::rules::client::traffic;
use crate::run::context::{ScenarioContext, World};

/// How long the harness waits for what a client begins at once.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a refusal is held once the new token is there.
const LATE: Duration = Duration::from_millis(300);

#[when(
    regex = r"^the client's token is refused (as documented|with an empty 401|with a web page) and it makes (\d+) calls$"
)]
async fn refused(world: &mut World, form: String, calls: usize) -> Result<(), Error> {
    let context = world.context()?;
    let then = match form.as_str() {
        "with an empty 401" => json!({"status": 401}),
        "with a web page" => json!({
            "status": 401,
            "headers": {"Content-Type": "text/html"},
            "body": "<html><body>Unauthorized</body></html>",
        }),
        _ => Value::Null,
    };
    if !then.is_null() {
        context.inject("API", &json!({"first": 1}), &then).await?;
    }
    context.revoke_all().await?;
    context.client_calls(calls).await
}

/// A sentence over and over, so that nothing in it looks like a token.
fn text_of(bytes: usize) -> String {
    let sentence = "The patient feels well. ";
    let note = sentence.repeat(bytes / sentence.len() + 1);
    json!({"note": note}).to_string()
}

#[when(regex = r"^the client posts 3 kilobytes as (text|stream)$")]
async fn posts(world: &mut World, kind: String) -> Result<(), Error> {
    let context = world.context()?;
    if kind == "stream" && context.lacks_cap("stream_body") {
        return Ok(());
    }
    let create = context.profile.api.create.clone();
    let create = create.ok_or_else(|| context.lacks("the profile names no creation"))?;
    let path = context.target.fill(&create)?;
    context.client_posts_as(&path, &text_of(3000), &kind).await
}

/// The first of two refusals leaves when the second has led to a new token.
#[when("the refusal of one call is held until another call has a new token")]
async fn held(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.lacks_cap("concurrency") {
        return Ok(());
    }
    context.revoke_all().await?;
    hold_one_until(context, Seen::Grant).await
}

/// The same for AWS credentials, which end alone.
#[when("the refusal of ended credentials is held until another call has new ones")]
async fn held_for_credentials(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    if context.lacks_cap("concurrency") {
        return Ok(());
    }
    context.expire_credentials().await?;
    hold_one_until(context, Seen::Credentials).await
}

/// Holds the reply to one call until another has led to `renewal`.
async fn hold_one_until(context: &mut ScenarioContext, renewal: Seen) -> Result<(), Error> {
    let hold = json!({"hold": {"name": "late"}});
    context.inject("API", &json!({"first": 1}), &hold).await?;
    let seen = count(context, Seen::Call);
    context.begin_calls(1).await?;
    wait_for(context, Seen::Call, seen).await?;
    let seen = count(context, renewal);
    context.begin_calls(1).await?;
    wait_for(context, renewal, seen).await?;
    tokio::time::sleep(LATE).await;
    context.mock()?.open_barrier("late").await?;
    context
        .log
        .control("barriers/open", &json!({"name": "late"}));
    context.answers().await
}

#[derive(Clone, Copy)]
enum Seen {
    Call,
    Grant,
    Credentials,
}

/// How much of it the mock has seen.
fn count(context: &ScenarioContext, seen: Seen) -> usize {
    let view = View {
        evidence: context.log.evidence(),
        profile: &context.profile,
        expected: Expectation::of("SF-04", &context.profile.vendor),
    };
    match seen {
        Seen::Call => traffic::api_requests(&view).count(),
        Seen::Grant => traffic::token_requests(&view)
            .filter(traffic::Arrival::is_served)
            .count(),
        Seen::Credentials => traffic::arrivals(&view)
            .filter(|one| one.operation() == Some("GetCredentialsForIdentity") && one.is_served())
            .count(),
    }
}

/// Waits until the mock has seen more of it; what does not come is missed by the rule.
async fn wait_for(context: &mut ScenarioContext, seen: Seen, before: usize) -> Result<(), Error> {
    let end = tokio::time::Instant::now() + BEGIN_TIMEOUT;
    while count(context, seen) <= before && tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
        context.look().await?;
    }
    Ok(())
}

impl ScenarioContext {
    /// Revokes all refresh tokens of the vendor on the stage.
    pub(crate) async fn revoke_refresh_tokens(&mut self) -> Result<(), Error> {
        let selector = json!({"vendor": self.profile.vendor, "kind": "refresh"});
        self.mock()?.revoke_tokens(&selector).await?;
        self.log.control("tokens/revoke", &selector);
        Ok(())
    }

    /// Revokes all tokens of the vendor on the stage.
    pub(crate) async fn revoke_all(&mut self) -> Result<(), Error> {
        let selector = json!({"vendor": self.profile.vendor, "all": true});
        self.mock()?.revoke_tokens(&selector).await?;
        self.log.control("tokens/revoke", &selector);
        Ok(())
    }
}
