//! Resource owner password credentials (RFC 6749 §4.3): "to authenticate individual users of your
//! application", upon request.

use locum_core::{Denial, DenialKind};
use locum_server::Reply;

use super::Asked;
use crate::corti::issue::{Grant, Occasion, answer, session_id};
use crate::corti::login::Login;
use crate::corti::realm::User;
use crate::corti::scope::Scope;

/// Answers a request whose `grant_type` is `password`.
///
/// # Errors
/// In this order: `no_direct_access`, `consent_required`, `invalid_scope`, `missing_username`,
/// `wrong_user`, `account_disabled`, `account_pending`.
pub(in crate::corti) async fn grant(asked: &Asked<'_>) -> Result<Reply, Denial> {
    let Asked { mock, client, .. } = *asked;
    let id = client.client_id.as_str();
    if !client.direct_access {
        asked.refuse(DenialKind::Unsupported, "no_direct_access", id)?;
    }
    if client.consent_required {
        asked.refuse(DenialKind::Unsupported, "consent_required", id)?;
    }
    let scope = Scope::read(asked.form.read_by_grant("scope"))?;
    let user = user(asked)?;
    let login = Login {
        number: mock.new_login(),
        session: Some(session_id(mock)),
        client: client.client_id.clone(),
        user: Some(user.username.clone()),
        offline: scope.has("offline_access"),
        scope: scope.clone(),
        ..Login::default()
    };
    let occasion = Occasion {
        realm: asked.realm,
        login: &login,
        grant: Grant::Password,
        scope,
        parent: None,
        refresh: true,
    };
    Ok(answer(mock, &occasion).await)
}

/// The user whom name and password prove. "A wrong password of a disabled or pending user" is
/// answered as any wrong password.
fn user<'a>(asked: &Asked<'a>) -> Result<&'a User, Denial> {
    let name = asked.form.first("username").ok_or_else(|| {
        Denial::new(DenialKind::Missing, "missing_username").expected("username and password")
    })?;
    let user = asked.realm.user(name).ok_or_else(|| {
        Denial::new(DenialKind::UnknownPrincipal, "wrong_user")
            .expected(format!("a user of realm `{}`", asked.realm.name))
    })?;
    asked.mock.note_principal(user.username.clone());
    let password = asked.form.read_by_grant("password").unwrap_or_default();
    if !user.password.matches(password.as_bytes()) {
        let denial = Denial::new(DenialKind::BadSecret, "wrong_user")
            .expected(format!("the password of `{}`", user.username));
        asked.mock.refuse(&asked.request.endpoint, denial)?;
    }
    if !user.enabled {
        asked.refuse(DenialKind::Disabled, "account_disabled", &user.username)?;
    }
    if user.is_pending() {
        let todo = user.required_action.as_deref().unwrap_or("e-mail address or names are missing");
        asked.refuse(DenialKind::ChallengeRequired, "account_pending", todo)?;
    }
    Ok(user)
}
