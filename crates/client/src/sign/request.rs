//! What is signed, with what, and the result.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use locum_core::Secret;

pub(super) const DATE: &str = "x-amz-date";
pub(super) const TOKEN: &str = "x-amz-security-token";
pub(super) const HASH: &str = "x-amz-content-sha256";

/// AWS credentials, temporary ones if they have a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsCredentials {
    /// Identifies the key; not a secret.
    pub access_key_id: String,
    /// The root of the signing key; never sent.
    pub secret_key: Secret,
    /// Sent with every request, as `x-amz-security-token`.
    pub session_token: Option<Secret>,
}

/// The parts of a request that are signed.
#[derive(Clone, Copy)]
pub struct SignableRequest<'a> {
    /// The HTTP method, upper case.
    pub method: &'a str,
    /// Path and query, as sent.
    pub target: &'a str,
    /// Headers to sign, names in any case; must include `host`, with the port if one is sent.
    pub headers: &'a [(&'a str, &'a str)],
    /// Signed by its SHA-256.
    pub body: &'a [u8],
}

impl fmt::Debug for SignableRequest<'_> {
    /// Method and path only: query, headers and body may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "{} {path}", self.method)
    }
}

/// The headers that a signature adds to a request.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `x-amz-date`, such as `20261124T100000Z`.
    pub date: String,
    /// `Authorization`: credential scope, names of the signed headers, signature.
    pub authorization: String,
    /// `x-amz-security-token`, if the credentials have one.
    pub session_token: Option<Secret>,
    /// `x-amz-content-sha256`, if the signer is set to send it.
    pub content_hash: Option<String>,
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedHeaders")
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}

/// The intermediate results of a signature, for tests and for finding a mismatch.
#[derive(Clone, PartialEq, Eq)]
pub struct Steps {
    /// Contains the session token.
    pub canonical_request: String,
    /// Algorithm, date, scope and the canonical request's SHA-256, a line each.
    pub string_to_sign: String,
    /// HMAC-SHA256 in lower-case hexadecimal.
    pub signature: String,
}

impl fmt::Debug for Steps {
    /// The canonical request holds the session token and a query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("string_to_sign", &self.string_to_sign)
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

impl SignedHeaders {
    /// Sets these headers on a request, the secret ones marked sensitive.
    pub fn apply(&self, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: &str, sensitive: bool| {
            // Not a header value only if the credentials are malformed: the vendor then refuses.
            if let Ok(mut value) = HeaderValue::from_str(value) {
                value.set_sensitive(sensitive);
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set(DATE, &self.date, false);
        set("authorization", &self.authorization, true);
        if let Some(token) = &self.session_token {
            set(TOKEN, token.expose(), true);
        }
        if let Some(hash) = &self.content_hash {
            set(HASH, hash, false);
        }
    }
}
