//! What a vendor did, from the replies to the harness's own requests.

// pub mod account;
pub mod call;
// pub mod challenge;
mod deviation;
pub mod errors;
pub mod expiry;
// pub mod fact;
pub mod further_login;
pub mod jwt;
pub mod lifetime;
pub mod login;
mod members;
// pub mod paging;
pub mod refusal;
// pub mod revocation;
pub mod secret_leakage;
// pub mod socket;
// pub mod strangers;
mod token_age;
pub mod token_reply;

use super::Rule;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[
    call::RULES,
    errors::RULES,
    expiry::RULES,
    further_login::RULES,
    jwt::RULES,
    lifetime::RULES,
    login::RULES,
    refusal::RULES,
    secret_leakage::RULES,
    token_reply::RULES,
];
