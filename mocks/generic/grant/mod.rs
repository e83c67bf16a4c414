//! The grants of the token endpoint: a file each.

pub(super) mod client_credentials;
pub(super) mod code;
pub(super) mod password;
pub(super) mod refresh;
