//! Issuing: the tokens of one answer, and the answer itself.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Token, TokenId, TokenKind, template};
use locum_server::stage::rng_for;
use locum_server::{Mock, NewToken, Reply, jwt, principal};
use serde_json::{Map, Value};

use super::State;
use super::claims::{Common, put};
use super::lifetimes;
use super::login::{Account, Login};
use super::realm::{Client, RealmRef, User};
use super::scope::Scope;

/// Letters of an access token that is no JWT.
const OPAQUE: usize = 43;

/// Two letters of the `jti` of an access token: the grant it came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// client_credentials
    ClientCredentials,
    /// password
    Password,
    /// authorization_code
    Code,
    /// refresh_token
    Refresh,
}

impl Grant {
    const fn letters(self) -> &'static str {
        match self {
            Self::ClientCredentials => "cc",
            Self::Password => "ro",
            Self::Code => "ac",
            Self::Refresh => "rt",
        }
    }
}

/// What an answer is made for.
#[derive(Debug)]
pub(super) struct IssueRequest<'a> {
    pub(super) realm: &'a RealmRef,
    pub(super) login: &'a Login,
    pub(super) grant: Grant,
    /// What this answer's access token may; never more than the login was granted.
    pub(super) scope: Scope,
    /// The code or refresh token it is made from.
    pub(super) parent: Option<TokenId>,
    /// Whether a refresh token goes with it.
    pub(super) refresh: bool,
}

/// The value of `iss`: clients match it against a pattern, so it is a setting apart from the
/// address that the mock listens on.
pub(super) fn issuer(mock: &Mock, realm: &str) -> String {
    template::fill_from(
        &mock.setting_text("iss"),
        &[
            ("env", &mock.setting_text("env")),
            ("tenant", realm),
            ("base", &mock.base),
        ],
    )
}

/// The `sub` of a user of `realm`: the same in every run with the same seed.
pub(super) fn subject(mock: &Mock, realm: &str, username: &str) -> String {
    let purpose = format!("corti sub {realm} {}", username.to_lowercase());
    principal::uuid(&mut rng_for(mock.stage.seed, &purpose))
}

/// 24 base64url letters: a session's `sid`.
pub(super) fn session_id(mock: &Mock) -> String {
    let mut bytes = [0; 18];
    mock.rng(|rng| rng.fill_bytes(&mut bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 16 random bytes written like a UUID, without version bits.
pub(super) fn bare_uuid(mock: &Mock) -> String {
    let mut bytes = [0; 16];
    mock.rng(|rng| rng.fill_bytes(&mut bytes));
    uuid::Uuid::from_bytes(bytes).to_string()
}

/// What the tokens of `login` have in common.
pub(super) fn common<'a>(
    mock: &Mock,
    realm: &'a RealmRef,
    login: &'a Login,
    user: Option<&'a User>,
    client: &'a Client,
) -> Common<'a> {
    let username = user.map_or_else(|| client.service_user(), |user| user.username.clone());
    Common {
        realm: &realm.name,
        first_realm: realm.is_first(),
        issuer: issuer(mock, &realm.name),
        now: mock.now().as_seconds(),
        auth_time: login.auth_time,
        acr: if login.known { "0" } else { "1" },
        subject: subject(mock, &realm.name, &username),
        session: login.session.as_deref(),
        client,
        user,
    }
}

/// Issues access, refresh and id token as `issue_request` asks, and words the answer.
pub(super) async fn answer(mock: &Mock, issue_request: &IssueRequest<'_>) -> Reply {
    let IssueRequest {
        realm,
        login,
        scope,
        ..
    } = issue_request;
    // The grant has looked at the account already; what a twin pardons comes without it.
    let client = realm
        .client(&login.client)
        .expect("the grant found the client");
    let user = login.user.as_deref().and_then(|name| realm.user(name));
    let common = common(mock, realm, login, user, client);
    let keys = mock.state::<State>().keys.of(&realm.name);
    let signing = keys.signing();
    let header = header("RS256", &signing.kid);
    let signer = match mock.effect_enabled("sign_with_published_key") {
        true => Arc::clone(&signing),
        false => keys.foreign(),
    };
    let lives = lifetimes::access_s(mock, realm, client);
    let exp = common.now.saturating_add_unsigned(lives);
    let words = scope.words(mock, realm.is_first());
    let aud = audience(mock, client);

    let jti = format!("{}{}", prefix(issue_request), bare_uuid(mock));
    let access = if mock.setting_is("token_format", "opaque") {
        mock.random_alphanumeric(OPAQUE)
    } else {
        let mut claims = common.access(exp, jti, &aud, &words);
        if !mock.effect_enabled("audience_and_scope") {
            claims.retain(|name, _| !["aud", "scope"].contains(&name.as_str()));
        }
        pad(mock, &mut claims);
        jwt::mint_rs256(&signer.rsa, &header, &claims)
    };
    keep(
        mock,
        issue_request,
        &access,
        TokenKind::Access,
        Some(lives),
        &words,
    )
    .await;

    let mut body = Map::new();
    put(&mut body, "access_token", Some(access.as_str()));
    put(&mut body, "expires_in", Some(lives));
    if issue_request.refresh {
        let (value, refresh_lives) = refresh(mock, issue_request, &common, &aud, &words).await;
        put(
            &mut body,
            "refresh_expires_in",
            Some(refresh_lives.unwrap_or(0)),
        );
        put(&mut body, "refresh_token", Some(value));
    } else {
        put(&mut body, "refresh_expires_in", Some(0));
    }
    put(
        &mut body,
        "token_type",
        Some(mock.profile().token.token_type.as_str()),
    );
    if login.scope.openid {
        // A refreshed id token has no nonce (OpenID Connect Core 1.0 §12.2).
        let nonce = login.nonce.as_deref();
        let nonce = nonce.filter(|_| issue_request.grant != Grant::Refresh);
        let hashed = match mock.effect_enabled("hash_access_token") {
            true => access.as_str(),
            false => "",
        };
        let claims = common.id(exp, bare_uuid(mock), nonce, hashed, &words);
        let id = jwt::mint_rs256(&signer.rsa, &header, &claims);
        keep(mock, issue_request, &id, TokenKind::Id, Some(lives), &words).await;
        put(&mut body, "id_token", Some(id));
    }
    put(
        &mut body,
        "not-before-policy",
        Some(not_before(realm, client, user)),
    );
    if issue_request.refresh {
        put(&mut body, "session_state", login.session.as_deref());
    }
    // An offline session tells all of its scope, whatever a refresh asked for.
    let told = if login.offline {
        login.scope.words(mock, realm.is_first())
    } else {
        words
    };
    put(&mut body, "scope", Some(told));
    let mut reply = Reply::json(200, &Value::Object(body));
    for (name, value) in &mock.profile().token.headers {
        reply = reply.set_header(name, value);
    }
    reply
}

/// The refresh token's value and how many seconds it lives; for ever when it is an offline token.
async fn refresh(
    mock: &Mock,
    issue_request: &IssueRequest<'_>,
    common: &Common<'_>,
    aud: &[String],
    words: &str,
) -> (String, Option<u64>) {
    let keys = mock.state::<State>().keys.of(common.realm);
    let header = header("HS512", &keys.refresh_kid);
    let realm = issue_request.realm;
    let lives =
        (!issue_request.login.offline).then(|| lifetimes::refresh_s(mock, realm, common.client));
    let exp = lives.map(|lives| common.now.saturating_add_unsigned(lives));
    // What the login was granted, also where a refresh narrowed this answer.
    let granted = issue_request.login.scope.words(mock, common.first_realm);
    let scope = Scope::all_words(&granted, common.client.has_service_account());
    let reuse = lifetimes::rotates(mock, realm).then(|| bare_uuid(mock));
    let claims = common.refresh(exp, bare_uuid(mock), scope, aud, reuse);
    let value = jwt::mint_hs512(&keys.refresh, &header, &claims);
    keep(
        mock,
        issue_request,
        &value,
        TokenKind::Refresh,
        lives,
        words,
    )
    .await;
    (value, lives)
}

async fn keep(
    mock: &Mock,
    issue_request: &IssueRequest<'_>,
    value: &str,
    kind: TokenKind,
    lives: Option<u64>,
    words: &str,
) -> Token {
    let login = issue_request.login;
    let mut new = NewToken::new(kind, login.principal(), login.number, Duration::ZERO);
    new.lifetime = lives.map(Duration::from_secs);
    new.tenant = Some(issue_request.realm.name.clone());
    new.client = Some(login.client.clone());
    new.parent = issue_request.parent;
    words.clone_into(&mut new.scope);
    new.extra = login.extra();
    mock.issue(value, new).await
}

/// `<2 letters session><rt><2 letters grant>:`
fn prefix(issue_request: &IssueRequest<'_>) -> String {
    let session = match (&issue_request.login.session, issue_request.login.offline) {
        (None, _) => "tr",
        (Some(_), false) => "on",
        (Some(_), true) => "of",
    };
    format!("{session}rt{}:", issue_request.grant.letters())
}

/// Adds the claim that makes a token as long as the setting says; bounded, so that no setting makes
/// a token that no header can carry.
fn pad(mock: &Mock, claims: &mut Map<String, Value>) {
    let padding = usize::try_from(mock.setting_u64("token_padding")).unwrap_or(usize::MAX);
    let padding = padding.min(64 << 10);
    put(
        claims,
        "padding",
        (padding > 0).then(|| "x".repeat(padding)),
    );
}

/// The JOSE header with Keycloak's spaces.
pub(super) fn header(alg: &str, kid: &str) -> String {
    format!(r#"{{"alg":"{alg}","typ" : "JWT","kid" : "{kid}"}}"#)
}

/// Who an access token is for: `account` alone, unless an audience mapper adds clients.
pub(super) fn audience(mock: &Mock, client: &Client) -> Vec<String> {
    let mut audience = client.audience.clone();
    let always = mock.setting("access_aud");
    let always = always
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    audience.extend(always.map(str::to_owned));
    audience
}

/// `not-before-policy`: the latest of what was pushed for realm, client and user.
pub(super) fn not_before(realm: &RealmRef, client: &Client, user: Option<&User>) -> i64 {
    realm
        .not_before
        .max(client.not_before)
        .max(user.map_or(0, |user| user.not_before))
}

/// [`not_before`] of the account behind a login.
pub(super) fn not_before_of(realm: &RealmRef, login: &Login) -> i64 {
    match login.account(realm) {
        Account::Good(user, client) => not_before(realm, client, user),
        _ => realm.not_before,
    }
}
