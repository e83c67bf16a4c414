//! GetTokensFromRefreshToken: the refresh of pools whose refresh tokens rotate.

use locum_core::Denial;
use locum_server::Reply;

use super::{Call, success};
use crate::scribe::refresh::{self, By};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let value = call.required("RefreshToken")?;
    let client = call.client()?;
    call.shows_secret(&client)?;
    let mut tokens = refresh::refresh(call, &client, value, By::GetTokens).await?;
    if let Some(body) = tokens.as_object_mut() {
        body.remove("ChallengeParameters");
    }
    Ok(success(&tokens))
}
