//! What the four vendors' pages say to a client.

use std::time::Duration;

use crate::behaviour::{AuthMethod, Unit};

/// How a token is obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// A form with user name and password.
    Password,
    /// Client id and secret.
    ClientCredentials(AuthMethod),
    /// Amazon Cognito.
    Cognito,
}

/// One vendor, seen by a client.
#[derive(Debug)]
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    pub(crate) grant: Grant,
    pub(crate) scope: Option<&'static str>,
    /// Of `expires_in`.
    pub(crate) unit: Unit,
    /// The documented lifetime of a token.
    pub(crate) lifetime: Duration,
    /// Time before its end at which a token is renewed.
    pub(crate) margin: Duration,
    /// The operations of `locum/1` beside those that all have.
    pub(crate) ops: &'static [&'static str],
    /// What a POST to the create path needs, and what is in it.
    pub(crate) create: &'static str,
}

/// The four vendors.
pub(crate) static VENDORS: [Vendor; 4] = [
    Vendor {
        name: "athelas",
        grant: Grant::Password,
        scope: None,
        unit: Unit::Seconds,
        lifetime: Duration::from_secs(172_800), // "172,800 seconds (48 hours)"
        margin: Duration::from_secs(60),
        ops: &[],
        create: "",
    },
    Vendor {
        name: "pattern",
        grant: Grant::ClientCredentials(AuthMethod::Basic),
        scope: None,
        unit: Unit::Milliseconds, // "the number of milliseconds after which the token expires"
        lifetime: Duration::from_secs(3600),
        margin: Duration::from_secs(60),
        ops: &["list"],
        create: r#"{"inviteCode":"DEMO","groupMember":{"user":{"email":"{id}@clinic.example","firstName":"Ada","lastName":"Doe"},"tags":[]}}"#,
    },
    Vendor {
        name: "scribe",
        grant: Grant::Cognito,
        scope: None,
        unit: Unit::Seconds,
        lifetime: Duration::from_secs(1800), // "valid for up to 30 minutes"
        margin: Duration::from_secs(60),
        ops: &["list", "revoke", "change_password"],
        create: r#"{"filetype":"pdf","filename":"{id}.pdf"}"#,
    },
    Vendor {
        name: "corti",
        grant: Grant::ClientCredentials(AuthMethod::Body),
        scope: Some("openid"),
        unit: Unit::Seconds,
        lifetime: Duration::from_secs(300), // "expires after 300 seconds (5 minutes)"
        margin: Duration::from_secs(30),
        ops: &["list", "revoke", "ws_open", "ws_send", "ws_close"],
        create: r#"{"encounter":{"identifier":"{id}","status":"planned","type":"consultation"}}"#,
    },
];

/// The vendor of that name.
pub(crate) fn named(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}
