//! The harness as a caller of a vendor: documented requests, each open to one change.

mod api_request;
mod authorization;
pub(crate) mod cognito;
mod cognito_request;
mod ended_token;
mod entry;
mod examine;
mod forge;
mod frames;
mod identity_pool;
mod introspection;
mod login_page;
mod oauth;
mod others;
pub(crate) mod own_listener;
mod person;
mod refused_login;
mod shown_token;
mod signature;
mod sigv4;
mod socket_request;
mod special;
mod srp;
mod tls;
mod token_request;
mod upgrade;
mod user_pool;
mod variation;
mod websocket;

pub use api_request::{ApiRequest, TokenPlace};
pub(crate) use cognito::Session;
pub use cognito::User;
pub use socket_request::SocketRequest;
pub use token_request::TokenRequest;
pub(crate) use variation::{vary_call, vary_login, vary_token};
