//! Which mistake of a signer, or change on the way, would give the signature that was received: each
//! known one is tried.
//!
//! # Layout
//!
//! - `path`, `query`, `payload`, `headers`: what else could have been signed in the place of each part
//! - `key`: what else it could have been signed with

mod headers;
mod key;
mod path;
mod payload;
mod query;

use locum_core::Secret;

use super::canonical::{self, Parts};
use super::claim::Claim;
use super::{Policy, Signed};

/// A signature that does not fit, with all that it should cover.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) request: &'a Signed<'a>,
    pub(super) claim: &'a Claim,
    pub(super) ours: &'a Parts,
    pub(super) policy: &'a Policy,
    pub(super) secret: &'a Secret,
}

/// One mistake: a sentence on it, and what is signed with it.
struct Mistake<T> {
    sentence: String,
    signed: T,
}

impl<T> Mistake<T> {
    fn new(sentence: impl Into<String>, signed: T) -> Self {
        Self {
            sentence: sentence.into(),
            signed,
        }
    }
}

impl Attempt<'_> {
    /// Whether the signature that was received is the one over `parts`.
    pub(super) fn fits(&self, parts: &Parts) -> bool {
        self.fits_with(parts, self.secret, self.claim)
    }

    fn fits_with(&self, parts: &Parts, secret: &Secret, claim: &Claim) -> bool {
        let string = canonical::string_to_sign(&parts.canonical(), claim);
        Secret::new(canonical::signature(secret, claim, &string))
            .matches(self.claim.signature.as_bytes())
    }

    /// Our parts with other headers.
    fn with_headers(&self, headers: Vec<(String, String)>) -> Parts {
        Parts {
            headers,
            ..self.ours.clone()
        }
    }
}

/// A sentence on where the client's canonical request and ours part, as far as it can be told.
pub(super) fn explain(attempt: &Attempt<'_>) -> String {
    one_part(attempt)
        .or_else(|| path_and_query(attempt))
        .or_else(|| key::found(attempt))
        .unwrap_or_else(|| unnamed(attempt.claim))
}

/// The mistake in one part of the canonical request that gives the signature.
fn one_part(attempt: &Attempt<'_>) -> Option<String> {
    let ours = attempt.ours;
    let paths = path::mistakes(attempt).into_iter().map(|mistake| {
        let path = mistake.signed;
        Mistake::new(
            mistake.sentence,
            Parts {
                path,
                ..ours.clone()
            },
        )
    });
    let queries = query::mistakes(attempt).into_iter().map(|mistake| {
        let query = mistake.signed;
        Mistake::new(
            mistake.sentence,
            Parts {
                query,
                ..ours.clone()
            },
        )
    });
    let payloads = payload::mistakes(attempt).into_iter().map(|mistake| {
        let payload = mistake.signed;
        Mistake::new(
            mistake.sentence,
            Parts {
                payload,
                ..ours.clone()
            },
        )
    });
    let method = ours.method.to_ascii_lowercase();
    let method = Mistake::new(
        "the method: the client signed it in lower case",
        Parts {
            method,
            ..ours.clone()
        },
    );
    let headers = headers::mistakes(attempt);
    let mut all = payloads
        .chain(paths)
        .chain(queries)
        .chain(headers)
        .chain([method]);
    all.find(|mistake| &mistake.signed != ours && attempt.fits(&mistake.signed))
        .map(|mistake| mistake.sentence)
}

/// One mistake in the path and one in the query: a signer that does not encode leaves both raw.
fn path_and_query(attempt: &Attempt<'_>) -> Option<String> {
    let queries = query::mistakes(attempt);
    path::mistakes(attempt).into_iter().find_map(|path| {
        let found = queries.iter().find(|query| {
            let parts = Parts {
                path: path.signed.clone(),
                query: query.signed.clone(),
                ..attempt.ours.clone()
            };
            attempt.fits(&parts)
        });
        found.map(|query| format!("{}; {}", path.sentence, query.sentence))
    })
}

/// What `encodeURIComponent` leaves as it stands, and AWS encodes ("URI encode every byte except the
/// unreserved characters").
const LEFT_RAW: &[u8] = b"!'()*";

/// What `encodeURI` leaves as it stands.
const LEFT_RAW_BY_ENCODE_URI: &[u8] = b"!'()*;,/?:@&=+$#";

/// `, `*` is %2A`: the first character of `theirs` that stands encoded in `ours`.
fn raw_characters(theirs: &str, ours: &str) -> String {
    let is_raw = |byte: &u8| {
        !byte.is_ascii_alphanumeric()
            && !b"-_.~/=&%".contains(byte)
            && ours.contains(&format!("%{byte:02X}"))
    };
    let found = theirs.bytes().find(is_raw);
    found.map_or_else(String::new, |byte| {
        format!(", `{}` is %{byte:02X}", char::from(byte))
    })
}

/// `%2A` as `%2a`.
fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at(part.len().min(2));
        format!("{text}%{}{rest}", digits.to_ascii_lowercase())
    })
}

fn unnamed(claim: &Claim) -> String {
    let is_hex = claim.signature.len() == 64
        && claim
            .signature
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !is_hex {
        return "the signature is not 64 lower-case hexadecimal digits".to_owned();
    }
    let suspects = headers::suspects(claim);
    let suspects = match suspects.is_empty() {
        true => String::new(),
        false => format!("; {suspects}"),
    };
    format!(
        "no usual mistake gives this signature: another secret, or a part changed after signing{suspects}"
    )
}
