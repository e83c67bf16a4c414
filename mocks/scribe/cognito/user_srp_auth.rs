//! USER_SRP_AUTH: a login that never sends the password.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Denial, DenialKind, TokenKind};
use locum_server::keys::HmacKey;
use locum_server::stage::rng_for;
use locum_server::{NewToken, Reply};
use rand::RngExt;
use serde_json::{Value, json};

use super::{Call, success};
use crate::scribe::clients::Client;
use crate::scribe::srp::{ClientPublic, Identity, MAX_DIGITS, ServerPair, Verifier, hex};
use crate::scribe::users::User;
use crate::scribe::{State, srp};

/// The challenge that answers a USER_SRP_AUTH.
pub(super) const PASSWORD_VERIFIER: &str = "PASSWORD_VERIFIER";

/// Bytes of a SECRET_BLOCK.
const SECRET_BLOCK: usize = 768;

/// The first step: the client's public number against salt and the server's.
///
/// # Errors
/// `missing_parameter`, `invalid_parameter`, `bad_srp_a`, `unknown_user_legacy`, and by setting
/// those of [`Call::may_log_in`].
pub(super) async fn answer(call: &Call<'_>, client: &Client) -> Result<Reply, Denial> {
    let username = call.required_in("AuthParameters", "USERNAME")?;
    let shown = call.required_in("AuthParameters", "SRP_A")?;
    let public = client_public(shown)?;
    let user = match call.known_user(username) {
        Ok(user) => Some(user),
        // "Amazon Cognito returns a simulated response": salt and B of nobody.
        Err(denial) if denial.reason == "unknown_user" => None,
        Err(denial) => return Err(denial),
    };
    if let Some(user) = &user
        && call.mock.setting_is("srp_state_check", "initiate")
    {
        call.may_log_in(user)?;
    }
    let mut block = vec![0; SECRET_BLOCK];
    call.mock.rng(|rng| rng.fill_bytes(&mut block));
    let block = STANDARD.encode(block);
    let parameters = Parameters::of(&call.state, user.as_ref(), username, &block);
    let salt = match user.is_some() || call.mock.effect_enabled("one_salt_a_name") {
        true => hex(&parameters.identity.salt),
        false => hex(&block.as_bytes()[..16]),
    };
    let uid = parameters.identity.user.clone();
    let pair = blocking(move || parameters.pair().1.public_hex()).await;

    let lifetime = Duration::from_secs(call.mock.setting_u64("session_ttl_s"));
    let principal = user.map_or_else(|| username.to_owned(), |user| user.username);
    let mut session = NewToken::new(
        TokenKind::Session,
        principal,
        call.mock.new_login(),
        lifetime,
    );
    session.client = Some(client.client_id.clone());
    PASSWORD_VERIFIER.clone_into(&mut session.scope);
    session.extra.insert("client_public".into(), public.into());
    call.mock.issue(&block, session).await;
    Ok(success(&json!({
        "ChallengeName": PASSWORD_VERIFIER,
        "ChallengeParameters": {
            "SALT": salt,
            "SECRET_BLOCK": block,
            "SRP_B": pair,
            "USERNAME": uid,
            "USER_ID_FOR_SRP": uid,
        },
    })))
}

/// SRP_A, once it is known to be a number that can be taken.
fn client_public(shown: &str) -> Result<&str, Denial> {
    if !shown.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(super::invalid(format!(
            "1 validation error detected: Value '{shown}' at 'sRPA' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[0-9a-fA-F]+$"
        )));
    }
    let got = match shown.trim_start_matches('0').len() {
        0 => "zero",
        length if length > MAX_DIGITS => "a longer number",
        _ if ClientPublic::read(shown).is_none() => "N itself",
        _ => return Ok(shown),
    };
    Err(Denial::new(DenialKind::Invalid, "bad_srp_a")
        .expected(format!(
            "at most {MAX_DIGITS} hexadecimal digits of a number that is not a multiple of N"
        ))
        .got(got))
}

/// What both steps compute with; the second draws the same again from the SECRET_BLOCK.
pub(super) struct Parameters {
    pub(super) identity: Identity,
    password: locum_core::Secret,
    random: [u8; 64],
}

impl Parameters {
    /// Those of `user`, or plausible ones of nobody, the same for each attempt with this name.
    pub(super) fn of(state: &State, user: Option<&User>, typed: &str, block: &str) -> Self {
        let uid = match user {
            Some(user) => user.username.clone(),
            // "an internal user ID in UUID format for the same user name and user pool combination"
            None => state.stable_uuid(&format!("srp id of {typed}")),
        };
        let mut rng = rng_for(state.seed, &format!("scribe srp salt of {uid}"));
        let mut salt = [0; 16];
        rng.fill(&mut salt);
        salt[0] = salt[0].max(1);
        let random = HmacKey::derive(state.seed, "scribe srp b")
            .sign_with(aws_lc_rs::hmac::HMAC_SHA512, block.as_bytes());
        let password = user.map_or_else(
            || locum_core::Secret::new(state.stable_uuid(&format!("srp password of {typed}"))),
            |user| user.password.clone(),
        );
        Self {
            identity: Identity {
                pool: state.pool_suffix().to_owned(),
                user: uid,
                salt,
            },
            password,
            random: random.try_into().expect("HMAC-SHA-512 has 64 bytes"),
        }
    }

    fn pair(&self) -> (Verifier, ServerPair) {
        let verifier = Verifier::of(&self.identity, self.password.expose());
        let pair = ServerPair::new(&verifier, &self.random);
        (verifier, pair)
    }

    /// PASSWORD_CLAIM_SIGNATURE of the right password.
    pub(super) fn signature(
        &self,
        client: &ClientPublic,
        block: &[u8],
        timestamp: &str,
    ) -> Option<[u8; 32]> {
        let (verifier, pair) = self.pair();
        let key = pair.key(&verifier, client)?;
        Some(srp::signature(&key, &self.identity, block, timestamp))
    }
}

/// Computes away from the threads that serve others.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.expect("arithmetic does not panic")
}

/// The client's number that the first step was given.
pub(super) fn remembered(session: &locum_core::Token) -> Option<ClientPublic> {
    let shown = session.extra.get("client_public").and_then(Value::as_str)?;
    ClientPublic::read(shown)
}
