//! What a request of the harness is for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a request of the harness is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The caller asks the token endpoint for a token (RFC 6749 §4.3, §4.4).
    Login,
    /// The caller asks for a token without TLS, where the vendor speaks it.
    PlainLogin,
    /// The caller calls the API.
    Call,
    /// The caller reads one page of a list.
    ListPage,
    /// The caller sends a form to an endpoint of the API.
    SendForm,
    /// The caller creates something at the API.
    Create,
    /// The caller changes what it created.
    Update,
    /// The caller deletes what it created.
    Delete,
    /// Somebody reads what the caller created.
    Read,
    /// Somebody revokes the caller's token (RFC 7009).
    Revoke,
    /// Somebody shows the caller's refresh token at the token endpoint (RFC 6749 §6).
    Renew,
    /// The metadata document is read (RFC 8414).
    Metadata,
    /// Somebody else logs in.
    OtherLogin,
    /// Somebody tries to get into a throw-away account.
    Attempt,
    /// A browser asks the authorization endpoint (RFC 6749 §4.1.1).
    Authorize,
    /// A person sends the form of the vendor's login page.
    SubmitLogin,
    /// The caller exchanges an authorization code for tokens (RFC 6749 §4.1.3).
    Redeem,
    /// Somebody else calls the API with a token of his own.
    OtherCall,
    /// A user signs in at a user pool (`InitiateAuth`).
    SignIn,
    /// A user refreshes (`InitiateAuth` with a refresh token).
    Refresh,
    /// A user answers a challenge (`RespondToAuthChallenge`).
    AnswerChallenge,
    /// An access token is used at the user pool (`GetUser`).
    UseAccessToken,
    /// An id token is used at the identity pool (`GetId`).
    UseIdToken,
    /// A user revokes a refresh token (`RevokeToken`).
    RevokeRefreshToken,
    /// A user changes the password (`ChangePassword`).
    ChangePassword,
    /// A user asks for a code to reset a forgotten password (`ForgotPassword`).
    AskForCode,
    /// A user resets a forgotten password (`ConfirmForgotPassword`).
    ResetPassword,
    /// A browser asks whether a page may call a user pool (Fetch standard, CORS-preflight fetch).
    Preflight,
    /// An identity is asked for (`GetId`).
    GetIdentity,
    /// AWS credentials are asked for (`GetCredentialsForIdentity`).
    GetCredentials,
    /// A websocket is opened (RFC 6455 §4.1).
    OpenSocket,
    /// An upgrade to a websocket is asked for, and nothing is said on it (RFC 6455 §4.2).
    Upgrade,
    /// A websocket is opened to send one frame on it (RFC 6455 §5).
    Frame,
    /// The key set is read (RFC 7517 §5).
    KeySet,
    /// A token is introspected (RFC 7662).
    Introspect,
    /// A user signs out of all logins (`GlobalSignOut`).
    SignOut,
    /// A user begins a login that never sends the password (`InitiateAuth` with `SRP_A`).
    StartSrp,
    /// A user proves the password of a login by SRP (`RespondToAuthChallenge`).
    ProveSrp,
    /// A user shows a code of an authenticator (`RespondToAuthChallenge`).
    ShowCode,
    /// A presigned URL is used.
    UsePresigned,
    /// A person logs in with name and password (RFC 6749 §4.3) where clients log in by themselves.
    PersonLogin,
    /// An access token is shown at the userinfo endpoint (OpenID Connect Core 1.0 §5.3).
    UserInfo,
    /// A person's session is ended by its refresh token.
    Logout,
}

impl Operation {
    /// The words of the features and reports: `login`, `call`, `sign-in`, …
    pub const fn label(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::PlainLogin => "login in the clear",
            Self::Call => "call",
            Self::ListPage => "list page",
            Self::SendForm => "form",
            Self::Create => "create",
            Self::Update => "change",
            Self::Delete => "deletion",
            Self::Read => "read",
            Self::Revoke => "revocation",
            Self::Renew => "renewal",
            Self::Metadata => "metadata",
            Self::OtherLogin => "other login",
            Self::Attempt => "attempt",
            Self::Authorize => "authorization request",
            Self::SubmitLogin => "login page",
            Self::Redeem => "exchange of a code",
            Self::OtherCall => "other call",
            Self::SignIn => "sign-in",
            Self::Refresh => "refresh",
            Self::AnswerChallenge => "challenge",
            Self::UseAccessToken => "use of the access token",
            Self::UseIdToken => "use of the id token",
            Self::RevokeRefreshToken => "revocation of the refresh token",
            Self::ChangePassword => "password change",
            Self::AskForCode => "request for a code",
            Self::ResetPassword => "password reset",
            Self::Preflight => "preflight",
            Self::GetIdentity => "identity",
            Self::GetCredentials => "credentials",
            Self::OpenSocket => "socket",
            Self::Upgrade => "upgrade",
            Self::Frame => "frame",
            Self::KeySet => "key set",
            Self::Introspect => "introspection",
            Self::SignOut => "sign-out",
            Self::StartSrp => "start of SRP",
            Self::ProveSrp => "proof of SRP",
            Self::ShowCode => "one-time code",
            Self::UsePresigned => "presigned request",
            Self::PersonLogin => "login of a person",
            Self::UserInfo => "userinfo",
            Self::Logout => "logout",
        }
    }

    /// Whether what it is for is a token, so that a token in the reply is what serves it.
    pub const fn asks_for_a_token(self) -> bool {
        matches!(
            self,
            Self::Login | Self::OtherLogin | Self::PersonLogin | Self::Renew | Self::Redeem
        )
    }

    /// Whether it asks for an upgrade to a websocket, so that 101 is what serves it.
    pub const fn upgrades(self) -> bool {
        matches!(self, Self::OpenSocket | Self::Upgrade | Self::Frame)
    }

    /// Whether it shows a token that another may stand in the place of.
    pub const fn takes_a_token(self) -> bool {
        matches!(
            self,
            Self::Call | Self::UseAccessToken | Self::UseIdToken | Self::GetCredentials
        )
    }

    /// Whether it is a request of Amazon Cognito's JSON protocol, where a 200 may carry `__type`.
    pub const fn is_cognito(self) -> bool {
        matches!(
            self,
            Self::SignIn
                | Self::Refresh
                | Self::AnswerChallenge
                | Self::UseAccessToken
                | Self::UseIdToken
                | Self::RevokeRefreshToken
                | Self::ChangePassword
                | Self::AskForCode
                | Self::ResetPassword
                | Self::GetIdentity
                | Self::GetCredentials
                | Self::SignOut
                | Self::StartSrp
                | Self::ProveSrp
                | Self::ShowCode
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
