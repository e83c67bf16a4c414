//! For tests alone: the wire in raw bytes, nothing interpreted on the way.
//!
//! # Layout
//!
//! - [`http`]: a request in bytes, an answer out
//! - [`websocket`]: the frames of a client, and those that a server sent
//! - [`server`]: a vendor's mock on a free port
//! - [`profile`]: the smallest vendor that grants a token and guards an API

pub mod http;
pub mod profile;
pub mod server;
pub mod websocket;

pub use http::Answer;
pub use server::TestServer;
