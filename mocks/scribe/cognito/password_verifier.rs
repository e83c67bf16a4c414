//! PASSWORD_VERIFIER: the proof that the client of a USER_SRP_AUTH knows the password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::Reply;
use subtle::ConstantTimeEq;

use super::user_srp_auth::{PASSWORD_VERIFIER, Parameters, blocking, remembered};
use super::{Call, initiate_auth, lockout};
use crate::scribe::clients::Client;
use crate::scribe::srp::timestamp;

/// What the client claims.
struct Claim<'a> {
    username: &'a str,
    timestamp: String,
    signature: Vec<u8>,
    block: &'a str,
}

/// The second step; the same challenge may be answered several times until it ends.
///
/// # Errors
/// `missing_parameter`, `invalid_parameter`, `wrong_password`, `unknown_secret_block`, those of
/// [`Call::may_log_in`] and of the lockout, and what may follow a right password.
pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, Denial> {
    let claim = claim(call)?;
    let client = call.client_with_hash(Some("ChallengeResponses"), claim.username)?;
    initiate_auth::allowed(call, &client, "USER_SRP_AUTH")?;
    let session = session(call, &client, &claim).await?;
    let user = call.state.user(&session.principal);
    if let Some(user) = &user {
        call.may_log_in(user)?;
        lockout::open(call, user)?;
    }
    // For nobody it is computed, too: time tells nothing.
    let right = is_right(call, &session, &claim).await;
    let Some(user) = user else {
        return Err(Denial::new(DenialKind::UnknownPrincipal, "unknown_user")
            .expected("a user of this pool")
            .got(session.principal));
    };
    if !right {
        lockout::failed(call, &user);
        call.refuse(
            Denial::new(DenialKind::BadSecret, "wrong_password")
                .expected(format!(
                    "a signature by the password of `{}`",
                    user.username
                ))
                .got("another signature: another password, user name, secret block or timestamp"),
        )?;
    }
    initiate_auth::proven(call, &client, &user).await
}

/// In the order in which the service misses them (measured).
fn claim<'a>(call: &'a Call<'_>) -> Result<Claim<'a>, Denial> {
    let of = |name| call.required_in("ChallengeResponses", name);
    let username = of("USERNAME")?;
    let time = of("TIMESTAMP")?;
    let signature = of("PASSWORD_CLAIM_SIGNATURE")?;
    let block = of("PASSWORD_CLAIM_SECRET_BLOCK")?;
    let timestamp = timestamp::canonical(time).ok_or_else(|| {
        super::invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
            .expected("such as Sun Nov 22 15:55:23 UTC 2026")
            .got(time)
    })?;
    let signature = STANDARD.decode(signature).map_err(|_| {
        super::invalid("Invalid PASSWORD_CLAIM_SIGNATURE format. Must be a Base64 string.")
    })?;
    Ok(Claim {
        username,
        timestamp,
        signature,
        block,
    })
}

/// The challenge that was opened with this secret block, to this client and user.
async fn session(call: &Call<'_>, client: &Client, claim: &Claim<'_>) -> Result<Token, Denial> {
    let unknown = || {
        Denial::new(DenialKind::UnknownToken, "unknown_secret_block")
            .expected("the SECRET_BLOCK of this user's and this client's PASSWORD_VERIFIER")
            .presented(claim.block, TokenKind::Session)
            .presented_by(client.client_id.clone())
    };
    let found = call.mock.find(claim.block).await;
    let Some(session) = found else {
        return Err(unknown());
    };
    call.mock.note_presented_token(&session).await;
    let own = |name: &str| {
        let user = call.state.user(name);
        // The id that nobody was given in the first step.
        let uid = Parameters::of(&call.state, None, &session.principal, claim.block);
        user.map_or(name == session.principal, |user| {
            user.username == session.principal
        }) || name == uid.identity.user
    };
    let fits = session.scope == PASSWORD_VERIFIER
        && session.client.as_deref() == Some(&client.client_id)
        && own(claim.username);
    let kind = match call.mock.state_of(&session) {
        _ if !fits => DenialKind::WrongToken,
        TokenState::Live => return Ok(session),
        TokenState::Expired => DenialKind::Expired,
        TokenState::Revoked | TokenState::Spent => DenialKind::Revoked,
    };
    Err(Denial { kind, ..unknown() })
}

async fn is_right(call: &Call<'_>, session: &Token, claim: &Claim<'_>) -> bool {
    let Some(client) = remembered(session) else {
        return false;
    };
    let user = call.state.user(&session.principal);
    let parameters = Parameters::of(&call.state, user.as_ref(), &session.principal, claim.block);
    let Ok(block) = STANDARD.decode(claim.block) else {
        return false;
    };
    let timestamp = claim.timestamp.clone();
    let right = blocking(move || parameters.signature(&client, &block, &timestamp)).await;
    right.is_some_and(|right| bool::from(right.ct_eq(&claim.signature[..])))
}
