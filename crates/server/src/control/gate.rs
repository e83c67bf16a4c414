//! Who may call: whoever has the token, where one is set; by an address or an allowed name; and no
//! page of another origin.

use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN};

use super::host;
use super::refusal::Refusal;
use crate::Stages;
use crate::origin::{Origins, PublicUrl};

/// The one call that is open to all: whoever started the container asks whether it lives.
const PUBLIC_PATH: &str = "/_locum/health";

/// Lets a request pass, or says why not.
pub(super) fn pass(
    stages: &Stages,
    path: &str,
    headers: &HeaderMap,
    origins: &Origins,
) -> Result<(), Refusal> {
    if path == PUBLIC_PATH {
        return Ok(());
    }
    let public = stages.config.public_url.as_ref().map(PublicUrl::host);
    let names = (&stages.config.allowed_hosts[..], public);
    host::check(headers, names)?;
    // A page could send what a trusted proxy sends, so the name has to be allowed besides.
    host::check_name(&origins.seen.authority, names)?;
    if !same_origin(headers, origins) {
        // Bodies are taken whatever type they have, so a browser would send them unasked.
        return Err(Refusal::new(403, "a page of another origin may not call")
            .hint("call from a program, or from the page that this server shows"));
    }
    let Some(token) = &stages.config.control_token else {
        return Ok(());
    };
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let proven = match (shown.next(), shown.next()) {
        (Some(value), None) => {
            value
                .as_bytes()
                .split_at_checked(7)
                .is_some_and(|(scheme, rest)| {
                    scheme.eq_ignore_ascii_case(b"bearer ") && token.matches(rest)
                })
        }
        _ => false,
    };
    if proven {
        return Ok(());
    }
    Err(
        Refusal::new(401, "the control API needs its bearer token").hint(
            "Authorization: Bearer and the token that was printed at start, or LOCUM_CONTROL_TOKEN",
        ),
    )
}

/// Whether the request comes from no page, or from a page of this server.
fn same_origin(headers: &HeaderMap, origins: &Origins) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, authority)| authority);
    authority == Some(&origins.seen.authority)
}
