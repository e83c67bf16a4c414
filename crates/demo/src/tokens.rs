//! The tokens of one login.

/// What a token endpoint gave. It has no `Debug`: it holds secrets.
#[derive(Clone, Default)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) id: Option<String>,
    /// As the reply spells it.
    pub(crate) token_type: String,
}
