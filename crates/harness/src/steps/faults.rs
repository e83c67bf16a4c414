//! What the vendor does on purpose: faults of the mock, by the requests that meet them.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, when};
use locum_core::{Profile, template};
use serde_json::{Value, json};

use crate::Error;
use crate::run::context::{ScenarioContext, World};
use crate::target::Target;

/// Which requests meet a fault, in words; the docstring is the fault's `then` as the control API
/// takes it. `{name}` in it is filled like a path.
#[given(
    regex = r"^(each|the first|the first \d+|each after the first|each after the first \d+) (token|API|create|socket|revocation|refresh) requests? meets?$"
)]
#[when(
    regex = r"^from now on (each|the first|the first \d+|each after the first|each after the first \d+) (token|API|create|socket|revocation|refresh) requests? meets?$"
)]
async fn requests_meet(
    world: &mut World,
    which: String,
    target: String,
    step: &Step,
) -> Result<(), Error> {
    let context = world.context()?;
    let then = filled(action(step)?, &context.target);
    context.inject(&target, &when(&which), &then).await
}

/// The `then` in a step's docstring.
fn action(step: &Step) -> Result<Value, Error> {
    let text = step.docstring.as_deref().unwrap_or_default();
    serde_json::from_str(text)
        .map_err(|error| Error::Step(format!("the step's fault is not JSON: {error}")))
}

/// Which of the requests that match meet the fault.
fn when(which: &str) -> Value {
    let number = which.rsplit(' ').next().and_then(|last| last.parse().ok());
    match which {
        "each" => json!({"always": true}),
        after if after.starts_with("each after") => json!({"after": number.unwrap_or(1_u64)}),
        _ => json!({"first": number.unwrap_or(1_u64)}),
    }
}

/// `value` with each `{name}` in its texts filled with what the account has by that name.
fn filled(value: Value, target: &Target) -> Value {
    match value {
        Value::String(text) => Value::String(template::fill(&text, |name| {
            let known = target.credentials.get(name)?;
            known.as_str().map(str::to_owned)
        })),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, filled(value, target)))
            .collect(),
        other => other,
    }
}

#[given(regex = r"^the first API request is answered with 429 and a date (\d+) seconds ahead$")]
async fn until_a_date(world: &mut World, seconds: u64) -> Result<(), Error> {
    let context = world.context()?;
    let now = context.mock()?.now().await?;
    // A date has whole seconds: it is that far ahead at least.
    let date = now.plus(Duration::from_millis(seconds * 1000 + 999));
    let then = json!({"status": 429, "headers": {"Retry-After": date.http_date()}});
    context.inject("API", &json!({"first": 1}), &then).await
}

#[given(regex = r"^each (token|API|socket) request is redirected with (\d+) to another origin$")]
async fn redirected(world: &mut World, target: String, status: u16) -> Result<(), Error> {
    let context = world.context()?;
    let mut url = context.another_origin()?;
    if target == "socket" {
        // A websocket is redirected to one.
        url = url.replacen("http", "ws", 1);
    }
    let then = json!({"status": status, "redirect": url});
    context
        .inject(&target, &json!({"always": true}), &then)
        .await
}

/// Fresh instances of the client, each with a stage and an account of its own.
#[given(
    regex = r"^(\d+) clients? apart, where (each|the first|the first \d+) (token|API) requests? meets?$"
)]
async fn apart(
    world: &mut World,
    n: usize,
    which: String,
    target: String,
    step: &Step,
) -> Result<(), Error> {
    let context = world.context()?;
    let fault = context.fault(&target, &when(&which), &action(step)?)?;
    for _ in 0..n {
        context.start_side(&fault).await?;
    }
    Ok(())
}

#[when(regex = r"^each of them makes 1 call within (\d+) seconds$")]
async fn they_call(world: &mut World, seconds: u64) -> Result<(), Error> {
    let context = world.context()?;
    context.sides_call(Duration::from_secs(seconds)).await
}

#[when(regex = r"^each of them makes 1 call within (\d+) seconds, begun (\d+) milliseconds apart$")]
async fn they_call_apart(world: &mut World, seconds: u64, apart_ms: u64) -> Result<(), Error> {
    let (limit, apart) = (
        Duration::from_secs(seconds),
        Duration::from_millis(apart_ms),
    );
    world.context()?.sides_call_apart(limit, apart).await
}

#[when(regex = r"^the client and each of them make 1 call within (\d+) seconds$")]
async fn all_call(world: &mut World, seconds: u64) -> Result<(), Error> {
    let context = world.context()?;
    context.all_call(Duration::from_secs(seconds)).await
}

/// What each reply with tokens meets, also one that ends a challenge; the docstring as above.
#[given("each token reply meets")]
async fn token_replies_meet(world: &mut World, step: &Step) -> Result<(), Error> {
    let then = action(step)?;
    let always = json!({"always": true});
    world.context()?.inject("token reply", &always, &then).await
}

#[when("the vendor's faults end, and the client makes 1 call")]
async fn faults_end_and_call(world: &mut World) -> Result<(), Error> {
    faults_end(world).await?;
    world.context()?.client_calls(1).await
}

#[when("the vendor's faults end")]
async fn faults_end(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    context.mock()?.clear_faults().await?;
    context.log.control("faults/clear", &Value::Null);
    Ok(())
}

#[when(regex = r"^the barrier (\w+) is opened$")]
async fn barrier(world: &mut World, name: String) -> Result<(), Error> {
    let context = world.context()?;
    context.mock()?.open_barrier(&name).await?;
    context.log.control("barriers/open", &json!({"name": name}));
    Ok(())
}

impl ScenarioContext {
    /// Puts a fault in the way of the requests that `target` names.
    pub(crate) async fn inject(
        &mut self,
        target: &str,
        when: &Value,
        then: &Value,
    ) -> Result<(), Error> {
        let mut fault = self.fault(target, when, then)?;
        let held = self.mock()?.inject(&fault).await?;
        // By its id the journal says on which requests it fired.
        fault["id"] = held["id"].clone();
        self.log.control("faults", &fault);
        Ok(())
    }

    /// The fault as the control API takes it.
    pub(crate) fn fault(&self, target: &str, when: &Value, then: &Value) -> Result<Value, Error> {
        let matcher = matcher(&self.profile, target).ok_or_else(|| {
            Error::Step(format!("the profile has no endpoint for {target} requests"))
        })?;
        Ok(json!({"match": matcher, "when": when, "then": then}))
    }
}

/// The `match` of a fault for such requests.
fn matcher(profile: &Profile, target: &str) -> Option<Value> {
    let vendor = &profile.vendor;
    let at = |endpoint: &str| json!({"vendor": vendor, "endpoint": endpoint});
    let is_cognito = profile.endpoints.contains_key("cognito");
    let operations = |names: &[&str]| json!({"vendor": vendor, "operations": names});
    match target {
        "token" if is_cognito => Some(operations(&["InitiateAuth", "GetTokensFromRefreshToken"])),
        "token reply" if is_cognito => Some(operations(&[
            "InitiateAuth",
            "RespondToAuthChallenge",
            "GetTokensFromRefreshToken",
        ])),
        // A login may be one of these, too: a scenario says this once the client has logged in.
        "refresh" if is_cognito => Some(operations(&["InitiateAuth", "GetTokensFromRefreshToken"])),
        "AWS credentials" if is_cognito => Some(operations(&["GetCredentialsForIdentity"])),
        "revocation" if is_cognito => Some(operations(&["RevokeToken"])),
        "token" | "token reply" | "refresh" => profile.endpoints.get("token").map(|_| at("token")),
        "revocation" => profile.endpoints.get("revoke").map(|_| at("revoke")),
        "API" => {
            let sample = profile.api.sample.as_deref()?;
            endpoint_of(profile, "api", "GET", sample).map(at)
        }
        "create" => {
            let create = profile.api.create.as_deref()?;
            endpoint_of(profile, "api", "POST", create).map(at)
        }
        "socket" => {
            let ws = profile.urls.get("ws")?;
            Some(json!({"vendor": vendor, "path": format!("{ws}/*")}))
        }
        _ => None,
    }
}

/// The endpoint that serves `method` at `path` below the address `base`.
fn endpoint_of<'a>(profile: &'a Profile, base: &str, method: &str, path: &str) -> Option<&'a str> {
    let base = profile.urls.get(base)?;
    let wanted = format!("{base}{}", path.split('?').next().unwrap_or_default());
    let fits = |template: &str| {
        let (ours, theirs) = (wanted.split('/'), template.split('/'));
        ours.clone().count() == theirs.clone().count()
            && ours
                .zip(theirs)
                .all(|(a, b)| a == b || (b.starts_with('{') && !a.is_empty()))
    };
    profile
        .endpoints
        .iter()
        .filter(|(_, endpoint)| endpoint.methods.iter().any(|known| known == method))
        .find(|(_, endpoint)| fits(&endpoint.path))
        .map(|(name, _)| name.as_str())
}
