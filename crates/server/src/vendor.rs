//! What a vendor has to be.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use locum_core::{Denial, DenialKind, Profile};
use serde_json::{Map, Value};

use crate::mint::{MintError, MintRequest, Minted};
use crate::principal::CanaryRules;
use crate::{Mock, Reply, Request, Routes, StageInit, Twin};

/// What a vendor keeps of one stage: its principals and its own data.
pub type VendorState = Arc<dyn Any + Send + Sync>;

/// What the stage document says of a vendor.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The first principal, flat: what most people need.
    pub credentials: Map<String, Value>,
    /// All principals.
    pub principals: Value,
    /// What fills `{name}` in the profile's `urls` and `api.sample`.
    pub params: Map<String, Value>,
}

/// Why no handler was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutingFailure {
    /// Nothing is under that path.
    Path,
    /// The path exists; these methods would be taken.
    Method(Vec<String>),
    /// The head of the request is no HTTP.
    Malformed(String),
    /// The body is larger than this many bytes.
    TooLarge(u64),
    /// The body did not arrive in time.
    TooSlow,
}

impl RoutingFailure {
    /// The denial that the profile words: `not_found`, `wrong_method`, `malformed_request`,
    /// `body_too_large`, `body_too_slow`.
    pub fn denial(&self) -> Denial {
        match self {
            Self::Path => Denial::new(DenialKind::NotFound, "not_found"),
            Self::Method(allowed) => Denial::new(DenialKind::WrongMethod, "wrong_method")
                .expected(allowed.join(" or "))
                .param("allow", allowed.join(", ")),
            Self::Malformed(fault) => {
                Denial::new(DenialKind::Malformed, "malformed_request").got(fault)
            }
            Self::TooLarge(limit) => Denial::new(DenialKind::Limit, "body_too_large")
                .expected(format!("at most {limit} bytes")),
            Self::TooSlow => Denial::new(DenialKind::Limit, "body_too_slow")
                .expected("the whole body within 30 s"),
        }
    }
}

/// A vendor: its facts, and what has to be performed.
pub trait Vendor: Send + Sync + 'static {
    /// Its facts.
    fn profile(&self) -> &Profile;

    /// Its endpoints with their handlers.
    fn routes(&self) -> Routes;

    /// A fresh state for a stage; `init.principals` has the profile's principals with what the
    /// caller gave, secrets filled in.
    ///
    /// # Errors
    /// A sentence for the caller when the principals are not of the vendor's shape.
    fn new_state(&self, init: &StageInit<'_>) -> Result<VendorState, String>;

    /// What the stage document says.
    fn document(&self, mock: &Mock) -> Document;

    /// Addresses of the profile's `urls` that the vendor names otherwise than by its root.
    fn named_urls(&self, mock: &Mock) -> Map<String, Value> {
        let _ = mock;
        Map::new()
    }

    /// Takes other principals; tokens already issued follow the vendor's rule.
    ///
    /// # Errors
    /// A sentence for the caller when they are not of the vendor's shape; then nothing changes.
    fn change_principals(&self, mock: &Mock, principals: Value) -> Result<(), String>;

    /// Mints a token that nobody logged in for. The caller's own claims go before the vendor's.
    ///
    /// # Errors
    /// Sentences for the caller: kinds, defects or members that its tokens have not.
    fn mint(&self, mock: &Mock, request: &MintRequest) -> Result<Minted, MintError> {
        let _ = (mock, request);
        let vendor = &self.profile().vendor;
        Err(MintError::new(
            format!("`{vendor}` mints no tokens"),
            "log in for one",
        ))
    }

    /// Whether a key signs its tokens on `mock`'s stage, which can be rotated.
    fn has_signing_key(&self, mock: &Mock) -> bool {
        let _ = mock;
        false
    }

    /// The path by which an endpoint is found: as the client spelled it, unless the vendor's server
    /// decodes it before it routes. What `%25` stands for is decoded later, with the parameters.
    fn routed_path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(path)
    }

    /// The reply where no handler was reached.
    fn routing_failure(&self, mock: &Mock, request: &Request, failure: &RoutingFailure) -> Reply {
        let _ = request;
        Reply::denied(mock.profile(), failure.denial())
    }

    /// Whether a client that the caller gives neither `client_secret` nor `public` has a secret,
    /// which is then drawn from the seed; otherwise it is a public client.
    fn draws_client_secrets(&self) -> bool {
        true
    }

    /// What canary credentials may consist of.
    fn canary_rules(&self) -> CanaryRules {
        CanaryRules::default()
    }

    /// Its evil twins.
    fn twins(&self) -> &'static [Twin] {
        &[]
    }
}
