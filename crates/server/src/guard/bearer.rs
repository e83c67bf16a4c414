//! `Authorization: Bearer` (RFC 6750 §2.1).

use locum_core::{Denial, DenialKind, Place, Token, TokenKind, TokenState};

use super::Admitted;
use crate::{Mock, Request};

/// What a resource server lets pass besides one space and a live access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BearerPolicy {
    /// Whether more than one space may stand before the token (RFC 9110 §11.4 allows `1*SP`).
    pub extra_spaces: bool,
    /// Whether a revoked token passes: a server that looks at signatures alone cannot know.
    pub revoked: bool,
    /// Whether an id token passes for an access token.
    pub id_token: bool,
    /// Whether of several `Authorization` headers the first counts; they are refused otherwise.
    pub first_header: bool,
}

/// Admits a live access token of this vendor; `examine` looks at the token's text first (a
/// signature, claims) and at the store's record last (a tenant).
///
/// # Errors
/// `no_token`, `repeated_header`, `malformed_bearer`, `unknown_token`, `wrong_token`,
/// `revoked_token`, `expired_token`, or what `examine` says.
pub async fn admit(
    mock: &Mock,
    request: &Request,
    policy: BearerPolicy,
    examine: impl Fn(&str) -> Result<(), Denial> + Send + Sync,
) -> Result<Admitted, Denial> {
    let value = presented(request, policy)?;
    check(mock, &request.endpoint, &value, policy, examine).await
}

/// Admits a live access token whose text is `value`, wherever it was shown.
///
/// # Errors
/// As for [`admit`].
pub async fn check(
    mock: &Mock,
    endpoint: &str,
    value: &str,
    policy: BearerPolicy,
    examine: impl Fn(&str) -> Result<(), Denial> + Send + Sync,
) -> Result<Admitted, Denial> {
    let found = mock.find(value).await;
    if let Some(token) = &found {
        mock.note_presented_token(token).await;
    }
    if let Err(denial) = examine(value) {
        // A token of another vendor or kind fails an examination before it is looked up.
        let denial = match &denial.clue {
            None if found
                .as_ref()
                .is_none_or(|token| token.kind != TokenKind::Access) =>
            {
                denial.presented(value, TokenKind::Access)
            }
            _ => denial,
        };
        mock.refuse_token(endpoint, value, denial)?;
    }
    let token = if let Some(token) = found {
        token
    } else {
        let unknown = Denial::new(DenialKind::UnknownToken, "unknown_token")
            .expected("an access token issued on this stage")
            .presented(value, TokenKind::Access);
        let shown = (value, TokenKind::Access);
        mock.refuse_unissued(endpoint, shown, unknown).await?
    };
    check_token(mock, endpoint, &token, policy)?;
    Ok(Admitted::by(token))
}

/// Checks that `token` is a live access token.
fn check_token(
    mock: &Mock,
    endpoint: &str,
    token: &Token,
    policy: BearerPolicy,
) -> Result<(), Denial> {
    let is_id = policy.id_token && token.kind == TokenKind::Id;
    if token.kind != TokenKind::Access && !is_id {
        let wrong = Denial::new(DenialKind::WrongToken, "wrong_token")
            .expected("an access token")
            .got(token.name());
        mock.refuse(endpoint, wrong)?;
    }
    let end = |kind, reason: &str| {
        let ended = token
            .expires
            .map_or_else(|| "never".to_owned(), locum_core::Timestamp::rfc3339);
        Denial::new(kind, reason)
            .expected("a live token")
            .got(format!(
                "{}, which ends {ended}; it is {}",
                token.name(),
                mock.now()
            ))
    };
    match mock.state_of(token) {
        TokenState::Live => Ok(()),
        TokenState::Revoked if policy.revoked => Ok(()),
        TokenState::Expired => mock.refuse(endpoint, end(DenialKind::Expired, "expired_token")),
        TokenState::Revoked | TokenState::Spent => {
            mock.refuse(endpoint, end(DenialKind::Revoked, "revoked_token"))
        }
    }
}

/// The token as the header shows it.
fn presented(request: &Request, policy: BearerPolicy) -> Result<String, Denial> {
    let value = match policy.first_header {
        true => request.first_header("authorization")?,
        false => request.header("authorization")?,
    };
    let value = value.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| {
        Denial::new(DenialKind::Missing, "no_token")
            .expected("Authorization: Bearer and the access token")
            .absent(Place::Header, ["authorization"])
    })?;
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        // The scheme's word only: what follows may be a credential.
        let is_named = value.contains(' ') && scheme.len() <= 16;
        let wrong = Denial::new(DenialKind::Missing, "wrong_scheme").expected("scheme Bearer");
        return Err(match is_named {
            true => wrong.got(scheme).presented(rest, TokenKind::Access),
            false => wrong
                .got("a value without a scheme")
                .difference("`Bearer ` is missing in front of it")
                .presented(value, TokenKind::Access),
        });
    }
    let token = if policy.extra_spaces {
        rest.trim_start_matches(' ')
    } else {
        rest
    };
    // RFC 6750 §2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
    let is_b64token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    match token.bytes().position(|byte| !is_b64token(byte)) {
        None if !token.is_empty() => Ok(token.to_owned()),
        None => Err(Denial::new(DenialKind::Malformed, "malformed_bearer")
            .expected("a token after Bearer")
            .got("Bearer alone")),
        Some(at) => Err(Denial::new(DenialKind::Malformed, "malformed_bearer")
            .expected("one space and the token")
            .presented(token, TokenKind::Access)
            .difference(format!("character {} after `Bearer `", at + 1))),
    }
}
