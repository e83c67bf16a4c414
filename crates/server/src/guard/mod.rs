//! Ways of showing a token, and their checks: a file each.
//!
//! A vendor's API handler can't be reached without proof: a guard is the only maker of an
//! [`Admitted`], and handlers take it as an argument.

pub mod bearer;
pub mod sigv4;

use locum_core::Token;

/// Proof that a guard let the request pass.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The token, or the temporary credentials, that the request presented.
    pub token: Token,
    _proof: Proof,
}

#[derive(Clone, Copy, Debug)]
struct Proof;

impl Admitted {
    const fn by(token: Token) -> Self {
        Self {
            token,
            _proof: Proof,
        }
    }
}
