//! The four vendors, and the registry that names them.
//!
//! Adding a vendor is a folder here, a folder in `features/`, and three words below;
//! `README.md` in this folder says it on one page. A vendor whose facts fill one file needs none of
//! that: [`generic`] reads it.

pub mod athelas;
pub mod corti;
#[cfg(test)]
mod every_vendor;
pub mod generic;
pub mod pattern;
pub mod scribe;

use std::sync::Arc;

use locum_server::Vendor;

/// The slugs of the vendors, in alphabetical order.
pub const SLUGS: &[&str] = &["athelas", "corti", "pattern", "scribe"];

/// Each vendor, in alphabetical order.
pub fn vendors() -> Vec<Arc<dyn Vendor>> {
    vec![
        Arc::new(athelas::vendor()),
        Arc::new(corti::vendor()),
        Arc::new(pattern::vendor()),
        Arc::new(scribe::vendor()),
    ]
}
