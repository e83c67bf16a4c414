//! ResendConfirmationCode: the code of a registration once more.

use locum_core::{Denial, DenialKind};
use locum_server::Reply;
use serde_json::json;

use super::{Call, confirm_sign_up, sign_up, success};
use crate::scribe::users::UserState;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required("Username")?;
    let client = call.client_with_hash(None, username)?;
    let email = match call.state.user(username) {
        Some(user) => {
            call.mock.note_principal(user.username.clone());
            if user.state != UserState::Unconfirmed {
                call.refuse(
                    Denial::new(DenialKind::Conflict, "already_confirmed")
                        .expected("a user who is not confirmed")
                        .got(call.state.status(&user)),
                )?;
            }
            sign_up::send(call, &user, &client.client_id).await;
            user.email
        }
        None if call
            .mock
            .setting_is("prevent_user_existence_errors", "legacy") =>
        {
            return Err(confirm_sign_up::unknown(call, username));
        }
        // Where user names are kept secret, an unknown user gets the same answer.
        None => format!("{username}@example.com"),
    };
    let details = sign_up::delivery(&email);
    Ok(success(&json!({ "CodeDeliveryDetails": details })))
}
