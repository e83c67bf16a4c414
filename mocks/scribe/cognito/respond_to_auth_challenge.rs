//! RespondToAuthChallenge: a proof of SRP, a new password, or a code of an authenticator.

use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::Reply;
use locum_server::reason::near_miss;
use locum_server::store::Change;
use serde_json::{Map, Value};

use super::user_srp_auth::PASSWORD_VERIFIER;
use super::{Call, lockout, missing, new_password, password_verifier, success};
use crate::scribe::challenge::Challenge;
use crate::scribe::clients::Client;
use crate::scribe::token;
use crate::scribe::totp;
use crate::scribe::users::User;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let name = call.required("ChallengeName")?;
    call.mock.note("challenge", name);
    let responses = call.body.get("ChallengeResponses");
    let responses = responses.and_then(Value::as_object);
    let Some(responses) = responses.filter(|responses| !responses.is_empty()) else {
        return Err(Denial::new(DenialKind::Missing, "no_responses").expected("ChallengeResponses"));
    };
    note_ignored(call, name, responses);
    if name == PASSWORD_VERIFIER {
        return password_verifier::answer(call).await;
    }
    match Challenge::named(name) {
        Some(Challenge::NewPassword) => new_password::answer(call, responses).await,
        Some(Challenge::Totp) => code(call).await,
        None => Err(super::invalid(format!(
            "Challenge {name} is not served here."
        ))),
    }
}

/// Notes what no challenge of this name looks at; the service ignores it.
fn note_ignored(call: &Call<'_>, name: &str, responses: &Map<String, Value>) {
    let of_challenge: &[&str] = match name {
        PASSWORD_VERIFIER => &[
            "TIMESTAMP",
            "PASSWORD_CLAIM_SIGNATURE",
            "PASSWORD_CLAIM_SECRET_BLOCK",
        ],
        "NEW_PASSWORD_REQUIRED" => &["NEW_PASSWORD"],
        "SOFTWARE_TOKEN_MFA" => &["SOFTWARE_TOKEN_MFA_CODE"],
        _ => &[],
    };
    let attributes = responses.keys().map(String::as_str).filter(|key| {
        name == "NEW_PASSWORD_REQUIRED" && key.starts_with(crate::scribe::attributes::PREFIX)
    });
    let known: Vec<&str> = ["USERNAME", "SECRET_HASH"]
        .into_iter()
        .chain(of_challenge.iter().copied())
        .chain(attributes)
        .collect();
    call.note_ignored("ChallengeResponses", &known);
}

async fn code(call: &Call<'_>) -> Result<Reply, Denial> {
    let username = call.required_in("ChallengeResponses", "USERNAME")?;
    let shown = call.required_in("ChallengeResponses", "SOFTWARE_TOKEN_MFA_CODE")?;
    let client = call.client_with_hash(Some("ChallengeResponses"), username)?;
    let (session, user) = session(call, &client, username, Challenge::Totp).await?;
    lockout::open(call, &user)?;
    let found = user
        .totp_secret
        .as_ref()
        .and_then(|secret| totp::step_of(secret, shown, call.mock.now()));
    if let Some(step) = found {
        once(call, &user, step)?;
    } else {
        lockout::failed(call, &user);
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
pub(super) async fn session(
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
pub(super) async fn spend(call: &Call<'_>, session: Option<&Token>) -> Result<(), Denial> {
    let Some(session) = session else {
        return Ok(());
    };
    let before = call.mock.change(session.id, Change::Spend).await;
    if before.is_some_and(|before| before.spent) {
        call.refuse(Denial::new(DenialKind::Revoked, "spent_session").got("a used session"))?;
    }
    Ok(())
}
