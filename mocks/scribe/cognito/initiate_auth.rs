//! InitiateAuth: a login with a password, or with a refresh token.

use locum_core::{Denial, DenialKind};
use locum_server::Reply;
use locum_server::reason::near_miss;

use super::{Call, lockout, success, user_srp_auth};
use crate::scribe::challenge::{self, Challenge};
use crate::scribe::clients::Client;
use crate::scribe::refresh::{self, By};
use crate::scribe::token;
use crate::scribe::users::{User, UserState};

/// Seconds of a day: the setting counts days.
const DAY_S: u64 = 86_400;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let flow = call.required("AuthFlow")?;
    call.mock.note("flow", flow);
    match flow {
        "USER_PASSWORD_AUTH" => password(call, flow).await,
        "USER_SRP_AUTH" => {
            let username = call.required_in("AuthParameters", "USERNAME")?;
            call.required_in("AuthParameters", "SRP_A")?;
            let client = call.client()?;
            allowed(call, &client, flow)?;
            call.shows_hash(&client, Some("AuthParameters"), username)?;
            call.note_ignored("AuthParameters", &["USERNAME", "SRP_A", "SECRET_HASH"]);
            user_srp_auth::answer(call, &client).await
        }
        // "REFRESH_TOKEN" is an alias that the vendor's Node library sends.
        "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
            let value = call.required_in("AuthParameters", "REFRESH_TOKEN")?;
            let client = call.client()?;
            allowed(call, &client, "REFRESH_TOKEN_AUTH")?;
            not_rotating(call)?;
            call.note_ignored("AuthParameters", &["REFRESH_TOKEN", "SECRET_HASH"]);
            let tokens = refresh::refresh(call, &client, value, By::RefreshTokenAuth).await?;
            Ok(success(&tokens))
        }
        // The flow of servers is not one of clients.
        "ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH" => {
            Err(super::invalid("Initiate Auth method not supported."))
        }
        other => Err(super::invalid(format!(
            "Auth flow {other} is not served here."
        ))),
    }
}

/// A login by name and password in `flow`.
pub(super) async fn password(call: &Call<'_>, flow: &str) -> Result<Reply, Denial> {
    let username = call.required_in("AuthParameters", "USERNAME")?;
    let password = call.required_in("AuthParameters", "PASSWORD")?;
    let client = call.client()?;
    allowed(call, &client, flow)?;
    call.shows_hash(&client, Some("AuthParameters"), username)?;
    call.note_ignored("AuthParameters", &["USERNAME", "PASSWORD", "SECRET_HASH"]);
    let user = call.user(username)?;
    lockout::open(call, &user)?;
    if !user.password.matches(password.as_bytes()) {
        lockout::failed(call, &user);
        let kind = match user.state {
            UserState::Temporary => "temporary password",
            _ => "password",
        };
        let wrong = Denial::new(DenialKind::BadSecret, "wrong_password")
            .expected(format!("the {kind} of `{}`", user.username));
        call.refuse(near_miss::of_secret(
            wrong,
            &user.password,
            password.as_bytes(),
        ))?;
    }
    proven(call, &client, &user).await
}

/// What follows the right password: a demanded reset, a challenge, or tokens.
pub(super) async fn proven(call: &Call<'_>, client: &Client, user: &User) -> Result<Reply, Denial> {
    if user.state == UserState::ResetRequired {
        call.refuse(
            Denial::new(DenialKind::ChallengeRequired, "reset_required")
                .expected("ConfirmForgotPassword first")
                .got(user.username.clone()),
        )?;
    }
    if user.state == UserState::Temporary {
        not_too_old(call, user)?;
        // "You won't be able to access anything else until the temporary password has been changed."
        if call.mock.effect_enabled("demand_new_password") {
            return Ok(challenge::open(call, client, user, Challenge::NewPassword, None).await);
        }
    }
    if user.totp_secret.is_some() && call.mock.effect_enabled("ask_for_a_code") {
        return Ok(challenge::open(call, client, user, Challenge::Totp, None).await);
    }
    Ok(success(&token::login(call, client, user, None).await))
}

/// A temporary password ends by itself.
fn not_too_old(call: &Call<'_>, user: &User) -> Result<(), Denial> {
    let since = call.state.mark(&user.username, |marks| {
        *marks.temporary_since.get_or_insert(call.state.opened)
    });
    let days = call.mock.setting_u64("temp_password_ttl_d");
    if call.mock.now().since(since).as_secs() < days.saturating_mul(DAY_S) {
        return Ok(());
    }
    call.refuse(
        Denial::new(DenialKind::Expired, "temporary_password_expired")
            .expected(format!("a login within {days} days of {since}"))
            .got(format!("it is {}", call.mock.now())),
    )
}

/// "Refresh token rotation must be completed with GetTokensFromRefreshToken."
fn not_rotating(call: &Call<'_>) -> Result<(), Denial> {
    if !call.mock.setting_on("rotate_refresh") || call.mock.setting_on("initiate_auth_rotates") {
        return Ok(());
    }
    call.refuse(
        Denial::new(
            DenialKind::Unsupported,
            call.mock.setting_text("rotation_refusal"),
        )
        .expected("GetTokensFromRefreshToken: refresh tokens rotate on this stage")
        .got("REFRESH_TOKEN_AUTH")
        .param("flow", "REFRESH_TOKEN_AUTH"),
    )
}

/// The client may use the flow.
pub(super) fn allowed(call: &Call<'_>, client: &Client, flow: &str) -> Result<(), Denial> {
    if client.allows(flow) {
        return Ok(());
    }
    call.refuse(
        Denial::new(DenialKind::Unsupported, "flow_not_enabled")
            .expected(client.flows.join(" or "))
            .got(flow)
            // "Auth flow not enabled for this client" is what a server is told.
            .param(
                "flow",
                if flow.starts_with("ADMIN_") {
                    "Auth"
                } else {
                    flow
                },
            ),
    )
}
