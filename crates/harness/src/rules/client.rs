//! What a client under test did, from the mock's journal and from its own answers.

// pub mod pool;
// pub mod request;
// pub mod tokens;

use super::Rule;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[];
