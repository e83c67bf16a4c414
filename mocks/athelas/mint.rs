//! Tokens that the control API mints.

use std::time::Duration;

use locum_core::TokenKind;
use locum_server::keys::HmacKey;
use locum_server::mint::{Defect, MintError, MintRequest, Minted};
use locum_server::{Mock, NewToken};

use super::State;
use super::account::User;
use super::claims::{HEADER, OPAQUE, claims_of};

/// What can be wrong with a JWT: it names neither an issuer nor a key.
const JWT: &[Defect] = &[
    Defect::Expired,
    Defect::NotYet,
    Defect::Revoked,
    Defect::WrongAudience,
    Defect::ForeignKey,
    Defect::BadSignature,
    Defect::AlgNone,
];

/// What can be wrong with an opaque token, which only a setting asks for.
const OF_OPAQUE: &[Defect] = &[Defect::Expired, Defect::Revoked, Defect::Unknown];

/// The token that `request` asks for.
pub(super) fn mint(mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
    let format = mock.setting_text("token_format");
    let is_opaque = format == "opaque";
    request.check(
        &[TokenKind::Access],
        if is_opaque { OF_OPAQUE } else { JWT },
    )?;
    request.refuse(&["client", "tenant", "scope"])?;
    let user = user(mock, request)?;
    let lives = request.lifetime(mock.setting_u64("token_ttl_s"));
    let lifetime = Duration::from_secs(lives);
    let mut token = NewToken::new(
        TokenKind::Access,
        &user.username,
        mock.new_login(),
        lifetime,
    );
    if is_opaque {
        request.refuse(&["claims", "header", "payload"])?;
        let value = mock.random_alphanumeric(OPAQUE);
        return Ok(Minted { value, token });
    }
    let mut claims = claims_of(mock, &user, lifetime, format == "jwt");
    request.bend(&mut claims, mock.now(), None);
    token.lifetime = MintRequest::end_of(&claims).map(|end| end.since(mock.now()));
    let state = mock.state::<State>();
    let foreign = HmacKey::derive(mock.stage.seed, "athelas foreign");
    let value = state.with_key(mock, state.rotations.current(), |key| {
        request.sign_hs256(&claims, (key, &foreign), HEADER)
    })?;
    Ok(Minted { value, token })
}

fn user(mock: &Mock, request: &MintRequest) -> Result<User, MintError> {
    let state = mock.state::<State>();
    let principals = state.principals.get();
    let name = request.user.as_deref();
    let found = match name {
        Some(name) => principals.user(name.as_bytes()),
        None => principals.users.first(),
    };
    found.cloned().ok_or_else(|| {
        let known = principals.users.iter().map(|user| user.username.as_str());
        MintError::unknown("user", name.unwrap_or_default(), known)
    })
}
