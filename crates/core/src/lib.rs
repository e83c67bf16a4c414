//! The words both sides of the wire speak.
//!
//! `core` opens no socket, spawns nothing, and knows neither a server nor a client
//! library; time reaches it as a [`Clock`] or as an argument.
//!
//! # Layout
//!
//! - [`clock`]: what time it is, and who says so
//! - [`clue`]: what leads from a refusal to its visible cause
//! - [`credential`]: secrets that cannot be printed
//! - [`profile`]: a vendor's facts, as its `vendor.toml` states them
//! - [`setting`]: choices where a vendor's documents are silent
//! - [`spelling`]: how a request spelled the credentials that it carried
//! - [`template`]: text with `{name}` in it
//! - [`token`]: what was issued, with its lineage
//! - [`denial`]: why a request was refused
//! - [`fault`]: deliberate misbehaviour
//! - [`handshake`]: an attempt to speak TLS
//! - [`journal`]: what passed on the wire, and what the mock made of it
//! - [`requirement`]: the catalogue's rows
//! - [`verdict`]: what a row came to
//! - [`weight`]: how many bytes a value takes

pub mod clock;
pub mod clue;
pub mod credential;
pub mod denial;
pub mod fault;
pub mod handshake;
pub mod journal;
pub mod profile;
pub mod requirement;
pub mod setting;
pub mod spelling;
pub mod template;
pub mod token;
pub mod verdict;
pub mod weight;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use clue::{Clue, Place};
pub use credential::Secret;
pub use denial::{Denial, DenialKind};
pub use fault::{Fault, FaultAction, FaultId, FaultMatch, FaultWhen};
pub use handshake::{Handshake, HandshakeResult};
pub use journal::{Entry, EntryId, Filter, Journal, Outcome};
pub use profile::Profile;
pub use requirement::{Catalogue, Level, Requirement, RequirementId};
pub use setting::{Setting, Settings};
pub use spelling::Spelling;
pub use token::{Token, TokenId, TokenKind, TokenState};
pub use verdict::Verdict;
