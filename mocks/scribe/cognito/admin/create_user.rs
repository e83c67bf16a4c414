//! AdminCreateUser: a user with a temporary password, which the stage document names.

use locum_core::{Denial, DenialKind, Secret};
use locum_server::Reply;
use serde_json::json;

use super::super::{Call, success};
use crate::scribe::directory::NewUser;
use crate::scribe::users::{User, UserState};

pub(super) fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = super::new_username(call)?;
    let (email, attributes) = super::user_attributes(call)?;
    let given = call.text("TemporaryPassword");
    let now = call.mock.now();
    let password = || match given {
        Some(password) => Secret::new(password),
        // Upper, lower, digit and symbol, as the pool's policy asks.
        None => Secret::new(format!("Lo-{}9", call.mock.random_alphanumeric(16))),
    };
    if call.text("MessageAction") == Some("RESEND") {
        let user = resendable(call)?;
        given
            .and_then(|password| super::weak(call, password))
            .map_or(Ok(()), |denial| call.refuse(denial))?;
        let password = password();
        let state = &call.state;
        state.replace_password(&user, password.expose(), UserState::Temporary, now);
        return Ok(shown(call, &user));
    }
    super::is_free(call, username, &email, "username_exists_by_admin")?;
    given
        .and_then(|password| super::weak(call, password))
        .map_or(Ok(()), |denial| call.refuse(denial))?;
    let user = call.state.add_user(
        now,
        &NewUser {
            username,
            password: &password(),
            email: &email,
            state: UserState::Temporary,
            attributes: &attributes,
        },
    )?;
    call.mock.note_principal(user.username.clone());
    Ok(shown(call, &user))
}

/// "RESEND: resends the invitation message to a user that already exists, and resets the temporary-
/// password duration": only while the password is a temporary one.
fn resendable(call: &Call<'_>) -> Result<User, Denial> {
    let user = super::user(call)?;
    if user.state != UserState::Temporary {
        call.refuse(
            Denial::new(DenialKind::Disabled, "resend_not_possible")
                .expected("a user with a temporary password")
                .got(call.state.status(&user))
                .param("user", user.username.clone()),
        )?;
    }
    Ok(user)
}

fn shown(call: &Call<'_>, user: &User) -> Reply {
    success(&json!({ "User": call.state.show_user(user, "Attributes") }))
}
