//! Which mistake of a signer would give the signature that came: each known mistake is tried.

use super::canonical::{self, Parts, encode};
use super::claim::Claim;
use super::{Policy, Signed, Spelling};

/// A sentence on where the client's canonical request and ours part, as far as it can be told.
pub(super) fn explain(
    request: &Signed<'_>,
    claim: &Claim,
    ours: &Parts,
    policy: &Policy,
    fits: &dyn Fn(&Parts) -> bool,
) -> String {
    let spelled = |spelling: Spelling| Parts {
        path: canonical::path(request.path(), spelling),
        query: canonical::query(
            request.query(),
            spelling.plus_is_space,
            &["X-Amz-Signature"],
        ),
        ..ours.clone()
    };
    let now = policy.spelling;
    let raw = |query: String| Parts {
        query,
        ..ours.clone()
    };
    let hash = |payload: &str| Parts {
        payload: payload.to_owned(),
        ..ours.clone()
    };
    let empty = canonical::sha256_hex(b"");
    let shown = request.header("x-amz-content-sha256").unwrap_or_default();
    let sorted = {
        let mut parts: Vec<&str> = request.query().split('&').collect();
        parts.sort_unstable();
        parts.join("&")
    };
    let mistakes: [(&str, Parts); 12] = [
        (
            "the payload hash: the client signed UNSIGNED-PAYLOAD",
            hash("UNSIGNED-PAYLOAD"),
        ),
        (
            "the payload hash: the client signed its x-amz-content-sha256, and the body has another hash",
            hash(shown),
        ),
        (
            "the payload hash: the client signed an empty body",
            hash(&empty),
        ),
        (
            "the payload hash: the client signed the hash of the body",
            hash(&canonical::sha256_hex(request.body)),
        ),
        (
            "the path: one side encoded it twice, the other once",
            spelled(Spelling {
                double_encode: !now.double_encode,
                ..now
            }),
        ),
        (
            "the path: one side resolved `//`, `.` or `..`",
            spelled(Spelling {
                normalize: !now.normalize,
                ..now
            }),
        ),
        (
            "the query: one side takes a `+` for a space, the other as it stands",
            spelled(Spelling {
                plus_is_space: !now.plus_is_space,
                ..now
            }),
        ),
        (
            "the query: the client signed it as it stands, neither encoded nor sorted",
            raw(request.query().to_owned()),
        ),
        (
            "the query: the client sorted it and did not encode it",
            raw(sorted),
        ),
        ("the query: the client left it out", raw(String::new())),
        (
            "the host: the client signed it without its port",
            hosted(ours, |host| {
                host.split(':').next().unwrap_or_default().to_owned()
            }),
        ),
        (
            "the query: the client encoded it twice",
            raw(encode(ours.query.as_bytes(), b"=&-_.~")),
        ),
    ];
    let found = mistakes
        .iter()
        .find(|(_, parts)| parts != ours && fits(parts));
    found.map_or_else(|| unnamed(claim), |(sentence, _)| (*sentence).to_owned())
}

fn hosted(ours: &Parts, change: impl Fn(&str) -> String) -> Parts {
    let mut parts = ours.clone();
    for (_, value) in parts.headers.iter_mut().filter(|(name, _)| name == "host") {
        *value = change(value);
    }
    parts
}

fn unnamed(claim: &Claim) -> String {
    let is_hex = claim.signature.len() == 64
        && claim
            .signature
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_hex {
        "no usual mistake gives this signature: another secret, or a part changed after signing"
            .to_owned()
    } else {
        "the signature is not 64 lower-case hexadecimal digits".to_owned()
    }
}
