//! `Authorization: Basic`, read leniently: what a strict reader refuses is a fact here.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use locum_core::Place;
use locum_core::spelling::{
    Alphabet, BasicSpelling, CredentialOrigin, PairSpelling, ShownCredential, Word,
};

use super::compare::{self, Login};
use crate::Request;
use crate::request::Basic;

/// Takes whatever bits a careless encoder left at the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The value behind the scheme.
pub(super) fn value(request: &Request, head: &[u8]) -> Option<String> {
    let Ok(header) = request.first_header("authorization") else {
        return raw_value(head);
    };
    match header {
        Some(line) => value_of(line),
        // Of a head that its reader refused no header is there.
        None => request.headers.is_empty().then(|| raw_value(head))?,
    }
}

/// The value in a head, its line breaks kept, since the head's reader refuses them.
fn raw_value(head: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"authorization:";
    let starts = memchr::memmem::find_iter(head, b"\n").map(|at| at + 1);
    let is_name = |at: &usize| {
        head.get(*at..*at + NAME.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    };
    let line = &head[starts.clone().find(is_name)? + NAME.len()..];
    let mut ends = memchr::memmem::find_iter(line, b"\r\n");
    let end = ends
        .find(|at| !matches!(line.get(at + 2), Some(b' ' | b'\t')))
        .unwrap_or(line.len());
    value_of(&String::from_utf8_lossy(&line[..end]))
}

fn value_of(line: &str) -> Option<String> {
    let (scheme, rest) = line.trim_start().split_once([' ', '\t'])?;
    let value = rest.trim_matches([' ', '\t']);
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| value.to_owned())
}

/// The bytes of `value`, with its alphabet, whether its padding is right, and whether it is folded.
fn decode(value: &str) -> (Vec<u8>, Alphabet, bool, bool) {
    if let Ok(decoded) = STANDARD.decode(value) {
        return (decoded, Alphabet::Standard, true, false);
    }
    let is_folded = value.contains([' ', '\t', '\r', '\n']);
    let one_line: String = value.split_whitespace().collect();
    let standard = one_line.replace('-', "+").replace('_', "/");
    let decoded = LENIENT.decode(&standard).ok();
    let alphabet = match &decoded {
        None => Alphabet::Neither,
        Some(_) if standard != one_line => Alphabet::UrlSafe,
        Some(_) => Alphabet::Standard,
    };
    let is_padded = standard.len().is_multiple_of(4) && STANDARD.decode(&standard).is_ok();
    (decoded.unwrap_or_default(), alphabet, is_padded, is_folded)
}

/// What `value` is, and the two credentials in it.
pub(super) fn read(value: &str, logins: &[&Login]) -> (BasicSpelling, Vec<ShownCredential>) {
    let (decoded, alphabet, is_padded, is_folded) = decode(value);
    let bytes = decoded.len() as u64;
    let at = decoded.iter().position(|byte| *byte == b':');
    let (id, secret) = match at {
        Some(at) => (&decoded[..at], &decoded[at + 1..]),
        None => (&decoded[..], &[][..]),
    };
    let raw = Basic {
        id: id.to_vec(),
        secret: secret.to_vec(),
    };
    // Where nothing is spelled by form rules, there is one reading.
    let is_spelled = memchr::memchr2(b'+', b'%', &decoded).is_some();
    let form = is_spelled.then(|| raw.form_decoded());
    let names = logins.iter().flat_map(|login| &login.names);
    let names: Vec<&str> = names.map(String::as_str).collect();
    let owner = logins.iter().find(|login| {
        let mut names = login.names.iter().map(String::as_bytes);
        names.any(|name| name == raw.id || form.as_ref().is_some_and(|form| name == form.id))
    });
    let is_pair = |basic: &Basic| {
        let owner =
            owner.filter(|login| login.names.iter().any(|name| name.as_bytes() == basic.id));
        let secret = owner.and_then(|login| login.secret.as_ref());
        secret.is_some_and(|secret| secret.matches(&basic.secret))
    };
    let is_raw = is_pair(&raw);
    let pair = match (is_raw, form.as_ref().map_or(is_raw, is_pair)) {
        (true, true) => PairSpelling::Either,
        (true, false) => PairSpelling::Raw,
        (false, true) => PairSpelling::Form,
        (false, false) => PairSpelling::Neither,
    };
    let owners: Vec<&Login> = logins
        .iter()
        .filter(|login| owner.is_none_or(|owner| std::ptr::eq(*owner, **login)))
        .copied()
        .collect();
    let better = |raw: CredentialOrigin, form: CredentialOrigin| match (&raw, &form) {
        (CredentialOrigin::Exact { .. } | CredentialOrigin::Other, _) => raw,
        (_, CredentialOrigin::Exact { .. } | CredentialOrigin::Other) => form,
        (CredentialOrigin::Differs { .. }, _) => raw,
        _ => form,
    };
    let shown = |name: &'static str, origin| ShownCredential {
        name: Word::Borrowed(name),
        place: Place::Basic,
        origin,
    };
    let of_names = |shown: &[u8]| compare::origin(shown, &names);
    let of_secrets = |shown: &[u8]| compare::secret_origin(shown, &owners, logins);
    let (mut id, mut secret) = (of_names(&raw.id), of_secrets(&raw.secret));
    if let Some(form) = &form {
        id = better(id, of_names(&form.id));
        secret = better(secret, of_secrets(&form.secret));
    }
    let mut secrets = owners.iter().filter_map(|login| login.secret.as_ref());
    let has_colon = secrets.any(|secret| secret.expose().contains(':'));
    let basic = BasicSpelling {
        alphabet,
        is_padded,
        is_folded,
        bytes,
        pair,
        has_colon,
    };
    (
        basic,
        vec![shown("client_id", id), shown("client_secret", secret)],
    )
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use locum_core::Secret;

    use super::*;

    const ID: &str = "k7marker-client+a";
    const SECRET: &str = "k7marker:x @ +&=%2B%/ é?>~=~?>?";

    fn login() -> Login {
        Login {
            vendor: "v".to_owned(),
            names: vec![ID.to_owned()],
            secret: Some(Secret::new(SECRET)),
            former: Vec::new(),
        }
    }

    fn form(text: &str) -> String {
        form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    fn check(value: &str) -> (BasicSpelling, Vec<ShownCredential>) {
        read(value, &[&login()])
    }

    #[test]
    fn each_spelling_of_a_pair_is_told_apart() {
        let pair =
            |id: &str, secret: &str| check(&STANDARD.encode(format!("{id}:{secret}"))).0.pair;
        assert_eq!(pair(ID, SECRET), PairSpelling::Raw);
        assert_eq!(pair(&form(ID), &form(SECRET)), PairSpelling::Form);
        assert_eq!(pair(ID, "k7marker"), PairSpelling::Neither);
        assert_eq!(pair("another", SECRET), PairSpelling::Neither);
        let twice = form(&form(SECRET));
        assert_eq!(pair(&form(&form(ID)), &twice), PairSpelling::Neither);
    }

    #[test]
    fn each_spelling_of_base64_is_told_apart() {
        let text = format!("{ID}:{SECRET}");
        let standard = STANDARD.encode(&text);
        let seen = |value: &str| {
            let basic = check(value).0;
            assert_eq!(basic.pair, PairSpelling::Raw, "{value}");
            (basic.alphabet, basic.is_padded, basic.is_folded)
        };
        assert_eq!(seen(&standard), (Alphabet::Standard, true, false));
        let url = URL_SAFE.encode(&text);
        assert_ne!(url, standard);
        assert_eq!(seen(&url), (Alphabet::UrlSafe, true, false));
        let bare = URL_SAFE_NO_PAD.encode(&text);
        assert_eq!(seen(&bare), (Alphabet::UrlSafe, false, false));
        let bare = STANDARD_NO_PAD.encode(&text);
        assert_eq!(seen(&bare), (Alphabet::Standard, false, false));
        let folded = format!("{}\r\n {}", &standard[..50], &standard[50..]);
        assert_eq!(seen(&folded), (Alphabet::Standard, true, true));
        assert_eq!(check("!!").0.alphabet, Alphabet::Neither);
    }

    #[test]
    fn the_value_is_found_in_a_head_with_its_folds() {
        let head = |line: &str| format!("GET / HTTP/1.1\r\nHost: x\r\n{line}\r\nA: b\r\n\r\n");
        let value = |line: &str| raw_value(head(line).as_bytes());
        assert_eq!(value("authorization: basic  abc ").as_deref(), Some("abc"));
        let folded = value("Authorization: Basic abc\r\n def");
        assert_eq!(folded.as_deref(), Some("abc\r\n def"));
        assert_eq!(
            value("Authorization: Basic abc\ndef").as_deref(),
            Some("abc\ndef")
        );
        assert_eq!(value("Authorization: Bearer abc"), None);
        assert_eq!(value("X-Authorization: Basic abc"), None);
    }
}
