//! What a vendor did, from the replies to the harness's own requests.

mod accepted;
mod authorize;
mod authorize_response;
pub mod basic;
mod bearer_challenge;
mod brute_force;
pub mod call;
pub mod challenge;
mod check_order;
mod code;
mod created_thing;
pub mod created_url;
pub mod cross_client_access;
mod deletion;
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
mod introspection;
mod issued_jwt;
pub mod jwt;
mod key_set;
pub mod lifetime;
pub mod limited_token;
mod list;
mod list_order;
mod list_window;
pub mod login;
mod login_ends;
mod login_of_others;
mod login_page;
mod members;
mod metadata;
mod mixed_clients;
#[cfg(test)]
mod nothing_there_tests;
mod numbered_pages;
mod oauth_error;
pub mod paging;
pub mod password;
mod password_proof;
mod permission;
mod pool_challenge;
mod pool_expiry;
mod pool_preflight;
mod pool_protocol;
mod pool_reply;
mod pool_user;
pub mod refresh;
pub mod refresh_revocation;
pub mod refusal;
mod refused_login;
mod registered_claims;
mod registration;
mod renewed_tokens;
pub mod revocation;
mod revocation_reply;
mod rotation;
mod same_answer;
mod scope;
mod second_api;
mod second_factor;
pub mod secret_leakage;
mod shown_token;
pub mod signature;
mod signature_refusal;
mod signature_scope;
pub mod socket;
mod socket_close;
mod socket_configuration;
mod socket_conversation;
mod socket_frames;
mod socket_owner;
mod socket_session;
mod socket_tenant;
mod sorted_list;
mod srp_login;
mod task;
mod task_document;
mod task_list;
mod template;
mod tenant;
mod tls;
mod token_age;
mod token_head;
mod token_life;
mod token_members;
pub mod token_reply;
mod token_revocation;
mod token_room;
mod unknown_route;
mod unsigned;
mod upgrade;
mod userinfo;
mod weak_password;

use super::Rule;

/// The rules, a list a topic.
pub(super) const TOPICS: &[&[Rule]] = &[
    accepted::RULES,
    authorize::RULES,
    authorize_response::RULES,
    basic::RULES,
    bearer_challenge::RULES,
    brute_force::RULES,
    call::RULES,
    challenge::RULES,
    check_order::RULES,
    code::RULES,
    created_thing::RULES,
    created_url::RULES,
    cross_client_access::RULES,
    deletion::RULES,
    errors::RULES,
    expiry::RULES,
    fact::RULES,
    further_login::RULES,
    http::RULES,
    http_syntax::RULES,
    introspection::RULES,
    issued_jwt::RULES,
    identity_pool::RULES,
    jwt::RULES,
    key_set::RULES,
    lifetime::RULES,
    metadata::RULES,
    mixed_clients::RULES,
    limited_token::RULES,
    list::RULES,
    list_order::RULES,
    list_window::RULES,
    login::RULES,
    login_ends::RULES,
    login_of_others::RULES,
    login_page::RULES,
    numbered_pages::RULES,
    oauth_error::RULES,
    paging::RULES,
    password::RULES,
    password_proof::RULES,
    pool_preflight::RULES,
    permission::RULES,
    pool_challenge::RULES,
    pool_protocol::RULES,
    pool_reply::RULES,
    pool_user::RULES,
    refresh::RULES,
    refresh_revocation::RULES,
    refusal::RULES,
    registered_claims::RULES,
    registration::RULES,
    renewed_tokens::RULES,
    revocation::RULES,
    revocation_reply::RULES,
    rotation::RULES,
    same_answer::RULES,
    scope::RULES,
    second_api::RULES,
    second_factor::RULES,
    secret_leakage::RULES,
    shown_token::RULES,
    signature::RULES,
    signature_refusal::RULES,
    signature_scope::RULES,
    socket::RULES,
    socket_close::RULES,
    socket_configuration::RULES,
    socket_conversation::RULES,
    socket_frames::RULES,
    socket_owner::RULES,
    socket_session::RULES,
    socket_tenant::RULES,
    sorted_list::RULES,
    srp_login::RULES,
    task::RULES,
    task_document::RULES,
    task_list::RULES,
    template::RULES,
    tenant::RULES,
    tls::RULES,
    token_head::RULES,
    token_life::RULES,
    token_members::RULES,
    token_reply::RULES,
    unsigned::RULES,
    upgrade::RULES,
    userinfo::RULES,
    token_revocation::RULES,
    token_room::RULES,
    unknown_route::RULES,
    weak_password::RULES,
];
