//! The reference client.
pub mod cache;
pub mod error;
pub mod lifetime;
pub mod moment;
pub mod sign;
