//! Both Cognito services under one root: `X-Amz-Target` names the operation, a file each.

mod admin;
mod attempts;
mod change_password;
mod client_secret;
mod confirm_forgot_password;
mod confirm_sign_up;
mod forgot_password;
mod get_credentials_for_identity;
mod get_id;
mod get_tokens_from_refresh_token;
mod get_user;
mod global_sign_out;
mod initiate_auth;
mod lockout;
mod new_password;
mod password_verifier;
mod resend_confirmation_code;
mod respond_to_auth_challenge;
mod revoke_token;
mod sign_up;
mod user_srp_auth;

pub(super) use attempts::Attempt;
pub(super) use lockout::{Failures, succeeded};

use std::sync::Arc;

use locum_core::{Denial, DenialKind, Place};
use locum_server::reason::near_miss;
use locum_server::{Mock, Reply, Request};
use serde_json::{Map, Value, json};

use super::clients::Client;
use super::users::{User, UserState};
use super::{State, administrators, common_headers};

/// One call of an operation.
pub(super) struct Call<'a> {
    pub(super) mock: &'a Mock,
    pub(super) request: &'a Request,
    pub(super) state: Arc<State>,
    pub(super) body: Map<String, Value>,
}

/// `POST` an operation, or a browser's preflight.
pub(super) async fn cognito(mock: Mock, request: Request) -> Result<Reply, Denial> {
    if request.method == "OPTIONS" {
        return Ok(common_headers::with_common_headers(
            &mock,
            "frame_preflight",
            Reply::status(200),
        ));
    }
    let reply = match operation(&mock, &request).await {
        Ok(reply) => reply,
        Err(denial) => Reply::denied(mock.profile(), denial),
    };
    Ok(common_headers::with_common_headers(
        &mock,
        "frame_cognito",
        reply,
    ))
}

async fn operation(mock: &Mock, request: &Request) -> Result<Reply, Denial> {
    let target = request.header("x-amz-target")?.unwrap_or_default();
    let name = target.rsplit('.').next().unwrap_or_default().to_owned();
    mock.note("operation", name);
    let signed = admin::named(target);
    if let Some(operation) = signed {
        administrators::admit(mock, request, operation).await?;
    }
    let call = Call {
        mock,
        request,
        state: mock.state::<State>(),
        body: request.json()?,
    };
    if let Some(operation) = signed {
        return admin::answer(&call, operation).await;
    }
    // The service's own names (AWS JSON protocol 1.1).
    match target {
        "AWSCognitoIdentityProviderService.InitiateAuth" => initiate_auth::answer(&call).await,
        "AWSCognitoIdentityProviderService.RespondToAuthChallenge" => respond_to_auth_challenge::answer(&call).await,
        "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken" => {
            get_tokens_from_refresh_token::answer(&call).await
        }
        "AWSCognitoIdentityProviderService.ChangePassword" => change_password::answer(&call).await,
        "AWSCognitoIdentityProviderService.ForgotPassword" => forgot_password::answer(&call).await,
        "AWSCognitoIdentityProviderService.ConfirmForgotPassword" => confirm_forgot_password::answer(&call).await,
        "AWSCognitoIdentityProviderService.SignUp" => sign_up::answer(&call).await,
        "AWSCognitoIdentityProviderService.ConfirmSignUp" => confirm_sign_up::answer(&call).await,
        "AWSCognitoIdentityProviderService.ResendConfirmationCode" => resend_confirmation_code::answer(&call).await,
        "AWSCognitoIdentityProviderService.GetUser" => get_user::answer(&call).await,
        "AWSCognitoIdentityProviderService.GlobalSignOut" => global_sign_out::answer(&call).await,
        "AWSCognitoIdentityProviderService.RevokeToken" => revoke_token::answer(&call).await,
        "AWSCognitoIdentityService.GetId" => get_id::answer(&call).await,
        "AWSCognitoIdentityService.GetCredentialsForIdentity" => get_credentials_for_identity::answer(&call).await,
        _ => Err(Denial::new(DenialKind::Unsupported, "unknown_operation")
            .expected("X-Amz-Target with an operation of AWSCognitoIdentityProviderService or AWSCognitoIdentityService")
            .got(if target.is_empty() { "no X-Amz-Target" } else { target })),
    }
}

impl Call<'_> {
    /// The member `name` of the body as text; an empty one counts as absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        text(&self.body, name)
    }

    /// The member `name` of the body.
    ///
    /// # Errors
    /// `missing_parameter`.
    pub(super) fn required(&self, name: &str) -> Result<&str, Denial> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// The member `name` of the object `inside`, such as `USERNAME` of `AuthParameters`.
    ///
    /// # Errors
    /// `missing_parameter`.
    pub(super) fn required_in(&self, inside: &str, name: &str) -> Result<&str, Denial> {
        self.text_in(inside, name).ok_or_else(|| missing(name))
    }

    /// As [`required_in`](Self::required_in), where it may be absent.
    pub(super) fn text_in(&self, inside: &str, name: &str) -> Option<&str> {
        text(self.body.get(inside)?.as_object()?, name)
    }

    /// Refuses, unless an evil twin pardons.
    ///
    /// # Errors
    /// The denial.
    pub(super) fn refuse(&self, denial: Denial) -> Result<(), Denial> {
        self.mock.refuse(&self.request.endpoint, denial)
    }

    /// The app client that the call names.
    ///
    /// # Errors
    /// `missing_parameter`, `unknown_client`.
    pub(super) fn client(&self) -> Result<Client, Denial> {
        let id = self.required("ClientId")?;
        if let Some(client) = self.state.client(id) {
            return Ok(client);
        }
        let unknown = Denial::new(DenialKind::UnknownPrincipal, "unknown_client")
            .expected("a client id of this user pool")
            .got(id)
            .param("client", id);
        let unknown = near_miss::of_name(unknown, id.as_bytes(), |id| {
            std::str::from_utf8(id).is_ok_and(|id| self.state.client(id).is_some())
        });
        self.refuse(unknown)?;
        Ok(Client::anybody(id))
    }

    /// The user of this name who may log in; the password is not looked at yet.
    ///
    /// # Errors
    /// As of [`known_user`](Self::known_user) and [`may_log_in`](Self::may_log_in).
    pub(super) fn user(&self, name: &str) -> Result<User, Denial> {
        let user = self.known_user(name)?;
        self.may_log_in(&user)?;
        Ok(user)
    }

    /// The user of this name.
    ///
    /// # Errors
    /// `unknown_user` or `unknown_user_legacy`.
    pub(super) fn known_user(&self, name: &str) -> Result<User, Denial> {
        self.mock.note_principal(name);
        let Some(user) = self.state.user(name) else {
            let legacy = self
                .mock
                .setting_is("prevent_user_existence_errors", "legacy");
            let reason = if legacy {
                "unknown_user_legacy"
            } else {
                "unknown_user"
            };
            let unknown = Denial::new(DenialKind::UnknownPrincipal, reason)
                .expected("a user of this pool")
                .got(name);
            return Err(near_miss::of_name(unknown, name.as_bytes(), |name| {
                std::str::from_utf8(name).is_ok_and(|name| self.state.user(name).is_some())
            }));
        };
        self.mock.note_principal(user.username.clone());
        Ok(user)
    }

    /// Whether the state of a user lets anybody log in, whatever the password.
    ///
    /// # Errors
    /// `disabled_user`, `unconfirmed_user`.
    pub(super) fn may_log_in(&self, user: &User) -> Result<(), Denial> {
        let barred =
            |reason: &str| Denial::new(DenialKind::Disabled, reason).got(user.username.clone());
        match user.state {
            UserState::Disabled => self.refuse(barred("disabled_user")),
            UserState::Unconfirmed => self.refuse(barred("unconfirmed_user")),
            UserState::Confirmed | UserState::Temporary | UserState::ResetRequired => Ok(()),
        }
    }

    /// Notes in the journal the members of the object `inside` that nothing looks at: the service
    /// ignores them, a client's author may not know.
    pub(super) fn note_ignored(&self, inside: &str, known: &[&str]) {
        let Some(members) = self.body.get(inside).and_then(Value::as_object) else {
            return;
        };
        let unknown = members
            .keys()
            .filter(|name| !known.contains(&name.as_str()));
        let ignored: Vec<&str> = unknown.map(String::as_str).collect();
        if !ignored.is_empty() {
            self.mock
                .note("ignored", format!("{inside}: {}", ignored.join(", ")));
        }
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// `Missing required parameter NAME`.
pub(super) fn missing(name: &str) -> Denial {
    Denial::new(DenialKind::Missing, "missing_parameter")
        .expected(name)
        .absent(Place::Json, [name])
        .param("name", name)
}

/// A value outside what the service's model takes.
pub(super) fn invalid(message: impl Into<String>) -> Denial {
    let message = message.into();
    Denial::new(DenialKind::Invalid, "invalid_parameter")
        .got(message.clone())
        .param("message", message)
}

/// A password that breaks the policy.
pub(super) fn weak(call: &Call<'_>, password: &str) -> Option<Denial> {
    let least = call.mock.setting_u64("password_minimum_length");
    super::password::broken_rule(password, least).map(|rule| {
        Denial::new(DenialKind::Invalid, "weak_password")
            .expected("a password that the pool's policy takes")
            .got(rule)
            .param("rule", rule)
    })
}

/// A success with this body.
pub(super) fn success(body: &Value) -> Reply {
    Reply::status(200).body(body.to_string())
}

/// A success without members.
pub(super) fn done() -> Reply {
    success(&json!({}))
}
