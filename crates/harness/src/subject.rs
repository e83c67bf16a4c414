//! Who is judged.

mod ask;
mod driver;
pub mod reference;

use futures_util::future::BoxFuture;

pub use ask::{Answer, Ask, Which};

/// A client under test, however it is reached. Each variant of the protocol `locum/1` (in
/// process, a program per scenario, lines on stdio, pulled over HTTP) is one implementation.
pub trait ClientSubject: Send {
    /// What it calls itself.
    fn name(&self) -> &str;

    /// The capabilities that it claims: `concurrency`, `clock_offset`, …
    fn caps(&self) -> &[&'static str];

    /// Asks for one thing. Several asks may be under way at once.
    fn ask(&self, ask: Ask) -> BoxFuture<'static, Answer>;
}

/// Makes a fresh client of a vendor for each scenario, with a seed for its random choices.
pub type ClientMaker =
    std::sync::Arc<dyn Fn(&locum_core::Profile, u64) -> Box<dyn ClientSubject> + Send + Sync>;
