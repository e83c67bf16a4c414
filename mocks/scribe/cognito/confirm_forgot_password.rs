//! ConfirmForgotPassword: the code that was sent, and a new password.

use locum_core::{Denial, DenialKind, TokenState};
use locum_server::Reply;
use locum_server::reason::near_miss;
use locum_server::store::Change;

use super::attempts::{self, Attempt};
use super::{Call, done, forgot_password, weak};
use crate::scribe::users::UserState;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required("Username")?;
    let code = call.required("ConfirmationCode")?;
    let password = call.required("Password")?;
    call.client_with_hash(None, username)?;
    let none = || Denial::new(DenialKind::Missing, "no_code").expected("ForgotPassword first");
    let user = call.state.user(username).ok_or_else(none)?;
    call.mock.note_principal(user.username.clone());
    let sent = call
        .mock
        .find(&forgot_password::key(
            &user.username,
            user.confirmation_code.expose(),
        ))
        .await;
    let sent = sent.filter(|sent| call.mock.state_of(sent) == TokenState::Live);
    attempts::open(call, &user, Attempt::EnterCode)?;
    // An administrator's reset has sent the code already.
    if sent.is_none() && user.state != UserState::ResetRequired {
        call.refuse(none())?;
    }
    if !user.confirmation_code.matches(code.as_bytes()) {
        attempts::count(call, &user, Attempt::EnterCode);
        let wrong = Denial::new(DenialKind::BadSecret, "wrong_code")
            .expected("the code that was sent")
            .got("another code");
        call.refuse(near_miss::of_secret(
            wrong,
            &user.confirmation_code,
            code.as_bytes(),
        ))?;
    }
    weak(call, password).map_or(Ok(()), |denial| call.refuse(denial))?;
    if let Some(sent) = sent {
        call.mock.note_presented_token(&sent).await;
        call.mock.change(sent.id, Change::Spend).await;
    }
    call.state.set_password(&user.username, password);
    Ok(done())
}
