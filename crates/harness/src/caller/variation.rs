//! Changes the one thing of a request that a variation names.

use locum_core::profile::SecretIn;

use super::api_request::ApiRequest;
use super::token_request::TokenRequest;
use crate::evidence::{
    CallVariation, FieldChange, FormSpelling, LoginVariation, Position, SocketVariation, form,
    percent,
};

/// A token that no vendor has issued, of letters that each takes.
pub(super) const NEVER_ISSUED: &str = "never-issued-0123456789abcdef";

/// Changes one thing of `login`.
pub(crate) fn vary_login(variation: &LoginVariation, login: &mut TokenRequest) {
    match variation {
        LoginVariation::Field(change, name) => change_field(login, *change, name),
        LoginVariation::FieldInBasic(change, name) => {
            change_field(login, *change, name);
            login.secret_in = vec![SecretIn::Basic];
        }
        LoginVariation::Without(name) => login.parameters.retain(|(known, _)| known != name),
        LoginVariation::With(name, value) => {
            login.parameters.retain(|(known, _)| known != name);
            login.parameters.push((name.clone(), value.clone()));
        }
        LoginVariation::Twice(name) => {
            let found = login.parameters.iter().find(|(known, _)| known == name);
            login.parameters.extend(found.cloned());
        }
        LoginVariation::Extra => login.parameters.push(extra()),
        LoginVariation::Method(method) => login.method.clone_from(method),
        LoginVariation::As(content) => login.content = *content,
        LoginVariation::ContentType(value) => login.content_type = Some(value.clone()),
        // Where the vendor's page has the credentials elsewhere, the header takes their place.
        LoginVariation::Scheme(word) => {
            login.scheme.clone_from(word);
            login.secret_in = vec![SecretIn::Basic];
        }
        LoginVariation::IdAlone => {
            login.credential_fields[1].1 = None;
            login.secret_in = vec![SecretIn::Body];
        }
        LoginVariation::SecretIn(places) => login.secret_in.clone_from(places),
        LoginVariation::BasicNotBase64 => in_authorization(login, "Basic %%%"),
        // The base64 of `no colon`.
        LoginVariation::BasicWithoutColon => in_authorization(login, "Basic bm8gY29sb24="),
        LoginVariation::Raw(value) => login.raw = Some(value.clone()),
        LoginVariation::Reversed => login.is_reversed = true,
        LoginVariation::ExtraFirst => login.parameters.insert(0, extra()),
        LoginVariation::WithPercentSpaces(name, value) => {
            login.parameters.retain(|(known, _)| known != name);
            let value = percent(value, false);
            login.raw = Some(format!("{name}={value}"));
        }
        LoginVariation::CredentialsInQuery => {
            let fields = login.credential_fields.iter();
            let fields: Vec<(String, String)> = fields
                .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
                .collect();
            login.secret_in.clear();
            let joint = if login.url.target.contains('?') {
                '&'
            } else {
                '?'
            };
            login.url.target.push(joint);
            login.url.target += &super::token_request::encode(&fields);
        }
        LoginVariation::BasicSpelling(spelling) => {
            login.secret_in = vec![SecretIn::Basic];
            login.spelling = *spelling;
        }
        LoginVariation::FormSpelling(FormSpelling::Twice) => {
            for (_, value) in &mut login.credential_fields {
                *value = value.as_deref().map(form);
            }
        }
        LoginVariation::FormSpelling(spelling) => login.form_spelling = *spelling,
        // The other client's id is the caller's to add.
        LoginVariation::OtherClientInForm => login.secret_in = vec![SecretIn::Basic],
        // The token is the caller's to show.
        LoginVariation::BearerToken => login.secret_in.clear(),
        LoginVariation::NameForSecret => {
            login.credential_fields[1].1 = login.credential_fields[0].1.clone();
        }
        // The other account's secret is the caller's to add.
        LoginVariation::OthersSecret => {}
        LoginVariation::Both(one, other) => {
            vary_login(one, login);
            vary_login(other, login);
        }
        LoginVariation::UnknownTenant => name_tenant(login, "locum-nowhere"),
        LoginVariation::TenantInOtherCase => {
            let other: String = login.tenant.chars().map(swap_case).collect();
            name_tenant(login, &other);
        }
        // The other client's secret is the caller's to show.
        LoginVariation::SecretOfAnother => {}
    }
}

/// Names another tenant in the path.
fn name_tenant(login: &mut TokenRequest, tenant: &str) {
    let segment = |tenant: &str| format!("/{tenant}/");
    let target = &login.url.target;
    login.url.target = target.replacen(&segment(&login.tenant), &segment(tenant), 1);
}

/// A parameter that nobody knows.
fn extra() -> (String, String) {
    ("x_locum".to_owned(), "1".to_owned())
}

/// Shows `value` in the header, and no credentials elsewhere.
fn in_authorization(login: &mut TokenRequest, value: &str) {
    login.authorization = Some(value.to_owned());
    login.secret_in = vec![SecretIn::Basic];
}

/// A field that is none of the two credentials, such as an empty `grant_type`, is a parameter.
fn change_field(login: &mut TokenRequest, change: FieldChange, name: &str) {
    if let Some((_, value)) = login
        .credential_fields
        .iter_mut()
        .find(|(known, _)| known == name)
    {
        *value = changed(change, value.as_deref().unwrap_or_default());
        return;
    }
    let mut is_there = false;
    for (known, value) in &mut login.parameters {
        if known == name {
            *value = changed(change, value).unwrap_or_default();
            is_there = true;
        }
    }
    // An empty one that the documented request does not have.
    if change == FieldChange::Empty && !is_there {
        login.parameters.push((name.to_owned(), String::new()));
    }
}

fn changed(change: FieldChange, value: &str) -> Option<String> {
    match change {
        FieldChange::Missing => None,
        FieldChange::Empty => Some(String::new()),
        FieldChange::Other => Some(format!("other-{}", value.chars().rev().collect::<String>())),
        FieldChange::Beginning => {
            let length = value.chars().count();
            Some(value.chars().take(length - (length / 3).max(1)).collect())
        }
        FieldChange::OtherCase => Some(value.chars().map(swap_case).collect()),
        FieldChange::LastCharacterChanged => Some(last_character_changed(value)),
        FieldChange::FirstCharacterChanged => Some(first_character_changed(value)),
        FieldChange::BlankBehind => Some(format!("{value} ")),
        FieldChange::BlankInFront => Some(format!(" {value}")),
        FieldChange::NulBehind => Some(format!("{value}\0x")),
        FieldChange::ColonBehind => Some(format!("{value}:x")),
    }
}

fn first_character_changed(value: &str) -> String {
    let first = value.chars().next();
    let other = if first == Some('A') { 'B' } else { 'A' };
    let rest = value.chars().skip(1);
    [other].into_iter().chain(rest).collect()
}

fn last_character_changed(value: &str) -> String {
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

/// Changes one thing of `call`, which shows `token`.
pub(crate) fn vary_call(variation: &CallVariation, call: &mut ApiRequest, token: &str) {
    let shown = |before: &str, behind: &str| vec![format!("{before}{token}{behind}")];
    match variation {
        CallVariation::NoToken => call.authorization.clear(),
        CallVariation::TokenInQuery => {
            call.authorization.clear();
            call.query
                .push(("access_token".to_owned(), token.to_owned()));
        }
        // How the vendor's sockets have it is the caller's to know.
        CallVariation::TokenAsAtSocket => call.authorization.clear(),
        CallVariation::TwoSpaces => call.authorization = shown("Bearer  ", ""),
        CallVariation::Quotes => call.authorization = shown("Bearer \"", "\""),
        CallVariation::BareToken => call.authorization = shown("", ""),
        CallVariation::Scheme(scheme) => call.authorization = shown(&format!("{scheme} "), ""),
        CallVariation::UnknownToken => {
            call.authorization = vec![format!("Bearer {NEVER_ISSUED}")];
        }
        CallVariation::LastCharacterChanged => {
            call.authorization = vec![format!("Bearer {}", last_character_changed(token))];
        }
        CallVariation::UnknownPath => call.url.target.push_str("/x-locum"),
        CallVariation::SignatureChanged => {
            call.authorization = vec![format!("Bearer {}", signature_changed(token))];
        }
        // What they show is not made of the token.
        CallVariation::LimitedToken
        | CallVariation::EndedToken
        | CallVariation::WithoutPermission
        | CallVariation::OtherTenant
        | CallVariation::CredentialsInBasic => {}
        CallVariation::WithoutHeader(name) => call
            .headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name)),
        CallVariation::BadHeaderToo(position) => {
            let bad = format!("Bearer {NEVER_ISSUED}");
            match position {
                Position::Before => call.authorization.insert(0, bad),
                Position::Behind => call.authorization.push(bad),
            }
        }
        // The caller has found the way to it.
        CallVariation::At(_) => {}
        CallVariation::Both(one, other) => {
            vary_call(one, call, token);
            vary_call(other, call, token);
        }
        CallVariation::Query(name, value) => call.query.push((name.clone(), value.clone())),
        CallVariation::RawQuery(query) => call.raw_query = Some(query.clone()),
        CallVariation::TokenInQueryToo => {
            call.query
                .push(("access_token".to_owned(), token.to_owned()));
        }
        CallVariation::LetterAdded => call.authorization = shown("Bearer ", "A"),
        CallVariation::LetterInFront => call.authorization = shown("Bearer A", ""),
        CallVariation::LastLetterCut => {
            let mut cut = token.to_owned();
            cut.pop();
            call.authorization = vec![format!("Bearer {cut}")];
        }
        CallVariation::BlankAmid => {
            let middle = token.char_indices().nth(token.chars().count() / 2);
            let (front, rear) = token.split_at(middle.map_or(0, |(at, _)| at));
            call.authorization = vec![format!("Bearer {front} {rear}")];
        }
        CallVariation::TokenInQueryAs(name) => {
            call.authorization.clear();
            call.query.push((name.clone(), token.to_owned()));
        }
        CallVariation::Method(method) => call.method.clone_from(method),
        CallVariation::OtherCase => {
            call.authorization = vec![format!("Bearer {}", letter_in_other_case(token))];
        }
        CallVariation::Authorization(value) => {
            call.authorization = vec![value.replace("{token}", token)];
        }
        CallVariation::HeaderNames(case) => call.names = Some(*case),
        CallVariation::SpaceBeforeColon => {
            call.headers.push(("X-Locum ".to_owned(), "1".to_owned()));
        }
        CallVariation::NoHost => call.is_hostless = true,
        // One is written for each request.
        CallVariation::TwoHosts => {
            let host = ("Host".to_owned(), call.url.authority());
            call.headers.push(host);
        }
        CallVariation::RawSpace => call.raw_query = Some("x=a b".to_owned()),
    }
}

/// What the token parameter of a websocket's URL says in place of `prefix` and `token`; `None`
/// leaves it out.
pub(crate) fn vary_token(variation: SocketVariation, prefix: &str, token: &str) -> Option<String> {
    let value = match variation {
        SocketVariation::NoToken => return None,
        SocketVariation::UnknownToken => NEVER_ISSUED.to_owned(),
        SocketVariation::EmptyToken => String::new(),
        SocketVariation::SignatureChanged => signature_changed(token),
        SocketVariation::IdToken
        | SocketVariation::EndedToken
        | SocketVariation::SuppliedEndedToken
        | SocketVariation::LimitedToken
        | SocketVariation::OtherTenant
        | SocketVariation::NoTenant => token.to_owned(),
    };
    Some(format!("{prefix}{value}"))
}

/// `token` with the first letter from the middle of its last part on in the other case.
fn letter_in_other_case(token: &str) -> String {
    let from = token.rfind('.').map_or(0, |dot| dot + 1);
    let middle = from + (token.len() - from) / 2;
    let is_letter = |(at, letter): &(usize, char)| *at >= middle && letter.is_ascii_alphabetic();
    let at = token.char_indices().find(is_letter).map(|(at, _)| at);
    let change = |(here, letter)| match Some(here) == at {
        true => swap_case(letter),
        false => letter,
    };
    token.char_indices().map(change).collect()
}

/// `token` with a letter in the middle of its last part changed: the last letter of a signature
/// may carry no bit of it.
pub(super) fn signature_changed(token: &str) -> String {
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
    use locum_core::profile::SecretIn;
    use serde_json::json;

    use super::*;
    use crate::target::Target;

    fn profile() -> locum_core::Profile {
        crate::testing::profile(|profile| {
            profile.token.secret_in = SecretIn::Basic;
            profile.token.accept = Some("application/json".to_owned());
        })
    }

    fn target() -> Target {
        serde_json::from_value(json!({
            "urls": {"token": "http://h:1/token", "api": "http://h:1"},
            "credentials": {"client_id": "me", "client_secret": "Sécret"}
        }))
        .expect("a target")
    }

    fn login(phrase: &str) -> crate::http::Request {
        let mut login = TokenRequest::documented(&profile(), &target()).expect("a login");
        if !phrase.is_empty() {
            let variation = LoginVariation::parse(phrase).expect(phrase);
            vary_login(&variation, &mut login);
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
        check_login(
            "with the client secret altered in its first letter",
            &basic("me:Aécret"),
            grant,
        );
        check_login(
            "with a blank behind the client secret",
            &basic("me:Sécret "),
            grant,
        );
        check_login(
            "with the id alone in the body",
            "",
            &format!("{grant}&client_id=me"),
        );
        check_login(
            "with a blank in front of the client secret",
            &basic("me: Sécret"),
            grant,
        );
        check_login(
            "with a NUL behind the client secret",
            &basic("me:Sécret\0x"),
            grant,
        );
        check_login(
            "with a colon behind the client secret",
            &basic("me:Sécret:x"),
            grant,
        );
        check_login(
            "with the account's name for its secret",
            &basic("me:me"),
            grant,
        );
        let in_form = |phrase: &str, body: &str| {
            let phrase = format!("with the credentials in the body, and {phrase}");
            check_login(&phrase, "", &format!("{grant}&{body}"));
        };
        in_form(
            "with a form in ISO 8859-1",
            "client_id=me&client_secret=S%E9cret",
        );
        in_form(
            "with credentials that are form-encoded twice",
            "client_id=me&client_secret=S%25C3%25A9cret",
        );
        in_form(
            "with scope a b, and with a form that has spaces as %20",
            "scope=a%20b&client_id=me&client_secret=S%C3%A9cret",
        );
        check_login("with an empty scope", &right, &format!("{grant}&scope="));
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
        let mut call = ApiRequest::documented(&profile(), &target(), "tok").expect("a call");
        let variation = CallVariation::parse(phrase).expect(phrase);
        vary_call(&variation, &mut call, "tok");
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
        check_call(
            "with a letter in front of the token",
            "GET /things Bearer Atok",
        );
        check_call(
            "with the last letter of the token cut off",
            "GET /things Bearer to",
        );
        check_call("with a blank amid the token", "GET /things Bearer t ok");
        check_call(
            "with the token in the query as token",
            "GET /things?token=tok",
        );
        check_call("by HEAD, and without a token", "HEAD /things");
    }

    #[test]
    fn an_unknown_phrase_is_refused() {
        assert_eq!(LoginVariation::parse("sideways"), None);
        assert_eq!(LoginVariation::parse("with luck"), None);
        assert_eq!(CallVariation::parse("with luck"), None);
    }
}
