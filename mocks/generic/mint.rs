//! Tokens that the control API mints: access tokens of a client or a user.

use std::time::Duration;

use locum_core::TokenKind;
use locum_server::keys::{HmacKey, RsaKey};
use locum_server::mint::{Defect, MintError, MintRequest, Minted};
use locum_server::{Mock, NewToken};

use super::issue::{access_claims, values};
use super::login::{Login, granted_scope};
use super::principals::{Client, Principals};
use super::{Facts, State, keys};

/// What can be wrong with an opaque token.
const OPAQUE: &[Defect] = &[Defect::Expired, Defect::Revoked, Defect::Unknown];

/// What can be wrong with an HS256 token, which names no key.
const HS256: &[Defect] = &[
    Defect::Expired,
    Defect::NotYet,
    Defect::Revoked,
    Defect::WrongIssuer,
    Defect::WrongAudience,
    Defect::ForeignKey,
    Defect::BadSignature,
    Defect::AlgNone,
];

/// What can be wrong with an RS256 token.
const RS256: &[Defect] = &[
    Defect::Expired,
    Defect::NotYet,
    Defect::Revoked,
    Defect::WrongIssuer,
    Defect::WrongAudience,
    Defect::ForeignKey,
    Defect::UnknownKid,
    Defect::BadSignature,
    Defect::AlgNone,
    Defect::Hs256WithPublicKey,
];

/// The token that `request` asks for.
pub(super) fn mint(facts: &Facts, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
    let format = mock.setting_text("token_format");
    let defects = match format.as_str() {
        "opaque" => OPAQUE,
        "rs256" => RS256,
        _ => HS256,
    };
    request.check(&[TokenKind::Access], defects)?;
    request.refuse(&["tenant"])?;
    let state = mock.state::<State>();
    let principals = state.principals.get();
    let login = login(facts, mock, &principals, request)?;
    let lives = request.lifetime(mock.setting_u64("access_ttl_s"));
    let lifetime = Duration::from_secs(lives);
    let mut token = NewToken::new(TokenKind::Access, login.principal(), login.number, lifetime);
    token.client = Some(login.client.clone());
    token.scope.clone_from(&login.scope);
    token.extra = login.extra();
    if format == "opaque" {
        request.refuse(&["claims", "header", "payload"])?;
        let value = mock.random_alphanumeric(43);
        return Ok(Minted { value, token });
    }
    let values = values(mock, facts, &login, &login.scope, lives);
    let mut claims = access_claims(facts, &login.scope, &values);
    request.bend(&mut claims, mock.now(), None);
    token.lifetime = MintRequest::end_of(&claims).map(|end| end.since(mock.now()));
    let value = if format == "rs256" {
        let key = state.rsa();
        let foreign = RsaKey::from_pool(state.seed.wrapping_add(1) % 8);
        let header = |alg: &str, kid: &str| keys::header(facts, alg, Some(kid));
        request.sign_rs256(&claims, &key.kid, (&key, &foreign), header)?
    } else {
        let purpose = format!("{} foreign", mock.profile().vendor);
        let foreign = HmacKey::derive(mock.stage.seed, &purpose);
        let header = keys::header(facts, "HS256", None);
        request.sign_hs256(&claims, (&keys::hmac(mock), &foreign), &header)?
    };
    Ok(Minted { value, token })
}

/// The login that nobody made.
fn login(
    facts: &Facts,
    mock: &Mock,
    principals: &Principals,
    request: &MintRequest,
) -> Result<Login, MintError> {
    let client = client(principals, request)?;
    let user = match &request.user {
        None => None,
        Some(name) => Some(principals.user(name).ok_or_else(|| {
            let known = principals.users.iter().map(|user| user.username.as_str());
            MintError::unknown("user", name, known)
        })?),
    };
    let scope = granted_scope(facts, client, request.scope.as_deref())
        .map_err(|stray| MintError::unknown("scope", &stray, client.scopes(&facts.file)))?;
    Ok(Login {
        number: mock.new_login(),
        client: client.client_id.clone(),
        user: user.map(|user| user.username.clone()),
        scope,
        auth_time: user.map(|_| mock.now().as_seconds()),
        nonce: None,
    })
}

fn client<'a>(principals: &'a Principals, request: &MintRequest) -> Result<&'a Client, MintError> {
    let found = match &request.client {
        Some(id) => principals.client(id),
        None => principals.clients.first(),
    };
    found.ok_or_else(|| {
        let known = principals.clients.iter().map(|one| one.client_id.as_str());
        MintError::unknown(
            "client",
            request.client.as_deref().unwrap_or_default(),
            known,
        )
    })
}
