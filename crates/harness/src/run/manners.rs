//! How a real endpoint is treated.

/// How a real endpoint is treated. None of it is for mocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// Whether something may be created or changed there.
    pub allow_writes: bool,
}
