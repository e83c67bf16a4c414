//! What the harness offers a vendor in a TLS handshake, and what became of it.

use serde::{Deserialize, Serialize};

/// What a client's hello offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsOffer {
    /// TLS 1.2 and 1.3 with the suites of today; the certificate is looked at.
    Modern,
    /// Nothing but SSL 3.0 (RFC 7568).
    Ssl3,
    /// Nothing but TLS 1.0 (RFC 8996).
    Tls10,
    /// Nothing but TLS 1.1 (RFC 8996).
    Tls11,
    /// TLS 1.2 with nothing but suites without encryption, with RC4 or for export (RFC 9325 §4.1).
    BrokenSuites,
    /// TLS 1.2 with nothing but suites without forward secrecy (RFC 9325 §4.1).
    StaticRsa,
}

impl TlsOffer {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Modern,
        Self::Ssl3,
        Self::Tls10,
        Self::Tls11,
        Self::BrokenSuites,
        Self::StaticRsa,
    ];

    /// In words, as the features have it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Modern => "TLS 1.2 and 1.3",
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::BrokenSuites => "broken suites",
            Self::StaticRsa => "static RSA",
        }
    }
}

/// What became of a handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsAnswer {
    /// The vendor took the offer.
    Taken,
    /// The vendor's certificate is not accepted, and the first reason.
    Certificate(String),
    /// The vendor refused, by an alert or by the end of the connection.
    Refused(String),
    /// There is no saying, and why.
    Unknown(String),
}

impl TlsAnswer {
    /// In words: `taken`, `refused by alert 70`, …
    pub fn words(&self) -> String {
        match self {
            Self::Taken => "taken".to_owned(),
            Self::Certificate(reason) => format!("the certificate is not accepted: {reason}"),
            Self::Refused(how) => format!("refused by {how}"),
            Self::Unknown(why) => format!("not told: {why}"),
        }
    }
}
