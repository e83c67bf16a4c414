//! The way back to the client: a redirect, or a page that posts itself.

use locum_server::{Mock, Reply, jwt};
use serde_json::{Map, Value};

use super::flow::Way;
use super::request::Authorization;
use crate::corti::issue::issuer;
use crate::corti::realm::RealmRef;
use crate::corti::{State, page};

/// Brings `pairs` to the client in the mode that it asked for.
pub(super) fn back(
    mock: &Mock,
    realm: &RealmRef,
    asked: &Authorization,
    pairs: &[(String, String)],
) -> Reply {
    let response = asked
        .mode
        .jwt
        .then(|| vec![("response".to_owned(), signed(mock, realm, asked, pairs))]);
    let pairs = response.as_deref().unwrap_or(pairs);
    let separator = match asked.mode.way {
        Way::FormPost => {
            let page = page::posting(&asked.redirect_uri, pairs);
            return page.with_headers_of(mock.profile(), "posting_page", &[]);
        }
        Way::Fragment => '#',
        Way::Query => '?',
    };
    let location = with_pairs(&asked.redirect_uri, separator, pairs);
    Reply::status(302)
        .header("location", location)
        .with_headers_of(mock.profile(), "h8", &[])
}

/// JWT Secured Authorization Response Mode §2.1.
fn signed(
    mock: &Mock,
    realm: &RealmRef,
    asked: &Authorization,
    pairs: &[(String, String)],
) -> String {
    let keys = mock.state::<State>().keys.of(&realm.name);
    let header = format!(
        r#"{{"alg":"RS256","typ" : "JWT","kid" : "{}"}}"#,
        keys.signing().kid
    );
    let lives = mock.setting_u64("code_ttl_s");
    let mut claims = Map::new();
    let exp = mock.now().as_seconds().saturating_add_unsigned(lives);
    claims.insert("exp".into(), exp.into());
    claims.insert("iss".into(), issuer(mock, &realm.name).into());
    claims.insert("aud".into(), asked.client.clone().into());
    let mut pairs: Vec<_> = pairs.iter().filter(|(name, _)| name != "iss").collect();
    pairs.sort_by_key(|(name, _)| page::bucket(name));
    for (name, value) in pairs {
        claims.insert(name.clone(), Value::from(value.clone()));
    }
    jwt::mint_rs256(&keys.signing().rsa, &header, &claims)
}

/// `uri` with `pairs` after `separator`, form-encoded.
pub(in crate::corti) fn with_pairs(
    uri: &str,
    separator: char,
    pairs: &[(String, String)],
) -> String {
    if pairs.is_empty() {
        return uri.to_owned();
    }
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let separator = if uri.contains(separator) {
        '&'
    } else {
        separator
    };
    format!("{uri}{separator}{}", encoded.join("&"))
}

/// Form encoding (WHATWG URL §5.2): a space is `+`.
fn encoded(text: &str) -> String {
    const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'*')
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b' ');
    percent_encoding::utf8_percent_encode(text, PLAIN)
        .to_string()
        .replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_follow_the_uri() {
        let pairs = [("state".to_owned(), "a b&c".to_owned())];
        assert_eq!(
            with_pairs("http://h/cb", '?', &pairs),
            "http://h/cb?state=a+b%26c"
        );
        assert_eq!(
            with_pairs("http://h/cb?x", '?', &pairs),
            "http://h/cb?x&state=a+b%26c"
        );
        assert_eq!(
            with_pairs("http://h/cb", '#', &pairs),
            "http://h/cb#state=a+b%26c"
        );
        assert_eq!(with_pairs("http://h/cb", '?', &[]), "http://h/cb");
    }
}
