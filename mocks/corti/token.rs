//! `POST /realms/{tenant}/protocol/openid-connect/token`: the order of its checks.

use locum_core::{Denial, DenialKind, Place};
use locum_server::{Mock, Reply, Request};

use super::form::{self, ClientIn, Form};
use super::grant::{self, TokenRequest};
use super::realm::RealmRef;
use super::{client, cors, realm_lookup};

/// Grants that Keycloak knows and none of these clients may use, and what it says of them.
const OTHERS: [(&str, &str); 5] = [
    (
        "urn:ietf:params:oauth:grant-type:device_code",
        "no_device_grant",
    ),
    ("urn:openid:params:grant-type:ciba", "no_ciba_grant"),
    (
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "no_assertion",
    ),
    (
        "urn:ietf:params:oauth:grant-type:uma-ticket",
        "no_issued_for",
    ),
    (
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "broken_exchange",
    ),
];

/// The grants that are played.
const GRANTS: [&str; 4] = [
    "client_credentials",
    "password",
    "refresh_token",
    "authorization_code",
];

/// Answers a token request.
pub(super) async fn token(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_post"));
    }
    let answer = granted(&mock, &request, &realm).await;
    Ok(cors::dress(&mock, &request, answer))
}

/// "realm exists → TLS, realm enabled → grant_type missing → grant_type unknown → client
/// authentication → duplicated form key → grant-specific checks"; the first value of a duplicated
/// key is the one that the steps before it see.
async fn granted(mock: &Mock, request: &Request, realm: &RealmRef) -> Result<Reply, Denial> {
    let form = Form::read(mock, request).await?;
    realm_lookup::must_be_enabled(mock, request, realm)?;
    let unreadable =
        || (form.client == ClientIn::Unreadable).then(|| form::unparsable(mock, "two media types"));
    let grant = form.first("grant_type").ok_or_else(|| {
        if let Some(denial) = unreadable() {
            return denial;
        }
        Denial::new(DenialKind::Missing, "missing_grant_type")
            .expected("grant_type=client_credentials in a form")
            .absent(Place::Form, ["grant_type"])
    })?;
    let other = OTHERS.iter().find(|(name, _)| *name == grant);
    if other.is_none() && !GRANTS.contains(&grant) {
        if let Some(denial) = unreadable() {
            return Err(denial);
        }
        return Err(Denial::new(DenialKind::Unsupported, "unsupported_grant")
            .expected(GRANTS.join(", "))
            .got(grant));
    }
    let client = client::authenticate(mock, request, realm, &form)?;
    cors::admit(request, client)?;
    if let Err(denial) = form.refuse_repeated() {
        mock.refuse(&request.endpoint, denial)?;
    }
    grant::refuse_dpop(request)?;
    if let Some((name, reason)) = other {
        let garbage = *reason == "no_assertion"
            && form.first("assertion").is_some_and(|text| !text.is_empty());
        let subject = form.first("subject_token_type");
        let exchange = *reason == "broken_exchange"
            && subject == Some("urn:ietf:params:oauth:token-type:access_token");
        let reason = if exchange {
            "no_token_exchange"
        } else if garbage {
            "invalid_assertion"
        } else {
            reason
        };
        return Err(Denial::new(DenialKind::Unsupported, reason)
            .expected(GRANTS.join(", "))
            .got(*name));
    }
    let token_request = TokenRequest {
        mock,
        request,
        realm,
        form: &form,
        client,
    };
    match grant {
        "password" => grant::password::grant(&token_request).await,
        "refresh_token" => grant::refresh::grant(&token_request).await,
        "authorization_code" => grant::code::grant(&token_request).await,
        _ => grant::client_credentials::grant(&token_request).await,
    }
}
