//! How tokens are examined when they come back: the access token at the user pool, the id token at the
//! identity pool.

use std::time::Duration;

use locum_core::{Denial, DenialKind, Token, TokenKind, TokenState};
use locum_server::jwt;
use serde_json::{Map, Value};

use super::claims;
use super::cognito::Call;

/// The live access token with this value, for an operation of the user pool.
///
/// # Errors
/// `id_token_as_access`, `junk_access_token`, `revoked_access_token`, `expired_access_token`,
/// `access_token_without_scope`.
pub(super) async fn access(call: &Call<'_>, value: &str) -> Result<Token, Denial> {
    let found = call.mock.find(value).await;
    if let Some(token) = &found {
        call.mock.note_presented_token(token).await;
    }
    let junk = |got: &str| {
        Denial::new(DenialKind::UnknownToken, "junk_access_token")
            .expected("an access token of this pool")
            .got(got)
            .presented(value, TokenKind::Access)
    };
    let token = match found {
        Some(token) if token.kind == TokenKind::Access => token,
        Some(token) if token.kind == TokenKind::Id => {
            let wrong = Denial::new(DenialKind::WrongToken, "id_token_as_access");
            call.refuse(wrong.expected("the access token").got(token.name()))?;
            token
        }
        Some(token) => return Err(junk(&token.name())),
        None => {
            // Nobody issued it: the signature says whether it is a changed one.
            let fault = jwt::parse(value).and_then(|parts| verify_access(call, &parts));
            let fault = fault.map_or_else(
                |fault| fault.sentence(),
                |()| "a token of another stage".to_owned(),
            );
            let shown = (value, TokenKind::Access);
            let endpoint = &call.request.endpoint;
            let taken = call.mock.refuse_unissued(endpoint, shown, junk(&fault));
            return taken.await;
        }
    };
    let gone = |kind, reason: &str| {
        Denial::new(kind, reason)
            .expected("a live access token")
            .got(token.name())
    };
    if token.kind == TokenKind::Access
        && let Err(denial) = examine_access(call, value)
    {
        let endpoint = &call.request.endpoint;
        call.mock
            .refuse_token(endpoint, value, junk(&denial.sentence()))?;
    }
    match call.mock.state_of(&token) {
        TokenState::Live => {}
        TokenState::Expired => call.refuse(gone(DenialKind::Expired, "expired_access_token"))?,
        TokenState::Revoked | TokenState::Spent => {
            call.refuse(gone(DenialKind::Revoked, "revoked_access_token"))?;
        }
    }
    if !is_of_a_user(&token) {
        call.refuse(
            Denial::new(DenialKind::Forbidden, "access_token_without_scope")
                .expected(claims::SCOPE)
                .got(token.scope.clone()),
        )?;
    }
    Ok(token)
}

/// Checks the signature by the key of the access tokens, a retired one within its grace too.
fn verify_access(call: &Call<'_>, parts: &jwt::Parts) -> Result<(), Denial> {
    let kid = parts.header.get("kid").and_then(Value::as_str);
    let [_, key] = call.state.keys_for(kid, call.mock.now())?;
    parts.verify_rs256(&key)
}

/// Looks at the text of an access token: signature, issuer, use and client, and that it has an end.
fn examine_access(call: &Call<'_>, value: &str) -> Result<(), Denial> {
    let parts = jwt::parse(value)?;
    verify_access(call, &parts)?;
    let wrong = |got: String| Denial::new(DenialKind::WrongToken, "junk_access_token").got(got);
    let says = |name: &str| parts.claim(name).unwrap_or_default();
    if says("iss") != call.state.issuer(call.mock) {
        return Err(wrong(format!("iss {}", says("iss"))));
    }
    if says("token_use") != "access" {
        return Err(wrong(format!("token_use {}", says("token_use"))));
    }
    if call.state.client(says("client_id")).is_none() {
        return Err(wrong(format!("client_id {}", says("client_id"))));
    }
    has_end(&parts)
}

/// RFC 7519 §2: `exp` is a number.
fn has_end(parts: &jwt::Parts) -> Result<(), Denial> {
    match parts.claims.get("exp") {
        Some(Value::Number(_)) => Ok(()),
        other => Err(
            Denial::new(DenialKind::Malformed, "not_an_id_token").got(format!(
                "exp {}",
                other.map_or_else(|| "missing".to_owned(), Value::to_string)
            )),
        ),
    }
}

/// Whether a user logged in for it: a client's own access token has the client's scopes alone.
pub(super) fn is_of_a_user(token: &Token) -> bool {
    token.kind != TokenKind::Access || token.scope.split(' ').any(|scope| scope == claims::SCOPE)
}

/// The pairs of `Logins`; `None` when there are none.
pub(super) fn logins(call: &Call<'_>) -> Option<Map<String, Value>> {
    let logins = call.body.get("Logins").and_then(Value::as_object);
    logins.filter(|logins| !logins.is_empty()).cloned()
}

/// The id token in `Logins`: each login is examined in the identity pool's order, and the one of this
/// user pool counts.
///
/// # Errors
/// `not_an_id_token`, `wrong_issuer`, `wrong_provider`, `bad_login_signature`, `no_audience`,
/// `expired_login`, `wrong_audience`, `revoked_login`.
pub(super) async fn login(call: &Call<'_>, logins: &Map<String, Value>) -> Result<Token, Denial> {
    let mut proven = None;
    for (key, value) in logins {
        proven = Some(one_login(call, key, value.as_str().unwrap_or_default()).await?);
    }
    proven.ok_or_else(|| Denial::new(DenialKind::Missing, "not_an_id_token"))
}

async fn one_login(call: &Call<'_>, key: &str, value: &str) -> Result<Token, Denial> {
    let mock = call.mock;
    let found = mock.find(value).await;
    if let Some(token) = &found {
        mock.note_presented_token(token).await;
    }
    let bad = |kind, reason: &str| {
        Denial::new(kind, reason)
            .expected("a live id token of this user pool")
            .presented(value, TokenKind::Id)
    };
    let parts = jwt::parse(value).map_err(|denial| {
        bad(DenialKind::Malformed, "not_an_id_token").got(denial.got.unwrap_or_default())
    })?;
    from_provider(call, key, &parts)?;
    if let Err(denial) = verify_login(call, &parts) {
        let wrong = bad(DenialKind::BadSignature, "bad_login_signature");
        let wrong = wrong.got(denial.got.unwrap_or_default());
        mock.refuse_token(&call.request.endpoint, value, wrong)?;
    }
    has_end(&parts).or_else(|denial| call.refuse(denial.presented(value, TokenKind::Id)))?;
    let audience = parts.claims.get("aud").and_then(Value::as_str);
    let token = if let Some(token) = found {
        token
    } else {
        let unissued = match audience {
            // Nobody issued it, but one of our keys signed it.
            Some(audience) if call.state.client(audience).is_none() => {
                bad(DenialKind::WrongToken, "wrong_audience").got(audience)
            }
            _ => bad(DenialKind::UnknownToken, "bad_login_signature")
                .got("a token that was not issued here"),
        };
        let shown = (value, TokenKind::Id);
        let endpoint = &call.request.endpoint;
        mock.refuse_unissued(endpoint, shown, unissued).await?
    };
    let Some(audience) = audience else {
        call.refuse(bad(DenialKind::WrongToken, "no_audience").got(token.name()))?;
        return Ok(token);
    };
    ended(call, &token)?;
    if call.state.client(audience).is_none() {
        let wrong = bad(DenialKind::WrongToken, "wrong_audience").got(audience);
        mock.refuse_token(&call.request.endpoint, value, wrong)?;
    }
    let enforced =
        mock.setting_is("revocation", "api_enforced") || mock.setting_on("server_side_token_check");
    if enforced && mock.state_of(&token) == TokenState::Revoked {
        call.refuse(bad(DenialKind::Revoked, "revoked_login").got(token.name()))?;
    }
    Ok(token)
}

/// Checks the signature of a login by the key that it names.
fn verify_login(call: &Call<'_>, parts: &jwt::Parts) -> Result<(), Denial> {
    let kid = parts.header.get("kid").and_then(Value::as_str);
    let keys = call.state.keys_for(kid, call.mock.now())?;
    match keys.iter().find(|key| kid == Some(&key.kid)) {
        Some(key) => parts.verify_rs256(key),
        None => Err(Denial::new(DenialKind::BadSignature, "bad_signature")
            .got(format!("kid {}", kid.unwrap_or("missing")))),
    }
}

/// The token's issuer is the key of `Logins`, whatever the key is; only then the key is looked for among
/// the providers of the identity pool (measured: aws-amplify/aws-sdk-android #444,
/// aws-amplify/aws-sdk-ios #438; amazon-archives/amazon-cognito-identity-js #7).
fn from_provider(call: &Call<'_>, key: &str, parts: &jwt::Parts) -> Result<(), Denial> {
    let (state, provider) = (&call.state, call.state.provider());
    let issuer = parts.claims.get("iss").and_then(Value::as_str);
    let issuer = issuer.unwrap_or_default();
    let is_named = issuer == format!("https://{key}")
        || (key == provider && issuer == state.issuer(call.mock));
    if !is_named {
        let wrong = Denial::new(DenialKind::WrongToken, "wrong_issuer");
        let (expected, got) = match key == provider {
            true => (state.issuer(call.mock), issuer.to_owned()),
            false => (provider.clone(), key.to_owned()),
        };
        call.refuse(wrong.expected(expected).got(got))?;
    }
    if key != provider {
        let wrong = Denial::new(DenialKind::WrongToken, "wrong_provider");
        call.refuse(wrong.expected(provider).got(key))?;
    }
    Ok(())
}

/// The identity pool takes a login token for a while after its end.
fn ended(call: &Call<'_>, token: &Token) -> Result<(), Denial> {
    let leeway = Duration::from_secs(call.mock.setting_u64("login_token_leeway_s"));
    let now = call.mock.now();
    let Some(end) = token.expires.filter(|end| now >= end.plus(leeway)) else {
        return Ok(());
    };
    call.refuse(
        Denial::new(DenialKind::Expired, "expired_login")
            .expected(format!(
                "a token that ended at most {} s ago",
                leeway.as_secs()
            ))
            .got(format!("{}, which ended {end}; it is {now}", token.name()))
            .param("now", now.as_seconds().to_string())
            .param("exp", end.as_seconds().to_string()),
    )
}
