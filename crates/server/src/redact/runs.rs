//! What looks like a token wherever it stands: JWTs, what follows `Bearer` or `Basic`, and long runs
//! of mixed letters and digits.

use std::ops::Range;

/// A run of a text that may be a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// It is one, whoever issued it.
    Token(Range<usize>),
    /// It looks like one by its letters alone.
    Random(Range<usize>),
    /// It is one if it was issued here.
    Candidate(Range<usize>),
}

/// The schemes behind which a credential follows, the longest first.
const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];

/// Shortest run that may be an issued token.
const MIN_LENGTH: usize = 16;

/// Shortest run that looks like a token by its letters alone.
const MIN_RANDOM: usize = 20;

const fn is_part(byte: u8) -> bool {
    PARTS[byte as usize]
}

/// The bytes of a run: each byte of a journal is asked, so that a table pays.
const PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let mut byte = u8::MIN;
    loop {
        parts[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'~');
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    parts
};

/// A character of base64 in either alphabet.
pub(super) const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=')
}

/// The runs of `text`.
pub(super) fn of(text: &[u8], found: &mut impl FnMut(Run)) {
    let mut at = 0;
    while at < text.len() {
        if !is_part(text[at]) {
            at += 1;
            continue;
        }
        let length = text[at..]
            .iter()
            .position(|byte| !is_part(*byte))
            .unwrap_or(text.len() - at);
        let run = at..at + length;
        at += length;
        follow(text, &run, found);
        if length < MIN_LENGTH {
            continue;
        }
        // `name=value` is two; at the end of base64 the sign is padding.
        let mut start = run.start;
        for sign in memchr::memchr_iter(b'=', &text[run.clone()]) {
            let end = run.start + sign;
            if end + 1 < run.end && text[end + 1] != b'=' {
                within(text, start..end, found);
                start = end + 1;
            }
        }
        within(text, start..run.end, found);
    }
}

/// The credentials behind the words `Bearer` and `Basic` in or at the end of a run.
fn follow(text: &[u8], run: &Range<usize>, found: &mut impl FnMut(Run)) {
    let word = &text[run.clone()];
    if word.len() < SCHEMES[1].len() {
        return;
    }
    for at in memchr::memchr2_iter(b'b', b'B', word) {
        let is_scheme = |scheme: &&[u8]| {
            let start = word[at..].get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if (at == 0 || !word[at - 1].is_ascii_alphanumeric())
            && let Some(scheme) = SCHEMES.iter().find(|scheme| is_scheme(scheme))
            && let Some(credential) = behind(text, run, run.start + at + scheme.len())
        {
            found(Run::Token(credential));
        }
    }
}

/// The credential behind the scheme that ends at `after` in a run, where it is one that no sentence
/// has.
fn behind(text: &[u8], run: &Range<usize>, after: usize) -> Option<Range<usize>> {
    if after < run.end {
        // `Bearer+token` in a query, `Bearer/token`, `Bearer=token`.
        let is_glued = matches!(text[after], b'+' | b'=' | b'/');
        let shown = after + 1..run.end;
        return (is_glued && is_credential(&text[shown.clone()])).then_some(shown);
    }
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b':');
    let blanks = text[after..].iter().take_while(is_blank).count();
    let start = after + blanks;
    let end = text[start..]
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || b"\"'<>,;&\\".contains(byte))
        .map_or(text.len(), |length| start + length);
    (blanks > 0 && is_credential(&text[start..end])).then_some(start..end)
}

/// `Bearer realm="x"` and `Bearer authentication` show no credential.
fn is_credential(word: &[u8]) -> bool {
    let is_word = word
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || *byte == b'.');
    let is_parameter = [&b"realm="[..], b"error=", b"scope=", b"charset="]
        .iter()
        .any(|name| word.starts_with(name));
    // A name that stands for one already.
    let is_name = word.starts_with("«".as_bytes()) || word.starts_with("…".as_bytes());
    word.len() >= 4 && !is_word && !is_parameter && !is_name
}

fn within(text: &[u8], run: Range<usize>, found: &mut impl FnMut(Run)) {
    let bytes = &text[run.clone()];
    if bytes.len() < MIN_LENGTH {
        return;
    }
    if let Some(at) = json_web(bytes) {
        return found(Run::Token(run.start + at..run.end));
    }
    let classes = Classes::of(bytes);
    if !classes.are_mixed() {
        // Neither it nor a part of it looks like a token; it may be one all the same.
        if classes.digits > 0 {
            pieces(text, &run, &mut |piece| {
                if piece.len() >= MIN_LENGTH && !is_uuid(&text[piece.clone()]) {
                    found(Run::Candidate(piece));
                }
            });
        }
        return;
    }
    let mut slashes = memchr::memchr_iter(b'/', bytes);
    let is_path = slashes.any(|at| at == 0 || bytes[at - 1] == b'/');
    let is_long =
        bytes.len() >= MIN_RANDOM + 4 && memchr::memchr3(b'+', b'/', b'=', bytes).is_some();
    if is_long && !is_path && classes.changes * 5 >= bytes.len() * 2 {
        return found(Run::Random(run));
    }
    pieces(text, &run, &mut |piece| {
        let bytes = &text[piece.clone()];
        if bytes.len() < MIN_LENGTH {
            return;
        }
        let classes = match piece == run {
            true => classes,
            false => Classes::of(bytes),
        };
        let is_random =
            bytes.len() >= MIN_RANDOM && classes.are_mixed() && classes.changes * 3 >= bytes.len();
        if is_random {
            found(Run::Random(if is_path { piece } else { run.clone() }));
        } else if (classes.digits > 0 || classes.are_mixed()) && !is_uuid(bytes) {
            found(Run::Candidate(piece));
        }
    });
}

/// The parts between `/` and `=`, without dots at their ends.
fn pieces(text: &[u8], run: &Range<usize>, found: &mut impl FnMut(Range<usize>)) {
    let mut start = run.start;
    let separators = memchr::memchr2_iter(b'/', b'=', &text[run.clone()]);
    for end in separators.map(|at| run.start + at).chain([run.end]) {
        let trimmed = text[start..end]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'.')
            .count();
        if end - trimmed > start {
            found(start..end - trimmed);
        }
        start = end + 1;
    }
}

/// Where a JOSE header begins: `{"` in base64, or that in base64 once more.
fn json_web(run: &[u8]) -> Option<usize> {
    [&b"eyJ"[..], b"ZXlK"].into_iter().find_map(|start| {
        // Runs are short: a searcher would take longer to make than to use.
        memchr::memchr_iter(start[0], run).find(|at| {
            run[*at..].starts_with(start)
                && (*at == 0 || !run[at - 1].is_ascii_alphanumeric())
                && run.len() - at >= MIN_LENGTH
        })
    })
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// How the letters of a run are mixed.
#[derive(Clone, Copy, Default)]
struct Classes {
    upper: usize,
    lower: usize,
    digits: usize,
    /// Neighbours of different kinds.
    changes: usize,
}

impl Classes {
    fn of(bytes: &[u8]) -> Self {
        let (mut classes, mut before) = (Self::default(), 0);
        for byte in bytes {
            let kind = match byte {
                b'A'..=b'Z' => {
                    classes.upper += 1;
                    1
                }
                b'a'..=b'z' => {
                    classes.lower += 1;
                    2
                }
                b'0'..=b'9' => {
                    classes.digits += 1;
                    3
                }
                _ => 0,
            };
            classes.changes += usize::from(kind != before && kind != 0 && before != 0);
            before = kind;
        }
        classes
    }

    const fn are_mixed(&self) -> bool {
        self.upper > 0 && self.lower > 0 && self.digits > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with `T`, `R`, `C` around what was found.
    fn shown(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        of(text.as_bytes(), &mut |run| {
            all.push(match run {
                Run::Token(range) => format!("T {}", &text[range]),
                Run::Random(range) => format!("R {}", &text[range]),
                Run::Candidate(range) => format!("C {}", &text[range]),
            });
        });
        all
    }

    #[test]
    fn tokens_are_seen_wherever_they_stand() {
        assert_eq!(
            shown("a eyJhbGciOiJIUzI1NiJ9.e30.x b"),
            ["T eyJhbGciOiJIUzI1NiJ9.e30.x"]
        );
        assert_eq!(
            shown("/t/eyJhbGciOiJIUzI1NiJ9.e30.x"),
            ["T eyJhbGciOiJIUzI1NiJ9.e30.x"]
        );
        assert_eq!(shown("Bearer abc-1"), ["T abc-1"]);
        assert_eq!(shown("t=Bearer+abc-1&x"), ["T abc-1"]);
        assert_eq!(shown("x: basic abc:1"), ["T abc:1"]);
        assert_eq!(shown("basic.bearer=abc-1"), ["T abc-1"]);
        assert_eq!(shown("basic=x-1/bearer abc-1"), ["T x-1/bearer", "T abc-1"]);
        assert_eq!(shown("k7Gx2mQ9vBt4LpZr8WnC"), ["R k7Gx2mQ9vBt4LpZr8WnC"]);
        assert_eq!(
            shown("/a/k7Gx2mQ9vBt4LpZr8WnC/b"),
            ["R k7Gx2mQ9vBt4LpZr8WnC"]
        );
        assert_eq!(shown("abcdefgh12345678ijkl"), ["C abcdefgh12345678ijkl"]);
    }

    #[test]
    fn a_name_is_no_part_of_its_value() {
        assert_eq!(
            shown("client_secret=k7Gx2mQ9vBt4LpZr8WnC==&a=b"),
            ["R k7Gx2mQ9vBt4LpZr8WnC=="]
        );
    }

    #[test]
    fn ordinary_data_is_left_alone() {
        for text in [
            "Bearer realm=\"x\", error=\"invalid_token\"",
            "Bearer authentication required",
            "0b5e6a1c-9d1e-4f6a-8a64-0d1f2a3b4c5d",
            "/v2/interactions/0b5e6a1c-9d1e-4f6a-8a64-0d1f2a3b4c5d/documents",
            "AWSCognitoIdentityProviderService.InitiateAuth",
            "application/x-www-form-urlencoded",
            "the quick brown fox",
        ] {
            assert!(shown(text).is_empty(), "{text}: {:?}", shown(text));
        }
    }
}
