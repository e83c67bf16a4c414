//! The reference client: one [`Client`] for every vendor, told by the vendor's [`Profile`] what to
//! do. It names no vendor.
//!
//! A call takes its token from the cache or waits for the one fetch that is under way, sends, and
//! answers a refusal with one renewal and one replay. What may go wrong is an [`Error`] whose text
//! is safe to log.
//!
//! [`Profile`]: locum_core::Profile
//!
//! # Layout
//!
//! - [`client`](Client): calls, lists, uploads, revocation, sockets; `client/attempt` is one call
//! - [`config`](Config), [`operation`](ApiOperation), [`error`](Error): what goes in and comes out
//! - [`cache`]: one credential, fetched once and shared, for bearer tokens and AWS credentials alike
//! - [`lifetime`]: how long a token may be used; [`moment`]: now, on both clocks
//! - `family`: all that one set of credentials led to; other credentials, another family
//! - `grant`: how tokens are obtained, renewed and revoked, a file a grant
//! - [`sign`]: AWS Signature Version 4
//! - [`retry`]: when to try again, and how long to wait before
//! - `socket`: a websocket session
//! - `wire`: no redirects, credentials over TLS or loopback only
//!
//! Not here on purpose: a socket that reconnects by itself. Only the caller knows what of its
//! audio has arrived.

pub mod cache;
mod client;
mod config;
mod error;
mod family;
mod grant;
pub mod lifetime;
pub mod moment;
mod operation;
pub mod retry;
pub mod sign;
mod socket;
mod wire;

pub use client::{Client, DEFAULT_TIMEOUT, TokenView};
pub use config::{CognitoConfig, Config, Credentials};
pub use error::{Challenge, Error, ErrorKind};
pub use moment::Moment;
pub use operation::{ApiOperation, Body, ByteStream, Reply};
pub use socket::Socket;
