//! The reference client: one [`Client`] for every vendor, driven by the vendor's [`Profile`]. It
//! names no vendor.
//!
//! An operation takes its token from the cache, or waits for the fetch in progress, and sends its
//! request; after a 401 it renews the token and repeats the request, once. An [`Error`] is safe to
//! log.
//!
//! [`Profile`]: locum_core::Profile
//!
//! # Layout
//!
//! - [`client`](Client): API operations, lists, uploads, revocation, sockets
//! - [`config`](Config), [`operation`](ApiOperation), [`error`](Error): arguments and results
//! - `session`: one set of credentials and everything obtained with it, `tokens` first
//! - [`cache`]: one credential, fetched once and shared: tokens and AWS credentials alike
//! - [`lifetime`]: how long a token may be used; [`moment`]: now, on both clocks
//! - `grant`: how tokens are obtained, refreshed and revoked, a file a grant
//! - [`sign`]: AWS Signature Version 4
//! - [`retry`]: when to repeat a request, and after which pause
//! - `socket`: a websocket session
//! - `transport`: HTTP without redirects; `address`: URLs, and which of them are confidential
//!
//! Not here on purpose: a socket that reconnects by itself. Only the caller knows which of its
//! audio has arrived.

mod address;
pub mod cache;
mod client;
mod config;
mod error;
mod grant;
pub mod lifetime;
pub mod moment;
mod operation;
pub mod retry;
mod session;
pub mod sign;
mod socket;
mod tokens;
mod transport;

pub use client::{Client, DEFAULT_TIMEOUT, TokenView};
pub use config::{CognitoConfig, Config, Credentials};
pub use error::{Challenge, Error, ErrorKind};
pub use moment::Moment;
pub use operation::{ApiOperation, Body, ByteStream, Reply};
pub use socket::Socket;
