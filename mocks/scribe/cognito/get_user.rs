//! GetUser: the simplest way to see whether an access token lives.

use locum_core::Denial;
use locum_server::Reply;
use serde_json::{Value, json};

use super::{Call, success};
use crate::scribe::{attributes, token_checks};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let token = token_checks::access(call, call.required("AccessToken")?).await?;
    let user = call.user(&token.principal)?;
    let attributes: Vec<Value> = attributes::of(&call.state, &user)
        .into_iter()
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    Ok(success(&json!({
        "Username": user.username,
        "UserAttributes": attributes,
    })))
}
