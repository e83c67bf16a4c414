//! Addresses that the vendor hands out and that lead to another origin.

use cucumber::{given, when};
use serde_json::{Value, json};

use crate::Error;
use crate::run::context::World;
use crate::subject::ClientCommand;

#[given("presigned URLs lead to another origin")]
async fn presigned(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let base = context.another_base()?;
    context.set("presigned_origin", json!(base)).await
}

/// The list has two pages: the first names the second, and that names one elsewhere, which a client
/// that asks for it at the API's own address finds empty.
#[given("the first page of the list names a second, and that one another origin")]
async fn pages(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let sample = context.profile.api.sample.clone();
    let sample = sample.ok_or_else(|| context.lacks("the profile names no sample call"))?;
    let path = context.target.fill(&sample)?;
    let (here, there) = (
        context.target.url("api")?.to_owned(),
        context.another_base()?,
    );
    for (n, base, offset) in [(1, here, 1), (2, there, 1000)] {
        let next = format!("{base}{path}?offset={offset}&limit=1");
        let then = json!({"edit": {"set": {"nextPage": next}}});
        context.inject("API", &json!({"first": n}), &then).await?;
    }
    Ok(())
}

#[when("the client reads the list to its end")]
async fn lists(world: &mut World) -> Result<(), Error> {
    let context = world.context()?;
    let sample = context.profile.api.sample.clone().unwrap_or_default();
    let ask = ClientCommand::List {
        client: "a".to_owned(),
        path: context.target.fill(&sample)?,
        timeout_ms: None,
    };
    context.ask_all(vec![ask]).await
}

#[given(regex = r"^each sign-in is throttled$")]
async fn throttled(world: &mut World) -> Result<(), Error> {
    let body = json!({"__type": "TooManyRequestsException", "message": "Rate exceeded"});
    let then = json!({
        "status": 400,
        "headers": {
            "content-type": "application/x-amz-json-1.1",
            "x-amzn-ErrorType": "TooManyRequestsException:",
        },
        "body": Value::to_string(&body),
    });
    let context = world.context()?;
    context
        .inject("token", &json!({"always": true}), &then)
        .await
}
