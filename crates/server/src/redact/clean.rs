//! Texts that were looked through and hold nothing to be replaced. Most of what exchanges say has been
//! said before: `Accept`, `Content-Type`, the target.
//!
//! What is remembered depends on the text and the stage's secrets alone, and lives as long as these
//! stay the same. Whoever asks looks for what the exchange itself showed besides.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock};

use crate::memory::{Account, Charge};

/// How many texts are remembered; one whose place is taken is looked through each time.
const PLACES: usize = 128;

/// Longest text and longest name of one that are remembered, in bytes.
const MAX_LENGTH: usize = 64;

/// What kind of text it is, which says how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// A header line of this name.
    Line,
    /// A body of this media type.
    Body,
    /// A target.
    Target,
    /// A text of the mock's own.
    Words,
}

/// Texts that hold nothing.
#[derive(Debug)]
pub(super) struct Clean {
    places: Box<[OnceLock<Text>]>,
    charge: Mutex<Charge>,
}

struct Text {
    kind: Kind,
    name: Box<str>,
    text: Box<str>,
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text").finish_non_exhaustive()
    }
}

impl Clean {
    /// None yet; their bytes count on `account`.
    pub(super) fn on(account: &Arc<Account>) -> Self {
        let places = std::iter::repeat_with(OnceLock::new).take(PLACES).collect();
        let mut charge = Charge::on(account);
        charge.set(PLACES * size_of::<OnceLock<Text>>());
        Self {
            places,
            charge: Mutex::new(charge),
        }
    }

    /// Whether this `text` is one of them.
    pub(super) fn has(&self, kind: Kind, name: &str, text: &str) -> bool {
        let known = self.place(kind, name, text).and_then(OnceLock::get);
        known.is_some_and(|have| have.kind == kind && *have.text == *text && *have.name == *name)
    }

    /// Remembers `text` as one of them, if there is room.
    pub(super) fn add(&self, kind: Kind, name: &str, text: &str) {
        let Some(place) = self.place(kind, name, text) else {
            return;
        };
        let (name, text) = (name.into(), text.into());
        if place.set(Text { kind, name, text }).is_ok() {
            let mut charge = self
                .charge
                .lock()
                .expect("no code panics while it holds the charge");
            let bytes = charge.bytes() + place.get().map_or(0, Text::heap);
            charge.set(bytes);
        }
    }

    fn place(&self, kind: Kind, name: &str, text: &str) -> Option<&OnceLock<Text>> {
        if text.len() > MAX_LENGTH || name.len() > MAX_LENGTH {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        (kind, name, text).hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % PLACES as u64).ok()?;
        self.places.get(at)
    }
}

impl Text {
    fn heap(&self) -> usize {
        [&self.name, &self.text]
            .into_iter()
            .map(|text| locum_core::weight::text(text))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_text_is_known_and_its_bytes_are_counted() {
        let account = Account::new(usize::MAX);
        let clean = Clean::on(&account);
        let before = account.used();
        clean.add(Kind::Line, "Accept", "text/plain");
        assert!(clean.has(Kind::Line, "Accept", "text/plain"));
        for (kind, name, text) in [
            (Kind::Line, "accept", "text/plain"),
            (Kind::Line, "Accept", "text/plai"),
            (Kind::Body, "Accept", "text/plain"),
            (Kind::Line, "Accepttext", "/plain"),
        ] {
            assert!(!clean.has(kind, name, text), "{kind:?} {name} {text}");
        }
        let counted = account.used() - before;
        assert!((16..100).contains(&counted), "{counted}");
        let long = "x".repeat(MAX_LENGTH + 1);
        clean.add(Kind::Line, "Accept", &long);
        assert!(!clean.has(Kind::Line, "Accept", &long));
        for at in 0..10 * PLACES {
            clean.add(Kind::Words, "", &at.to_string());
        }
        let most = before + PLACES * 2 * (MAX_LENGTH + 16);
        assert!(account.used() <= most, "{} of {most}", account.used());
        drop(clean);
        assert_eq!(account.used(), 0);
    }
}
