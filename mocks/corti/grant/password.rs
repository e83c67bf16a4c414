//! Resource owner password credentials (RFC 6749 §4.3): "to authenticate individual users of your
//! application", upon request.

use locum_core::{Denial, DenialKind, Place};
use locum_server::Reply;
use locum_server::reason::near_miss;

use super::TokenRequest;
use crate::corti::issue::{Grant, IssueRequest, answer, session_id};
use crate::corti::login::Login;
use crate::corti::realm::User;
use crate::corti::scope::Scope;

/// Answers a request whose `grant_type` is `password`.
///
/// # Errors
/// In this order: `no_direct_access`, `consent_required`, `invalid_scope`, `missing_username`,
/// `wrong_user`, `account_disabled`, `account_pending`.
pub(in crate::corti) async fn grant(token_request: &TokenRequest<'_>) -> Result<Reply, Denial> {
    let TokenRequest { mock, client, .. } = *token_request;
    let id = client.client_id.as_str();
    if !client.direct_access {
        token_request.refuse(DenialKind::Unsupported, "no_direct_access", id)?;
    }
    if client.consent_required {
        token_request.refuse(DenialKind::Unsupported, "consent_required", id)?;
    }
    let scope = Scope::read(client, token_request.form.read_by_grant("scope"))?;
    let user = user(token_request)?;
    let login = Login {
        number: mock.new_login(),
        session: Some(session_id(mock)),
        client: client.client_id.clone(),
        user: Some(user.username.clone()),
        offline: scope.has("offline_access"),
        scope: scope.clone(),
        ..Login::default()
    };
    let issue_request = IssueRequest {
        realm: token_request.realm,
        login: &login,
        grant: Grant::Password,
        scope,
        parent: None,
        refresh: true,
    };
    Ok(answer(mock, &issue_request).await)
}

/// The user whom name and password prove. "A wrong password of a disabled or pending user" is
/// answered as any wrong password.
fn user<'a>(token_request: &TokenRequest<'a>) -> Result<&'a User, Denial> {
    let name = token_request.form.first("username").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "missing_username")
            .expected("username and password")
            .absent(Place::Form, ["username", "password"])
    })?;
    let user = token_request.realm.user(name).ok_or_else(|| {
        let unknown = Denial::new(DenialKind::UnknownPrincipal, "wrong_user")
            .expected(format!("a user of realm `{}`", token_request.realm.name))
            .got(name);
        near_miss::of_name(unknown, name.as_bytes(), |name| {
            std::str::from_utf8(name).is_ok_and(|name| token_request.realm.user(name).is_some())
        })
    })?;
    token_request.mock.note_principal(user.username.clone());
    let password = token_request
        .form
        .read_by_grant("password")
        .unwrap_or_default();
    if !user.password.matches(password.as_bytes()) {
        let denial = Denial::new(DenialKind::BadSecret, "wrong_user")
            .expected(format!("the password of `{}`", user.username));
        let denial = near_miss::of_secret(denial, &user.password, password.as_bytes());
        token_request
            .mock
            .refuse(&token_request.request.endpoint, denial)?;
    }
    if !user.enabled {
        token_request.refuse(DenialKind::Disabled, "account_disabled", &user.username)?;
    }
    if user.is_pending() {
        let todo = user
            .required_action
            .as_deref()
            .unwrap_or("e-mail address or names are missing");
        token_request.refuse(DenialKind::ChallengeRequired, "account_pending", todo)?;
    }
    Ok(user)
}
