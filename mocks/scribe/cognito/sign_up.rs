//! SignUp: a user who registers alone, and confirms with a code that the stage document names.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Secret, TokenKind};
use locum_server::{NewToken, Reply};
use serde_json::{Map, Value, json};

use super::admin::{is_free, new_username, user_attributes};
use super::{Call, forgot_password, success, weak};
use crate::scribe::directory::NewUser;
use crate::scribe::users::{User, UserState};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = new_username(call)?;
    let password = call.required("Password")?;
    let client = call.client_with_hash(None, username)?;
    let (email, attributes) = user_attributes(call)?;
    if !call.mock.setting_on("self_sign_up") {
        call.refuse(
            Denial::new(DenialKind::Forbidden, "sign_up_not_permitted")
                .expected("AdminCreateUser: nobody registers alone in this pool"),
        )?;
    }
    weak(call, password).map_or(Ok(()), |denial| call.refuse(denial))?;
    is_free(call, username, &email, "username_exists")?;
    let user = call.state.add_user(
        call.mock.now(),
        &NewUser {
            username,
            password: &Secret::new(password),
            email: &email,
            state: UserState::Unconfirmed,
            attributes: &attributes,
        },
    )?;
    call.mock.note_principal(user.username.clone());
    send(call, &user, &client.client_id).await;
    let mut body = Map::new();
    if let Some(details) = delivery(&user.email) {
        body.insert("CodeDeliveryDetails".into(), details);
    }
    body.insert("UserConfirmed".into(), false.into());
    body.insert("UserSub".into(), call.state.sub(&user.username).into());
    Ok(success(&body.into()))
}

/// Sends the code of a registration.
pub(super) async fn send(call: &Call<'_>, user: &User, client_id: &str) {
    let lifetime = Duration::from_secs(call.mock.setting_u64("sign_up_code_ttl_s"));
    let login = call.mock.new_login();
    let mut code = NewToken::new(TokenKind::Code, user.username.clone(), login, lifetime);
    code.client = Some(client_id.to_owned());
    call.mock.issue(&key(user), code).await;
}

/// The value under which the store remembers the code of a registration.
pub(super) fn key(user: &User) -> String {
    let code = user.confirmation_code.expose();
    format!("sign-up {}", forgot_password::key(&user.username, code))
}

/// Where the code went, as far as it is shown.
pub(super) fn delivery(email: &str) -> Option<Value> {
    let first = |text: &str| text.chars().next().unwrap_or('x');
    let (name, host) = email.split_once('@')?;
    let destination = format!("{}***@{}***", first(name), first(host));
    Some(json!({"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": destination}))
}
