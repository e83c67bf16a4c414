//! The grants of the token endpoint: a file each.

pub(super) mod client_credentials;
pub(super) mod code;
pub(super) mod password;
mod pkce;

pub(super) use pkce::is_verifier;
pub(super) mod refresh;

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Request};

use super::form::Form;
use super::realm::{Client, RealmRef};

/// Proofs of possession (RFC 9449) are not played: none of them verifies.
///
/// # Errors
/// `dpop_missing` for an empty header, `dpop_unverified`.
pub(super) fn refuse_dpop(request: &Request) -> Result<(), Denial> {
    match request.headers.get("dpop") {
        None => Ok(()),
        Some(proof) if proof.is_empty() => Err(Denial::new(DenialKind::Missing, "dpop_missing")
            .expected("no DPoP header, or one with a proof")),
        Some(_) => Err(Denial::new(DenialKind::BadSignature, "dpop_unverified")
            .expected("no DPoP header: bound tokens are not issued")),
    }
}

/// A token request whose client is proven.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenRequest<'a> {
    pub(super) mock: &'a Mock,
    pub(super) request: &'a Request,
    pub(super) realm: &'a RealmRef,
    pub(super) form: &'a Form,
    pub(super) client: &'a Client,
}

impl TokenRequest<'_> {
    /// Refuses, unless a twin pardons it.
    ///
    /// # Errors
    /// The denial, as a rule.
    fn refuse(&self, kind: DenialKind, reason: &str, got: impl Into<String>) -> Result<(), Denial> {
        let denial = Denial::new(kind, reason).got(got);
        self.mock.refuse(&self.request.endpoint, denial)
    }
}
