//! AWS Signature Version 4, the caller's side.
//!
//! # Layout
//!
//! - [`canonical`]: the canonical request, one function a part
//! - `key`: the signing key, derived once a day
//! - `signer`: string to sign, signature, headers
//! - `skew`: what a refusal says about the clock

pub mod canonical;
mod key;
mod signer;
mod skew;

pub use signer::{AwsCredentials, SignableRequest, SignedHeaders, Signer, Steps};
pub(crate) use skew::{Skew, blames_date};
