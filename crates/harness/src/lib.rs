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
//! - [`catalogue`](mod@catalogue): the requirements, each one sentence with an id and a level
//! - [`selection`]: which rows a person asks for
//! - [`plan`]: which scenarios are played, and what this target can show
//! - [`run`]: plays them; [`target`] is the vendor that answers, [`subject`] a client under test
//! - `steps`: the vocabulary of the features; Given and When act, Then says what is expected
//! - [`caller`], [`http`]: documented requests with one thing changed, sent byte for byte
//! - [`traffic`]: what clients sent that nobody asked for anything, as evidence
//! - [`evidence`]: what was seen, in order, with names in place of secrets
//! - [`rules`]: one rule for each requirement, a pure function of the evidence
//! - [`verdict`]: from findings to verdicts and the exit code
//! - [`baseline`]: what a person accepts of them for a while
//! - [`report`]: what a person reads, and the files for CI servers, browsers and programs
//!
//! # Decisions
//!
//! cucumber runs the scenarios and no more: its own verdicts know no levels and no *could not
//! tell*, and an undefined step counts as success there. Here it is our fault, and says so.

pub mod baseline;
pub mod caller;
pub mod catalogue;
mod error;
pub mod evidence;
pub mod http;
pub mod measurement;
pub mod plan;
pub mod report;
pub mod rules;
pub mod run;
pub mod selection;
mod steps;
pub mod subject;
pub mod target;
#[cfg(test)]
mod testing;
pub mod traffic;
pub mod verdict;
pub mod webhook;

pub use catalogue::catalogue;
pub use error::Error;
pub use report::Report;
pub use run::{CheckOptions, Progress, TargetKind, check};
