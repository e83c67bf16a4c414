//! What the demo client does at each place where clients are known to go wrong.
//!
//! The default is the honest client. A mutant is one line of `mutants.tsv` whose last column sets
//! one of these members, a style one of `styles.tsv` that may set several; nothing else in this crate
//! knows them by name.

mod requests;
mod style;
mod tokens;
mod vendors;

use serde::{Deserialize, Serialize};

pub(crate) use requests::*;
pub(crate) use style::*;
pub(crate) use tokens::*;
pub(crate) use vendors::*;

/// All switches, by the place where they act.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Which tokens are kept and when they are dropped.
    pub(crate) cache: Cache,
    /// How a token's end is found.
    pub(crate) expiry: Expiry,
    /// Who shares a token request.
    pub(crate) flight: Flight,
    /// How refresh tokens are used.
    pub(crate) refresh: Refresh,
    /// How tokens are revoked.
    pub(crate) revocation: Revocation,
    /// The form of the token request.
    pub(crate) login: Login,
    /// How replies are read.
    pub(crate) reply: Replies,
    /// The form of API requests.
    pub(crate) api: Api,
    /// What is tried again, and when.
    pub(crate) retry: Retry,
    /// What is followed to where.
    pub(crate) follow: Follow,
    /// What the caller and the log are told.
    pub(crate) tell: Tell,
    /// How the peer of a TLS connection is checked.
    pub(crate) tls: Tls,
    /// Athelas: creating a scribe.
    pub(crate) job: Job,
    /// Scribe: user pool and identity pool.
    pub(crate) cognito: Cognito,
    /// Scribe: signatures.
    pub(crate) signing: Signing,
    /// Corti: websockets.
    pub(crate) socket: Socket,
    /// Pattern: receiving webhooks.
    pub(crate) webhook: Webhook,
    /// What sound clients do differently.
    pub(crate) style: Style,
}
