//! Tokens that the control API mints: an access or id token of a realm.

use std::time::Duration;

use locum_core::TokenKind;
use locum_server::mint::{Defect, MintError, MintRequest, Minted};
use locum_server::{Mock, NewToken};

use super::State;
use super::issue;
use super::lifetimes;
use super::login::Login;
use super::realm::RealmRef;
use super::scope::Scope;

/// What can be wrong with a token of a realm.
const DEFECTS: &[Defect] = &[
    Defect::Expired,
    Defect::NotYet,
    Defect::Revoked,
    Defect::WrongIssuer,
    Defect::WrongAudience,
    Defect::WrongType,
    Defect::ForeignKey,
    Defect::UnknownKid,
    Defect::BadSignature,
    Defect::AlgNone,
    Defect::Hs256WithPublicKey,
];

/// The token that `request` asks for.
pub(super) fn mint(mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
    request.check(&[TokenKind::Access, TokenKind::Id], DEFECTS)?;
    let realm = realm(mock, request)?;
    let login = login(mock, request, &realm)?;
    let client = realm
        .client(&login.client)
        .expect("the login is of a client of the realm");
    let user = login.user.as_deref().and_then(|name| realm.user(name));
    let common = issue::common(mock, &realm, &login, user, client);
    let lives = request.lifetime(lifetimes::access_s(mock, &realm, client));
    let exp = common.now.saturating_add_unsigned(lives);
    let words = login.scope.words(mock, realm.is_first());
    let (mut claims, wrong_type) = if request.kind == TokenKind::Id {
        let access = mock.random_alphanumeric(43);
        let jti = issue::bare_uuid(mock);
        (common.id(exp, jti, None, &access, &words), "Bearer")
    } else {
        let jti = format!("trrtcc:{}", issue::bare_uuid(mock));
        let audience = issue::audience(mock, client);
        (common.access(exp, jti, &audience, &words), "ID")
    };
    request.bend(&mut claims, mock.now(), Some(("typ", wrong_type)));
    let keys = mock.state::<State>().keys.of(&realm.name);
    let (signing, foreign) = (keys.signing(), keys.foreign());
    let header = |alg: &str, kid: &str| issue::header(alg, kid);
    let value = request.sign_rs256(&claims, &signing.kid, (&signing.rsa, &foreign.rsa), header)?;

    let mut token = NewToken::new(
        request.kind,
        login.principal(),
        login.number,
        Duration::from_secs(lives),
    );
    token.lifetime = MintRequest::end_of(&claims).map(|end| end.since(mock.now()));
    token.tenant = Some(realm.name.clone());
    token.client = Some(login.client.clone());
    // A claim of the caller's goes for the record, too: the API looks at that.
    let scope = claims.get("scope").and_then(serde_json::Value::as_str);
    scope.unwrap_or(&words).clone_into(&mut token.scope);
    token.extra = login.extra();
    Ok(Minted { value, token })
}

fn realm(mock: &Mock, request: &MintRequest) -> Result<RealmRef, MintError> {
    let principals = mock.state::<State>().principals();
    let found = match &request.tenant {
        Some(name) => RealmRef::named(&principals, name),
        None => RealmRef::first(&principals),
    };
    found.ok_or_else(|| {
        let known = principals.realms.iter().map(|realm| realm.name.as_str());
        let name = request.tenant.as_deref().unwrap_or_default();
        MintError::unknown("realm", name, known)
    })
}

/// A login as it would have been: of the user, or of the client's service account.
fn login(mock: &Mock, request: &MintRequest, realm: &RealmRef) -> Result<Login, MintError> {
    let known = || realm.clients.iter().map(|client| client.client_id.as_str());
    let client = match &request.client {
        Some(id) => realm.client(id),
        None => realm.clients.first(),
    };
    let client = client.ok_or_else(|| {
        let id = request.client.as_deref().unwrap_or_default();
        MintError::unknown("client", id, known())
    })?;
    if let Some(name) = &request.user
        && realm.user(name).is_none()
    {
        let known = realm.users.iter().map(|user| user.username.as_str());
        return Err(MintError::unknown("user", name, known));
    }
    let scope = Scope::read(client, request.scope.as_deref()).map_err(|denial| {
        MintError::new(
            denial.sentence(),
            "scopes that the realm knows, such as openid",
        )
    })?;
    Ok(Login {
        number: mock.new_login(),
        session: request.user.as_ref().map(|_| issue::session_id(mock)),
        client: client.client_id.clone(),
        user: request.user.clone(),
        scope,
        auth_time: request.user.as_ref().map(|_| mock.now().as_seconds()),
        ..Login::default()
    })
}
