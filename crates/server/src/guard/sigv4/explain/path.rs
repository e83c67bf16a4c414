//! What else a client could have signed as the path.

use super::super::Spelling;
use super::super::canonical::{self, encode};
use super::{Attempt, LEFT_RAW, LEFT_RAW_BY_ENCODE_URI, Mistake, lower_escapes, raw_characters};

/// Each mistake with the path that it gives.
pub(super) fn mistakes(attempt: &Attempt<'_>) -> Vec<Mistake<String>> {
    let (request, ours) = (attempt.request, &attempt.ours.path);
    let now = attempt.policy.spelling;
    let received = request.path();
    let spelled = |spelling: Spelling| canonical::path(received, spelling);
    let text = decoded(attempt);
    let again = |kept: &[u8]| {
        let once = encode(&text, kept);
        match now.double_encode {
            true => encode(once.as_bytes(), kept),
            false => once,
        }
    };
    let as_it_stands = |path: &str| {
        let raw = raw_characters(path, ours);
        Mistake::new(
            format!("the path: the client signed it as it stands{raw}"),
            path.to_owned(),
        )
    };
    let kept_raw = again(&[LEFT_RAW, b"/"].concat());
    let once = encode(&text, b"/");
    let plain = String::from_utf8_lossy(&text).into_owned();
    let mut all = vec![
        Mistake::new(
            "the path: one side encoded it twice, the other once",
            spelled(Spelling {
                double_encode: !now.double_encode,
                ..now
            }),
        ),
        Mistake::new(
            "the path: one side resolved `//`, `.` or `..`",
            spelled(Spelling {
                normalize: !now.normalize,
                ..now
            }),
        ),
        as_it_stands(received),
        as_it_stands(&kept_raw),
        as_it_stands(&again(LEFT_RAW_BY_ENCODE_URI)),
        as_it_stands(&encode(&text, &[LEFT_RAW, b"/"].concat())),
        as_it_stands(&encode(&text, LEFT_RAW_BY_ENCODE_URI)),
        Mistake::new("the path: the client signed it decoded", plain),
        Mistake::new(
            "the path: one side takes a `+` for a space, the other as it stands",
            received.replace('+', if now.double_encode { "%2520" } else { "%20" }),
        ),
        Mistake::new(
            "the path: the client signed a space as `+`, form encoding",
            once.replace("%20", "+"),
        ),
        Mistake::new(
            "the path: the client encoded it once more than the service",
            encode(ours.as_bytes(), b"/"),
        ),
        Mistake::new("the path: the client left it out", "/".to_owned()),
        Mistake::new(
            "the path: the client wrote its escapes with lower-case digits",
            lower_escapes(ours),
        ),
        Mistake::new(
            "the path: the client wrote its escapes with lower-case digits",
            encode(lower_escapes(&once).as_bytes(), b"/"),
        ),
        Mistake::new(
            "the path: the client left out the slash at its end, or added one",
            match ours.strip_suffix('/') {
                Some(rest) => rest.to_owned(),
                None => format!("{ours}/"),
            },
        ),
    ];
    all.extend(without_prefix(ours));
    all
}

/// The path's bytes, resolved as the service does, without any encoding.
fn decoded(attempt: &Attempt<'_>) -> Vec<u8> {
    let once = canonical::path(
        attempt.request.path(),
        Spelling {
            double_encode: false,
            ..attempt.policy.spelling
        },
    );
    canonical::decode(&once, false)
}

/// A proxy, or the mapping of a custom domain, that adds a prefix after signing.
fn without_prefix(ours: &str) -> Vec<Mistake<String>> {
    let slashes = ours.match_indices('/').map(|(at, _)| at).skip(1);
    slashes
        .map(|at| {
            let (prefix, rest) = ours.split_at(at);
            Mistake::new(
                format!("the path: the client signed it without `{prefix}`"),
                rest.to_owned(),
            )
        })
        .collect()
}
