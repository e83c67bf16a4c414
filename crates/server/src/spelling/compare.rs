//! A value beside the stage's credentials.

use locum_core::Secret;
use locum_core::spelling::{CredentialOrigin, Word};
use serde_json::Value;

use crate::reason::near_miss;

/// Somebody who may log in at a vendor.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The vendor.
    pub(crate) vendor: String,
    /// The names that it may give: a client's id; a user's name and e-mail address.
    pub(crate) names: Vec<String>,
    /// Its secret or password; a public client has none.
    pub(crate) secret: Option<Secret>,
    /// Those that it had before: given to clients, and not good any more.
    pub(crate) former: Vec<Secret>,
}

impl Login {
    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let secrets = self.secrets().map(|secret| secret.expose().len());
        let names = self.names.iter().map(String::len);
        secrets.chain(names).sum::<usize>() + size_of::<Self>()
    }

    /// Its secret, then those that it had before.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secret.iter().chain(&self.former)
    }

    /// Takes over what it was before its principal was changed.
    fn remember(&mut self, before: &Self) {
        for secret in before.secrets() {
            let value = secret.expose();
            if self.secrets().all(|known| known.expose() != value) {
                self.former.push(secret.clone());
            }
        }
    }
}

/// Adds those who could log in before the principals were changed: their secrets to those who still
/// can, themselves where they cannot any more.
pub(crate) fn remember(before: &[Login], logins: &mut Vec<Login>) {
    for login in before {
        let is_same = |known: &&mut Login| {
            known.vendor == login.vendor
                && known.names.iter().any(|name| login.names.contains(name))
        };
        match logins.iter_mut().find(is_same) {
            Some(known) => known.remember(login),
            None => logins.push(login.clone()),
        }
    }
}

/// So many characters in common are no chance: secrets of a stage are drawn at random.
const MIN_COMMON: usize = 6;

/// The characters that encodings change, each with the word for it.
const CHARACTERS: [(char, &str); 10] = [
    (':', "`:`"),
    ('@', "`@`"),
    ('+', "`+`"),
    ('&', "`&`"),
    ('=', "`=`"),
    ('%', "`%`"),
    ('/', "`/`"),
    (' ', "a space"),
    ('é', "`é`"),
    ('"', "a quote"),
];

/// Adds those who may log in, as the principals of `vendor` list them.
pub(crate) fn gather(vendor: &str, principals: &Value, logins: &mut Vec<Login>) {
    match principals {
        Value::Array(list) => list.iter().for_each(|item| gather(vendor, item, logins)),
        Value::Object(object) => {
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            let of = |names: &[&str], secret: &str| Login {
                vendor: vendor.to_owned(),
                names: names
                    .iter()
                    .filter_map(|name| text(name).map(str::to_owned))
                    .collect(),
                secret: text(secret).map(Secret::new),
                former: Vec::new(),
            };
            if text("client_id").is_some() {
                logins.push(of(&["client_id"], "client_secret"));
            } else if text("username").is_some() {
                logins.push(of(&["username", "email", "sub"], "password"));
            }
            for member in object.values().filter(|member| !member.is_string()) {
                gather(vendor, member, logins);
            }
        }
        _ => {}
    }
}

/// How `shown` compares with those of `known`.
pub(super) fn origin(shown: &[u8], known: &[&str]) -> CredentialOrigin {
    if let Some(exact) = known.iter().find(|known| known.as_bytes() == shown) {
        return CredentialOrigin::Exact {
            characters: characters(exact),
        };
    }
    let common = |known: &str| {
        let pairs = known.bytes().zip(shown);
        pairs.take_while(|(a, b)| a == *b).count()
    };
    let nearest = known.iter().max_by_key(|known| common(known));
    match nearest {
        Some(nearest) if common(nearest) >= MIN_COMMON.min(nearest.len()).max(1) => {
            CredentialOrigin::Differs {
                at: difference(nearest, shown),
            }
        }
        _ => match slip(shown, known) {
            Some(at) => CredentialOrigin::Differs { at },
            None => CredentialOrigin::Foreign {},
        },
    }
}

/// How `shown` compares with the secrets of `owners`, of whom `logins` are all there are.
pub(super) fn secret_origin(
    shown: &[u8],
    owners: &[&Login],
    logins: &[&Login],
) -> CredentialOrigin {
    let present = owners.iter().filter_map(|login| login.secret.as_ref());
    let present: Vec<&str> = present.map(Secret::expose).collect();
    let is_present = present.iter().any(|secret| secret.as_bytes() == shown);
    let mut all = logins.iter().flat_map(|login| login.secrets());
    match !is_present && all.any(|secret| secret.matches(shown)) {
        true => CredentialOrigin::Other,
        false => origin(shown, &present),
    }
}

/// How `shown` is one of `known` all the same, as a whole: quoted, or encoded as base64.
fn slip(shown: &[u8], known: &[&str]) -> Option<String> {
    let mut slips = near_miss::slips(shown).into_iter();
    let is_known = |value: &[u8]| known.iter().any(|known| known.as_bytes() == value);
    let slip = slips.find(|(value, _)| is_known(value))?;
    Some(slip.1)
}

/// Which of the characters that encodings change `text` has, as words.
fn characters(text: &str) -> Vec<Word> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if text.bytes().all(is_plain) {
        return Vec::new();
    }
    let has = |(character, _): &&(char, &str)| text.contains(*character);
    let words = CHARACTERS.iter().filter(has);
    words.map(|(_, word)| Word::Borrowed(word)).collect()
}

/// The first difference of `shown` from `right`, in words that tell no more than one special
/// character of it.
pub(super) fn difference(right: &str, shown: &[u8]) -> String {
    let same = right.bytes().zip(shown).take_while(|(a, b)| a == *b);
    let mut at = same.count();
    if at == right.len() {
        return format!("goes on behind its end with {}", arrived(&shown[at..]));
    }
    at = right.floor_char_boundary(at);
    let due = right[at..].chars().next().unwrap_or_default();
    match shown.get(at..) {
        None | Some([]) => format!("ends before {}", word(due)),
        Some(rest) => format!("{} arrived as {}", word(due), arrived(rest)),
    }
}

fn word(character: char) -> &'static str {
    let known = CHARACTERS.iter().find(|(known, _)| *known == character);
    known.map_or("another character", |(_, word)| word)
}

/// What stands at the beginning of `rest`.
fn arrived(rest: &[u8]) -> String {
    let escape = |rest: &[u8]| {
        let hex = rest.get(1..3)?;
        let is_escape = rest[0] == b'%' && hex.iter().all(u8::is_ascii_hexdigit);
        is_escape.then(|| format!("`%{}`", String::from_utf8_lossy(hex)))
    };
    match rest {
        [0xe9, ..] => "one byte, as Latin-1 has it".to_owned(),
        [0xc3, 0x83, ..] => "UTF-8 that was encoded twice".to_owned(),
        [b'\n' | b'\r', ..] => "a line end".to_owned(),
        [first, ..] => escape(rest).unwrap_or_else(|| word(char::from(*first)).to_owned()),
        [] => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "k7marker:x @ +&=%2B%/ é=";

    fn differs(shown: &[u8], words: &str) {
        match origin(shown, &[SECRET]) {
            CredentialOrigin::Differs { at } => assert_eq!(at, words),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_difference_is_told_and_nothing_else() {
        differs(b"k7marker", "ends before `:`");
        differs(
            "k7marker:x @  &=%2B%/ é=".as_bytes(),
            "`+` arrived as a space",
        );
        differs("k7marker:x @ +&=+%/ é=".as_bytes(), "`%` arrived as `+`");
        differs(
            "k7marker:x%20@ +&=%2B%/ é=".as_bytes(),
            "a space arrived as `%20`",
        );
        differs(
            b"k7marker:x @ +&=%2B%/ \xe9=",
            "`é` arrived as one byte, as Latin-1 has it",
        );
        differs(
            "k7marker:x @ +&=%2B%/ Ã©=".as_bytes(),
            "`é` arrived as UTF-8 that was encoded twice",
        );
        differs("k7marker:x @ +&=%2B%/ é".as_bytes(), "ends before `=`");
        differs(
            "k7marker:x @ +&=%2B%/ é=\n".as_bytes(),
            "goes on behind its end with a line end",
        );
        differs(
            b"k7markzr",
            "another character arrived as another character",
        );
    }

    #[test]
    fn a_secret_that_was_replaced_is_told_from_a_foreign_one() {
        let login = |name: &str, secret: &str| Login {
            vendor: "v".to_owned(),
            names: vec![name.to_owned()],
            secret: Some(Secret::new(secret)),
            former: Vec::new(),
        };
        let mut logins = vec![login("a", "new-1"), login("b", "other")];
        remember(&[login("a", "old-1"), login("gone", "left")], &mut logins);
        let all: Vec<&Login> = logins.iter().collect();
        let origin = |shown: &[u8], at: usize| secret_origin(shown, &[all[at]], &all);
        assert_eq!(origin(b"old-1", 0), CredentialOrigin::Other);
        assert_eq!(origin(b"other", 0), CredentialOrigin::Other);
        assert!(matches!(
            origin(b"new-1", 0),
            CredentialOrigin::Exact { .. }
        ));
        assert!(matches!(
            origin(b"built in", 1),
            CredentialOrigin::Foreign {}
        ));
        assert_eq!(logins[2].names, ["gone"]);
    }

    #[test]
    fn what_begins_otherwise_came_from_elsewhere() {
        let origin = |shown: &str| origin(shown.as_bytes(), &[SECRET]);
        assert!(matches!(origin("hunter2"), CredentialOrigin::Foreign {}));
        assert!(matches!(origin(""), CredentialOrigin::Foreign {}));
        let CredentialOrigin::Exact { characters } = origin(SECRET) else {
            panic!("it is the secret");
        };
        assert_eq!(characters.len(), 9);
    }
}
