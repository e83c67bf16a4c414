//! AWS Signature Version 4, verified over the bytes as received.
//!
//! The target and the header lines are read as they stood on the wire, never through a framework's
//! paths and queries. This is a program of its own: it shares nothing with any signer.
//!
//! # Layout
//!
//! - `claim`: what the request claims, from its `Authorization` header or its query
//! - `signed_headers`: what is wrong with its list of signed headers
//! - `canonical`: the canonical request and the string to sign
//! - `verify`: the checks in API Gateway's order
//! - `explain`: which mistake of a signer would give the received signature
//! - `admit`: the guard
//! - `presign`: URLs that hold the grant themselves

mod admit;
mod canonical;
mod claim;
mod explain;
mod presign;
mod signed_headers;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;
mod verify;

use std::time::Duration;

use locum_core::{Secret, Timestamp};

pub use admit::{Known, admit};
pub use presign::{Presign, presign};
pub use verify::{Verified, verify};

/// The parts of a request that a signature may cover.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query as they stand in the request line.
    pub target: &'a str,
    /// The header lines in order.
    pub lines: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// The first value of header `name`.
    fn header(&self, name: &str) -> Option<&str> {
        self.lines
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target, |(path, _)| path)
    }

    fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// What the service signs for, and what it lets pass where AWS's documents are silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Region of the credential scope.
    pub region: String,
    /// Service of the credential scope.
    pub service: String,
    /// How far the signature's date may be from the clock.
    pub skew: Duration,
    /// How paths and queries are spelled.
    pub spelling: Spelling,
    /// Where the payload hash is from.
    pub payload: Payload,
    /// Whether `x-amz-security-token` may be left out of the signed headers.
    pub unsigned_token: bool,
    /// Whether `x-amz-content-sha256` may be left out of the signed headers.
    pub unsigned_content_sha256: bool,
    /// Whether any other `x-amz-*` header that is present may be left out of the signed headers.
    pub unsigned_amz_headers: bool,
    /// Whether a header that is named among the signed ones and is not in the request is refused
    /// before any signature is computed, instead of counting as empty.
    pub refuse_absent_header: bool,
    /// Whether a list of signed headers that is not sorted, not in lower case, or names a header
    /// twice is refused before any signature is computed, instead of as a wrong signature.
    pub refuse_malformed_list: bool,
    /// Whether the reply to a wrong signature shows the canonical request.
    pub echo_canonical: bool,
}

/// How paths and queries are spelled in the canonical request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// Whether `//`, `.` and `..` are resolved.
    pub normalize: bool,
    /// Whether the path is encoded once more; S3 alone does not.
    pub double_encode: bool,
    /// Whether a `+` in the query is a space.
    pub plus_is_space: bool,
}

/// Where the payload hash is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// From the body, or `UNSIGNED-PAYLOAD` where that is taken.
    Body(Unsigned),
    /// From `x-amz-content-sha256` whatever the body is; from the body where there is no such header.
    Claimed,
    /// `UNSIGNED-PAYLOAD` always: S3's presigned URLs.
    Never,
}

/// When `x-amz-content-sha256: UNSIGNED-PAYLOAD` is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// Never.
    Refuse,
    /// When the header itself is signed.
    IfSigned,
    /// Always.
    Accept,
}

/// Credentials of an access key id.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The secret access key.
    pub secret: Secret,
    /// The session token that has to come with it.
    pub session_token: Option<Secret>,
    /// When they end, if they do.
    pub expires: Option<Timestamp>,
    /// Whether they were ended before their time.
    pub revoked: bool,
}
