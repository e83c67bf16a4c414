//! The two FastAPI versions on which the vendor's silence was measured, where they part.
//!
//! What is literal here is not a fact of the vendor's: it is the model's, one per version.

use std::borrow::Cow;

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

    /// The body of a form as its parser splits it: the older one takes `;` for `&` after the last
    /// `&`, and leaves out a last name without `=`.
    pub(super) fn form_body(self, body: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::F165 {
            return Cow::Borrowed(body);
        }
        let after = |body: &[u8], sign: u8| {
            let at = body.iter().rposition(|byte| *byte == sign);
            at.map_or(0, |at| at + 1)
        };
        let mut body = body.to_vec();
        let tail = after(&body, b'&');
        for byte in &mut body[tail..] {
            if *byte == b';' {
                *byte = b'&';
            }
        }
        let last = after(&body, b'&');
        if !body[last..].contains(&b'=') {
            body.truncate(last);
        }
        Cow::Owned(body)
    }

    /// Whether a file that is printed has `_max_mem_size` among its members.
    pub(super) const fn upload_keeps_limit(self) -> bool {
        matches!(self, Self::F165)
    }

    /// What is said of a multipart body that cannot be read.
    pub(super) const fn malformed_multipart(self) -> &'static str {
        match self {
            Self::F165 => "Invalid multipart data.",
            Self::F115 => "There was an error parsing the body",
        }
    }
}
