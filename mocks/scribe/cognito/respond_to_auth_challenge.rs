//! RespondToAuthChallenge: a new password, or a code of an authenticator.

use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::Reply;
use locum_server::reason::near_miss;
use locum_server::store::Change;
use serde_json::Value;

use super::{Call, missing, success, weak};
use crate::scribe::challenge::{self, Challenge};
use crate::scribe::token;
use crate::scribe::totp;
use crate::scribe::users::{Client, User};

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let name = call.required("ChallengeName")?;
    call.mock.note("challenge", name);
    let responses = call
        .body
        .get("ChallengeResponses")
        .and_then(Value::as_object);
    if responses.is_none_or(serde_json::Map::is_empty) {
        return Err(Denial::new(DenialKind::Missing, "no_responses").expected("ChallengeResponses"));
    }
    match Challenge::named(name) {
        Some(Challenge::NewPassword) => new_password(call).await,
        Some(Challenge::Totp) => code(call).await,
        None => Err(super::invalid(format!(
            "Challenge {name} is not served here."
        ))),
    }
}

/// "You can change it directly on the platform or with the" change_password "method."
async fn new_password(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required_in("ChallengeResponses", "USERNAME")?;
    let password = call.required_in("ChallengeResponses", "NEW_PASSWORD")?;
    let client = call.client()?;
    let (session, user) = session(call, &client, username, Challenge::NewPassword).await?;
    weak(password).map_or(Ok(()), |denial| call.refuse(denial))?;
    spend(call, session.as_ref()).await?;
    call.state.set_password(&user.username, password);
    if user.totp_secret.is_some() {
        return Ok(challenge::open(call, &client, &user, Challenge::Totp, session.as_ref()).await);
    }
    Ok(success(
        &token::login(call, &client, &user, session.as_ref()).await,
    ))
}

async fn code(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required_in("ChallengeResponses", "USERNAME")?;
    let shown = call.required_in("ChallengeResponses", "SOFTWARE_TOKEN_MFA_CODE")?;
    let client = call.client()?;
    let (session, user) = session(call, &client, username, Challenge::Totp).await?;
    let found = user
        .totp_secret
        .as_ref()
        .and_then(|secret| totp::step_of(secret, shown, call.mock.now()));
    if let Some(step) = found {
        once(call, &user, step)?;
    } else {
        let wrong = Denial::new(DenialKind::BadSecret, "wrong_totp")
            .expected("the code of this half minute")
            .got("another code");
        let fits = |code: &[u8]| {
            let code = std::str::from_utf8(code).ok();
            let secret = user.totp_secret.as_ref();
            code.zip(secret)
                .and_then(|(code, secret)| totp::step_of(secret, code, call.mock.now()))
                .is_some()
        };
        call.refuse(near_miss::of_name(wrong, shown.as_bytes(), fits))?;
    }
    spend(call, session.as_ref()).await?;
    Ok(success(
        &token::login(call, &client, &user, session.as_ref()).await,
    ))
}

/// A code works once.
fn once(call: &Call<'_>, user: &User, step: u64) -> Result<(), Denial> {
    let seen = call.state.mark(&user.username, |marks| {
        let seen = marks.last_step.is_some_and(|last| step <= last);
        marks.last_step = marks.last_step.max(Some(step));
        seen
    });
    let reason = match call.mock.setting_text("mfa_reuse").as_str() {
        "accept" => return Ok(()),
        "code_mismatch" => "wrong_totp",
        _ => "reused_totp",
    };
    if !seen {
        return Ok(());
    }
    call.refuse(
        Denial::new(DenialKind::Expired, reason)
            .expected("a code that was not used before")
            .got("a used code"),
    )
}

/// The open session of this challenge, client and user; none where an evil twin takes any.
async fn session(
    call: &Call<'_>,
    client: &Client,
    username: &str,
    challenge: Challenge,
) -> Result<(Option<Token>, User), Denial> {
    let value = call.text("Session").ok_or_else(|| missing("Session"))?;
    let found = call.mock.find(value).await;
    if let Some(token) = &found {
        call.mock.note_presented_token(token).await;
    }
    let user = call.state.user(username);
    let bad = |kind, reason: &str, got: &str| {
        Denial::new(kind, reason)
            .expected("the Session of this user's open challenge")
            .got(got)
            .presented(value, TokenKind::Session)
            .presented_by(client.client_id.clone())
    };
    let fits = |token: &Token| {
        token.client.as_deref() == Some(&client.client_id)
            && token.scope == challenge.name()
            && user
                .as_ref()
                .is_some_and(|user| user.username == token.principal)
    };
    let found = found.filter(fits);
    let fault = match found.as_ref().map(|token| call.mock.state_of(token)) {
        Some(TokenState::Live) => None,
        Some(TokenState::Expired) => Some(bad(
            DenialKind::Expired,
            "expired_session",
            "an ended session",
        )),
        Some(TokenState::Spent) => {
            Some(bad(DenialKind::Revoked, "spent_session", "a used session"))
        }
        Some(TokenState::Revoked) => {
            Some(bad(DenialKind::Revoked, "bad_session", "a revoked session"))
        }
        None => Some(bad(
            DenialKind::UnknownToken,
            "bad_session",
            "a session of nobody, or of another challenge",
        )),
    };
    fault.map_or(Ok(()), |fault| call.refuse(fault))?;
    let user = user.ok_or_else(|| {
        bad(
            DenialKind::UnknownPrincipal,
            "bad_session",
            "an unknown user",
        )
    })?;
    Ok((found, user))
}

/// Of two answers to one challenge only the first counts.
async fn spend(call: &Call<'_>, session: Option<&Token>) -> Result<(), Denial> {
    let Some(session) = session else {
        return Ok(());
    };
    let before = call.mock.change(session.id, Change::Spend).await;
    if before.is_some_and(|before| before.spent) {
        call.refuse(Denial::new(DenialKind::Revoked, "spent_session").got("a used session"))?;
    }
    Ok(())
}
