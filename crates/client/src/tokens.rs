//! The tokens of one token response.

use http::HeaderValue;
use locum_core::Secret;

use crate::error::Error;

/// The tokens of one token response.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    /// The value of `Authorization`, marked sensitive: made once, sent with every request.
    pub(crate) bearer: HeaderValue,
    /// Of OpenID Connect; an identity pool takes it in exchange for AWS credentials.
    pub(crate) id: Option<Secret>,
    pub(crate) refresh: Option<Secret>,
}

/// `Bearer` and one space, whatever the letter case of `token_type` (RFC 6750 §2.1).
///
/// # Errors
/// When the token holds anything but visible ASCII.
pub(crate) fn bearer_header(token: &str) -> Result<HeaderValue, Error> {
    const INVALID: Error = Error::Malformed("the access token is not a valid header value");
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(INVALID);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| INVALID)?;
    value.set_sensitive(true);
    Ok(value)
}
