//! Evil twins: a mock with one thing deliberately wrong, so that a judge can be judged.
//!
//! A twin acts at four seams and nowhere else; the vendors' code knows none of them by name.

use locum_core::Denial;
use serde_json::Value;

use crate::{Reply, Request};

/// A mock with one thing wrong.
#[derive(Clone, Copy)]
pub struct Twin {
    /// Its name in the zoo, such as `any-secret`.
    pub name: &'static str,
    /// What it does wrong, in a phrase.
    pub wrong: &'static str,
    /// Seam *settings*: values it has instead of the defaults, by the setting's full name.
    pub settings: fn() -> Vec<(&'static str, Value)>,
    /// Seam *verify*: whether a denial at this endpoint is pardoned, as if the check had passed.
    pub pardons: fn(endpoint: &str, denial: &Denial) -> bool,
    /// Seam *issue*: effects that do not happen, such as `revoke_access`.
    pub skips: &'static [&'static str],
    /// Seam *reply*: the last word on a reply.
    pub rewrite: fn(endpoint: &str, request: &Request, reply: Reply) -> Reply,
}

impl Twin {
    /// A twin with nothing wrong yet: fill in one seam.
    pub const fn named(name: &'static str, wrong: &'static str) -> Self {
        Self {
            name,
            wrong,
            settings: Vec::new,
            pardons: |_, _| false,
            skips: &[],
            rewrite: |_, _, reply| reply,
        }
    }
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twin")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
