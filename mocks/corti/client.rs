//! Client authentication: Basic, the form, the two of them together, or an assertion.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use locum_core::{Denial, DenialKind, Place};
use locum_server::reason::near_miss;
use locum_server::{Mock, Request};

use super::assertion;
use super::form::{ClientIn, Form};
use super::realm::{Client, ClientAuth, Realm};

/// What a request says of its client.
#[derive(Default)]
struct PresentedCredentials {
    id: Option<String>,
    secret: Option<String>,
    /// The secret of Basic as it stood before it was decoded.
    raw_secret: Option<Vec<u8>>,
}

/// The client that a request comes from.
///
/// # Errors
/// `unreadable_client`, `no_client`, `unknown_client`, `disabled_client`, `bearer_only_client`,
/// `no_secret`, `wrong_secret`, or one of [`assertion::prove`]; with profile `legacy`, `no_secret_legacy` and `wrong_secret_legacy`.
pub(super) fn authenticate<'a>(
    mock: &Mock,
    request: &Request,
    realm: &'a Realm,
    form: &Form,
) -> Result<&'a Client, Denial> {
    let presented = presented(request, form)?;
    // Beside an assertion that tells its client, Basic is not looked at.
    let id = match assertion::client(realm, form) {
        Ok(Some(client)) => client.client_id.clone(),
        Ok(None) => presented.id.ok_or_else(|| {
            Denial::new(DenialKind::Missing, "no_client")
                .expected("client_id and client_secret in the form")
                .absent(Place::Form, ["client_id", "client_secret"])
        })?,
        Err(unclear) => presented.id.ok_or(unclear)?,
    };
    mock.note_principal(id.clone());
    let client = realm.client(&id).ok_or_else(|| {
        let unknown = Denial::new(DenialKind::UnknownPrincipal, "unknown_client")
            .expected(format!("a client of realm `{}`", realm.name))
            .got(id.clone());
        near_miss::of_name(unknown, id.as_bytes(), |name| {
            std::str::from_utf8(name).is_ok_and(|name| realm.client(name).is_some())
        })
    })?;
    if !client.enabled {
        let denial = Denial::new(DenialKind::Disabled, "disabled_client").got(id.clone());
        mock.refuse(&request.endpoint, denial)?;
    }
    if client.bearer_only {
        let denial = Denial::new(DenialKind::Unsupported, "bearer_only_client")
            .expected("a client that is not bearer_only")
            .got(id.clone());
        mock.refuse(&request.endpoint, denial)?;
    }
    if client.auth != ClientAuth::ClientSecret && !client.public {
        assertion::prove(mock, request, realm, form, client)?;
    } else if let (Some(secret), false) = (&client.client_secret, client.public) {
        let grant = form.first("grant_type").unwrap_or_default();
        let legacy = if mock.setting_is("kc_profile", "legacy") {
            "_legacy"
        } else {
            ""
        };
        match presented.secret.as_deref() {
            None | Some("") => {
                let denial = Denial::new(DenialKind::Missing, format!("no_secret{legacy}"))
                    .expected(format!("the secret of `{id}`"))
                    .absent(Place::Form, ["client_secret"])
                    .param("grant", grant);
                mock.refuse(&request.endpoint, denial)?;
            }
            Some(given) if !secret.matches(given.as_bytes()) => {
                let denial = Denial::new(DenialKind::BadSecret, format!("wrong_secret{legacy}"))
                    .expected(format!("the secret of `{id}`"))
                    .param("grant", grant);
                let raw = presented.raw_secret.as_deref();
                let raw = raw.unwrap_or(given.as_bytes());
                let denial = near_miss::of_form_decoded(denial, secret, given.as_bytes(), raw);
                mock.refuse(&request.endpoint, denial)?;
            }
            Some(_) => {}
        }
    }
    Ok(client)
}

/// "body wins over Basic", half by half; a Basic secret serves the id of its own header alone.
fn presented(request: &Request, form: &Form) -> Result<PresentedCredentials, Denial> {
    let unreadable = || Denial::new(DenialKind::Malformed, "unreadable_client");
    if form.client == ClientIn::Unreadable {
        return Err(unreadable().expected("one media type"));
    }
    // Of two headers the first counts.
    let header = request.headers.get(http::header::AUTHORIZATION);
    let header = header.and_then(|value| basic(&String::from_utf8_lossy(value.as_bytes())));
    let mut presented = PresentedCredentials::default();
    if let Some((id, raw)) = header {
        // Both halves are decoded before an empty id counts as none: the secret is then the one of
        // the id in the form.
        let broken = || unreadable().expected("% and two hexadecimal digits");
        let id = form_decoded(&id).ok_or_else(broken)?;
        let secret = form_decoded(&raw).ok_or_else(broken)?;
        presented = PresentedCredentials {
            id: Some(id).filter(|id| !id.is_empty()),
            secret: Some(secret),
            raw_secret: Some(raw),
        };
    }
    if form.client == ClientIn::Nowhere {
        return Ok(presented);
    }
    if let Some(id) = form.first("client_id") {
        if presented.id.as_deref().is_some_and(|have| have != id) {
            presented.secret = None;
        }
        presented.id = Some(id.to_owned()).filter(|id| !id.is_empty());
    }
    if let Some(secret) = form.first("client_secret") {
        presented.secret = Some(secret.to_owned());
        presented.raw_secret = None;
    }
    Ok(presented)
}

/// Both halves of Basic as they stand inside the base64, which is read as MIME reads it: what is
/// no letter of the alphabet is passed over, padding may be left out. `None` where Keycloak sees no
/// Basic at all.
fn basic(header: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = header.split_once([' ', '\t'])?;
    if !scheme.eq_ignore_ascii_case("basic") || rest.contains(',') {
        return None;
    }
    let is_letter = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/');
    let (value, after) = rest.split_once('=').unwrap_or((rest, ""));
    if after.contains(|letter| is_letter(&letter)) {
        return None;
    }
    let letters: String = value.chars().filter(is_letter).collect();
    // Padding is left out, or completes four letters.
    let padding = rest[value.len()..].chars().take_while(|c| *c == '=');
    let fits = match (letters.len() % 4, padding.count()) {
        (_, 0) | (3, _) => true,
        (2, padding) => padding >= 2,
        _ => false,
    };
    if !fits {
        return None;
    }
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = GeneralPurpose::new(&STANDARD, lenient)
        .decode(letters)
        .ok()?;
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    Some((bytes[..colon].to_vec(), bytes[colon + 1..].to_vec()))
}

/// "percent-encoded (%20 or +) or raw: both are URL-decoded, UTF-8"; `None` for a broken escape.
fn form_decoded(half: &[u8]) -> Option<String> {
    // Read as the value of a form, in which `&` and `=` have no meaning here.
    let mut decoded = Vec::with_capacity(half.len());
    let mut rest = half;
    while let [first, tail @ ..] = rest {
        (rest, decoded) = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let byte = digit(*high)? * 16 + digit(*low)?;
                decoded.push(u8::try_from(byte).expect("two hexadecimal digits are a byte"));
                (tail, decoded)
            }
            (b'%', _) => return None,
            (b'+', tail) => {
                decoded.push(b' ');
                (tail, decoded)
            }
            (byte, tail) => {
                decoded.push(*byte);
                (tail, decoded)
            }
        };
    }
    Some(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(header: &str, expected: Option<(&str, &str)>) {
        let bytes = |text: &str| text.as_bytes().to_vec();
        assert_eq!(
            basic(header),
            expected.map(|(id, secret)| (bytes(id), bytes(secret))),
            "{header}"
        );
    }

    #[test]
    fn basic_is_read_as_mime_reads_base64() {
        check("Basic YTpi", Some(("a", "b")));
        check("bAsIc   YTpi", Some(("a", "b")));
        check("Basic\tYTpi", Some(("a", "b")));
        check("Basic YTpiYg==", Some(("a", "bb")));
        check("Basic YTpiYg", Some(("a", "bb")));
        check("Basic YT!*pi", Some(("a", "b")));
        check("Basic YT pi", Some(("a", "b")));
        check("Basic YTo=", Some(("a", "")));
        check("Basic OmI=", Some(("", "b")));
        check("Basic YTpi=", None);
        check("Basic YTpiYg=", None);
        check("Basic YWI=", None);
        check("BasicYTpi", None);
        check("Basic", None);
        check("Basic YTpi, x", None);
        check("Basic YTpiYg== x", None);
        check("Bearer YTpi", None);
    }

    #[test]
    fn halves_are_url_decoded() {
        assert_eq!(form_decoded(b"a%20b+c").as_deref(), Some("a b c"));
        assert_eq!(form_decoded(b"%zz"), None);
        assert_eq!(form_decoded(b"%4"), None);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "(Basic )?.*") {
            if let Some((id, secret)) = basic(&header) {
                let _ = (form_decoded(&id), form_decoded(&secret));
            }
        }
    }
}
