//! `…/token/introspect` (RFC 7662).

use locum_core::{Denial, DenialKind, Place, TokenKind, TokenState};
use locum_server::{Mock, Reply, Request, jwt};
use serde_json::{Map, Value, json};

use super::claims::put;
use super::form::Form;
use super::grant::{TokenRequest, refresh};
use super::issue::{common, issuer};
use super::login::{Account, Ended, Login};
use super::realm::{Client, RealmRef};
use super::token_state;
use super::{State, client, realm_lookup};

/// Answers whether a token lives.
pub(super) async fn introspect(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        let reply = Reply::status(200).with_headers_of(mock.profile(), "introspect_options", &[]);
        return Ok(reply.with_headers_of(mock.profile(), "h0", &[]));
    }
    let answer = answer(&mock, &request, &realm).await;
    Ok(answer.unwrap_or_else(|denial| realm_lookup::bare(&mock, denial)))
}

/// "realm → client → public → duplicate key → token → hint"
async fn answer(mock: &Mock, request: &Request, realm: &RealmRef) -> Result<Reply, Denial> {
    let form = Form::read(mock, request).await.map_err(unreadable)?;
    realm_lookup::must_be_enabled(mock, request, realm)?;
    let client = match client::authenticate(mock, request, realm, &form) {
        Ok(client) => client,
        Err(denial) => {
            let denial = with_introspection_reason(denial);
            mock.refuse(&request.endpoint, denial.clone())?;
            realm.clients.first().ok_or(denial)?
        }
    };
    if client.is_public() {
        let denial =
            Denial::new(DenialKind::Unsupported, "introspect_public").got(client.client_id.clone());
        mock.refuse(&request.endpoint, denial)?;
    }
    form.refuse_repeated()?;
    let value = form.first("token").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "introspect_no_token")
            .expected("token in the form")
            .absent(Place::Form, ["token"])
    })?;
    let hint = form.first("token_type_hint");
    let token_request = TokenRequest {
        mock,
        request,
        realm,
        form: &form,
        client,
    };
    let found = match hint {
        None | Some("access_token") => access_or_id(&token_request, value).await,
        Some("refresh_token") => own_refresh(&token_request, value).await,
        // A token of UMA, which no client is given.
        Some("requesting_party_token") => {
            Err(Denial::new(DenialKind::WrongToken, "wrong_token")
                .expected("a requesting party token"))
        }
        Some(other) => {
            return Err(Denial::new(DenialKind::Invalid, "introspect_hint")
                .expected("access_token or refresh_token")
                .got(other));
        }
    };
    let mut reply = match found {
        Ok(body) => Reply::json(200, &Value::Object(body)),
        Err(denial) => {
            let mut reply = Reply::json(200, &json!({"active": false}));
            reply.denial = Some(denial);
            reply
        }
    };
    reply = reply.with_headers_of(mock.profile(), "h3", &[]);
    Ok(reply)
}

/// A media type that cannot be read fails the client's authentication here.
pub(super) fn unreadable(mut denial: Denial) -> Denial {
    if denial.reason == "unparsable_media_type" {
        "unreadable_client".clone_into(&mut denial.reason);
    }
    denial
}

/// This endpoint has words of its own for a secret.
fn with_introspection_reason(mut denial: Denial) -> Denial {
    let of_secret = ["wrong_secret", "no_secret", "bearer_only_client"];
    if of_secret
        .iter()
        .any(|reason| denial.reason.starts_with(reason))
    {
        "introspect_wrong_secret".clone_into(&mut denial.reason);
    }
    denial
}

/// An access token whose audience the asking client is in, or the client's own id token.
async fn access_or_id(
    token_request: &TokenRequest<'_>,
    value: &str,
) -> Result<Map<String, Value>, Denial> {
    let TokenRequest {
        mock,
        request,
        realm,
        client,
        ..
    } = *token_request;
    if mock
        .find(value)
        .await
        .is_some_and(|token| token.kind == TokenKind::Id)
    {
        return own_id(token_request, value).await;
    }
    let live = token_state::check(mock, &request.endpoint, realm, value, false).await?;
    if mock.setting_on("introspect_needs_aud") && !is_for(&live.parts, client) {
        let denial = Denial::new(DenialKind::WrongToken, "not_in_audience")
            .expected(format!("an aud with `{}`", client.client_id))
            .got(live.token.name());
        mock.refuse(&request.endpoint, denial)?;
    }
    Ok(described(realm, &live.login, live.parts.claims, "Bearer"))
}

async fn own_id(
    token_request: &TokenRequest<'_>,
    value: &str,
) -> Result<Map<String, Value>, Denial> {
    let (mock, realm) = (token_request.mock, token_request.realm);
    let client = token_request.client;
    let parts = jwt::parse(value)?;
    let keys = mock.state::<State>().keys.of(&realm.name);
    let kid = parts.header.get("kid").and_then(Value::as_str);
    parts.verify_rs256(&keys.verifying(kid, mock.now())?.rsa)?;
    parts.check_times(mock.now())?;
    let unknown = || Denial::new(DenialKind::UnknownToken, "unknown_token");
    let token = mock.find(value).await.ok_or_else(unknown)?;
    let login = Login::of(&token).ok_or_else(unknown)?;
    if parts.claim("iss") != Some(&issuer(mock, &realm.name))
        || !is_for(&parts, client)
        || mock.state_of(&token) != TokenState::Live
    {
        return Err(Denial::new(DenialKind::WrongToken, "wrong_token").got(token.name()));
    }
    let mut claims = parts.claims;
    let mut audience = vec![client.client_id.clone()];
    audience.push("account".to_owned());
    claims.insert("aud".to_owned(), audience.into());
    claims.shift_remove("at_hash");
    if let Some(client) = realm.client(&login.client) {
        let user = login.user.as_deref().and_then(|name| realm.user(name));
        common(mock, realm, &login, user, client).add_roles(&mut claims);
    }
    Ok(described(realm, &login, claims, "ID"))
}

/// The asking client's own refresh token; `aud` is a list with the issuer first, and roles and
/// profile stand in it as in the access token.
async fn own_refresh(
    token_request: &TokenRequest<'_>,
    value: &str,
) -> Result<Map<String, Value>, Denial> {
    let TokenRequest {
        mock,
        realm,
        client,
        ..
    } = *token_request;
    let (token, login) = refresh::read(token_request, value).await?;
    let dead = || Denial::new(DenialKind::Revoked, "inactive_refresh_token").got(token.name());
    if login.client != client.client_id
        || mock.state_of(&token) != TokenState::Live
        || Ended::of(&token).is_some()
        || refresh::is_stale(realm, &token, &login)
    {
        return Err(dead());
    }
    let Account::Good(user, _) = login.account(realm) else {
        return Err(dead());
    };
    let claims = jwt::parse(value)?.claims;
    let common = common(mock, realm, &login, user, client);
    let mut body = Map::new();
    for (name, claim) in claims {
        match name.as_str() {
            "aud" => {
                let mut audience = vec![claim];
                audience.extend(client.audience.iter().cloned().map(Value::from));
                audience.push("account".into());
                body.insert(name, audience.into());
            }
            "scope" => {
                put(&mut body, "acr", Some(common.acr));
                common.add_roles(&mut body);
                body.insert(name, claim);
            }
            "aud_x" | "prov" | "reuse_id" => {}
            _ => {
                body.insert(name, claim);
            }
        }
    }
    common.add_profile(&mut body);
    let kind = if login.offline { "Offline" } else { "Refresh" };
    Ok(described(realm, &login, body, kind))
}

fn is_for(parts: &jwt::Parts, client: &Client) -> bool {
    match parts.claims.get("aud") {
        Some(Value::Array(several)) => several.iter().any(|aud| *aud == *client.client_id),
        Some(one) => *one == *client.client_id,
        None => false,
    }
}

/// "claims in the token's order; clientHost, clientAddress left out; then client_id, username,
/// token_type, active last".
fn described(
    realm: &RealmRef,
    login: &Login,
    mut claims: Map<String, Value>,
    kind: &str,
) -> Map<String, Value> {
    for name in ["clientHost", "clientAddress", "client_id"] {
        claims.shift_remove(name);
    }
    let service = || realm.client(&login.client).map(Client::service_user);
    let username = login.user.clone().or_else(service);
    put(&mut claims, "client_id", Some(login.client.clone()));
    put(&mut claims, "username", username);
    put(&mut claims, "token_type", Some(kind));
    put(&mut claims, "active", Some(true));
    claims
}
