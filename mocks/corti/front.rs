//! What stands before every endpoint of a realm: the rules of the path, the realm itself.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Request};

use super::State;
use super::realm::RealmRef;

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

/// Refuses a disabled realm, where the endpoint looks at that.
///
/// # Errors
/// `realm_disabled`.
pub(super) fn must_be_enabled(mock: &Mock, request: &Request, realm: &RealmRef) -> Result<(), Denial> {
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
/// `path_broken_escape` for an escape in path or query that is none.
pub(super) fn check_path(request: &Request) -> Result<(), Denial> {
    if escapes(&request.target).any(|byte| byte.is_none()) {
        return Err(Denial::new(DenialKind::Malformed, "path_broken_escape")
            .expected("% and two hexadecimal digits"));
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

/// The bytes that the escapes of `text` stand for; `None` for a broken one.
fn escapes(text: &str) -> impl Iterator<Item = Option<u8>> {
    text.split('%').skip(1).map(|rest| {
        let digits = rest.get(..2)?;
        u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
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
