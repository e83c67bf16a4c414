//! One vendor on one stage: what every handler receives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use locum_core::{
    Clock, Denial, Entry, EntryId, Outcome, Profile, Secret, Timestamp, Token, TokenId, TokenKind,
    TokenState,
};
use serde_json::{Map, Value};

use crate::stage::Stage;
use crate::store::{Change, digest_of};
use crate::{Twin, Vendor};

/// One vendor on one stage, for the length of one exchange.
#[derive(Clone)]
pub struct Mock {
    /// The vendor.
    pub vendor: Arc<dyn Vendor>,
    /// The world it is in.
    pub stage: Arc<Stage>,
    /// The URL of the vendor's root as this client addressed it, without a slash at the end.
    pub base: String,
    traces: Arc<Mutex<Traces>>,
    upgrade: Arc<Mutex<Option<hyper::upgrade::OnUpgrade>>>,
    entry: EntryId,
}

/// What an exchange leaves in the journal.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    pub(crate) principal: Option<String>,
    pub(crate) presented: Option<TokenId>,
    pub(crate) issued: Vec<TokenId>,
    pub(crate) granted: bool,
    pub(crate) notes: Map<String, Value>,
    /// What the reply may repeat and the journal must not, with the name that stands for it.
    concealed: Vec<(Secret, String)>,
}

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
    /// `vendor` on `stage`, outside of any exchange.
    pub fn new(vendor: Arc<dyn Vendor>, stage: Arc<Stage>, base: String) -> Self {
        Self {
            vendor,
            stage,
            base,
            traces: Arc::default(),
            upgrade: Arc::default(),
            entry: EntryId(0),
        }
    }

    /// The same for the exchange of `entry`, with the right to upgrade its connection.
    pub(crate) fn at(mut self, entry: EntryId, upgrade: Option<hyper::upgrade::OnUpgrade>) -> Self {
        self.entry = entry;
        self.upgrade = Arc::new(Mutex::new(upgrade));
        self
    }

    /// The right to upgrade the connection; the first caller has it.
    pub(crate) fn take_upgrade(&self) -> Option<hyper::upgrade::OnUpgrade> {
        self.upgrade
            .lock()
            .expect("no code panics while it holds the upgrade")
            .take()
    }

    /// Whether the connection can be upgraded: the request was HTTP/1.1, asked for it, and nobody
    /// has taken the right to it yet.
    pub fn can_upgrade(&self) -> bool {
        self.upgrade
            .lock()
            .expect("no code panics while it holds the upgrade")
            .is_some()
    }

    /// The vendor's facts.
    pub fn profile(&self) -> &Profile {
        self.vendor.profile()
    }

    /// The stage's time.
    pub fn now(&self) -> Timestamp {
        self.stage.clock.now()
    }

    /// The vendor's state on this stage; `T` is what its `open` made.
    pub fn state<T: Send + Sync + 'static>(&self) -> Arc<T> {
        let state = self.stage.vendor_state(&self.profile().vendor);
        state.downcast().unwrap_or_else(|_| {
            panic!(
                "`{}` asked for a state it did not make",
                self.profile().vendor
            )
        })
    }

    /// The value of the vendor's setting `name` (without the vendor's word).
    pub fn setting(&self, name: &str) -> Value {
        self.stage
            .setting(&format!("{}.{name}", self.profile().vendor))
    }

    /// [`setting`](Self::setting) as text; empty when it is none.
    pub fn setting_text(&self, name: &str) -> String {
        match self.setting(name) {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }

    /// [`setting`](Self::setting) as a switch.
    pub fn setting_on(&self, name: &str) -> bool {
        self.setting(name) == Value::Bool(true)
    }

    /// [`setting`](Self::setting) as a number; 0 when it is none.
    pub fn setting_u64(&self, name: &str) -> u64 {
        self.setting(name).as_u64().unwrap_or(0)
    }

    /// Refuses, unless the stage's evil twin pardons just that: each check of a credential goes
    /// through here, so that a twin needs no switch in the vendor's code.
    ///
    /// # Errors
    /// The denial, as a rule.
    pub fn refuse(&self, endpoint: &str, denial: Denial) -> Result<(), Denial> {
        match self.twin() {
            Some(twin) if (twin.pardons)(endpoint, &denial) => Ok(()),
            _ => Err(denial),
        }
    }

    /// Whether the effect called `name` happens: it does, unless the stage's evil twin skips it.
    pub fn acts(&self, name: &str) -> bool {
        self.twin().is_none_or(|twin| !twin.skips.contains(&name))
    }

    /// The stage's evil twin, when it is one of this vendor's.
    pub fn twin(&self) -> Option<&'static Twin> {
        let name = self.stage.twin_of(&self.profile().vendor)?;
        self.vendor.twins().iter().find(|twin| twin.name == name)
    }

    /// A number that groups what one login leads to.
    pub fn new_login(&self) -> u64 {
        self.stage.next_login()
    }

    /// Issues `value`: the store remembers it, the journal's entry names it.
    pub async fn issue(&self, value: &str, new: NewToken) -> Token {
        let now = self.now();
        let token = Token {
            id: TokenId(0),
            kind: new.kind,
            vendor: self.profile().vendor.clone(),
            tenant: new.tenant,
            client: new.client,
            principal: new.principal,
            login: new.login,
            parent: new.parent,
            entry: Some(self.entry),
            scope: new.scope,
            issued: now,
            expires: new.lifetime.map(|lifetime| now.plus(lifetime)),
            revoked: false,
            spent: false,
            uses: 0,
            last_used: None,
            extra: new.extra,
        };
        let token = self.stage.store.insert(digest_of(value), token).await;
        let mut traces = self.traces();
        traces.issued.push(token.id);
        traces.granted |= matches!(token.kind, TokenKind::Access | TokenKind::Aws);
        traces
            .principal
            .get_or_insert_with(|| token.principal.clone());
        token
    }

    /// The token with this value, if this vendor issued it on this stage.
    pub async fn find(&self, value: &str) -> Option<Token> {
        let token = self.stage.store.find(digest_of(value)).await?;
        (token.vendor == self.profile().vendor).then_some(token)
    }

    /// Changes a token; returns it as it was before.
    pub async fn change(&self, id: TokenId, change: Change) -> Option<Token> {
        self.stage.store.change(id, change).await
    }

    /// This vendor's tokens that `pick` takes.
    pub async fn tokens(&self, pick: impl Fn(&Token) -> bool + Sync) -> Vec<Token> {
        let vendor = self.profile().vendor.clone();
        self.stage
            .store
            .list(&move |token: &Token| token.vendor == vendor && pick(token))
            .await
    }

    /// Revokes all tokens of `login` of which `pick` is true.
    pub async fn revoke_login(&self, login: u64, pick: impl Fn(&Token) -> bool + Sync) {
        for token in self
            .tokens(|token| token.login == login && pick(token))
            .await
        {
            self.change(token.id, Change::Revoke).await;
        }
    }

    /// A token's state by the stage's clock.
    pub fn state_of(&self, token: &Token) -> TokenState {
        token.state(self.now())
    }

    /// Notes in the journal that the request presented `token`.
    pub async fn presented(&self, token: &Token) {
        {
            let mut traces = self.traces();
            traces.presented = Some(token.id);
            traces.principal = Some(token.principal.clone());
        }
        self.change(token.id, Change::Use(self.entry)).await;
    }

    /// Notes in the journal who it is.
    pub fn note_principal(&self, name: impl Into<String>) {
        self.traces().principal = Some(name.into());
    }

    /// Notes something else in the journal.
    pub fn note(&self, name: &str, value: impl Into<Value>) {
        self.traces().notes.insert(name.to_owned(), value.into());
    }

    /// Keeps `value` out of this exchange's journal entry: where the reply or the denial repeats
    /// it, its name stands.
    pub async fn conceal(&self, value: &str) {
        if value.is_empty() {
            return;
        }
        let name = match self.find(value).await {
            Some(token) => token.name(),
            None => "«unknown»".to_owned(),
        };
        let mut traces = self.traces();
        traces.concealed.push((Secret::new(value), name));
        traces
            .concealed
            .sort_by_key(|(value, _)| std::cmp::Reverse(value.expose().len()));
    }

    /// `text` with names in place of what is concealed, also where JSON escapes it.
    pub(crate) fn concealing(&self, text: &str) -> String {
        let traces = self.traces();
        traces
            .concealed
            .iter()
            .fold(text.to_owned(), |text, (value, name)| {
                let quoted = Value::from(value.expose()).to_string();
                text.replace(value.expose(), name)
                    .replace(quoted.trim_matches('"'), name)
            })
    }

    /// Draws from the stage's chance.
    pub fn chance<T>(&self, draw: impl FnOnce(&mut dyn rand::Rng) -> T) -> T {
        self.stage.chance(draw)
    }

    /// A UUID from the stage's chance.
    pub fn uuid(&self) -> String {
        self.chance(crate::principal::uuid)
    }

    /// `length` letters and digits from the stage's chance.
    pub fn word(&self, length: usize) -> String {
        self.chance(|chance| crate::principal::word(chance, length))
    }

    /// The URL of `path` below the vendor's root.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn traces(&self) -> std::sync::MutexGuard<'_, Traces> {
        self.traces
            .lock()
            .expect("no code panics while it holds the traces")
    }

    /// Puts the traces into the exchange's entry.
    pub(crate) fn leave_traces(&self, entry: &mut Entry, outcome: Option<Outcome>) {
        let traces = std::mem::take(&mut *self.traces());
        let made = if traces.granted {
            Outcome::Granted
        } else {
            Outcome::Served
        };
        entry.outcome = Some(outcome.unwrap_or(made));
        entry.principal = traces.principal;
        entry.presented = traces.presented;
        entry.issued = traces.issued;
        entry.notes.extend(traces.notes);
    }
}

impl std::fmt::Debug for Mock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mock")
            .field("vendor", &self.profile().vendor)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
