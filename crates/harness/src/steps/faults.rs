//! What the vendor does on purpose: faults of the mock, by the requests that meet them.

use cucumber::gherkin::Step;
use cucumber::{given, when};
use locum_core::Profile;
use serde_json::{Value, json};

use crate::Error;
use crate::run::context::{ScenarioContext, World};

/// Which requests meet a fault, in words; the docstring is the fault's `then` as the control API
/// takes it. `{name}` in it is filled like a path.
#[given(
    regex = r"^(each|the first|the first \d+|each after the first|each after the first \d+) (token|API|create|socket|revocation) requests? meets?$"
)]
#[when(
    regex = r"^from now on (each|the first|the first \d+|each after the first|each after the first \d+) (token|API|create|socket|revocation) requests? meets?$"
)]
async fn requests_meet(
    world: &mut World,
    which: String,
    target: String,
    step: &Step,
) -> Result<(), Error> {
    let text = step.docstring.as_deref().unwrap_or_default();
    let context = world.context()?;
    let then: Value = serde_json::from_str(text)
        .map_err(|error| Error::Step(format!("the step's fault is not JSON: {error}")))?;
    let number = which.rsplit(' ').next().and_then(|last| last.parse().ok());
    let when = match which.as_str() {
        "each" => json!({"always": true}),
        after if after.starts_with("each after") => json!({"after": number.unwrap_or(1_u64)}),
        _ => json!({"first": number.unwrap_or(1_u64)}),
    };
    context.inject(&target, &when, &then).await
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
        let matcher = matcher(&self.profile, target).ok_or_else(|| {
            Error::Step(format!("the profile has no endpoint for {target} requests"))
        })?;
        let fault = json!({"match": matcher, "when": when, "then": then});
        self.mock()?.inject(&fault).await?;
        self.log.control("faults", &fault);
        Ok(())
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
        "revocation" if is_cognito => Some(operations(&["RevokeToken"])),
        "token" => profile.endpoints.get("token").map(|_| at("token")),
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
            && ours.zip(theirs).all(|(a, b)| a == b || b.starts_with('{'))
    };
    profile
        .endpoints
        .iter()
        .filter(|(_, endpoint)| endpoint.methods.iter().any(|known| known == method))
        .find(|(_, endpoint)| fits(&endpoint.path))
        .map(|(name, _)| name.as_str())
}
