//! AdminDeleteUser: the user is gone, and with it all that it was given.

use locum_core::Denial;
use locum_server::Reply;

use super::super::Call;
use crate::scribe::directory::end_tokens;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let user = super::user(call)?;
    end_tokens(call.mock, &user.username).await;
    call.state.remove_user(&user.username);
    // "the service sends back an HTTP 200 response with an empty HTTP body"
    Ok(Reply::status(200))
}
