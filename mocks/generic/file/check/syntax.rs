//! What texts of a file have to look like.

use locum_core::template;

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
pub(super) fn is_scope(text: &str) -> bool {
    let is_char = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.bytes().all(is_char)
}

pub(super) fn is_redirect_uri(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme
        && uri.len() > scheme.len() + 1
        && !uri.contains('#')
        && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A path whose braces hold whole segments with names of their own.
pub(super) fn is_pattern(path: &str) -> bool {
    let names = template::names(path);
    let unique = names
        .iter()
        .enumerate()
        .all(|(at, name)| !names[..at].contains(name));
    let whole = path.split('/').all(|segment| {
        !segment.contains(['{', '}', '*'])
            || (template::names(segment).len() == 1
                && segment.starts_with('{')
                && segment.ends_with('}'))
    });
    path.starts_with('/') && unique && whole && !path.contains(['?', '#'])
}

/// A path with its names taken out.
pub(super) fn shape(path: &str) -> String {
    template::fill(path, |_| Some("{}".to_owned()))
}
