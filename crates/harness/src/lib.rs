//! The conformance harness: it judges a vendor's endpoint, or a client, from the wire alone.
//!
//! It names no vendor: facts come as [`Profile`](locum_core::Profile) values, scenarios from the
//! features, sentences and levels from the catalogue. It meets the mocks on the wire only, through
//! their control API and the vendors' own paths.
//!
//! # Layout
//!
//! In the order in which a run passes through them:
//!
//! - [`catalogue`](mod@catalogue): the rows, each one sentence with an id and a level
//! - [`run`]: which scenarios are played, against whom
//! - [`stage`], [`place`]: a mock's isolated world, and where a vendor answers in it
//! - [`world`], [`subject`]: what one scenario has in its hands, and the client under test
//! - `steps`: the vocabulary of the features; Given and When act, Then asks a rule
//! - [`act`], [`probe`]: documented requests with one thing changed, sent byte for byte
//! - [`ledger`]: the log, in which secrets are names
//! - [`rules`]: pure functions over the log of one scenario, from which findings come
//! - [`judge`](mod@judge): from findings to verdicts
//! - [`report`]: the table, `results.json`, `events.ndjson`
//! - [`exit`]: what the exit code says
//!
//! # Decisions
//!
//! cucumber runs the scenarios and no more: its own verdicts know no levels and no *could not
//! tell*, and an undefined step counts as success there. Here it is our fault, and says so.

pub mod act;
pub mod catalogue;
mod error;
pub mod exit;
pub mod judge;
pub mod ledger;
pub mod place;
pub mod probe;
pub mod report;
pub mod rules;
pub mod run;
pub mod stage;
mod steps;
pub mod subject;
pub mod world;

pub use catalogue::catalogue;
pub use error::Error;
pub use report::Report;
pub use run::{CheckOptions, Progress, Target, check};
