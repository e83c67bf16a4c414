//! The questions that may stand between password and tokens.

use std::time::Duration;

use locum_core::{Token, TokenKind};
use locum_server::{NewToken, Reply};
use serde_json::json;

use super::attributes;
use super::clients::Client;
use super::cognito::{Call, success};
use super::users::User;

/// A question that stands between password and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// NEW_PASSWORD_REQUIRED.
    NewPassword,
    /// SOFTWARE_TOKEN_MFA.
    Totp,
}

impl Challenge {
    /// Cognito's name of it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::NewPassword => "NEW_PASSWORD_REQUIRED",
            Self::Totp => "SOFTWARE_TOKEN_MFA",
        }
    }

    /// The challenge of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::NewPassword, Self::Totp]
            .into_iter()
            .find(|challenge| challenge.name() == name)
    }
}

/// Opens a challenge; its Session is not a token.
pub(super) async fn open(
    call: &Call<'_>,
    client: &Client,
    user: &User,
    challenge: Challenge,
    after: Option<&Token>,
) -> Reply {
    let value = format!("AYABe{}", call.mock.random_alphanumeric(180));
    let lifetime = Duration::from_secs(call.mock.setting_u64("session_ttl_s"));
    let login = after.map_or_else(|| call.mock.new_login(), |session| session.login);
    let mut session = NewToken::new(TokenKind::Session, user.username.clone(), login, lifetime);
    session.client = Some(client.client_id.clone());
    session.parent = after.map(|session| session.id);
    challenge.name().clone_into(&mut session.scope);
    call.mock.issue(&value, session).await;
    // Two members are JSON inside of a string.
    let parameters = match challenge {
        Challenge::NewPassword => {
            let (required, known) = attributes::challenge(call, user);
            json!({
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": required,
                "userAttributes": known,
            })
        }
        Challenge::Totp => {
            json!({"FRIENDLY_DEVICE_NAME": "authenticator", "USER_ID_FOR_SRP": user.username})
        }
    };
    success(&json!({
        "ChallengeName": challenge.name(),
        "ChallengeParameters": parameters,
        "Session": value,
    }))
}
