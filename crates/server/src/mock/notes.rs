//! What an exchange leaves in the journal beside its bytes.

use locum_core::{Denial, Entry, Outcome, TokenId};
use serde_json::{Map, Value};

use super::Mock;
use crate::redact::Redactor;
use crate::store::StoreError;

/// What an exchange leaves in the journal.
#[derive(Debug, Default)]
pub(crate) struct ExchangeNotes {
    pub(crate) principal: Option<String>,
    pub(crate) presented: Option<TokenId>,
    pub(crate) issued: Vec<TokenId>,
    pub(crate) granted: bool,
    pub(crate) notes: Map<String, Value>,
    /// The right to upgrade the connection.
    pub(super) upgrade: Option<hyper::upgrade::OnUpgrade>,
    /// What is wrong with the minted token that was shown.
    pub(super) minted_defect: Option<String>,
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

    /// Redacts who it is and what else is noted, before the entry takes it.
    pub(crate) async fn redact_notes(&self, redactor: &Redactor) {
        let (principal, mut notes) = {
            let mut all = self.notes();
            (all.principal.take(), std::mem::take(&mut all.notes))
        };
        let principal = match principal {
            Some(name) => Some(redactor.text(&name).await),
            None => None,
        };
        for value in notes.values_mut() {
            redactor.value(value).await;
        }
        let mut all = self.notes();
        all.principal = principal;
        all.notes = notes;
    }

    /// Names in a denial what is wrong with the minted token that the request showed.
    pub(crate) fn name_defect(&self, denial: &mut Denial) {
        if let Some(defect) = self.notes().minted_defect.take() {
            let named = format!("the token was minted with the defect `{defect}`");
            denial.difference = Some(match denial.difference.take() {
                Some(difference) => format!("{difference}; {named}"),
                None => named,
            });
        }
    }

    /// Who it is, as far as is known.
    pub(crate) fn principal(&self) -> Option<String> {
        self.notes().principal.clone()
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
        let mut all = self.notes();
        let kept = ExchangeNotes {
            upgrade: all.upgrade.take(),
            ..ExchangeNotes::default()
        };
        let notes = std::mem::replace(&mut *all, kept);
        drop(all);
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
