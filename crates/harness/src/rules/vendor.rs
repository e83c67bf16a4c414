//! What a vendor did, from the replies to the harness's own requests.

mod accepted;
pub mod basic;
mod bearer_challenge;
pub mod call;
pub mod challenge;
pub mod created_url;
pub mod cross_client_access;
mod deviation;
mod effect;
mod ended_token;
pub mod errors;
pub mod expiry;
pub mod fact;
pub mod further_login;
mod http;
mod http_syntax;
mod identity_pool;
pub mod jwt;
pub mod lifetime;
pub mod limited_token;
pub mod login;
mod login_ends;
mod members;
mod oauth_error;
pub mod paging;
pub mod password;
mod pool_reply;
pub mod refresh;
pub mod refresh_revocation;
pub mod refusal;
mod renewed_tokens;
pub mod revocation;
mod revocation_reply;
mod rotation;
mod same_answer;
pub mod secret_leakage;
pub mod signature;
mod signature_scope;
pub mod socket;
mod socket_frames;
mod token_age;
mod token_head;
mod token_members;
pub mod token_reply;
mod token_revocation;
mod token_room;
mod upgrade;

use super::Rule;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[
    accepted::RULES,
    basic::RULES,
    bearer_challenge::RULES,
    call::RULES,
    challenge::RULES,
    created_url::RULES,
    cross_client_access::RULES,
    errors::RULES,
    expiry::RULES,
    fact::RULES,
    further_login::RULES,
    http::RULES,
    http_syntax::RULES,
    identity_pool::RULES,
    jwt::RULES,
    lifetime::RULES,
    limited_token::RULES,
    login::RULES,
    login_ends::RULES,
    oauth_error::RULES,
    paging::RULES,
    password::RULES,
    pool_reply::RULES,
    refresh::RULES,
    refresh_revocation::RULES,
    refusal::RULES,
    renewed_tokens::RULES,
    revocation::RULES,
    revocation_reply::RULES,
    rotation::RULES,
    same_answer::RULES,
    secret_leakage::RULES,
    signature::RULES,
    signature_scope::RULES,
    socket::RULES,
    socket_frames::RULES,
    token_head::RULES,
    token_members::RULES,
    token_reply::RULES,
    upgrade::RULES,
    token_revocation::RULES,
    token_room::RULES,
];
