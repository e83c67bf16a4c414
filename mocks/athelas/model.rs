//! The two FastAPI versions on which the vendor's silence was measured, where they part.
//!
//! What is literal here is not a fact of the vendor's: it is the model's, one per version.

use locum_server::Mock;

/// The setting `fastapi_profile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// FastAPI 0.165.0 with Starlette 1.10.0.
    F165,
    /// FastAPI 0.115.6 with Starlette 0.41.3.
    F115,
}

impl Model {
    /// The version that the stage plays.
    pub(super) fn of(mock: &Mock) -> Self {
        match mock.setting_text("fastapi_profile").as_str() {
            "0.115" => Self::F115,
            _ => Self::F165,
        }
    }

    /// Whether an empty form value counts as left out (RFC 6749 §3.1 wants that).
    pub(super) const fn empty_is_absent(self) -> bool {
        matches!(self, Self::F165)
    }

    /// The pattern of `grant_type`, as the refusal prints it.
    pub(super) const fn grant_pattern(self) -> &'static str {
        match self {
            Self::F165 => "^password$",
            Self::F115 => "password",
        }
    }

    /// Whether `grant_type` meets that pattern; the older one is not anchored.
    pub(super) fn takes_grant(self, grant_type: &str) -> bool {
        match self {
            Self::F165 => grant_type == "password",
            Self::F115 => grant_type.contains("password"),
        }
    }

    /// Whether more than one space may stand after `Bearer`.
    pub(super) const fn takes_extra_spaces(self) -> bool {
        matches!(self, Self::F165)
    }
}
