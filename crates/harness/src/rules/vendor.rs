//! What a vendor did, from the replies to the harness's own requests.

pub mod basic;
// pub mod call;
pub mod challenge;
pub mod created_url;
pub mod cross_client_access;
// pub mod echo;
mod effect;
// pub mod errors;
// pub mod expiry;
pub mod fact;
// pub mod jwt;
mod lifetime;
pub mod limited_token;
// pub mod login;
pub mod paging;
pub mod password;
pub mod refresh;
pub mod refresh_revocation;
pub mod refusal;
pub mod revocation;
pub mod signature;
pub mod socket;

use super::Rule;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[
    basic::RULES,
    challenge::RULES,
    created_url::RULES,
    cross_client_access::RULES,
    fact::RULES,
    limited_token::RULES,
    paging::RULES,
    password::RULES,
    refresh::RULES,
    refresh_revocation::RULES,
    refusal::RULES,
    revocation::RULES,
    signature::RULES,
    socket::RULES,
];
