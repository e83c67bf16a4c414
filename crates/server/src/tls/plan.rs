//! What the ports of one stage do with those who want to speak TLS.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CertificateKind;

/// What a port does with those who want to speak TLS; what is left out is as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandshakePlan {
    /// The certificate that is shown.
    pub certificate: CertificateKind,
    /// The newest version that is offered; 1.2 and 1.3 are when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_version: Option<OldVersion>,
    /// Whether the connection is closed once the client has said hello.
    pub break_off: bool,
}

/// A version of TLS that nobody should use any more (RFC 8996).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OldVersion {
    /// TLS 1.1 (RFC 4346).
    #[serde(rename = "1.1")]
    Tls11,
}

impl HandshakePlan {
    /// Shows this certificate and does all else as it should be done.
    pub const fn showing(certificate: CertificateKind) -> Self {
        Self {
            certificate,
            max_version: None,
            break_off: false,
        }
    }
}
