//! Grants that vendors share: a file each. Each takes the parsed request and answers with a token
//! or a denial; the vendor's `token` module knows the order of checks where its own differs.

pub mod assertion;
pub mod client_auth;
pub mod client_credentials;
pub mod pkce;
mod used;

pub use used::UsedAssertions;
