//! The four vendors, and the registry that names them.
//!
//! Adding a vendor is a folder here, a folder in `features/`, and one word in `registry!`;
//! `README.md` in this folder says it on one page.

#[cfg(test)]
mod wire;

use std::sync::Arc;

use locum_server::Vendor;

/// All vendors: one word each.
macro_rules! registry {
    ($($vendor:ident),* $(,)?) => {
        $(pub mod $vendor;)*

        /// Each vendor, in alphabetical order.
        pub fn vendors() -> Vec<Arc<dyn Vendor>> {
            vec![$(Arc::new($vendor::vendor())),*]
        }

        /// The words of the registry.
        pub const WORDS: &[&str] = &[$(stringify!($vendor)),*];
    };
}

registry!(athelas, corti, pattern, scribe);
