//! AWS Signature Version 4: the signing side.
//!
//! # Layout
//!
//! - [`canonical`]: the canonical request, a function a part
//! - `key`: the signing key, derived once a day
//! - `request`: what is signed, with what, and the result
//! - `signer`: string to sign, signature, headers
//! - `skew`: the difference to the vendor's clock

pub mod canonical;
mod key;
mod request;
mod signer;
mod skew;

pub use request::{AwsCredentials, SignableRequest, SignedHeaders, Steps};
pub use signer::Signer;
pub(crate) use skew::{Skew, is_date_refusal};
