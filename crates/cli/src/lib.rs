//! Locum stands in for four digital-health vendors' authentication and judges whoever talks to
//! them.
//!
//! This crate is the command and the facade: the only place where the two towers meet, the mock
//! vendors ([`mocks`] on [`server`]) and the judge ([`harness`] on [`client`]). Both stand on
//! [`core`], the words that both sides of the wire speak.

pub mod command;

pub use locum_client as client;
pub use locum_core as core;
pub use locum_harness as harness;
pub use locum_mocks as mocks;
pub use locum_server as server;
