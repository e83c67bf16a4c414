//! The names of places that hold credentials: members of forms, queries and JSON, headers, cookies,
//! path segments.

use std::sync::LazyLock;

/// Whole names; letter case, `_`, `-` and other signs do not count.
const EXACT: &[&str] = &[
    "answer",
    "auth",
    "authcode",
    "authorizationcode",
    "bearer",
    "code",
    "codeverifier",
    "confirmationcode",
    "devicecode",
    "idtokenhint",
    "logins",
    "pass",
    "passwordclaimsecretblock",
    "passwordclaimsignature",
    "pin",
    "pw",
    "pwd",
    "resetcode",
    "secretblock",
    "secretcode",
    "session",
    "sessionstate",
    "sid",
    "srpa",
    "usercode",
    "verificationcode",
    "xamzsignature",
    "xauth",
];

/// Ends of names, such as `x_auth_token` and `userPassword`.
const ENDS: &[&str] = &[
    "accesskey",
    "apikey",
    "assertion",
    "authkey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "mfacode",
    "otp",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secrethash",
    "secretkey",
    "sessionid",
    "subscriptionkey",
    "token",
];

/// What stands before such an end in the names that exchanges have.
const BEFORE_ENDS: &[&str] = &[
    "", "access", "client", "id", "new", "old", "previous", "proposed", "refresh", "security",
    "session", "user",
];

/// Names with such an end that hold no credential: positions in a list, and error codes.
const HARMLESS: &[&str] = &[
    "continuationtoken",
    "expiredtoken",
    "invalidtoken",
    "missingtoken",
    "nextpagetoken",
    "nexttoken",
    "pagetoken",
    "paginationtoken",
    "revokedtoken",
    "unknowntoken",
    "wrongpassword",
    "wrongsecret",
    "xamzcredential",
];

/// Members whose values look like tokens and are public: keys, digests, correlation values.
const PUBLIC: &[&str] = &[
    "checksum",
    "codechallenge",
    "contentmd5",
    "contenttype",
    "digest",
    "e",
    "etag",
    "ifmatch",
    "ifnonematch",
    "kid",
    "md5checksum",
    "n",
    "nonce",
    "salt",
    "secwebsocketaccept",
    "secwebsocketkey",
    "srpb",
    "state",
    "traceparent",
    "useragent",
    "x",
    "x5c",
    "x5t",
    "x5ts256",
    "xamzapigwid",
    "xamzcfid",
    "xamzcontentsha256",
    "xamzid2",
    "xamznrequestid",
    "xamzntraceid",
    "xamzrequestid",
    "xamztarget",
    "y",
];

/// Headers that end like a credential and hold none.
const OPEN_HEADERS: &[&str] = &[
    "wwwauthenticate",
    "proxyauthenticate",
    "xamznremappedwwwauthenticate",
];

/// Fields that nearly every exchange has (IANA's registry of HTTP field names), each with what the
/// lists above make of its name.
const FIELDS: &[(&str, HeaderKind)] = &[
    ("host", HeaderKind::Other),
    ("date", HeaderKind::Other),
    ("accept", HeaderKind::Other),
    ("connection", HeaderKind::Other),
    ("user-agent", HeaderKind::Public),
    ("content-type", HeaderKind::Public),
    ("authorization", HeaderKind::Sensitive),
    ("cache-control", HeaderKind::Other),
    ("content-length", HeaderKind::Other),
    ("accept-encoding", HeaderKind::Other),
    ("accept-language", HeaderKind::Other),
];

/// Longest name that is compared whole; of a longer one its end counts.
const MAX_NAME: usize = 64;

/// The letters and digits of `name` in lower case.
struct Plain {
    bytes: [u8; MAX_NAME],
    length: usize,
}

impl Plain {
    fn of(name: &[u8]) -> Self {
        let mut plain = Self {
            bytes: [0; MAX_NAME],
            length: 0,
        };
        for byte in name.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
            if plain.length == MAX_NAME {
                plain.bytes.rotate_left(1);
                plain.length -= 1;
            }
            plain.bytes[plain.length] = byte.to_ascii_lowercase();
            plain.length += 1;
        }
        plain
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn is(&self, word: &str) -> bool {
        self.bytes() == word.as_bytes()
    }

    /// Most words of a list have another length, which is compared first.
    fn is_in(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    fn is_public(&self) -> bool {
        self.is_in(&self.words().public)
    }

    fn is_sensitive(&self) -> bool {
        let words = self.words();
        let has_end = || {
            let mut ends = words.ends.iter().map(|end| end.as_bytes());
            ends.any(|end| self.bytes().ends_with(end))
        };
        self.is_in(&words.exact) || (has_end() && !self.is_in(HARMLESS))
    }

    /// The words that end as this name does.
    fn words(&self) -> &'static Words {
        let last = self.bytes().last().copied().unwrap_or_default();
        &BY_LAST[usize::from(last)]
    }
}

/// Words of the lists above.
#[derive(Default)]
struct Words {
    exact: Vec<&'static str>,
    ends: Vec<&'static str>,
    public: Vec<&'static str>,
}

/// The lists by the last byte of their words: each name of each member is compared with them.
static BY_LAST: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let ending = |list: &[&'static str], last: u8| {
        let ends = |word: &&&str| word.as_bytes().last() == Some(&last);
        list.iter().filter(ends).copied().collect()
    };
    let words = (u8::MIN..=u8::MAX).map(|last| Words {
        exact: ending(EXACT, last),
        ends: ending(ENDS, last),
        public: ending(PUBLIC, last),
    });
    words.collect()
});

/// Whether what stands under `name` is a credential or a token. Each part of a composed name
/// counts: `password[]`, `user[password]`, `user.password`; so does the name with its escapes
/// undone, however often it was encoded.
pub fn is_sensitive(name: &str) -> bool {
    is_sensitive_bytes(name.as_bytes())
}

/// [`is_sensitive`] for a name that may be no UTF-8.
pub(super) fn is_sensitive_bytes(name: &[u8]) -> bool {
    let is_part = |byte: &u8| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'-');
    if Plain::of(name).is_sensitive() {
        return true;
    }
    if !name.iter().any(is_part) {
        return false;
    }
    if name
        .split(is_part)
        .any(|part| Plain::of(part).is_sensitive())
    {
        return true;
    }
    if memchr::memchr2(b'%', b'\\', name).is_none() {
        return false;
    }
    super::views::decodings(name).is_none_or(|all| {
        all.iter().any(|plain| {
            plain
                .split(is_part)
                .any(|part| Plain::of(part).is_sensitive())
        })
    })
}

/// Whether `value` is itself a name of such a place, as exchanges have it: looked for as a secret it
/// would be found in each of them.
pub(super) fn is_name(value: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    let plain = Plain::of(value.as_bytes());
    let is_end = |end: &&str| {
        let before = plain.bytes().strip_suffix(end.as_bytes());
        before.is_some_and(|before| BEFORE_ENDS.iter().any(|word| word.as_bytes() == before))
    };
    value.bytes().all(is_part) && (plain.is_in(EXACT) || ENDS.iter().any(is_end))
}

/// Whether what stands under `name` lives on when a request sets it: a password, no one-time code.
pub(super) fn is_lasting(name: &str) -> bool {
    let plain = Plain::of(name.as_bytes());
    [&b"password"[..], b"secret"]
        .iter()
        .any(|end| plain.bytes().ends_with(end))
}

/// Whether `name` holds an object of credentials by issuer: its members are masked one by one.
pub(super) fn is_logins(name: &str) -> bool {
    Plain::of(name.as_bytes()).is("logins")
}

/// Whether what stands under `name` may look like a token and is public.
pub(super) fn is_public(name: &str) -> bool {
    Plain::of(name.as_bytes()).is_public()
}

/// What the name of a header says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderKind {
    /// Whatever looks like a token in it is public.
    Public,
    /// It is a credential.
    Sensitive,
    /// Neither.
    Other,
}

/// What the header `name` says of its value.
pub(super) fn header_kind(name: &str) -> HeaderKind {
    field(name).unwrap_or_else(|| kind_by_lists(name))
}

/// The same where `name` is a field of every day, which hides nothing itself.
pub(super) fn field(name: &str) -> Option<HeaderKind> {
    let known = FIELDS
        .iter()
        .find(|(field, _)| name.eq_ignore_ascii_case(field));
    known.map(|(_, kind)| *kind)
}

fn kind_by_lists(name: &str) -> HeaderKind {
    let plain = Plain::of(name.as_bytes());
    if plain.is_public() {
        HeaderKind::Public
    } else if plain.is_sensitive() && !plain.is_in(OPEN_HEADERS) {
        HeaderKind::Sensitive
    } else {
        HeaderKind::Other
    }
}

/// Whether a path segment announces that the next one is a credential: `token`, `codes`.
pub(super) fn is_marker(segment: &str) -> bool {
    is_sensitive(segment)
        || segment.strip_suffix('s').is_some_and(is_sensitive)
        || matches!(segment, "reset" | "verify" | "confirm" | "invite" | "magic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_every_day_are_what_the_lists_make_of_them() {
        for (name, kind) in FIELDS {
            assert_eq!(kind_by_lists(name), *kind, "{name}");
        }
    }

    #[test]
    fn a_name_is_read_however_it_is_spelled() {
        for name in [
            "client_secret",
            "AccessToken",
            "REFRESH_TOKEN",
            "password[]",
            "user[password]",
            "%70assword",
            "%2570assword",
            "X-Auth-Token",
            "SECRET_HASH",
            "\\u0070assword",
            "apikey",
            "X-Api-Key",
            "a.b.client-secret",
            "Proxy-Authorization",
        ] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in [
            "client_id",
            "token_type",
            "grant_type",
            "scope",
            "expires_in",
            "token_endpoint",
            "NextToken",
            "error_code",
            "status",
            "username",
            "redirect_uri",
            "id_token_signing_alg_values_supported",
            "invalid_token",
            "X-Amz-Date",
            "client_assertion_type",
        ] {
            assert!(!is_sensitive(name), "{name}");
        }
    }
}
