//! Pushed authorization requests (RFC 9126): the parameters come first, from the client itself.

use std::time::Duration;

use locum_core::{Denial, DenialKind, TokenKind, TokenState};
use locum_server::store::Change;
use locum_server::{Mock, NewToken, Reply, Request};
use serde_json::json;

use super::request::{Authorization, Fault, FaultAnswer, Parameters};
use crate::corti::form::Form;
use crate::corti::realm::RealmRef;
use crate::corti::{client, cors, extension, grant, realm_lookup};

/// What a `request_uri` begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Where the record of a pushed request keeps it.
const REQUEST: &str = "authorization";

/// Seconds that a pushed request can be used for: Keycloak's default.
const LIFETIME_S: u64 = 60;

/// Answers `POST …/ext/par/request`.
pub(in crate::corti) async fn push(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(extension::options(&mock));
    }
    // Refused to any origin before the client is known.
    if let Err(denial) = realm_lookup::must_be_enabled(&mock, &request, &realm) {
        let reply = realm_lookup::bare(&mock, denial);
        return Ok(cors::reflect(&mock, &request, reply, "cors_answer"));
    }
    let answer = pushed(&mock, &request, &realm).await;
    let answer = answer.or_else(|denial| Ok(realm_lookup::bare(&mock, denial)));
    Ok(cors::dress(&mock, &request, answer))
}

async fn pushed(mock: &Mock, request: &Request, realm: &RealmRef) -> Result<Reply, Denial> {
    let unauthenticated = |denial: Denial| Denial {
        reason: "par_unauthenticated".to_owned(),
        ..denial
    };
    let form = Form::read(mock, request).await.map_err(|denial| {
        if denial.reason == "unparsable_media_type" {
            unauthenticated(denial)
        } else {
            denial
        }
    })?;
    let client = client::authenticate(mock, request, realm, &form).map_err(unauthenticated)?;
    cors::admit(request, client)?;
    if form.first("request_uri").is_some() {
        return Err(
            Denial::new(DenialKind::Unsupported, "par_request_uri").expected("no request_uri")
        );
    }
    grant::refuse_dpop(request)?;
    let asked = match Authorization::read_for(client, &Parameters(form.pairs()), true) {
        Ok(asked) => asked,
        Err(fault) => return Ok(refused(mock, *fault)),
    };
    let key = mock.uuid();
    let uri = format!("{PREFIX}{key}");
    let lives = Duration::from_secs(LIFETIME_S);
    let mut new = NewToken::new(TokenKind::Session, &asked.client, 0, lives);
    new.tenant = Some(realm.name.clone());
    new.client = Some(asked.client.clone());
    let kept = serde_json::to_value(&asked).expect("a request is JSON");
    new.extra.insert(REQUEST.to_owned(), kept);
    mock.issue(&uri, new).await;
    let body = json!({"request_uri": uri, "expires_in": LIFETIME_S});
    Ok(Reply::json(201, &body).with_headers_of(mock.profile(), "h2", &[]))
}

/// What the browser is told later, told to the client at once.
fn refused(mock: &Mock, fault: Fault) -> Reply {
    let (error, description) = match fault.answer {
        FaultAnswer::Page(message) => ("invalid_request", message.to_owned()),
        FaultAnswer::Back(_, "unsupported_response_type", _) => {
            ("invalid_request", "Unsupported response type".to_owned())
        }
        FaultAnswer::Back(_, "invalid_scope", text) => {
            ("invalid_request", text.unwrap_or_default())
        }
        FaultAnswer::Back(_, error, text) => (error, text.unwrap_or_default()),
    };
    let shown = if error == "unauthorized_client" {
        "par_unauthorized"
    } else {
        "par_refused"
    };
    let shown = Denial::new(fault.denial.kind, shown)
        .param("error", error)
        .param("description", description);
    let mut reply = Reply::denied(mock.profile(), shown);
    reply.denial = Some(fault.denial);
    reply
}

/// The pushed request that `parameters` name, if they name one; it is used up.
///
/// # Errors
/// A fault where it was used before, has expired, or is another client's.
pub(super) async fn taken(
    mock: &Mock,
    realm: &RealmRef,
    parameters: &Parameters<'_>,
) -> Result<Option<Authorization>, Box<Fault>> {
    let Some(uri) = parameters
        .get("request_uri")
        .filter(|uri| uri.starts_with(PREFIX))
    else {
        return Ok(None);
    };
    let unknown = || {
        let denial = Denial::new(DenialKind::UnknownToken, "auth_invalid_request");
        let denial = denial.expected("a request_uri that was pushed and not used yet");
        Fault::page(denial.got("request_uri"), "Invalid Request")
    };
    let token = mock.find(&uri).await.ok_or_else(unknown)?;
    let before = mock.change(token.id, Change::Spend).await;
    let live = before.is_some_and(|token| mock.state_of(&token) == TokenState::Live);
    let own =
        token.tenant.as_ref() == Some(&realm.name) && token.client == parameters.get("client_id");
    let kept = token.extra.get(REQUEST).filter(|_| live && own);
    let asked = kept.and_then(|kept| serde_json::from_value(kept.clone()).ok());
    asked.map(Some).ok_or_else(unknown)
}
