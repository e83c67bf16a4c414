//! NEW_PASSWORD_REQUIRED: "You can change it directly on the platform or with the" change_password
//! "method."

use locum_core::Denial;
use locum_server::Reply;
use serde_json::{Map, Value};

use super::respond_to_auth_challenge::{session, spend};
use super::{Call, success, weak};
use crate::scribe::attributes;
use crate::scribe::challenge::{self, Challenge};
use crate::scribe::token;

/// The new password, and the attributes that come with it: all is judged before anything is kept.
///
/// # Errors
/// `missing_parameter`, those of the Session, `weak_password`, and as of
/// [`attributes::answered`].
pub(super) async fn answer(
    call: &Call<'_>,
    responses: &Map<String, Value>,
) -> Result<Reply, Denial> {
    let username = call.required_in("ChallengeResponses", "USERNAME")?;
    let password = call.required_in("ChallengeResponses", "NEW_PASSWORD")?;
    let client = call.client_with_hash(Some("ChallengeResponses"), username)?;
    let (session, user) = session(call, &client, username, Challenge::NewPassword).await?;
    weak(call, password).map_or(Ok(()), |denial| call.refuse(denial))?;
    let given = attributes::answered(call, &user, responses)?;
    spend(call, session.as_ref()).await?;
    call.state.set_password(&user.username, password);
    let now = call.mock.now();
    call.state.set_attributes(&user.username, given, now);
    let user = call.state.user(&user.username).unwrap_or(user);
    if user.totp_secret.is_some() {
        return Ok(challenge::open(call, &client, &user, Challenge::Totp, session.as_ref()).await);
    }
    Ok(success(
        &token::login(call, &client, &user, session.as_ref()).await,
    ))
}
