//! One login: what its tokens have in common, and how it ends.

use locum_core::{Token, TokenKind};
use locum_server::Mock;
use locum_server::store::{Change, TokenQuery};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::realm::{Client, Realm, User};
use super::scope::Scope;

/// Where a token's record keeps its login.
const LOGIN: &str = "login";

/// Where a token's record keeps how its login ended.
const ENDED: &str = "ended";

/// What the tokens of one login have in common: Keycloak's client session.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Login {
    /// Groups the tokens; all clients of one user session share it.
    pub(super) number: u64,
    /// `sid`; client credentials without a refresh token have none.
    pub(super) session: Option<String>,
    /// The client.
    pub(super) client: String,
    /// The user; `None` for the client's own service account.
    pub(super) user: Option<String>,
    /// What was granted.
    pub(super) scope: Scope,
    /// Whether the refresh token never ends.
    pub(super) offline: bool,
    /// When the user showed a password at the login page.
    pub(super) auth_time: Option<i64>,
    /// Whether the browser was known and showed no password for this client: `acr` is then 0.
    #[serde(default)]
    pub(super) known: bool,
    /// Goes into the id token.
    pub(super) nonce: Option<String>,
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Logged out or revoked: the whole user session.
    Session,
    /// A code was replayed, or a refresh token used once too often: this client's part of it.
    ClientSession,
}

impl Ended {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::ClientSession => "client_session",
        }
    }

    /// How the login of `token` ended, if it did.
    pub(super) fn of(token: &Token) -> Option<Self> {
        let name = token.extra.get(ENDED).and_then(Value::as_str)?;
        [Self::Session, Self::ClientSession]
            .into_iter()
            .find(|ended| ended.as_str() == name)
    }
}

impl Login {
    /// The login of `token`.
    pub(super) fn of(token: &Token) -> Option<Self> {
        serde_json::from_value(token.extra.get(LOGIN)?.clone()).ok()
    }

    /// What a token's record keeps of it.
    pub(super) fn extra(&self) -> serde_json::Map<String, Value> {
        let login = serde_json::to_value(self).expect("a login is JSON");
        std::iter::once((LOGIN.to_owned(), login)).collect()
    }

    /// Who is logged in: the user, or the client itself.
    pub(super) fn principal(&self) -> &str {
        self.user.as_deref().unwrap_or(&self.client)
    }

    /// The state of the account behind it.
    pub(super) fn account<'a>(&self, realm: &'a Realm) -> Account<'a> {
        let Some(client) = realm.client(&self.client) else {
            return Account::Gone;
        };
        let Some(name) = &self.user else {
            return Account::of(None, client, client.service_user_enabled);
        };
        match realm.user(name) {
            Some(user) => Account::of(Some(user), client, user.enabled),
            None => Account::Gone,
        }
    }
}

/// The account behind a login, as the realm has it now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account<'a> {
    /// The user or client was deleted.
    Gone,
    /// The user was disabled.
    UserDisabled,
    /// The client was disabled.
    ClientDisabled,
    /// Both are well; no user for a service account.
    Good(Option<&'a User>, &'a Client),
}

impl<'a> Account<'a> {
    fn of(user: Option<&'a User>, client: &'a Client, enabled: bool) -> Self {
        match (enabled, client.enabled) {
            (false, _) => Self::UserDisabled,
            (true, false) => Self::ClientDisabled,
            (true, true) => Self::Good(user, client),
        }
    }
}

/// Remembers in the refresh tokens of a client that its login was continued without a password:
/// single sign-on makes the whole client session one of `acr` 0.
pub(super) async fn know(mock: &Mock, login: &Login) {
    let query = TokenQuery {
        login: Some(login.number),
        kinds: Some(vec![TokenKind::Refresh]),
        client: Some(login.client.clone()),
        ..TokenQuery::default()
    };
    for token in mock.tokens(query).await {
        if let Some(before) = Login::of(&token) {
            let known = Login {
                known: true,
                ..before
            };
            for (name, value) in known.extra() {
                mock.change(token.id, Change::Extra(name, value)).await;
            }
        }
    }
}

/// Whether another client has a live part in the session of `login`.
pub(super) async fn is_shared(mock: &Mock, login: &Login) -> bool {
    let query = TokenQuery {
        login: Some(login.number),
        kinds: Some(vec![TokenKind::Code, TokenKind::Refresh]),
        ..TokenQuery::default()
    };
    let tokens = mock.tokens(query).await;
    tokens.iter().any(|token| {
        token.client.as_deref() != Some(&login.client)
            && !token.revoked
            && Ended::of(token).is_none()
    })
}

/// Ends a login: its tokens are revoked and remember how. Only those of `client` when the client's
/// part alone ends.
pub(super) async fn end(mock: &Mock, number: u64, how: Ended, client: &str) {
    let whole = how == Ended::Session;
    let mut kinds = vec![
        TokenKind::Access,
        TokenKind::Id,
        TokenKind::Refresh,
        TokenKind::Session,
        TokenKind::Aws,
    ];
    if whole {
        // A code that was not used yet is not valid after a log-out.
        kinds.push(TokenKind::Code);
    }
    let query = TokenQuery {
        login: Some(number),
        kinds: Some(kinds),
        client: (!whole).then(|| client.to_owned()),
        ..TokenQuery::default()
    };
    end_each(mock, mock.tokens(query).await, how).await;
}

/// Ends the session of a browser: offline tokens live on, and those that have no session.
pub(super) async fn end_online(mock: &Mock, number: u64) {
    let query = TokenQuery {
        login: Some(number),
        ..TokenQuery::default()
    };
    let mut tokens = mock.tokens(query).await;
    tokens.retain(|token| {
        let login = Login::of(token);
        let stays = |login: Login| login.offline || login.session.is_none();
        token.kind == TokenKind::Code || !login.is_some_and(stays)
    });
    end_each(mock, tokens, Ended::Session).await;
}

async fn end_each(mock: &Mock, tokens: Vec<Token>, how: Ended) {
    for token in tokens {
        if Ended::of(&token).is_none() {
            mock.change(
                token.id,
                Change::Extra(ENDED.to_owned(), how.as_str().into()),
            )
            .await;
        }
        mock.change(token.id, Change::Revoke).await;
    }
}
