//! One login: who, for which client, how far. It goes along with every token that it led to.

use locum_core::Token;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Facts;
use super::principals::{Client, Principals, User};

/// Where a token's record keeps its login.
const LOGIN: &str = "login";

/// One login.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Login {
    /// The number that groups its tokens.
    pub(super) number: u64,
    /// The client.
    pub(super) client: String,
    /// The user; none for client credentials.
    pub(super) user: Option<String>,
    /// What was granted.
    pub(super) scope: String,
    /// When the user logged in, in seconds.
    pub(super) auth_time: Option<i64>,
    /// `nonce` of the authorization request.
    pub(super) nonce: Option<String>,
}

impl Login {
    /// What a token's record keeps of it.
    pub(super) fn extra(&self) -> Map<String, Value> {
        let login = serde_json::to_value(self).expect("a login is JSON");
        Map::from_iter([(LOGIN.to_owned(), login)])
    }

    /// The login of a token.
    pub(super) fn of(token: &Token) -> Option<Self> {
        serde_json::from_value(token.extra.get(LOGIN)?.clone()).ok()
    }

    /// Whose it is: the user, or the client itself.
    pub(super) fn principal(&self) -> &str {
        self.user.as_deref().unwrap_or(&self.client)
    }

    /// Whether `scope` is among what was granted.
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|one| one == scope)
    }

    /// Its client and user among `principals`, as far as they are there.
    pub(super) fn account<'a>(
        &self,
        principals: &'a Principals,
    ) -> (Option<&'a Client>, Option<&'a User>) {
        let user = self.user.as_deref().and_then(|name| principals.user(name));
        (principals.client(&self.client), user)
    }

    /// Whether client and user are still there and may log in.
    pub(super) fn is_good(&self, principals: &Principals) -> bool {
        let (client, user) = self.account(principals);
        client.is_some_and(|client| client.enabled)
            && (self.user.is_none() || user.is_some_and(|user| user.enabled))
    }
}

/// The scope that `client` gets for what it asked for.
///
/// # Errors
/// The first word that it may not have.
pub(super) fn granted_scope(
    facts: &Facts,
    client: &Client,
    asked: Option<&str>,
) -> Result<String, String> {
    let own = client.scopes(&facts.file);
    let Some(asked) = asked else {
        // RFC 6749 §3.3: a "pre-defined default value": all but what only an explicit wish gives.
        let plain = |scope: &&&str| !matches!(**scope, "openid" | "offline_access");
        let words: Vec<&str> = own.iter().filter(plain).copied().collect();
        return Ok(words.join(" "));
    };
    let words: Vec<&str> = asked.split(' ').collect();
    match words.iter().find(|word| !own.contains(*word)) {
        Some(stray) => Err((*stray).to_owned()),
        None => Ok(words.join(" ")),
    }
}
