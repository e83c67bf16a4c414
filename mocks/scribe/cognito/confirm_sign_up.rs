//! ConfirmSignUp: the code of a registration.

use locum_core::{Denial, DenialKind, TokenState};
use locum_server::Reply;
use locum_server::store::Change;

use super::{Call, done, sign_up};
use crate::scribe::users::{User, UserState};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required("Username")?;
    let code = call.required("ConfirmationCode")?;
    call.client_with_hash(None, username)?;
    let Some(user) = call.state.user(username) else {
        return Err(unknown(call, username));
    };
    call.mock.note_principal(user.username.clone());
    let sent = call.mock.find(&sign_up::key(&user)).await;
    let live = sent.filter(|sent| call.mock.state_of(sent) == TokenState::Live);
    is_unconfirmed(call, &user)?;
    // A user of the stage document that is not confirmed was sent its code before the stage began.
    let is_from_document = call
        .state
        .mark(&user.username, |marks| marks.created.is_none());
    if live.is_none() && !is_from_document {
        call.refuse(
            Denial::new(DenialKind::Expired, "no_code")
                .expected("ResendConfirmationCode first")
                .got("a code whose time is over"),
        )?;
    }
    if !user.confirmation_code.matches(code.as_bytes()) {
        call.refuse(
            Denial::new(DenialKind::BadSecret, "wrong_code")
                .expected("the code that was sent")
                .got("another code"),
        )?;
    }
    if let Some(sent) = live {
        call.mock.note_presented_token(&sent).await;
        call.mock.change(sent.id, Change::Spend).await;
    }
    confirm(call, &user)?;
    Ok(done())
}

/// Confirms a registration that is not confirmed yet.
pub(super) fn confirm(call: &Call<'_>, user: &User) -> Result<(), Denial> {
    is_unconfirmed(call, user)?;
    let now = call.mock.now();
    call.state.change_user(&user.username, now, |user| {
        user.state = UserState::Confirmed;
    });
    Ok(())
}

fn is_unconfirmed(call: &Call<'_>, user: &User) -> Result<(), Denial> {
    if user.state == UserState::Unconfirmed {
        return Ok(());
    }
    let status = call.state.status(user);
    call.refuse(
        Denial::new(DenialKind::Conflict, "cannot_confirm")
            .expected("a user who is not confirmed")
            .got(status)
            .param("status", status),
    )
}

/// Where user names are kept secret, an unknown one looks like one without a code.
pub(super) fn unknown(call: &Call<'_>, username: &str) -> Denial {
    let reason = match call
        .mock
        .setting_text("prevent_user_existence_errors")
        .as_str()
    {
        "legacy" => "unknown_combination",
        _ => "no_code",
    };
    Denial::new(DenialKind::UnknownPrincipal, reason)
        .expected("a user of this pool")
        .got(username)
}
