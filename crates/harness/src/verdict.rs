//! From findings to verdicts, and what the exit code says of them.

pub mod exit;
mod finding;
mod judge;
pub(crate) mod repeats;
mod scope;

pub use finding::{Finding, Grade, Proof};
pub use judge::{Ending, EvidenceRef, Scenario, VerdictRow, judge, weight};
pub use scope::Scope;
