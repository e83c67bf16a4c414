//! Client credentials (RFC 6749 §4.4).

use locum_core::Denial;
use locum_server::Reply;

use crate::generic::issue::{IssueRequest, answer};
use crate::generic::login::Login;
use crate::generic::token::TokenRequest;

/// Answers `grant_type=client_credentials`.
///
/// # Errors
/// `unknown_scope`.
pub(in crate::generic) async fn grant(request: &TokenRequest) -> Result<Reply, Denial> {
    let scope = request.scope()?;
    let login = Login {
        number: request.mock.new_login(),
        client: request.client.client_id.clone(),
        scope: scope.clone(),
        ..Login::default()
    };
    let issue = IssueRequest {
        facts: &request.facts,
        login: &login,
        scope,
        parent: None,
        // RFC 6749 §4.4.3: "A refresh token SHOULD NOT be included."
        refresh: request.refreshes() && request.facts.file.refresh().for_client_credentials,
    };
    Ok(answer(&request.mock, &issue).await)
}
