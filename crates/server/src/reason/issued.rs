//! What a value is among all that the stage issued: of every kind, client and vendor.

use locum_core::{Denial, Token, TokenKind, TokenState};

use super::near_miss;
use crate::store::digest_of;
use crate::{Mock, jwt};

/// A token, code or session that did not do.
pub(super) struct Presented<'a> {
    /// Its value.
    pub(super) value: &'a str,
    /// The kind that was asked for.
    pub(super) wanted: Option<TokenKind>,
    /// Who presented it.
    pub(super) client: Option<&'a str>,
}

/// Says what was presented.
pub(super) async fn explain(mock: &Mock, presented: &Presented<'_>, denial: &mut Denial) {
    let mut slip = None;
    let mut found = issued(mock, presented.value).await;
    if found.is_none() {
        for (value, words) in near_miss::slips(presented.value.as_bytes()) {
            let Ok(value) = std::str::from_utf8(&value) else {
                continue;
            };
            if let Some(token) = issued(mock, value).await {
                (found, slip) = (Some(token), Some(words));
                break;
            }
        }
    }
    let got = match &found {
        Some(token) => described(mock, token, presented),
        None => unknown(presented.value),
    };
    if found.is_some() || denial.got.is_none() {
        denial.got = Some(got);
    }
    denial.difference = slip.or(denial.difference.take());
}

/// The token with this value, whoever issued it on this stage. A store that does not answer knows
/// nothing; the exchange itself has met that already.
async fn issued(mock: &Mock, value: &str) -> Option<Token> {
    mock.stage.store.find(digest_of(value)).await.ok().flatten()
}

/// `«refresh token 2 of scribe-user», which was given to client `a``.
fn described(mock: &Mock, token: &Token, presented: &Presented<'_>) -> String {
    let mut words = token.name();
    if token.vendor != mock.profile().vendor {
        words.push_str(&format!(", which {} issued", token.vendor));
    }
    if let Some(wanted) = presented.wanted.filter(|wanted| *wanted != token.kind) {
        words.push_str(&format!(", not {} {}", article(wanted), wanted.word()));
    }
    if let Some(client) = &token.client
        && token.vendor == mock.profile().vendor
        && presented.client != Some(client)
        && *client != token.principal
    {
        words.push_str(&format!(", which was given to client `{client}`"));
    }
    let ended = match token.state(mock.now()) {
        TokenState::Live => return words,
        TokenState::Expired => token.expires.map_or_else(String::new, |end| {
            format!(", which ended {end}; it is {}", mock.now())
        }),
        TokenState::Revoked => ", which was revoked".to_owned(),
        TokenState::Spent => ", which was used up".to_owned(),
    };
    words + &ended
}

const fn article(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Access | TokenKind::Id => "an",
        TokenKind::Refresh | TokenKind::Session | TokenKind::Code | TokenKind::Aws => "a",
    }
}

/// What can be seen of a value that nobody issued here.
fn unknown(value: &str) -> String {
    if value.is_empty() {
        return "an empty value".to_owned();
    }
    match jwt::parse(value) {
        Ok(parts) => match parts.claim("iss") {
            Some(issuer) => format!("a JSON Web Token of {issuer} that this stage did not issue"),
            None => "a JSON Web Token that this stage did not issue".to_owned(),
        },
        Err(_) => format!(
            "a value of {} bytes that this stage did not issue",
            value.len()
        ),
    }
}
