//! The harness as a caller of a vendor: documented requests, each open to one change.

mod api_request;
mod cognito;
mod cognito_request;
mod ended_token;
mod frames;
mod identity_pool;
mod oauth;
mod others;
mod person;
mod sigv4;
mod socket_request;
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
