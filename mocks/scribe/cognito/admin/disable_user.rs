//! AdminDisableUser: "Deactivates a user profile and revokes all access tokens for the user."

use locum_core::Denial;
use locum_server::Reply;

use super::super::{Call, done};
use crate::scribe::directory::end_tokens;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let user = super::user(call)?;
    call.state.set_enabled(&user, false, call.mock.now());
    end_tokens(call.mock, &user.username).await;
    Ok(done())
}
