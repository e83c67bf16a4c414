//! The address that an answer may go to (RFC 6749 §3.1.2.3), as Keycloak compares it.

use locum_core::{Denial, DenialKind};

use crate::corti::realm::Client;

/// The address to answer to: the registered one that `named` is. A request that is not OpenID
/// Connect may leave it out where one alone is registered.
///
/// # Errors
/// `auth_redirect_uri`.
pub(super) fn verified(
    client: &Client,
    named: Option<&str>,
    is_oidc: bool,
) -> Result<String, Denial> {
    let refused = |got: &str, kind| {
        Denial::new(kind, "auth_redirect_uri")
            .expected(format!(
                "one of the redirect URIs of `{}`: {}",
                client.client_id,
                client.redirect_uris.join(", ")
            ))
            .got(got)
    };
    match (named, &client.redirect_uris[..]) {
        (None, [one]) if !is_oidc => Ok(one.clone()),
        (None, _) => Err(refused("no redirect_uri", DenialKind::Missing)),
        (Some(named), registered) => {
            if registered.iter().any(|have| matches(have, named)) {
                Ok(named.to_owned())
            } else {
                Err(refused(named, DenialKind::Invalid))
            }
        }
    }
}

/// Letter by letter; a registered address that ends with `*` fits all that begin like it.
pub(in crate::corti) fn matches(registered: &str, named: &str) -> bool {
    match registered.strip_suffix('*') {
        Some(prefix) if !registered.contains(['?', '#']) => {
            let path = named.split(['?', '#']).next().unwrap_or_default();
            let dots = path.split('/').any(|segment| segment == "..");
            !dots && (path.starts_with(prefix) || path == prefix.trim_end_matches('/'))
        }
        _ => registered == named,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_letter_by_letter() {
        assert!(matches("http://h/cb", "http://h/cb"));
        assert!(!matches("http://h/cb", "http://h/cb/"));
        assert!(!matches("http://h/cb", "http://h/cb?x"));
        assert!(matches("http://h/*", "http://h/cb?x"));
        assert!(matches("http://h/*", "http://h"));
        assert!(!matches("http://h/*", "http://h/../x"));
        assert!(!matches("http://h/*", "http://hh/"));
    }
}
