//! The documented opening of a websocket, open to change before it is written.

use locum_core::profile::SocketFacts;

use super::variation::changed_signature;
use crate::evidence::percent;
use crate::http::{self, Request, Url};

/// An upgrade before it is written: where, and with which token.
#[derive(Clone)]
pub struct Open {
    /// Where it goes, without the token.
    pub url: Url,
    /// The value of the token parameter; `None` leaves it out.
    pub token: Option<String>,
}

impl Open {
    /// The request as it will be sent: the token stands in the query, its space as `%20`.
    pub fn request(&self, facts: &SocketFacts) -> Request {
        let mut target = self.url.target.clone();
        if let Some(token) = &self.token {
            target.push(if target.contains('?') { '&' } else { '?' });
            target += &[
                percent(&facts.token_parameter, false),
                percent(token, false),
            ]
            .join("=");
        }
        http::upgrade(&target)
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

/// One thing changed in the opening of a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketVariation {
    /// No token at all.
    NoToken,
    /// A token that was never issued.
    UnknownToken,
    /// The right token with a letter of its signature changed.
    ChangedSignature,
    /// The token that the caller got first, which has ended since.
    EndedToken,
    /// The latest token, which was asked for with a scope of its own.
    LimitedToken,
    /// The token of a client of another tenant.
    OtherTenant,
}

impl SocketVariation {
    /// Reads a phrase such as `without a token`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        Some(match phrase {
            "without a token" => Self::NoToken,
            "with an unknown token" => Self::UnknownToken,
            "with the token's signature changed" => Self::ChangedSignature,
            "with a token that has ended" => Self::EndedToken,
            "with the limited token" => Self::LimitedToken,
            "with a token of another tenant" => Self::OtherTenant,
            _ => return None,
        })
    }

    /// What the token parameter says in place of `prefix` and `token`.
    pub fn apply(self, prefix: &str, token: &str) -> Option<String> {
        let value = match self {
            Self::NoToken => return None,
            Self::UnknownToken => "never-issued-0123456789abcdef".to_owned(),
            Self::ChangedSignature => changed_signature(token),
            Self::EndedToken | Self::LimitedToken | Self::OtherTenant => token.to_owned(),
        };
        Some(format!("{prefix}{value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, phrase: &str, expected: &str) {
        let facts = SocketFacts {
            token_parameter: "token".to_owned(),
            token_prefix: "Bearer ".to_owned(),
            max_frame: 1,
        };
        let twist = SocketVariation::parse(phrase);
        let open = Open {
            url: Url::parse(url).expect("a URL"),
            token: twist.map_or_else(
                || Some("Bearer a.b.cde".to_owned()),
                |twist| twist.apply("Bearer ", "a.b.cde"),
            ),
        };
        assert_eq!(open.request(&facts).target, expected, "{phrase}");
    }

    #[test]
    fn the_token_follows_what_is_there() {
        check("ws://h/s?t=1", "", "/s?t=1&token=Bearer%20a.b.cde");
        check("ws://h/s", "", "/s?token=Bearer%20a.b.cde");
        check("ws://h/s?t=1", "without a token", "/s?t=1");
        check(
            "ws://h/s",
            "with the token's signature changed",
            "/s?token=Bearer%20a.b.cAe",
        );
        check(
            "ws://h/s",
            "with an unknown token",
            "/s?token=Bearer%20never-issued-0123456789abcdef",
        );
        assert_eq!(SocketVariation::parse("with luck"), None);
    }
}
