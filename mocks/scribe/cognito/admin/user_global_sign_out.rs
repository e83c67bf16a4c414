//! AdminUserGlobalSignOut: "Invalidates the identity, access, and refresh tokens that Amazon Cognito
//! issued to a user", asked for by an administrator.

use locum_core::{Denial, Outcome};
use locum_server::Reply;

use super::super::{Call, done};
use crate::scribe::directory::end_tokens;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let user = super::user(call)?;
    end_tokens(call.mock, &user.username).await;
    Ok(done().outcome(Outcome::Revoked))
}
