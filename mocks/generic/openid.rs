//! OpenID Connect: claims by scope, user info, the metadata documents and the key set.

use std::sync::Arc;

use locum_core::{Denial, DenialKind};
use locum_server::grant::client_auth::ClientAuth;
use locum_server::{Admitted, Mock, Reply, Request};
use serde_json::{Map, Value, json};

use super::file::Grant;
use super::login::Login;
use super::principals::User;
use super::{Facts, State};

/// The claims that a scope asks for (OpenID Connect Core §5.4).
const BY_SCOPE: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// The claims of `user` that `scope` covers; a claim that no standard scope covers is always there.
pub(super) fn user_claims(user: Option<&User>, scope: &str) -> Map<String, Value> {
    let covered = |claim: &str| {
        let owner = BY_SCOPE.iter().find(|(_, claims)| claims.contains(&claim));
        owner.is_none_or(|(name, _)| scope.split(' ').any(|one| one == *name))
    };
    let claims = user.into_iter().flat_map(|user| &user.claims);
    claims
        .filter(|(name, _)| covered(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Answers a user info request (OpenID Connect Core §5.3).
///
/// # Errors
/// `insufficient_scope` for the token of a client.
pub(super) async fn userinfo(
    _facts: Arc<Facts>,
    mock: Mock,
    request: Request,
    admitted: Admitted,
) -> Result<Reply, Denial> {
    let principals = mock.state::<State>().principals.get();
    let login = Login::of(&admitted.token);
    let user = login
        .as_ref()
        .and_then(|login| login.account(&principals).1);
    let Some(user) = user else {
        let denial = Denial::new(DenialKind::Forbidden, "insufficient_scope")
            .expected("an access token of a user")
            .got(admitted.token.name())
            .param("scope", "openid");
        mock.refuse(&request.endpoint, denial)?;
        return Ok(Reply::json(200, &json!({})));
    };
    let mut claims = Map::new();
    claims.insert("sub".into(), user.subject().into());
    claims.extend(user_claims(Some(user), &admitted.token.scope));
    Ok(Reply::json(200, &Value::Object(claims)).header("cache-control", "no-store"))
}

/// Answers with the metadata (OpenID Connect Discovery §3, RFC 8414 §2).
pub(super) async fn metadata(
    facts: Arc<Facts>,
    mock: Mock,
    _request: Request,
) -> Result<Reply, Denial> {
    let file = &facts.file;
    let mut document = Map::new();
    document.insert("issuer".into(), facts.issuer(&mock).into());
    if let Some(authorize) = &file.authorize {
        put(
            &mut document,
            "authorization_endpoint",
            mock.url(&authorize.path),
        );
    }
    if let Some(path) = file.token_path() {
        put(&mut document, "token_endpoint", mock.url(path));
    }
    let userinfo = file
        .openid
        .as_ref()
        .and_then(|openid| openid.userinfo.as_ref());
    if let Some(path) = userinfo {
        put(&mut document, "userinfo_endpoint", mock.url(path));
    }
    if let Some(discovery) = &file.discovery {
        put(&mut document, "jwks_uri", mock.url(&discovery.jwks));
    }
    put(&mut document, "scopes_supported", file.scopes());
    let types: &[&str] = if file.authorize.is_some() {
        &["code"]
    } else {
        &[]
    };
    put(&mut document, "response_types_supported", types);
    let grants: Vec<&str> = file.grants().into_iter().map(Grant::word).collect();
    put(&mut document, "grant_types_supported", grants);
    let ways: Vec<&str> = facts
        .ways()
        .into_iter()
        .map(ClientAuth::registered)
        .collect();
    put(&mut document, "token_endpoint_auth_methods_supported", ways);
    let signed = ["RS256", "PS256", "ES256", "HS256"];
    if facts
        .ways()
        .iter()
        .any(|way| way.registered().ends_with("_jwt"))
    {
        let name = "token_endpoint_auth_signing_alg_values_supported";
        put(&mut document, name, &signed[..]);
    }
    if let Some(authorize) = &file.authorize {
        let methods: &[&str] = if authorize.pkce_plain {
            &["S256", "plain"]
        } else {
            &["S256"]
        };
        put(&mut document, "code_challenge_methods_supported", methods);
        put(&mut document, "response_modes_supported", &["query"][..]);
        put(
            &mut document,
            "authorization_response_iss_parameter_supported",
            true,
        );
    }
    if let Some(at) = &file.introspection {
        put(&mut document, "introspection_endpoint", mock.url(&at.path));
    }
    if let Some(at) = &file.revocation {
        put(&mut document, "revocation_endpoint", mock.url(&at.path));
    }
    if file.openid.is_some() {
        put(&mut document, "subject_types_supported", &["public"][..]);
        put(
            &mut document,
            "id_token_signing_alg_values_supported",
            &["RS256"][..],
        );
    }
    Ok(Reply::json(200, &Value::Object(document)))
}

fn put(document: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    document.insert(name.to_owned(), value.into());
}

/// Answers with the key set (RFC 7517 §5): the RSA key that signs id tokens and RS256 tokens, then
/// those before it whose grace has not ended.
pub(super) async fn jwks(
    _facts: Arc<Facts>,
    mock: Mock,
    _request: Request,
) -> Result<Reply, Denial> {
    let keys = mock.state::<State>().published(mock.now());
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid, "n": key.n, "e": key.e}))
        .collect();
    let set = json!({ "keys": keys });
    Ok(Reply::json(200, &set))
}
