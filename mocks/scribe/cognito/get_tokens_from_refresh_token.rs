//! GetTokensFromRefreshToken: the refresh of pools whose refresh tokens rotate.

use locum_core::Denial;
use locum_server::Reply;

use super::{Call, success};
use crate::scribe::token;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let value = call.required("RefreshToken")?;
    let client = call.client()?;
    let mut tokens = token::refresh(call, &client, value).await?;
    if let Some(body) = tokens.as_object_mut() {
        body.remove("ChallengeParameters");
    }
    Ok(success(&tokens))
}
