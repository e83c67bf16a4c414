//! The documented opening of a websocket, open to change before it is written.

use locum_core::profile::SocketFacts;

use crate::evidence::percent;
use crate::http::{self, Request, Url};

/// An upgrade before it is written: where, and with which token.
#[derive(Clone)]
pub struct SocketRequest {
    /// Where it goes, without the token.
    pub url: Url,
    /// The value of the token parameter; `None` leaves it out.
    pub token: Option<String>,
}

impl SocketRequest {
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

impl std::fmt::Debug for SocketRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketRequest").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::vary_token;
    use crate::evidence::SocketVariation;

    fn check(url: &str, phrase: &str, expected: &str) {
        let facts = SocketFacts {
            token_parameter: "token".to_owned(),
            token_prefix: "Bearer ".to_owned(),
            max_frame: 1,
            ..SocketFacts::default()
        };
        let change = SocketVariation::parse(phrase);
        let open = SocketRequest {
            url: Url::parse(url).expect("a URL"),
            token: change.map_or_else(
                || Some("Bearer a.b.cde".to_owned()),
                |change| vary_token(change, "Bearer ", "a.b.cde"),
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
    }
}
