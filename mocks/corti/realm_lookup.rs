//! What stands before every endpoint of a realm: the rules of the path, the realm itself.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply, Request, RoutingFailure};

use super::State;
use super::realm::{RealmRef, SslRequired};

/// The realm that a request addresses.
///
/// # Errors
/// `path_not_normalized`, `path_invalid_character`, `path_broken_escape`, `unknown_realm`.
pub(super) fn realm(mock: &Mock, request: &Request) -> Result<RealmRef, Denial> {
    check_path(request)?;
    named(mock, &request.endpoint, request.param("realm"))
}

/// The realm called `name`.
///
/// # Errors
/// `unknown_realm`.
pub(super) fn named(mock: &Mock, endpoint: &str, name: &str) -> Result<RealmRef, Denial> {
    let principals = mock.state::<State>().principals();
    if let Some(realm) = RealmRef::named(&principals, name) {
        return Ok(realm);
    }
    let unknown = Denial::new(DenialKind::WrongTenant, "unknown_realm")
        .expected("the tenant's name")
        .got(name);
    mock.refuse(endpoint, unknown.clone())?;
    RealmRef::first(&principals).ok_or(unknown)
}

/// Refuses plain http where the realm demands TLS, and a disabled realm, where the endpoint looks at
/// that.
///
/// # Errors
/// `https_required`, `realm_disabled`.
pub(super) fn must_be_enabled(
    mock: &Mock,
    request: &Request,
    realm: &RealmRef,
) -> Result<(), Denial> {
    if realm.ssl_required == SslRequired::All && !mock.base.starts_with("https:") {
        let denial = Denial::new(DenialKind::Forbidden, "https_required")
            .expected("https: the realm's ssl_required is all")
            .got("http");
        mock.refuse(&request.endpoint, denial)?;
    }
    if realm.enabled {
        return Ok(());
    }
    let denial = Denial::new(DenialKind::Disabled, "realm_disabled").got(realm.name.clone());
    mock.refuse(&request.endpoint, denial)
}

/// Keycloak takes a path in its normal form only.
///
/// # Errors
/// `path_not_normalized` for `//`, dots and encoded letters, `path_invalid_character` for `;`,
/// `path_broken_escape` for a broken escape in path or query, `query_control_character`.
pub(super) fn check_path(request: &Request) -> Result<(), Denial> {
    check_sizes(request)?;
    if escapes(&request.target).any(|byte| byte.is_none()) {
        return Err(Denial::new(DenialKind::Malformed, "path_broken_escape")
            .expected("% and two hexadecimal digits"));
    }
    if has_control_character(request) {
        return Err(
            Denial::new(DenialKind::Malformed, "query_control_character")
                .expected("a query without control characters"),
        );
    }
    let path = request.path();
    if path.contains(';') {
        return Err(Denial::new(DenialKind::Malformed, "path_invalid_character").got(path));
    }
    let dots = path.split('/').any(|segment| matches!(segment, "." | ".."));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if dots || path.contains("//") || escapes(path).flatten().any(is_plain) {
        return Err(Denial::new(DenialKind::Malformed, "path_not_normalized").got(path));
    }
    Ok(())
}

/// Whether a value of the query has one, beside tab and line end.
fn has_control_character(request: &Request) -> bool {
    let is_one = |byte: &u8| *byte < 0x20 && !b"\t\n\r".contains(byte);
    let escaped = request.target.contains('%');
    escaped
        && request
            .query()
            .pairs
            .iter()
            .any(|(_, value)| value.iter().any(is_one))
}

/// Bytes of a request target, and of all header lines together; measured on Keycloak.
const MAX_TARGET: usize = 32_766;
const MAX_HEADERS: usize = 65_535;

/// Keycloak's HTTP server takes no longer heads.
fn check_sizes(request: &Request) -> Result<(), Denial> {
    let headers: usize = request
        .lines
        .iter()
        .map(|(name, value)| name.len() + 2 + value.len())
        .sum();
    let too_long = |reason: &'static str, most: usize, got: usize| {
        Err(Denial::new(DenialKind::Limit, reason)
            .expected(format!("at most {most} bytes"))
            .got(format!("{got} bytes")))
    };
    if request.target.len() > MAX_TARGET {
        return too_long("target_too_long", MAX_TARGET, request.target.len());
    }
    if headers > MAX_HEADERS {
        return too_long("headers_too_large", MAX_HEADERS, headers);
    }
    Ok(())
}

/// A refusal outside the token endpoint: "revoke and introspect errors have neither" of the two
/// headers that keep an answer out of caches.
pub(super) fn bare(mock: &Mock, denial: Denial) -> Reply {
    let mut reply = Reply::denied(mock.profile(), denial);
    let keeps = [http::header::CACHE_CONTROL, http::header::PRAGMA];
    reply.headers.retain(|(name, _)| {
        !keeps
            .iter()
            .any(|drop| name.eq_ignore_ascii_case(drop.as_str()))
    });
    reply
}

/// The refusal where no endpoint of a realm was reached.
pub(super) fn routing_failure(mock: &Mock, request: &Request, failure: &RoutingFailure) -> Denial {
    let reworded = |reason: &str| Denial {
        reason: reason.to_owned(),
        ..failure.denial()
    };
    match failure {
        RoutingFailure::Malformed(_) | RoutingFailure::TooSlow => {
            return reworded("path_broken_escape");
        }
        RoutingFailure::TooLarge(_) => return reworded("realm_body_too_large"),
        RoutingFailure::Path | RoutingFailure::Method(_) => {}
    }
    if let Err(denial) = check_path(request) {
        return denial;
    }
    let mut segments = request.path().split('/').skip(1);
    let (root, name) = (segments.next(), segments.next().unwrap_or_default());
    if root != Some("realms") || name.is_empty() {
        return reworded("outside");
    }
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    if let Err(denial) = named(mock, &request.endpoint, &name) {
        return denial;
    }
    let method = request.method.as_str();
    let rest: Vec<&str> = segments.collect();
    match (&rest[..], failure) {
        ([".well-known", ..], _) => reworded("realm_not_found"),
        (["login-actions", "authenticate"], RoutingFailure::Method(_)) => {
            reworded("login_wrong_method")
        }
        (_, RoutingFailure::Method(_)) => reworded("realm_wrong_method"),
        // Unknown names under openid-connect are looked for by GET, below the token endpoint by POST;
        // no other method gets there.
        (["protocol", "openid-connect", "token", _, ..], _)
            if !matches!(method, "POST" | "OPTIONS") =>
        {
            reworded("realm_wrong_method")
        }
        (["protocol", "openid-connect", "token", _, ..], _) => reworded("realm_not_found"),
        (["protocol", "openid-connect", ..], _) if !matches!(method, "GET" | "OPTIONS") => {
            reworded("realm_wrong_method")
        }
        (["protocol", "openid-connect", ..] | [], _) => reworded("realm_not_found"),
        (["protocol", "saml", ..], _) => reworded("realm_not_found"),
        (["protocol", other, ..], _) if !other.is_empty() => reworded("protocol_not_found"),
        _ => reworded("realm_not_found"),
    }
}

/// The bytes that the escapes of `text` stand for; `None` for a broken one.
fn escapes(text: &str) -> impl Iterator<Item = Option<u8>> {
    text.split('%').skip(1).map(|rest| {
        let digits = rest.get(..2)?;
        u8::from_str_radix(digits, 16)
            .ok()
            .filter(|_| !digits.starts_with('+'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_one_by_one() {
        let read = |text| escapes(text).collect::<Vec<_>>();
        assert_eq!(read("a%6fb%20"), [Some(b'o'), Some(b' ')]);
        assert_eq!(read("%zz%4"), [None, None]);
        assert_eq!(read("%+1"), [None]);
    }
}
