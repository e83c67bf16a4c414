//! Scopes: what a request names, and what the answer says.

use locum_core::{Denial, DenialKind};
use locum_server::Mock;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::realm::Client;

/// Client scopes that every client has and that answers show.
const DEFAULT: [&str; 2] = ["email", "profile"];

/// Scopes that may be named and change nothing in the answer's words.
const SILENT: [&str; 5] = ["acr", "basic", "organization", "roles", "web-origins"];

/// Scopes that a client may ask for. `transcribe` and `streams` are Corti's own: a token limited
/// to one websocket.
const OPTIONAL: [&str; 6] = [
    "address",
    "microprofile-jwt",
    "offline_access",
    "phone",
    "streams",
    "transcribe",
];

/// What a login was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Scope {
    /// Whether it is OpenID Connect: then there is an id token.
    pub(super) openid: bool,
    /// The optional scopes that were asked for.
    pub(super) optional: Vec<String>,
}

impl Scope {
    /// Reads the `scope` of a request; `None` when there is none.
    ///
    /// # Errors
    /// `invalid_scope` for an empty one, one with two spaces together or a space in front, and any
    /// unknown word.
    pub(super) fn read(client: &Client, raw: Option<&str>) -> Result<Self, Denial> {
        let Some(raw) = raw else {
            return Ok(Self::default());
        };
        let raw: &str = &without_controls(raw);
        // Spaces after the last word are dropped; a scope of spaces alone is none.
        let trimmed = raw.trim_end_matches(' ');
        if trimmed.is_empty() && !raw.is_empty() {
            return Ok(Self::default());
        }
        let mut scope = Self::default();
        for word in trimmed.split(' ') {
            if word == "openid" {
                scope.openid = true;
            } else if OPTIONAL.contains(&word) {
                if !scope.optional.iter().any(|have| have == word) {
                    scope.optional.push(word.to_owned());
                }
            } else if !is_silent(client, word) {
                return Err(Denial::new(DenialKind::Invalid, "invalid_scope")
                    .expected("known scopes with one space between")
                    .got(raw)
                    .param("scope", raw));
            }
        }
        Ok(scope)
    }

    /// Whether `word` was asked for.
    pub(super) fn has(&self, word: &str) -> bool {
        self.optional.iter().any(|have| have == word)
    }

    /// What is left when a refresh names `asked`: fewer words are honoured, more are left out.
    #[must_use]
    pub(super) fn narrowed(&self, asked: Option<&Self>) -> Self {
        let Some(asked) = asked else {
            return self.clone();
        };
        let kept = |word: &&String| asked.has(word);
        Self {
            openid: self.openid && asked.openid,
            optional: self.optional.iter().filter(kept).cloned().collect(),
        }
    }

    /// The words of an answer: `openid` first, "the rest fixed inside one realm, different in
    /// another realm of the same server", or shuffled where the setting says so.
    pub(super) fn words(&self, mock: &Mock, first_realm: bool) -> String {
        let mut words: Vec<&str> = DEFAULT.to_vec();
        words.extend(self.optional.iter().map(String::as_str));
        words.sort_unstable();
        if !first_realm {
            words.reverse();
        }
        if mock.setting_is("scope_order", "shuffled") {
            mock.rng(|rng| words.shuffle(rng));
        }
        if self.openid {
            words.insert(0, "openid");
        }
        words.join(" ")
    }

    /// The words of a refresh token: all client scopes, also those that answers do not show. A
    /// client with a service account has one more, whoever logged in.
    pub(super) fn all_words(words: &str, service_account: bool) -> String {
        let shown = words.strip_prefix("openid ").unwrap_or(words);
        let openid = if shown.len() < words.len() {
            "openid "
        } else {
            ""
        };
        let service = if service_account {
            "service_account "
        } else {
            ""
        };
        format!("{openid}acr {service}roles web-origins basic {shown}")
    }
}

/// Whether `client` may name `word`, which changes nothing in the answer.
fn is_silent(client: &Client, word: &str) -> bool {
    DEFAULT.contains(&word)
        || SILENT.contains(&word)
        || word.starts_with("organization:")
        || (word == "service_account" && client.has_service_account())
}

/// `text` as Keycloak reads a parameter: control characters are dropped.
fn without_controls(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_control()).collect()
}

/// What a denial of [`Scope::read`] echoes.
pub(super) fn echo(denial: &Denial) -> &str {
    denial.params.first().map_or("", |(_, echo)| echo.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        let client = serde_json::json!({"client_id": "a", "client_secret": "s"});
        serde_json::from_value(client).expect("a client")
    }

    fn check(raw: &str, openid: bool, optional: &[&str]) {
        let scope = Scope::read(&client(), Some(raw)).expect("it is taken");
        assert_eq!(
            (scope.openid, scope.optional),
            (openid, optional.iter().map(|&w| w.to_owned()).collect()),
            "{raw:?}"
        );
    }

    fn refused(raw: &str, echo: &str) {
        let denial = Scope::read(&client(), Some(raw)).expect_err("it is refused");
        assert_eq!(
            denial.params,
            [("scope".to_owned(), echo.to_owned())],
            "{raw:?}"
        );
    }

    #[test]
    fn scopes_are_read_as_measured() {
        check("openid", true, &[]);
        check(" ", false, &[]);
        check("openid ", true, &[]);
        check("openid openid", true, &[]);
        check("profile openid", true, &[]);
        check("roles service_account organization", false, &[]);
        check("openid transcribe", true, &["transcribe"]);
        refused("", "");
        refused("openid  email", "openid  email");
        refused(" openid", " openid");
        refused("openid,email", "openid,email");
        refused("OPENID", "OPENID");
        refused("openid\temail", "openidemail");
        refused("nix", "nix");
    }

    #[test]
    fn a_refresh_may_ask_for_less_and_gets_no_more() {
        let had = Scope::read(&client(), Some("openid phone")).expect("it is taken");
        let asked = Scope::read(&client(), Some("address")).expect("it is taken");
        assert_eq!(had.narrowed(None), had);
        assert_eq!(had.narrowed(Some(&asked)), Scope::default());
        assert_eq!(had.narrowed(Some(&had)), had);
    }
}
