//! The conformance harness: scenarios, rules, verdicts, reports.

pub mod catalogue;
