//! What a vendor did, from the replies to the harness's own requests.

// pub mod account;
// pub mod call;
// pub mod challenge;
// pub mod echo;
// pub mod errors;
// pub mod expiry;
// pub mod fact;
// pub mod jwt;
// pub mod login;
// pub mod paging;
pub mod refusal;
// pub mod revocation;
// pub mod socket;
// pub mod strangers;

use super::Rule;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[refusal::RULES];
