//! `POST /v1/ambient/api/auth/token`: "To authenticate, send a POST request to the
//! /v1/ambient/api/auth/token endpoint with your credentials."
//!
//! Order of checks: the body can be read (400), its fields are there (422, all in one list), the
//! credentials are right (401).

use locum_core::{Denial, DenialKind, Place};
use locum_server::reason::near_miss;
use locum_server::store::TokenQuery;
use locum_server::{Mock, Reply, Request};
use serde_json::{Map, Value};

use super::account::{AccountState, User};
use super::faults::Faults;
use super::fields::Fields;
use super::model::Model;
use super::{State, claims, rate};

/// Answers a token request.
pub(super) async fn token(mock: Mock, request: Request) -> Result<Reply, Denial> {
    granted(&mock, &request)
        .await
        .map_err(|denial| shaped(&mock, denial))
}

async fn granted(mock: &Mock, request: &Request) -> Result<Reply, Denial> {
    let fields = Fields::read(mock, request)?;
    let presented = PresentedCredentials::read(mock, &request.endpoint, &fields)?;
    let user = authenticate(mock, &request.endpoint, &presented)?;
    if !mock.setting_on("concurrent_tokens") {
        revoke_older(mock, &user).await;
    }
    let state = mock.state::<State>();
    let token = match state.first_token(&user.username) {
        Some(token) if !mock.effect_enabled("new_token") => token,
        _ => claims::issue(mock, &user).await,
    };
    if !mock.effect_enabled("new_token") {
        state.keep_first_token(&user.username, &token);
    }
    Ok(token_response(mock, token))
}

/// What the form shows.
struct PresentedCredentials {
    username: Vec<u8>,
    /// Absent only where its absence was pardoned.
    password: Option<Vec<u8>>,
    broken_escape: bool,
}

impl PresentedCredentials {
    fn read(mock: &Mock, endpoint: &str, fields: &Fields) -> Result<Self, Denial> {
        if mock.setting_is("repeated_param", "400")
            && let Some(name) = fields.repeated()
        {
            let twice = Denial::new(DenialKind::Repeated, "repeated_parameter")
                .expected("each parameter once")
                .got(name);
            mock.refuse(endpoint, twice)?;
        }
        let model = Model::of(mock);
        let absent = model.empty_is_absent();
        let mut faults = Faults::default();
        let grant_type = fields.text("grant_type", absent, &mut faults);
        let wrong_grant = grant_type.filter(|grant_type| !model.takes_grant(grant_type));
        if let Some(grant_type) = wrong_grant {
            faults.no_match("grant_type", model.grant_pattern(), grant_type);
        }
        let (username, password) = (
            fields.required("username", absent, &mut faults),
            fields.required("password", absent, &mut faults),
        );
        for name in ["scope", "client_id", "client_secret"] {
            fields.text(name, absent, &mut faults);
        }
        let (kind, reason) = match (wrong_grant, username) {
            (Some(_), _) => (DenialKind::Unsupported, "unsupported_grant"),
            (None, None) => (DenialKind::Missing, "missing_username"),
            (None, Some(_)) => (DenialKind::Missing, "missing_password"),
        };
        let is_good = faults.is_empty();
        let mut denial = faults
            .into_denial(kind, reason)
            .expected("a form with username and password");
        if let Some(grant_type) = wrong_grant {
            denial = denial.got(format!("grant_type {grant_type}"));
        } else {
            let fields = [("username", username), ("password", password)];
            let absent = fields.iter().filter(|(_, value)| value.is_none());
            denial = denial.absent(Place::Form, absent.map(|(name, _)| *name));
        }
        let Some(username) = username else {
            return Err(denial);
        };
        if !is_good {
            mock.refuse(endpoint, denial)?;
        }
        Ok(Self {
            username: username.as_bytes().to_vec(),
            password: password.map(|password| password.as_bytes().to_vec()),
            broken_escape: fields.broken_escape,
        })
    }
}

/// "verify: Your username and password are correct; Your service account is active; Your account
/// has API access enabled".
fn authenticate(
    mock: &Mock,
    endpoint: &str,
    presented: &PresentedCredentials,
) -> Result<User, Denial> {
    let user = mock.state::<State>().user(&presented.username);
    let user = user.ok_or_else(|| unknown(mock, presented))?;
    mock.note_principal(&user.username);
    rate::count(mock, &user.username)?;
    if let Some(password) = &presented.password
        && !user.password.matches(password)
    {
        let reason = if password.is_empty() {
            "empty_password"
        } else {
            "wrong_password"
        };
        let mut wrong = Denial::new(DenialKind::BadSecret, reason)
            .expected(format!("the password of `{}`", user.username));
        if presented.broken_escape {
            wrong = wrong.difference("a percent sign without two hex digits after it");
        }
        wrong = near_miss::of_secret(wrong, &user.password, password);
        mock.refuse(endpoint, wrong)?;
    }
    let barred = |reason: &str| {
        let denial = Denial::new(DenialKind::Disabled, reason)
            .expected("an active account with API access")
            .got(user.username.clone());
        mock.refuse(endpoint, denial)
    };
    match user.state {
        AccountState::Active | AccountState::NoPermission => {}
        AccountState::Inactive => barred("inactive_account")?,
        AccountState::NoApiAccess => barred("no_api_access")?,
    }
    Ok(user)
}

/// Nobody has that name. The likeliest slip is named: an address whose `+` was not encoded.
fn unknown(mock: &Mock, presented: &PresentedCredentials) -> Denial {
    let mut denial = Denial::new(DenialKind::UnknownPrincipal, "unknown_user")
        .expected("the username of a service account")
        .got(String::from_utf8_lossy(&presented.username));
    if presented.broken_escape {
        denial = denial.difference("a percent sign without two hex digits after it");
    }
    let state = mock.state::<State>();
    near_miss::of_name(denial, &presented.username, |name| {
        state.user(name).is_some()
    })
}

async fn revoke_older(mock: &Mock, user: &User) {
    let live = TokenQuery {
        principal: Some(user.username.clone()),
        revoked: Some(false),
        ..TokenQuery::default()
    };
    mock.revoke(live).await;
}

/// "Upon successful authentication, you'll receive a JWT token": two members in this order.
fn token_response(mock: &Mock, access_token: String) -> Reply {
    let facts = &mock.profile().token;
    let mut body = Map::new();
    body.insert("access_token".into(), access_token.into());
    body.insert("token_type".into(), facts.token_type.clone().into());
    let expires_in = mock.setting_text("expires_in");
    if expires_in != "absent" {
        let value = serde_json::from_str(&expires_in).unwrap_or(Value::String(expires_in));
        body.insert("expires_in".into(), value);
    }
    let mut reply = Reply::json(200, &Value::Object(body));
    for (name, value) in &facts.headers {
        reply = reply.header(name, value);
    }
    if mock.setting_is("cache_headers", "rfc") {
        // RFC 6749 §5.1's own words, which the vendor's model does not send.
        reply = reply
            .header("cache-control", "no-store")
            .header("pragma", "no-cache");
    }
    reply
}

/// The same refusal as RFC 6749 §5.2 words it, where the setting asks for that.
fn shaped(mock: &Mock, mut denial: Denial) -> Denial {
    if mock.setting_is("error_shape", "rfc6749") {
        let look = match denial.kind {
            DenialKind::BadSecret | DenialKind::UnknownPrincipal | DenialKind::Disabled => {
                "rfc_invalid_grant"
            }
            DenialKind::Unsupported => "rfc_unsupported_grant_type",
            DenialKind::Limit => return denial,
            _ => "rfc_invalid_request",
        };
        look.clone_into(&mut denial.reason);
    }
    denial
}
