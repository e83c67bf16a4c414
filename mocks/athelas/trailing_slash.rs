//! The trailing slash: Starlette redirects a path that would be routed without it, whatever the
//! method. A client that follows posts its password to where it was sent.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Request};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What Starlette escapes in the header line; `%` is not, so that nothing is escaped twice.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// `path` with its escapes decoded, what is not UTF-8 replaced: the path that is routed.
pub(super) fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// The redirect, where the path without its slashes is routed.
pub(super) fn redirect(mock: &Mock, request: &Request) -> Option<Denial> {
    let path = decoded(request.path());
    let bare = path.trim_end_matches('/');
    let slashed = bare.len() < path.len();
    let routed = |bare: &str| {
        let endpoints = &mock.profile().endpoints;
        endpoints
            .values()
            .any(|endpoint| fits(&endpoint.path, bare))
    };
    if !slashed || !mock.setting_is("trailing_slash", "307") || !routed(bare) {
        return None;
    }
    let query = match request.raw_query() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let location = format!("{}{query}", mock.url(bare));
    let location = utf8_percent_encode(&location, UNSAFE).to_string();
    let denial = Denial::new(DenialKind::NotFound, "trailing_slash");
    Some(
        denial
            .expected(bare)
            .got("a slash at the end")
            .param("location", location),
    )
}

/// Whether `path` is of the form `pattern`, in which `{name}` stands for one segment.
fn fits(pattern: &str, path: &str) -> bool {
    pattern.split('/').count() == path.split('/').count()
        && pattern
            .split('/')
            .zip(path.split('/'))
            .all(|(want, have)| want == have || (want.starts_with('{') && !have.is_empty()))
}
