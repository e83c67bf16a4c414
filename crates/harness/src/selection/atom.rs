//! The words of a selection.

use std::fmt;

use locum_core::Requirement;
use locum_core::requirement::Judge;

use crate::catalogue::{area, catalogue};

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Atom {
    /// An id or a pattern of ids in capitals, at one vendor or at all.
    Id {
        pattern: String,
        vendor: Option<String>,
    },
    /// `tok`.
    Area(String),
    /// `MUST`, `SHOULD` or `MAY`.
    Level(String),
    Vendor(String),
    Judge(Judge),
    /// `vendor-doc`, `rfc` or `practice`.
    SourceKind(String),
    /// `watch`, `exec`, `stdio` or `pull`: the lowest level of a client that shows the row.
    Adoption(String),
    /// `shard:1/3`.
    Shard {
        index: usize,
        of: usize,
    },
}

impl Atom {
    /// An id or a pattern, with or without `@vendor`.
    pub(super) fn id(word: &str) -> Self {
        let (pattern, vendor) = match word.split_once('@') {
            Some((pattern, vendor)) => (pattern, Some(vendor.to_ascii_lowercase())),
            None => (word, None),
        };
        Self::Id {
            pattern: pattern.to_ascii_uppercase(),
            vendor,
        }
    }

    pub(super) fn holds(&self, row: &Requirement, vendor: &str, judge: Judge) -> bool {
        match self {
            Self::Id {
                pattern,
                vendor: at,
            } => {
                let is_there = at.as_ref().is_none_or(|at| at == vendor);
                is_there && matches(pattern.as_bytes(), row.id.0.as_bytes())
            }
            Self::Area(letters) => area::area_of(&row.id.0) == letters,
            Self::Level(word) => row.level.word() == word,
            Self::Vendor(name) => name == vendor,
            Self::Judge(side) => *side == judge,
            Self::SourceKind(kind) => row.source_kind == *kind,
            Self::Adoption(level) => adoption(row) == Some(level),
            Self::Shard { index, of } => {
                let mut rows = catalogue().rows().iter();
                let place = rows.position(|known| known.id == row.id);
                place.is_some_and(|place| place % of == index - 1)
            }
        }
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id { pattern, vendor } => match vendor {
                Some(vendor) => write!(f, "{pattern}@{vendor}"),
                None => f.write_str(pattern),
            },
            Self::Area(word)
            | Self::Level(word)
            | Self::Vendor(word)
            | Self::SourceKind(word)
            | Self::Adoption(word) => f.write_str(&word.to_ascii_lowercase()),
            Self::Judge(judge) => f.write_str(judge.word()),
            Self::Shard { index, of } => write!(f, "shard:{index}/{of}"),
        }
    }
}

/// The lowest level of a client that shows a row: the tag before its precondition.
pub(super) fn adoption(row: &Requirement) -> Option<&str> {
    let (tag, _) = row.precondition.strip_prefix('[')?.split_once(']')?;
    let of_client = tag
        .split([' ', ',', ';'])
        .find_map(|part| part.strip_prefix("client:"));
    Some(of_client.unwrap_or(tag))
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|at| matches(rest, &text[at..])),
        [first, rest @ ..] => text
            .split_first()
            .is_some_and(|(letter, text)| letter == first && matches(rest, text)),
    }
}
