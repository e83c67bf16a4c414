//! Which tokens are asked for.

use locum_core::{Timestamp, Token, TokenId, TokenKind, TokenState};
use serde::{Deserialize, Serialize};

/// Which tokens are asked for: members narrow each other, an absent member takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenQuery {
    /// This one alone.
    pub id: Option<TokenId>,
    /// Issued after this one.
    pub after: Option<TokenId>,
    /// At most so many.
    pub limit: Option<usize>,
    /// Of this vendor.
    pub vendor: Option<String>,
    /// Of one of these kinds; none when there is none among them.
    pub kinds: Option<Vec<TokenKind>>,
    /// Issued to this client.
    pub client: Option<String>,
    /// Of this principal.
    pub principal: Option<String>,
    /// Of this login.
    pub login: Option<u64>,
    /// Made from this token.
    pub parent: Option<TokenId>,
    /// In this state at that time.
    pub state: Option<(TokenState, Timestamp)>,
    /// Revoked, or not.
    pub revoked: Option<bool>,
    /// Ending by time after this, or never.
    pub ends_after: Option<Timestamp>,
}

/// What a query looks at.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) id: TokenId,
    pub(super) kind: TokenKind,
    pub(super) vendor: &'a str,
    pub(super) client: Option<&'a str>,
    pub(super) principal: &'a str,
    pub(super) login: u64,
    pub(super) parent: Option<TokenId>,
    pub(super) expires: Option<Timestamp>,
    pub(super) revoked: bool,
    pub(super) spent: bool,
}

impl TokenQuery {
    /// Whether `token` is asked for; the limit is not looked at.
    pub fn fits(&self, token: &Token) -> bool {
        self.takes(&Facts {
            id: token.id,
            kind: token.kind,
            vendor: &token.vendor,
            client: token.client.as_deref(),
            principal: &token.principal,
            login: token.login,
            parent: token.parent,
            expires: token.expires,
            revoked: token.revoked,
            spent: token.spent,
        })
    }

    pub(super) fn takes(&self, token: &Facts<'_>) -> bool {
        let is = |want: Option<&String>, have: Option<&str>| {
            want.is_none_or(|want| Some(want.as_str()) == have)
        };
        self.login.is_none_or(|login| login == token.login)
            && self
                .parent
                .is_none_or(|parent| Some(parent) == token.parent)
            && self.id.is_none_or(|id| id == token.id)
            && self.after.is_none_or(|after| token.id > after)
            && self
                .kinds
                .as_ref()
                .is_none_or(|kinds| kinds.contains(&token.kind))
            && self.revoked.is_none_or(|revoked| revoked == token.revoked)
            && self
                .state
                .is_none_or(|(state, now)| token.state(now) == state)
            && self
                .ends_after
                .is_none_or(|now| token.expires.is_none_or(|end| end > now))
            && is(self.vendor.as_ref(), Some(token.vendor))
            && is(self.client.as_ref(), token.client)
            && is(self.principal.as_ref(), Some(token.principal))
    }
}

impl Facts<'_> {
    fn state(&self, now: Timestamp) -> TokenState {
        TokenState::of(self.revoked, self.spent, self.expires, now)
    }
}
