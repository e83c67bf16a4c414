//! Resource owner password credentials (RFC 6749 §4.3).

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply};

use crate::generic::issue::{IssueRequest, answer};
use crate::generic::login::Login;
use crate::generic::principals::{Principals, User};
use crate::generic::token::TokenRequest;

/// Answers `grant_type=password`.
///
/// # Errors
/// `missing_parameter`, `unknown_scope`, `unknown_user`, `wrong_password`, `disabled_user`.
pub(in crate::generic) async fn grant(request: &TokenRequest) -> Result<Reply, Denial> {
    let name = request.required("username")?;
    request.required("password")?;
    let scope = request.scope()?;
    let password = request.form.first("password").unwrap_or_default();
    let mock = &request.mock;
    let user = user(
        mock,
        &request.endpoint,
        &request.principals,
        &name,
        password,
    )?;
    let login = Login {
        number: mock.new_login(),
        client: request.client.client_id.clone(),
        user: Some(user.username.clone()),
        scope: scope.clone(),
        auth_time: Some(mock.now().as_seconds()),
        nonce: None,
    };
    let issue = IssueRequest {
        facts: &request.facts,
        login: &login,
        scope,
        parent: None,
        refresh: request.refreshes(),
    };
    Ok(answer(mock, &issue).await)
}

/// The user whom name and password prove.
///
/// # Errors
/// `unknown_user`, `wrong_password`, `disabled_user`.
pub(in crate::generic) fn user<'a>(
    mock: &Mock,
    endpoint: &str,
    principals: &'a Principals,
    name: &str,
    password: &[u8],
) -> Result<&'a User, Denial> {
    let user = principals.user(name).ok_or_else(|| {
        Denial::new(DenialKind::UnknownPrincipal, "unknown_user")
            .expected("a user of this stage")
            .got(format!("`{name}`"))
    })?;
    mock.note_principal(user.username.clone());
    let right = user.password.as_ref();
    if !right.is_some_and(|right| right.matches(password)) {
        let padded = password.trim_ascii() != password;
        let denial = Denial::new(DenialKind::BadSecret, "wrong_password")
            .expected(format!("the password of `{name}`"))
            .got(if padded {
                "another, with a space or line break at an end"
            } else {
                "another"
            });
        mock.refuse(endpoint, denial)?;
    }
    if !user.enabled {
        let denial = Denial::new(DenialKind::Disabled, "disabled_user")
            .expected("a user who is enabled")
            .got(format!("`{name}`, who is disabled"));
        mock.refuse(endpoint, denial)?;
    }
    Ok(user)
}
