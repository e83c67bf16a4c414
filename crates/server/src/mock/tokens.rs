//! Tokens: issued, found, changed.

use std::time::Duration;

use locum_core::{EntryId, Secret, Token, TokenId, TokenKind, TokenState};
use serde_json::{Map, Value};

use super::Mock;
use crate::mint::{Defect, Minted};
use crate::store::{Change, StoreError, TokenQuery, digest_of};

/// Where a minted token's record keeps what is wrong with it.
pub(crate) const DEFECT: &str = "defect";

/// A token to be issued.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is.
    pub kind: TokenKind,
    /// Tenant or realm.
    pub tenant: Option<String>,
    /// The client it is for.
    pub client: Option<String>,
    /// The user, or the client itself.
    pub principal: String,
    /// The login it belongs to; see [`Mock::new_login`].
    pub login: u64,
    /// What it was made from.
    pub parent: Option<TokenId>,
    /// Granted scope.
    pub scope: String,
    /// How long it lives; `None` means for ever.
    pub lifetime: Option<Duration>,
    /// What else the vendor remembers of it.
    pub extra: Map<String, Value>,
}

impl NewToken {
    /// An ordinary token of `kind` for `principal`.
    pub fn new(
        kind: TokenKind,
        principal: impl Into<String>,
        login: u64,
        lifetime: Duration,
    ) -> Self {
        Self {
            kind,
            tenant: None,
            client: None,
            principal: principal.into(),
            login,
            parent: None,
            scope: String::new(),
            lifetime: Some(lifetime),
            extra: Map::new(),
        }
    }
}

impl Mock {
    /// A number that groups what one login leads to.
    pub fn new_login(&self) -> u64 {
        self.stage.next_login()
    }

    /// Issues `value`: the store remembers it, the journal's entry names it.
    ///
    /// Where the setting `enforce_expiry` is off, what a client shows as proof does not end by
    /// itself, whatever its reply and claims say.
    pub async fn issue(&self, value: &str, mut new: NewToken) -> Token {
        let is_proof = matches!(new.kind, TokenKind::Access | TokenKind::Id | TokenKind::Aws);
        if is_proof && !self.enforces_expiry() {
            new.lifetime = None;
        }
        let token = self.remember(value, new, Some(self.entry)).await;
        let mut notes = self.notes();
        notes.issued.push(token.id);
        notes.granted |= matches!(token.kind, TokenKind::Access | TokenKind::Aws);
        notes
            .principal
            .get_or_insert_with(|| token.principal.clone());
        token
    }

    /// Remembers a secret that the vendor gives out beside a token, such as the secret key of AWS
    /// credentials: `name` stands for it in the journal from now on.
    pub fn give_secret(&self, value: &Secret, name: String) {
        self.stage.secrets.give(value, name);
    }

    /// Whether tokens end with their lifetime: the setting `enforce_expiry`, where the vendor has it.
    pub fn enforces_expiry(&self) -> bool {
        self.optional_setting("enforce_expiry") != Some(serde_json::Value::Bool(false))
    }

    /// Remembers a token that no request made, with what is wrong with it.
    pub(crate) async fn keep_minted(
        &self,
        minted: Minted,
        defect: Option<Defect>,
    ) -> Result<Token, StoreError> {
        let mut new = minted.token;
        if let Some(defect) = defect {
            new.extra.insert(DEFECT.into(), defect.as_str().into());
        }
        let mut token = self.remember(&minted.value, new, None).await;
        if let Some(failure) = self.store_failure() {
            return Err(failure);
        }
        let now = self.now();
        let change = match defect {
            Some(Defect::Expired) => {
                let before = now.minus(Duration::from_secs(1));
                let end = token.expires.map_or(before, |end| end.min(before));
                token.expires = Some(end);
                Change::Expire(end)
            }
            Some(Defect::Revoked) => {
                token.revoked = true;
                Change::Revoke
            }
            _ => return Ok(token),
        };
        self.stage.store.change(token.id, change, now).await?;
        Ok(token)
    }

    async fn remember(&self, value: &str, new: NewToken, entry: Option<EntryId>) -> Token {
        let now = self.now();
        let mut token = Token {
            id: TokenId(0),
            kind: new.kind,
            vendor: self.profile().vendor.clone(),
            tenant: new.tenant,
            client: new.client,
            principal: new.principal,
            login: new.login,
            parent: new.parent,
            entry,
            scope: new.scope,
            issued: now,
            expires: new.lifetime.map(|lifetime| now.plus(lifetime)),
            revoked: false,
            spent: false,
            uses: 0,
            last_used: None,
            extra: new.extra,
        };
        let inserted = self.stage.store.insert(digest_of(value), &mut token).await;
        self.answered(inserted);
        token
    }

    /// The token with this value, if this vendor issued it on this stage.
    pub async fn find(&self, value: &str) -> Option<Token> {
        let found = self.stage.store.find(digest_of(value)).await;
        let token = self.answered(found).flatten()?;
        let token = (token.vendor == self.profile().vendor).then_some(token)?;
        // A forged token was never issued, whatever the stage remembers of it.
        match token.extra.get(DEFECT).and_then(Value::as_str) {
            None => Some(token),
            Some(defect) => {
                let mut notes = self.notes();
                notes.minted_defect = Some(defect.to_owned());
                let issued = [Defect::Expired, Defect::Revoked].map(Defect::as_str);
                if issued.contains(&defect) {
                    return Some(token);
                }
                notes.presented = Some(token.id);
                None
            }
        }
    }

    /// Changes a token; returns it as it was before.
    pub async fn change(&self, id: TokenId, change: Change) -> Option<Token> {
        let changed = self.stage.store.change(id, change, self.now()).await;
        self.answered(changed).flatten()
    }

    /// The token of this name, if this vendor issued it on this stage.
    pub async fn token(&self, id: TokenId) -> Option<Token> {
        let found = self.stage.store.get(id).await;
        let token = self.answered(found).flatten()?;
        (token.vendor == self.profile().vendor).then_some(token)
    }

    /// This vendor's tokens that `query` asks for.
    pub async fn tokens(&self, query: TokenQuery) -> Vec<Token> {
        let vendor = Some(self.profile().vendor.clone());
        let found = self.stage.store.list(TokenQuery { vendor, ..query }).await;
        self.answered(found).unwrap_or_default()
    }

    /// Revokes this vendor's tokens that `query` asks for.
    pub async fn revoke(&self, query: TokenQuery) {
        for token in self.tokens(query).await {
            self.change(token.id, Change::Revoke).await;
        }
    }

    /// What the store answered. When it failed, the exchange is answered with 503 in the end,
    /// whatever the handler makes of the missing token.
    fn answered<T>(&self, answer: Result<T, StoreError>) -> Option<T> {
        answer
            .map_err(|failure| self.notes().store_failure = Some(failure))
            .ok()
    }

    /// A token's state by the stage's clock.
    pub fn state_of(&self, token: &Token) -> TokenState {
        match token.state(self.now()) {
            TokenState::Live if self.is_taken_for_ended(token) => TokenState::Expired,
            state => state,
        }
    }

    /// Notes in the journal that the request presented `token`.
    pub async fn note_presented_token(&self, token: &Token) {
        {
            let mut notes = self.notes();
            notes.presented = Some(token.id);
            notes.principal = Some(token.principal.clone());
        }
        let store = &self.stage.store;
        let noted = store.note_use(token.id, self.entry, self.now()).await;
        self.answered(noted);
    }
}
