//! The bearer guard of the API: a JWT of one of the realms, signed with RS256.

use locum_core::{Denial, DenialKind};
use locum_server::guard::bearer::{self, BearerPolicy};
use locum_server::{Admitted, Mock, Request, jwt};

use super::State;
use super::issue::issuer;
use super::realm::{Realm, RealmRef};

/// Admits a live access token from the `Authorization` header; `Admitted::token.tenant` is the
/// realm that issued it.
///
/// # Errors
/// `no_token`, `wrong_scheme`, `repeated_header`, `malformed_bearer`, or as for [`bearer_value`].
pub(super) async fn bearer(mock: &Mock, request: &Request) -> Result<Admitted, Denial> {
    // RFC 9110 §11.4 lets one space or more stand before the token.
    let policy = BearerPolicy {
        extra_spaces: true,
        ..BearerPolicy::default()
    };
    bearer::admit(mock, request, policy, |value| examine(mock, value)).await
}

/// Admits a live access token wherever it was shown, such as in the URL of a websocket.
///
/// # Errors
/// `malformed_token`, `wrong_issuer`, `bad_signature`, `wrong_token`, `wrong_audience`, `expired_token`,
/// `unknown_token`, `revoked_token`.
pub(super) async fn bearer_value(
    mock: &Mock,
    endpoint: &str,
    value: &str,
) -> Result<Admitted, Denial> {
    bearer::check(mock, endpoint, value, BearerPolicy::default(), |value| {
        examine(mock, value)
    })
    .await
}

fn examine(mock: &Mock, value: &str) -> Result<(), Denial> {
    if mock.setting_is("token_format", "opaque") && !value.contains('.') {
        // The store alone knows such a token.
        return Ok(());
    }
    let parts = jwt::parse(value)?;
    let realm = realm_of(mock, &parts).ok_or_else(|| {
        Denial::new(DenialKind::WrongTenant, "wrong_issuer")
            .expected("an iss of one of the realms")
            .got(parts.claim("iss").unwrap_or_default())
    })?;
    verify(mock, &realm, &parts)?;
    check_audience(mock, &realm, &parts)
}

/// The realm whose issuer a token names.
pub(super) fn realm_of(mock: &Mock, parts: &jwt::Parts) -> Option<RealmRef> {
    let principals = mock.state::<State>().principals();
    let named = parts.claim("iss").unwrap_or_default();
    let mut realms = principals.realms.iter();
    let realm = realms.find(|realm| issuer(mock, &realm.name) == named)?;
    RealmRef::named(&principals, &realm.name)
}

/// RFC 7519 §4.1.3: a token for somebody else is refused. This API is `account`, or what the setting
/// says, and the clients of the realm; a token that names nobody is for all.
fn check_audience(mock: &Mock, realm: &Realm, parts: &jwt::Parts) -> Result<(), Denial> {
    let Some(audience) = parts.claims.get("aud") else {
        return Ok(());
    };
    let own = mock.setting("access_aud");
    let is_ours = |word: &serde_json::Value| {
        let listed = own.as_array().is_some_and(|own| own.contains(word));
        listed
            || word
                .as_str()
                .is_some_and(|word| realm.client(word).is_some())
    };
    let found = match audience {
        serde_json::Value::Array(words) => words.iter().any(is_ours),
        word => is_ours(word),
    };
    match found {
        true => Ok(()),
        false => Err(Denial::new(DenialKind::WrongToken, "wrong_audience")
            .expected(format!("an aud of {own}, or a client of the realm"))
            .got(audience.to_string())),
    }
}

/// Checks an access token of `realm` by itself: key, signature, issuer, type, and its time last.
///
/// # Errors
/// `bad_signature`, `wrong_issuer`, `wrong_token`, `expired_token`, `malformed_token`.
pub(super) fn verify(mock: &Mock, realm: &Realm, parts: &jwt::Parts) -> Result<(), Denial> {
    let keys = mock.state::<State>().keys.of(&realm.name);
    let kid = parts.header.get("kid").and_then(serde_json::Value::as_str);
    parts.verify_rs256(&keys.verifying(kid, mock.now())?.rsa)?;
    let expected = issuer(mock, &realm.name);
    if parts.claim("iss") != Some(&expected) {
        return Err(Denial::new(DenialKind::WrongTenant, "wrong_issuer")
            .expected(expected)
            .got(parts.claim("iss").unwrap_or("no iss")));
    }
    if parts.claim("typ") != Some("Bearer") {
        return Err(Denial::new(DenialKind::WrongToken, "wrong_token")
            .expected("typ Bearer")
            .got(parts.claim("typ").unwrap_or("no typ")));
    }
    match mock.enforces_expiry() {
        true => parts.check_times(mock.now()),
        false => Ok(()),
    }
}
