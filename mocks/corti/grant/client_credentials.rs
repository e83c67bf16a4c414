//! Client credentials (RFC 6749 §4.4): "By default as per oAuth standards, no refresh token is used
//! in this flow. However, a refresh token can be enabled if needed."

use locum_core::{Denial, DenialKind};
use locum_server::Reply;

use super::TokenRequest;
use crate::corti::issue::{Grant, IssueRequest, answer, session_id};
use crate::corti::login::Login;
use crate::corti::scope::Scope;

/// Answers a request whose `grant_type` is `client_credentials`.
///
/// # Errors
/// `public_service_account`, `no_service_account`, `service_user_disabled`, `invalid_scope`.
pub(in crate::corti) async fn grant(token_request: &TokenRequest<'_>) -> Result<Reply, Denial> {
    let TokenRequest { mock, client, .. } = *token_request;
    let id = client.client_id.as_str();
    if client.is_public() {
        token_request.refuse(DenialKind::Unsupported, "public_service_account", id)?;
    }
    if !client.service_account {
        token_request.refuse(DenialKind::Unsupported, "no_service_account", id)?;
    }
    if !client.service_user_enabled {
        let denial = Denial::new(DenialKind::Disabled, "service_user_disabled")
            .param("user", client.service_user());
        mock.refuse(&token_request.request.endpoint, denial)?;
    }
    let scope = Scope::read(client, token_request.form.read_by_grant("scope"))?;
    let refresh = client.refresh_for_client_credentials || mock.setting_on("refresh_for_cc");
    let login = Login {
        number: mock.new_login(),
        session: refresh.then(|| session_id(mock)),
        client: client.client_id.clone(),
        offline: refresh && scope.has("offline_access"),
        scope: scope.clone(),
        ..Login::default()
    };
    let issue_request = IssueRequest {
        realm: token_request.realm,
        login: &login,
        grant: Grant::ClientCredentials,
        scope,
        parent: None,
        refresh,
    };
    Ok(answer(mock, &issue_request).await)
}
