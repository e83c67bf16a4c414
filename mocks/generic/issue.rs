//! From a login to the tokens of a reply.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{TokenId, TokenKind};
use locum_server::{Mock, NewToken, Reply, jwt};
use serde_json::{Map, Value, json};

use super::login::Login;
use super::template::Values;
use super::{Facts, State, keys};

/// What a reply is made for.
#[derive(Debug)]
pub(super) struct IssueRequest<'a> {
    pub(super) facts: &'a Facts,
    pub(super) login: &'a Login,
    /// What this access token may; never more than the login was granted.
    pub(super) scope: String,
    /// The code or refresh token that it is made from.
    pub(super) parent: Option<TokenId>,
    /// Whether a refresh token goes with it.
    pub(super) refresh: bool,
}

/// Issues the tokens and words the reply (RFC 6749 §5.1).
pub(super) async fn answer(mock: &Mock, issue: &IssueRequest<'_>) -> Reply {
    let facts = issue.facts;
    let lifetime_s = mock.setting_u64("access_ttl_s");
    let values = values(mock, facts, issue.login, &issue.scope, lifetime_s);
    let access = match mock.setting_text("token_format").as_str() {
        "opaque" => mock.random_alphanumeric(43),
        format => {
            let claims = access_claims(facts, &issue.scope, &values);
            keys::sign(facts, mock, &claims, format)
        }
    };
    let lives = Some(Duration::from_secs(lifetime_s));
    keep(mock, issue, &access, TokenKind::Access, lives).await;
    let mut body = Map::new();
    body.insert("access_token".into(), access.clone().into());
    body.insert(
        "token_type".into(),
        facts.file.token.token_type.clone().into(),
    );
    if let Some(told) = facts
        .file
        .token
        .expires_in
        .to_wire(Duration::from_secs(lifetime_s))
    {
        body.insert("expires_in".into(), told.into());
    }
    if issue.refresh {
        let value = mock.random_alphanumeric(48);
        let lives = match mock.setting_u64("refresh_ttl_s") {
            0 => None,
            seconds => Some(Duration::from_secs(seconds)),
        };
        keep(mock, issue, &value, TokenKind::Refresh, lives).await;
        body.insert("refresh_token".into(), value.into());
    }
    if facts.file.openid.is_some() && issue.login.user.is_some() && issue.login.has("openid") {
        let id = id_token(mock, issue, &values, &access, lifetime_s);
        keep(mock, issue, &id, TokenKind::Id, lives).await;
        body.insert("id_token".into(), id.into());
    }
    if !issue.scope.is_empty() {
        body.insert("scope".into(), issue.scope.clone().into());
    }
    body.extend(values.object(&facts.file.token.reply));
    let mut reply = Reply::json(200, &Value::Object(body));
    for (name, value) in &mock.profile().token.headers {
        reply = reply.set_header(name, value);
    }
    reply
}

/// What the templates of a login's tokens may name.
pub(super) fn values(
    mock: &Mock,
    facts: &Facts,
    login: &Login,
    scope: &str,
    lifetime_s: u64,
) -> Values {
    let principals = mock.state::<State>().principals.get();
    let (client, user) = login.account(&principals);
    let mut values = Values::new(mock, &facts.issuer(mock));
    let login = Login {
        scope: scope.to_owned(),
        ..login.clone()
    };
    values.login(&login, client, user);
    let now = mock.now().as_seconds();
    values.put("exp", now.saturating_add_unsigned(lifetime_s));
    values.put("jti", mock.uuid());
    values.put("lifetime_s", lifetime_s);
    values.put("nonce", login.nonce.clone().unwrap_or_default());
    values.put("auth_time", login.auth_time.unwrap_or(now));
    values
}

/// The claims of RFC 9068 §2.2, and the file's in their place.
pub(super) fn access_claims(facts: &Facts, scope: &str, values: &Values) -> Map<String, Value> {
    let mut claims = json!({
        "iss": "{issuer}", "sub": "{sub}", "aud": "{issuer}", "client_id": "{client_id}",
        "iat": "{now}", "exp": "{exp}", "jti": "{jti}",
    });
    if !scope.is_empty() {
        claims["scope"] = "{scope}".into();
    }
    let claims = claims.as_object_mut().expect("it is one");
    claims.extend(facts.file.token.claims.clone());
    values.object(claims)
}

/// OpenID Connect Core §2 and §3.1.3.6.
fn id_token(
    mock: &Mock,
    issue: &IssueRequest<'_>,
    values: &Values,
    access: &str,
    lifetime_s: u64,
) -> String {
    let login = issue.login;
    let now = mock.now().as_seconds();
    let principals = mock.state::<State>().principals.get();
    let (_, user) = login.account(&principals);
    let half = &digest(&SHA256, access.as_bytes()).as_ref()[..16].to_vec();
    let mut claims = Map::new();
    claims.insert("iss".into(), issue.facts.issuer(mock).into());
    claims.insert(
        "sub".into(),
        user.map(super::principals::User::subject).into(),
    );
    claims.insert("aud".into(), login.client.clone().into());
    claims.insert("exp".into(), now.saturating_add_unsigned(lifetime_s).into());
    claims.insert("iat".into(), now.into());
    claims.insert("auth_time".into(), login.auth_time.unwrap_or(now).into());
    if let Some(nonce) = &login.nonce {
        claims.insert("nonce".into(), nonce.clone().into());
    }
    claims.insert("at_hash".into(), URL_SAFE_NO_PAD.encode(half).into());
    claims.extend(super::openid::user_claims(user, &login.scope));
    if let Some(openid) = &issue.facts.file.openid {
        claims.extend(values.object(&openid.claims));
    }
    let key = mock.state::<State>().rsa();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": key.kid}).to_string();
    jwt::mint_rs256(&key, &header, &claims)
}

async fn keep(
    mock: &Mock,
    issue: &IssueRequest<'_>,
    value: &str,
    kind: TokenKind,
    lives: Option<Duration>,
) {
    let login = issue.login;
    let mut new = NewToken::new(kind, login.principal(), login.number, Duration::ZERO);
    new.lifetime = lives;
    new.client = Some(login.client.clone());
    new.parent = issue.parent;
    new.scope = match kind {
        // A refresh token keeps what was granted, whatever one reply was narrowed to (§6).
        TokenKind::Refresh => login.scope.clone(),
        _ => issue.scope.clone(),
    };
    new.extra = login.extra();
    mock.issue(value, new).await;
}
