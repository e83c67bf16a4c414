//! Why a request was refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clue::{Clue, Place};
use crate::credential::Secret;
use crate::token::TokenKind;
use crate::weight;

/// The kinds of refusal, the same for every vendor. How each looks on the wire stands in the
/// vendor's profile.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DenialKind {
    /// A credential, token or parameter is absent.
    Missing,
    /// It is present but cannot be parsed.
    Malformed,
    /// A parameter occurs twice, or two methods are used at once.
    Repeated,
    /// Nobody of that name is known.
    UnknownPrincipal,
    /// The name is known, the secret, password, code or proof is wrong.
    BadSecret,
    /// The account or client is disabled, inactive or not yet confirmed.
    Disabled,
    /// The vendor asks for something first, such as a new password.
    ChallengeRequired,
    /// The token, code, session or credential was never issued here.
    UnknownToken,
    /// It was issued for another use: an id token as access token, another client's token.
    WrongToken,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It was revoked.
    Revoked,
    /// It belongs to another tenant, or the tenant is not named.
    WrongTenant,
    /// The signature does not agree with what was signed.
    BadSignature,
    /// The token's scope, or the principal's permission, does not reach that far.
    Forbidden,
    /// The grant, flow or operation is unknown or not allowed for this client.
    Unsupported,
    /// A value is outside what the vendor takes.
    Invalid,
    /// Nothing is there under that path or id.
    NotFound,
    /// The path exists, the method does not.
    WrongMethod,
    /// It exists already.
    Conflict,
    /// Too much, too large or too slow.
    Limit,
}

/// The reasons for which code that all vendors share refuses, in the order of the alphabet.
pub const SHARED_REASONS: &[&str] = &[
    "bad_signature",
    "bad_socket_key",
    "bad_socket_version",
    "body_too_large",
    "body_too_slow",
    "client_mismatch",
    "disabled_client",
    "ended_credentials",
    "endless_assertion",
    "expired_assertion",
    "expired_token",
    "header_not_signed",
    "incomplete_signature",
    "malformed_basic",
    "malformed_bearer",
    "malformed_challenge",
    "malformed_header",
    "malformed_json",
    "malformed_request",
    "malformed_token",
    "malformed_verifier",
    "missing_grant_type",
    "missing_verifier",
    "no_assertion_id",
    "no_client",
    "no_signature",
    "no_token",
    "not_a_pair",
    "not_an_upgrade",
    "not_found",
    "not_yet_valid",
    "presigned_expired",
    "repeated_header",
    "repeated_parameter",
    "revoked_token",
    "signature_expired",
    "signature_not_yet_current",
    "stray_verifier",
    "two_methods",
    "unauthorized_client",
    "unknown_access_key",
    "unknown_assertion_key",
    "unknown_client",
    "unknown_token",
    "unsupported_grant",
    "wrong_assertion_algorithm",
    "wrong_assertion_audience",
    "wrong_assertion_issuer",
    "wrong_assertion_subject",
    "wrong_assertion_type",
    "wrong_auth_method",
    "wrong_challenge_method",
    "wrong_media_type",
    "wrong_method",
    "wrong_scheme",
    "wrong_scope",
    "wrong_secret",
    "wrong_session_token",
    "wrong_signature",
    "wrong_signature_echoed",
    "wrong_token",
    "wrong_verifier",
];

impl DenialKind {
    /// Each kind, in the order of the enum.
    pub const ALL: [Self; 21] = [
        Self::Missing,
        Self::Malformed,
        Self::Repeated,
        Self::UnknownPrincipal,
        Self::BadSecret,
        Self::Disabled,
        Self::ChallengeRequired,
        Self::UnknownToken,
        Self::WrongToken,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::WrongTenant,
        Self::BadSignature,
        Self::Forbidden,
        Self::Unsupported,
        Self::Invalid,
        Self::NotFound,
        Self::WrongMethod,
        Self::Conflict,
        Self::Limit,
    ];

    /// Its name in profiles, filters and the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Repeated => "repeated",
            Self::UnknownPrincipal => "unknown_principal",
            Self::BadSecret => "bad_secret",
            Self::Disabled => "disabled",
            Self::ChallengeRequired => "challenge_required",
            Self::UnknownToken => "unknown_token",
            Self::WrongToken => "wrong_token",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::WrongTenant => "wrong_tenant",
            Self::BadSignature => "bad_signature",
            Self::Forbidden => "forbidden",
            Self::Unsupported => "unsupported",
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::WrongMethod => "wrong_method",
            Self::Conflict => "conflict",
            Self::Limit => "limit",
        }
    }
}

/// One refusal: its kind, the key under which the profile says how it looks, and what the person
/// behind the client needs to know. The vendor's reply shows only what the vendor would show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Denial {
    /// The kind of refusal.
    pub kind: DenialKind,
    /// Key of the profile's denial table, such as `wrong_secret`.
    pub reason: String,
    /// What would have been accepted; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was received instead; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// The first place where the two part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// Values that the vendor's own reply repeats, by placeholder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<(String, String)>,
    /// What leads to the visible cause; the server takes it out before anybody sees the denial.
    #[serde(skip)]
    pub clue: Option<Clue>,
}

impl Denial {
    /// A refusal of `kind` that looks as `reason` says in the vendor's denial table.
    pub fn new(kind: DenialKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            expected: None,
            got: None,
            difference: None,
            params: Vec::new(),
            clue: None,
        }
    }

    /// Says which members of the request were missed, and where they are read.
    #[must_use]
    pub fn absent<N: Into<String>>(
        mut self,
        place: Place,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.clue = Some(Clue::Absent { place, names });
        self
    }

    /// Says which token, code or session was presented, and the kind that was asked for.
    #[must_use]
    pub fn presented(mut self, value: &str, wanted: impl Into<Option<TokenKind>>) -> Self {
        self.clue = Some(Clue::Presented {
            value: Secret::new(value),
            wanted: wanted.into(),
            client: None,
        });
        self
    }

    /// Says which client presented it.
    #[must_use]
    pub fn presented_by(mut self, id: impl Into<String>) -> Self {
        if let Some(Clue::Presented { client, .. }) = &mut self.clue {
            *client = Some(id.into());
        }
        self
    }

    /// Says what would have been accepted.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    /// Says what was received.
    #[must_use]
    pub fn got(mut self, text: impl Into<String>) -> Self {
        self.got = Some(text.into());
        self
    }

    /// Says where the two part.
    #[must_use]
    pub fn difference(mut self, text: impl Into<String>) -> Self {
        self.difference = Some(text.into());
        self
    }

    /// Fills the placeholder `{name}` of the vendor's reply.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Heap bytes of what it holds.
    pub(crate) fn weight(&self) -> usize {
        let texts = [&self.expected, &self.got, &self.difference];
        weight::text(&self.reason)
            + texts
                .into_iter()
                .map(|text| weight::optional(text.as_ref()))
                .sum::<usize>()
            + weight::pairs(&self.params)
    }

    /// One line for a person: `expired: the token ended at …, the clock says …`.
    pub fn sentence(&self) -> String {
        let mut line = self.reason.replace('_', " ");
        if let Some(got) = &self.got {
            line.push_str(": got ");
            line.push_str(got);
        }
        if let Some(expected) = &self.expected {
            line.push_str(", expected ");
            line.push_str(expected);
        }
        if let Some(difference) = &self.difference {
            line.push_str("; first difference: ");
            line.push_str(difference);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in DenialKind::ALL {
            assert_eq!(serde_json::json!(kind), kind.as_str());
        }
    }
}
