//! A JWT by which a client proves itself (RFC 7523), as Keycloak takes it: `private_key_jwt` and
//! `client_secret_jwt`.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::Jwk;
use locum_core::{Denial, DenialKind, Place};
use locum_server::grant::assertion::{self as shared, Keys};
use locum_server::jwt::{self, Parts};
use locum_server::{Mock, Request};
use serde_json::Value;

use super::State;
use super::form::{ClientIn, Form};
use super::issue::issuer;
use super::realm::{Client, ClientAuth, Realm};

/// What discovery names for a key, without ES512, which the library that verifies has not.
pub(super) const PUBLIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What discovery names for a secret.
const SHARED: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// How far a client's clock may run ahead in `iat` and `nbf`, in seconds; measured on Keycloak.
const SKEW_S: i64 = 15;

/// How old an `iat` may be, and how far ahead `exp` may lie where there is none, in seconds;
/// measured on Keycloak.
const MAX_AGE_S: i64 = 60;

/// The client that the form's assertion speaks of, where no `client_id` says it: "the client cannot
/// be told" from anything but a JWT of the right type whose `iss` and `sub` are a client that proves
/// itself by one. `None` where the form has no assertion, or names its client.
///
/// # Errors
/// `unclear_assertion`.
pub(super) fn client<'a>(realm: &'a Realm, form: &Form) -> Result<Option<&'a Client>, Denial> {
    let Some(value) = form.first("client_assertion") else {
        return Ok(None);
    };
    if form.client != ClientIn::Form || form.first("client_id").is_some() {
        return Ok(None);
    }
    let unclear = |got: String| {
        Denial::new(DenialKind::Invalid, "unclear_assertion")
            .expected("client_id, or an assertion with it in iss and sub")
            .got(got)
    };
    let kind = form.first("client_assertion_type");
    if kind != Some(shared::TYPE) {
        let kind = kind.unwrap_or("missing");
        return Err(unclear(format!("client_assertion_type {kind}")));
    }
    let parts = jwt::parse(value)
        .and_then(|parts| readable(&parts).map(|()| parts))
        .map_err(|denial| unclear(denial.got.unwrap_or_else(|| "no JWT".to_owned())))?;
    let (issuer, subject) = (parts.claim("iss"), parts.claim("sub"));
    let Some(id) = subject.filter(|_| issuer == subject) else {
        let shown = |claim: Option<&str>| claim.unwrap_or("missing").to_owned();
        let (issuer, subject) = (shown(issuer), shown(subject));
        return Err(unclear(format!("iss {issuer} and sub {subject}")));
    };
    let client = realm
        .client(id)
        .ok_or_else(|| unclear(format!("sub {id}, which is no client of the realm")))?;
    if client.public || client.auth == ClientAuth::ClientSecret {
        return Err(unclear(format!("sub {id}, which proves itself otherwise")));
    }
    Ok(Some(client))
}

/// Checks that the form proves `client`, which proves itself by an assertion; its `jti` is used up.
///
/// # Errors
/// In this order: `no_assertion_type`, `wrong_assertion_type`, `missing_assertion`,
/// `unreadable_assertion`, `no_assertion_subject`, `assertion_client_mismatch`,
/// `unclear_assertion`, `wrong_assertion_algorithm`, `unknown_assertion_key`,
/// `wrong_assertion_signature`, `wrong_assertion_audience`, `many_assertion_audiences`,
/// `no_assertion_expiry`, `inactive_assertion`, `endless_assertion`, `future_assertion`,
/// `old_assertion`, `no_assertion_id`, `replayed_assertion`. Two of them are worded otherwise for
/// `client_secret_jwt`: `unreadable_secret_assertion`, `wrong_assertion_secret`.
pub(super) fn prove(
    mock: &Mock,
    request: &Request,
    realm: &Realm,
    form: &Form,
    client: &Client,
) -> Result<(), Denial> {
    let parts = presented(form, client)?;
    let checked = speaks_of(&parts, client)
        .and_then(|()| signed(&parts, client))
        .and_then(|()| addressed(mock, realm, &parts))
        .and_then(|()| timely(mock, &parts));
    match checked {
        Ok(()) => Ok(()),
        Err(denial) => mock.refuse(&request.endpoint, denial),
    }
}

/// The assertion of the form.
fn presented(form: &Form, client: &Client) -> Result<Parts, Denial> {
    let readable_form = form.client == ClientIn::Form;
    let parameter = |name: &str| form.first(name).filter(|_| readable_form);
    let missing = |reason: &str, name: &'static str| {
        Denial::new(DenialKind::Missing, reason)
            .expected(format!(
                "{name}: `{}` proves itself by {}",
                client.client_id,
                client.auth.registered()
            ))
            .absent(Place::Form, [name])
    };
    match parameter("client_assertion_type") {
        None => {
            let secret = parameter("client_secret").is_some();
            let denial = missing("no_assertion_type", "client_assertion_type");
            return Err(if secret {
                denial.got("a client_secret")
            } else {
                denial
            });
        }
        Some(shared::TYPE) => {}
        Some(other) => {
            return Err(Denial::new(DenialKind::Unsupported, "wrong_assertion_type")
                .expected(format!("client_assertion_type={}", shared::TYPE))
                .got(other)
                .param("type", other));
        }
    }
    let value = parameter("client_assertion")
        .ok_or_else(|| missing("missing_assertion", "client_assertion"))?;
    let reason = match client.auth {
        ClientAuth::ClientSecretJwt => "unreadable_secret_assertion",
        _ => "unreadable_assertion",
    };
    jwt::parse(value)
        .and_then(|parts| readable(&parts).map(|()| parts))
        .map_err(|denial| reworded(denial, reason))
}

/// Whether the times are numbers, without which nothing of it is read.
fn readable(parts: &Parts) -> Result<(), Denial> {
    for name in ["exp", "nbf", "iat"] {
        number(parts, name)?;
    }
    Ok(())
}

/// A time claim in whole seconds.
fn number(parts: &Parts, name: &str) -> Result<Option<i64>, Denial> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of a number saturates"
    )]
    let whole = |value: &Value| value.as_i64().or_else(|| value.as_f64().map(|n| n as i64));
    match parts.claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => whole(value).map(Some).ok_or_else(|| {
            Denial::new(DenialKind::Malformed, "malformed_token")
                .expected(format!("a number in {name}"))
                .got(format!("{name} that is not a number"))
        }),
    }
}

/// Whether it says that it is of `client`.
fn speaks_of(parts: &Parts, client: &Client) -> Result<(), Denial> {
    let id = client.client_id.as_str();
    let stray = |reason: &str, claim: &str| {
        Denial::new(DenialKind::Invalid, reason)
            .expected(format!("{claim} `{id}`"))
            .got(format!("{claim} {}", shown(parts, claim)))
    };
    match parts.claim("sub") {
        None => Err(stray("no_assertion_subject", "sub")),
        Some(_) if parts.claim("iss") != parts.claim("sub") => {
            Err(stray("unclear_assertion", "iss"))
        }
        Some(subject) if subject != id => Err(stray("assertion_client_mismatch", "sub")),
        Some(_) => Ok(()),
    }
}

fn shown(parts: &Parts, claim: &str) -> String {
    let value = parts.claims.get(claim);
    value.map_or_else(|| "missing".to_owned(), Value::to_string)
}

fn reworded(denial: Denial, reason: &str) -> Denial {
    Denial {
        reason: reason.to_owned(),
        ..denial
    }
}

/// Algorithm, key, signature.
fn signed(parts: &Parts, client: &Client) -> Result<(), Denial> {
    let secret = client.client_secret.as_ref();
    let secret = secret.filter(|_| client.auth == ClientAuth::ClientSecretJwt);
    let (verified, reason) = if let Some(secret) = secret {
        let verified = shared::verify(parts, &Keys::Shared(secret), &SHARED);
        (verified, "wrong_assertion_secret")
    } else {
        let keys = client.keys();
        let verified = shared::verify(parts, &Keys::Public(&keys), &PUBLIC)
            .map_err(|denial| of_named_key(parts, &keys, denial));
        (verified, "wrong_assertion_signature")
    };
    verified.map_err(|denial| match denial.reason.as_str() {
        "wrong_assertion_algorithm" | "unknown_assertion_key" => denial,
        _ => reworded(denial, reason),
    })
}

/// A key that `kid` names is loaded, whatever the algorithm; what then fails is the signature.
fn of_named_key(parts: &Parts, keys: &[Jwk], denial: Denial) -> Denial {
    let kid = parts.header.get("kid").and_then(Value::as_str);
    let named = keys
        .iter()
        .any(|key| kid.is_some() && key.common.key_id.as_deref() == kid);
    if named && denial.reason == "unknown_assertion_key" {
        return reworded(denial, "bad_signature");
    }
    denial
}

/// Whether it is for this realm, and for nobody else.
fn addressed(mock: &Mock, realm: &Realm, parts: &Parts) -> Result<(), Denial> {
    let root = mock.url(&format!("/realms/{}/protocol/openid-connect", realm.name));
    let endpoints = [
        "token",
        "token/introspect",
        "ext/par/request",
        "ext/ciba/auth",
    ];
    let mut known = vec![issuer(mock, &realm.name)];
    known.extend(endpoints.iter().map(|name| format!("{root}/{name}")));
    let named: Vec<&str> = match parts.claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let wrong = |reason: &str, expected: String| {
        Denial::new(DenialKind::Invalid, reason)
            .expected(expected)
            .got(format!("aud {}", shown(parts, "aud")))
    };
    if !named.iter().any(|aud| known.iter().any(|have| have == aud)) {
        let expected = format!("aud {} or {}", known[0], known[1]);
        return Err(wrong("wrong_assertion_audience", expected));
    }
    if named.len() > 1 {
        let expected = "one audience".to_owned();
        return Err(wrong("many_assertion_audiences", expected));
    }
    Ok(())
}

/// `exp`, `nbf`, `iat`, and the `jti`, which is used up.
fn timely(mock: &Mock, parts: &Parts) -> Result<(), Denial> {
    let now = mock.now().as_seconds();
    let denial = |kind, reason: &str, expected: String, claim: &str| {
        Denial::new(kind, reason)
            .expected(expected)
            .got(format!("{claim} {}", shown(parts, claim)))
    };
    let exp = number(parts, "exp")?.ok_or_else(|| {
        let expected = "an exp claim".to_owned();
        denial(DenialKind::Missing, "no_assertion_expiry", expected, "exp")
    })?;
    if exp <= now {
        let expected = format!("exp after {now}");
        return Err(denial(
            DenialKind::Expired,
            "inactive_assertion",
            expected,
            "exp",
        ));
    }
    if number(parts, "nbf")?.is_some_and(|nbf| nbf > now + SKEW_S) {
        let expected = format!("nbf no later than {}", now + SKEW_S);
        return Err(denial(
            DenialKind::NotYetValid,
            "inactive_assertion",
            expected,
            "nbf",
        ));
    }
    match number(parts, "iat")? {
        None if exp > now + MAX_AGE_S => {
            let expected = format!("an iat, or an exp within {MAX_AGE_S} s");
            return Err(denial(
                DenialKind::Invalid,
                "endless_assertion",
                expected,
                "exp",
            ));
        }
        Some(iat) if iat > now + SKEW_S => {
            let expected = format!("iat no later than {}", now + SKEW_S);
            return Err(denial(
                DenialKind::NotYetValid,
                "future_assertion",
                expected,
                "iat",
            ));
        }
        Some(iat) if now > iat.saturating_add(MAX_AGE_S) => {
            let expected = format!("iat no earlier than {}", now - MAX_AGE_S);
            return Err(denial(
                DenialKind::Expired,
                "old_assertion",
                expected,
                "iat",
            ));
        }
        _ => {}
    }
    let id = parts.claim("jti").ok_or_else(|| {
        let expected = "a jti, which makes the assertion usable once".to_owned();
        denial(DenialKind::Missing, "no_assertion_id", expected, "jti")
    })?;
    let lives = u64::try_from((exp - now).min(MAX_AGE_S)).unwrap_or_default();
    // Keycloak asks by the jti alone, whose client it may be.
    let until = mock.now().plus(Duration::from_secs(lives));
    if mock.state::<State>().used.use_once(id, until, mock.now()) {
        return Ok(());
    }
    Err(Denial::new(DenialKind::Revoked, "replayed_assertion")
        .expected("a jti that was not used before")
        .got("the jti of an earlier assertion"))
}
