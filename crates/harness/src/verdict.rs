//! From findings to verdicts, and what the exit code says of them.

pub mod exit;
mod judge;

pub use judge::*;
