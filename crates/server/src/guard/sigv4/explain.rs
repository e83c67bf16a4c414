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
    let path = |path: String| Parts {
        path,
        ..ours.clone()
    };
    let mut mistakes: Vec<(&str, Parts)> = vec![
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
        (
            "the query: the client encoded it and did not sort it",
            raw(unsorted(request.query(), now)),
        ),
        (
            "the query: the client wrote its escapes with lower-case digits",
            raw(lower_escapes(&ours.query)),
        ),
        ("the path: the client left it out", path("/".to_owned())),
        (
            "the path: the client wrote its escapes with lower-case digits",
            path(lower_escapes(&ours.path)),
        ),
        (
            "the path: the client left out the slash at its end, or added one",
            path(match ours.path.strip_suffix('/') {
                Some(rest) => rest.to_owned(),
                None => format!("{}/", ours.path),
            }),
        ),
    ];
    let left_raw = left_raw(request, ours, now);
    mistakes.extend(
        left_raw
            .iter()
            .map(|(sentence, parts)| (sentence.as_str(), parts.clone())),
    );
    let found = mistakes
        .iter()
        .find(|(_, parts)| parts != ours && fits(parts));
    found.map_or_else(|| unnamed(claim), |(sentence, _)| (*sentence).to_owned())
}

/// What `encodeURIComponent` leaves as it stands, and AWS encodes ("URI encode every byte except the
/// unreserved characters").
const LEFT_RAW: &[u8] = b"!'()*";

/// The path, the query and both, signed with some reserved characters as they stand.
fn left_raw(request: &Signed<'_>, ours: &Parts, spelling: Spelling) -> Vec<(String, Parts)> {
    let spelled = canonical::path(
        request.path(),
        Spelling {
            double_encode: false,
            ..spelling
        },
    );
    let once = canonical::decode(&spelled, false);
    let again = |kept: &[u8]| {
        let path = encode(&once, kept);
        match spelling.double_encode {
            true => encode(path.as_bytes(), kept),
            false => path,
        }
    };
    let reserved = [LEFT_RAW, b"/"].concat();
    let paths = [request.path().to_owned(), again(&reserved)];
    let query = query_with(request.query(), spelling, LEFT_RAW);
    let with = |what: &str, path: &str, query: &str, raw: String| {
        let parts = Parts {
            path: path.to_owned(),
            query: query.to_owned(),
            ..ours.clone()
        };
        (format!("{what}{raw}"), parts)
    };
    let mut all: Vec<(String, Parts)> = Vec::new();
    for path in &paths {
        let raw = raw_characters(path, &ours.path);
        all.push(with(
            "the path: the client signed it as it stands",
            path,
            &ours.query,
            raw,
        ));
    }
    let raw = raw_characters(&query, &ours.query);
    all.push(with(
        "the query: the client signed characters as they stand",
        &ours.path,
        &query,
        raw,
    ));
    for path in &paths {
        let raw = raw_characters(path, &ours.path);
        all.push(with(
            "path and query: the client signed them as they stand",
            path,
            &query,
            raw,
        ));
    }
    all
}

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

/// The query with `kept` characters left as they stand.
fn query_with(query: &str, spelling: Spelling, kept: &[u8]) -> String {
    let mut pairs = encoded(query, spelling, kept);
    pairs.sort();
    joined(&pairs)
}

fn unsorted(query: &str, spelling: Spelling) -> String {
    joined(&encoded(query, spelling, b""))
}

fn encoded(query: &str, spelling: Spelling, kept: &[u8]) -> Vec<(String, String)> {
    let again = |part: &str| encode(&canonical::decode(part, spelling.plus_is_space), kept);
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect()
}

fn joined(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
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

fn hosted(ours: &Parts, change: impl Fn(&str) -> String) -> Parts {
    let mut parts = ours.clone();
    for (_, value) in parts.headers.iter_mut().filter(|(name, _)| name == "host") {
        *value = change(value);
    }
    parts
}

/// Headers that proxies, load balancers and HTTP libraries add or change on the way.
const HOP_HEADERS: &[&str] = &[
    "accept-encoding",
    "cache-control",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "keep-alive",
    "te",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
];

fn unnamed(claim: &Claim) -> String {
    let is_hex = claim.signature.len() == 64
        && claim
            .signature
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_hex {
        let suspects: Vec<&str> = claim
            .signed_headers
            .iter()
            .map(String::as_str)
            .filter(|name| HOP_HEADERS.contains(name))
            .collect();
        let suspects = match suspects.is_empty() {
            true => String::new(),
            false => format!(
                "; signed headers that a hop may change: {}",
                suspects.join(", ")
            ),
        };
        format!(
            "no usual mistake gives this signature: another secret, or a part changed after signing{suspects}"
        )
    } else {
        "the signature is not 64 lower-case hexadecimal digits".to_owned()
    }
}
