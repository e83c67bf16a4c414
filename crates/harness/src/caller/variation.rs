//! One thing changed in a documented request, named by a phrase that stands in the features.

use locum_core::profile::SecretIn;

use super::api_request::Call;
use super::token_request::{Content, Login};

/// What to do with a half of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Left out.
    Missing,
    /// Empty.
    Empty,
    /// Another value.
    Other,
    /// A beginning of the right one.
    Beginning,
    /// The right one with upper and lower case swapped.
    OtherCase,
    /// The right one with its last letter changed.
    OtherEnd,
}

/// One thing changed in a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginVariation {
    /// A half of the credentials, by the name of its parameter.
    Half(Half, String),
    /// A parameter is left out.
    Without(String),
    /// A parameter has another value.
    With(String, String),
    /// A parameter occurs twice.
    Twice(String),
    /// A parameter is added that nobody knows.
    Extra,
    /// Another method.
    Method(String),
    /// The parameters travel otherwise.
    As(Content),
    /// Another content type; empty for none.
    ContentType(String),
    /// The word `Basic` is written otherwise.
    Scheme(String),
    /// The credentials travel elsewhere.
    SecretIn(Vec<SecretIn>),
    /// `Authorization` has this value.
    Authorization(String),
    /// The address names another tenant.
    Tenant(String),
}

impl LoginVariation {
    /// Reads a phrase such as `with another client secret`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        Some(match phrase {
            "by GET" | "by PUT" | "by DELETE" => Self::Method(phrase[3..].to_owned()),
            "as JSON" => Self::As(Content::Json),
            "with everything in the query" => Self::As(Content::Query),
            "without a content type" => Self::ContentType(String::new()),
            "with a parameter that nobody knows" => Self::Extra,
            "without credentials" => Self::SecretIn(Vec::new()),
            "with the credentials in the body" => Self::SecretIn(vec![SecretIn::Body]),
            "with the credentials in a Basic header" => Self::SecretIn(vec![SecretIn::Basic]),
            "with the credentials in the body too" => {
                Self::SecretIn(vec![SecretIn::Basic, SecretIn::Body])
            }
            "for a tenant that does not exist" => Self::Tenant("locum-nowhere".to_owned()),
            "with a Basic value that is no base64" => Self::Authorization("Basic %%%".to_owned()),
            // The base64 of `no colon`.
            "with a Basic value without a colon" => {
                Self::Authorization("Basic bm8gY29sb24=".to_owned())
            }
            _ => return Self::parse_open(phrase),
        })
    }

    /// Phrases with a name or a value in them.
    fn parse_open(phrase: &str) -> Option<Self> {
        let half = |kind, name: &str| Some(Self::Half(kind, name.replace(' ', "_")));
        if let Some(name) = phrase.strip_prefix("without the ") {
            return half(Half::Missing, name);
        }
        if let Some(name) = phrase.strip_prefix("without ") {
            return Some(Self::Without(name.to_owned()));
        }
        let rest = phrase.strip_prefix("with ")?;
        if let Some(scheme) = rest.strip_prefix("the scheme ") {
            return Some(Self::Scheme(scheme.to_owned()));
        }
        if let Some(value) = rest.strip_prefix("the content type ") {
            return Some(Self::ContentType(value.to_owned()));
        }
        if let Some(name) = rest.strip_prefix("an empty ") {
            return half(Half::Empty, name);
        }
        if let Some(name) = rest.strip_prefix("another ") {
            return half(Half::Other, name);
        }
        if let Some(name) = rest.strip_prefix("a beginning of the ") {
            return half(Half::Beginning, name);
        }
        if let Some(name) = rest.strip_suffix(" in other letter case") {
            return half(Half::OtherCase, name.strip_prefix("the ")?);
        }
        if let Some(name) = rest.strip_suffix(" altered in its last letter") {
            return half(Half::OtherEnd, name.strip_prefix("the ")?);
        }
        if let Some(name) = rest.strip_suffix(" twice") {
            return Some(Self::Twice(name.to_owned()));
        }
        let (name, value) = rest.split_once(' ')?;
        (name.contains('_') || name == "scope")
            .then(|| Self::With(name.to_owned(), value.to_owned()))
    }

    /// Changes `login`.
    pub fn apply(&self, login: &mut Login) {
        match self {
            Self::Half(kind, name) => change_half(login, *kind, name),
            Self::Without(name) => login.parameters.retain(|(known, _)| known != name),
            Self::With(name, value) => {
                login.parameters.retain(|(known, _)| known != name);
                login.parameters.push((name.clone(), value.clone()));
            }
            Self::Twice(name) => {
                let found = login.parameters.iter().find(|(known, _)| known == name);
                login.parameters.extend(found.cloned());
            }
            Self::Extra => {
                let extra = ("x_locum".to_owned(), "1".to_owned());
                login.parameters.push(extra);
            }
            Self::Method(method) => login.method.clone_from(method),
            Self::As(content) => login.content = *content,
            Self::ContentType(value) => login.content_type = Some(value.clone()),
            Self::Scheme(word) => login.scheme.clone_from(word),
            Self::SecretIn(places) => login.secret_in.clone_from(places),
            Self::Authorization(value) => login.authorization = Some(value.clone()),
            Self::Tenant(name) => {
                let segment = |tenant: &str| format!("/{tenant}/");
                login.url.target =
                    login
                        .url
                        .target
                        .replacen(&segment(&login.tenant), &segment(name), 1);
            }
        }
    }
}

/// A half that stands in none of the two, such as an empty `grant_type`, is a parameter.
fn change_half(login: &mut Login, kind: Half, name: &str) {
    if let Some((_, value)) = login.halves.iter_mut().find(|(known, _)| known == name) {
        *value = changed(kind, value.as_deref().unwrap_or_default());
        return;
    }
    for (known, value) in &mut login.parameters {
        if known == name {
            *value = changed(kind, value).unwrap_or_default();
        }
    }
}

fn changed(kind: Half, value: &str) -> Option<String> {
    match kind {
        Half::Missing => None,
        Half::Empty => Some(String::new()),
        Half::Other => Some(format!("other-{}", value.chars().rev().collect::<String>())),
        Half::Beginning => {
            let length = value.chars().count();
            Some(value.chars().take(length - (length / 3).max(1)).collect())
        }
        Half::OtherCase => Some(value.chars().map(swap_case).collect()),
        Half::OtherEnd => Some(other_end(value)),
    }
}

fn other_end(value: &str) -> String {
    let mut letters: Vec<char> = value.chars().collect();
    if let Some(last) = letters.last_mut() {
        *last = if *last == 'A' { 'B' } else { 'A' };
    }
    String::from_iter(letters)
}

fn swap_case(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

/// One thing changed in an API call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallVariation {
    /// No token at all.
    NoToken,
    /// The token stands in the query as `access_token` (RFC 6750 §2.3).
    TokenInQuery,
    /// The token stands in a form (RFC 6750 §2.2).
    TokenInForm,
    /// What stands before and behind the token.
    Around(String, String),
    /// Another token, which was never issued.
    UnknownToken,
    /// The right token with its last letter changed.
    AlteredToken,
    /// The right token with a letter of its signature changed.
    ChangedSignature,
    /// The latest token as it is: what is special about it was asked for at its login.
    LimitedToken,
    /// A header of the documented call is left out.
    WithoutHeader(String),
    /// The header occurs twice.
    HeaderTwice,
    /// The path goes on where nothing is.
    UnknownPath,
    /// A pair is added to the query.
    Query(String, String),
}

impl CallVariation {
    /// Reads a phrase such as `with the token in the query`; `None` when it is unknown.
    pub fn parse(phrase: &str) -> Option<Self> {
        let around =
            |before: &str, behind: &str| Some(Self::Around(before.to_owned(), behind.to_owned()));
        match phrase {
            "without a token" => Some(Self::NoToken),
            "with the token in the query" => Some(Self::TokenInQuery),
            "with the token in a form" => Some(Self::TokenInForm),
            "with an unknown token" => Some(Self::UnknownToken),
            "with the token altered in its last letter" => Some(Self::AlteredToken),
            "on a path that nobody knows" => Some(Self::UnknownPath),
            "with the token's signature changed" => Some(Self::ChangedSignature),
            "with the limited token" => Some(Self::LimitedToken),
            "with the header twice" => Some(Self::HeaderTwice),
            "with two spaces after Bearer" => around("Bearer  ", ""),
            "with the token in quotes" => around("Bearer \"", "\""),
            "with the bare token" => around("", ""),
            _ => {
                if let Some(name) = phrase.strip_prefix("without the header ") {
                    return Some(Self::WithoutHeader(name.to_owned()));
                }
                let rest = phrase.strip_prefix("with ")?;
                if let Some(scheme) = rest.strip_prefix("the scheme ") {
                    return around(&format!("{scheme} "), "");
                }
                let (name, value) = rest.split_once('=')?;
                Some(Self::Query(name.to_owned(), value.to_owned()))
            }
        }
    }

    /// Changes `call`, which shows `token`.
    pub fn apply(&self, call: &mut Call, token: &str) {
        match self {
            Self::NoToken => call.authorization.clear(),
            Self::TokenInQuery => {
                call.authorization.clear();
                call.query
                    .push(("access_token".to_owned(), token.to_owned()));
            }
            Self::TokenInForm => {
                call.authorization.clear();
                "POST".clone_into(&mut call.method);
                let pair = [("access_token".to_owned(), token.to_owned())];
                let form = super::token_request::encode(&pair);
                call.body = Some(("application/x-www-form-urlencoded".to_owned(), form));
            }
            Self::Around(before, behind) => {
                call.authorization = vec![format!("{before}{token}{behind}")];
            }
            Self::UnknownToken => {
                call.authorization = vec!["Bearer never-issued-0123456789abcdef".to_owned()];
            }
            Self::AlteredToken => {
                call.authorization = vec![format!("Bearer {}", other_end(token))];
            }
            Self::UnknownPath => call.url.target.push_str("/x-locum"),
            Self::ChangedSignature => {
                call.authorization = vec![format!("Bearer {}", changed_signature(token))];
            }
            Self::LimitedToken => {}
            Self::WithoutHeader(name) => call
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name)),
            Self::HeaderTwice => call.authorization.extend(call.authorization.clone()),
            Self::Query(name, value) => call.query.push((name.clone(), value.clone())),
        }
    }
}

/// `token` with a letter in the middle of its last part changed: the last letter of a signature
/// may carry no bit of it.
pub(super) fn changed_signature(token: &str) -> String {
    let from = token.rfind('.').map_or(0, |dot| dot + 1);
    let at = token[from..].chars().count() / 2 + token[..from].chars().count();
    token
        .chars()
        .enumerate()
        .map(|(position, letter)| match letter {
            _ if position != at => letter,
            'A' => 'B',
            _ => 'A',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::target::Target;

    const PROFILE: &str = r#"
vendor = "acme"
title = "Acme"
[urls]
token = "/token"
[endpoints.token]
methods = ["POST"]
path = "/token"
[token]
grant = "client_credentials"
secret_in = "basic"
accept = "application/json"
expires_in = "seconds"
lifetime_s = 60
[api]
sample = "/things"
[denials.default]
status = 400
"#;

    fn profile() -> locum_core::Profile {
        locum_core::Profile::parse("acme.toml", PROFILE).expect("it parses")
    }

    fn target() -> Target {
        serde_json::from_value(json!({
            "urls": {"token": "http://h:1/token", "api": "http://h:1"},
            "credentials": {"client_id": "me", "client_secret": "Sécret"}
        }))
        .expect("a target")
    }

    fn login(phrase: &str) -> crate::http::Request {
        let mut login = Login::documented(&profile(), &target()).expect("a login");
        if !phrase.is_empty() {
            LoginVariation::parse(phrase)
                .expect(phrase)
                .apply(&mut login);
        }
        login.request()
    }

    fn check_login(phrase: &str, authorization: &str, body: &str) {
        let request = login(phrase);
        let header = request
            .headers
            .iter()
            .find(|(name, _)| name == "Authorization");
        let value = header.map_or("", |(_, value)| value.as_str());
        assert_eq!(value, authorization, "{phrase}");
        assert_eq!(String::from_utf8_lossy(&request.body), body, "{phrase}");
    }

    #[test]
    fn a_login_is_documented_but_for_one_thing() {
        let basic = |pair: &str| {
            use base64::Engine as _;
            format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(pair)
            )
        };
        let right = basic("me:Sécret");
        let grant = "grant_type=client_credentials";
        check_login("", &right, grant);
        check_login("without the client id", &basic("Sécret"), grant);
        check_login("with an empty client id", &basic(":Sécret"), grant);
        check_login("with an empty client secret", &basic("me:"), grant);
        check_login(
            "with another client secret",
            &basic("me:other-tercéS"),
            grant,
        );
        check_login(
            "with a beginning of the client secret",
            &basic("me:Sécr"),
            grant,
        );
        check_login(
            "with the client secret in other letter case",
            &basic("me:sÉCRET".replace('É', "é").as_str()),
            grant,
        );
        check_login(
            "with the scheme basic",
            &right.replace("Basic", "basic"),
            grant,
        );
        check_login("without grant_type", &right, "");
        check_login("with an empty grant_type", &right, "grant_type=");
        check_login("with grant_type x y", &right, "grant_type=x+y");
        check_login("with grant_type twice", &right, &format!("{grant}&{grant}"));
        check_login("as JSON", &right, "{\"grant_type\":\"client_credentials\"}");
        check_login("with everything in the query", &right, "");
        check_login(
            "with the credentials in the body",
            "",
            &format!("{grant}&client_id=me&client_secret=S%C3%A9cret"),
        );
        check_login("without credentials", "", grant);
        check_login(
            "with the client secret altered in its last letter",
            &basic("me:SécreA"),
            grant,
        );
        check_login("with scope a b", &right, &format!("{grant}&scope=a+b"));
        assert_eq!(login("by GET").method, "GET");
        assert_eq!(
            login("with everything in the query").target,
            format!("/token?{grant}")
        );
        assert_eq!(
            login("for a tenant that does not exist").target,
            "/token",
            "nothing to change without a tenant"
        );
    }

    fn check_call(phrase: &str, expected: &str) {
        let mut call = Call::documented(&profile(), &target(), "tok").expect("a call");
        CallVariation::parse(phrase)
            .expect(phrase)
            .apply(&mut call, "tok");
        let request = call.request();
        let headers: Vec<&str> = request
            .headers
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        let body = String::from_utf8_lossy(&request.body);
        let line = format!(
            "{} {} {} {body}",
            request.method,
            request.target,
            headers.join("|")
        );
        assert_eq!(line.trim(), expected, "{phrase}");
    }

    #[test]
    fn a_call_is_documented_but_for_one_thing() {
        check_call("without a token", "GET /things");
        check_call(
            "with the token in the query",
            "GET /things?access_token=tok",
        );
        check_call(
            "with the token in a form",
            "POST /things application/x-www-form-urlencoded access_token=tok",
        );
        check_call("with two spaces after Bearer", "GET /things Bearer  tok");
        check_call("with the scheme bearer", "GET /things bearer tok");
        check_call("with the bare token", "GET /things tok");
        check_call(
            "with the token altered in its last letter",
            "GET /things Bearer toA",
        );
        check_call(
            "on a path that nobody knows",
            "GET /things/x-locum Bearer tok",
        );
        check_call("with limit=0", "GET /things?limit=0 Bearer tok");
        check_call(
            "with the token's signature changed",
            "GET /things Bearer tAk",
        );
        check_call("with the limited token", "GET /things Bearer tok");
    }

    #[test]
    fn an_unknown_phrase_is_refused() {
        assert_eq!(LoginVariation::parse("sideways"), None);
        assert_eq!(LoginVariation::parse("with luck"), None);
        assert_eq!(CallVariation::parse("with luck"), None);
    }
}
