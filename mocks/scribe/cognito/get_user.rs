//! GetUser: the simplest way to see whether an access token lives.

use locum_core::Denial;
use locum_server::Reply;
use serde_json::json;

use super::{Call, success};
use crate::scribe::token_checks;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let token = token_checks::access(call, call.required("AccessToken")?).await?;
    let user = call.user(&token.principal)?;
    Ok(success(&json!({
        "Username": user.username,
        "UserAttributes": [
            {"Name": "email", "Value": user.email},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "sub", "Value": call.state.sub(&user.username)},
        ],
    })))
}
