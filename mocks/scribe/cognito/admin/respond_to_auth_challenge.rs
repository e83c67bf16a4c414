//! AdminRespondToAuthChallenge: as RespondToAuthChallenge, for a server.

use locum_core::Denial;
use locum_server::Reply;

use super::super::{Call, respond_to_auth_challenge};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    respond_to_auth_challenge::answer(call).await
}
