//! What an exchange leaves in the journal beside its bytes.

use locum_core::{Entry, Outcome, Secret, TokenId};
use serde_json::{Map, Value};

use super::Mock;
use crate::store::StoreError;

/// What an exchange leaves in the journal.
#[derive(Debug, Default)]
pub(crate) struct ExchangeNotes {
    pub(crate) principal: Option<String>,
    pub(crate) presented: Option<TokenId>,
    pub(crate) issued: Vec<TokenId>,
    pub(crate) granted: bool,
    pub(crate) notes: Map<String, Value>,
    /// What the reply may repeat and the journal must not, with the name that stands for it.
    concealed: Vec<(Secret, String)>,
    /// Why the store did not answer.
    pub(super) store_failure: Option<StoreError>,
}

impl Mock {
    /// Notes in the journal who it is.
    pub fn note_principal(&self, name: impl Into<String>) {
        self.notes().principal = Some(name.into());
    }

    /// Notes something else in the journal.
    pub fn note(&self, name: &str, value: impl Into<Value>) {
        self.notes().notes.insert(name.to_owned(), value.into());
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
        let mut notes = self.notes();
        notes.concealed.push((Secret::new(value), name));
        notes
            .concealed
            .sort_by_key(|(value, _)| std::cmp::Reverse(value.expose().len()));
    }

    /// `text` with names in place of what is concealed, also where JSON escapes it.
    pub(crate) fn concealing(&self, text: &str) -> String {
        let notes = self.notes();
        notes
            .concealed
            .iter()
            .fold(text.to_owned(), |text, (value, name)| {
                let quoted = Value::from(value.expose()).to_string();
                text.replace(value.expose(), name)
                    .replace(quoted.trim_matches('"'), name)
            })
    }

    /// Why the store did not answer in this exchange, if it did not.
    pub(crate) fn store_failure(&self) -> Option<StoreError> {
        self.notes().store_failure.clone()
    }

    pub(crate) fn notes(&self) -> std::sync::MutexGuard<'_, ExchangeNotes> {
        self.notes
            .lock()
            .expect("no code panics while it holds the notes")
    }

    /// Puts the notes into the exchange's entry.
    pub(crate) fn apply_to(&self, entry: &mut Entry, outcome: Option<Outcome>) {
        let notes = std::mem::take(&mut *self.notes());
        let made = if notes.granted {
            Outcome::Granted
        } else {
            Outcome::Served
        };
        entry.outcome = Some(outcome.unwrap_or(made));
        entry.principal = notes.principal;
        entry.presented = notes.presented;
        entry.issued = notes.issued;
        entry.notes.extend(notes.notes);
    }
}
