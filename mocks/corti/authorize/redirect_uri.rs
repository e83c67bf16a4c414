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

/// Letter by letter; a registered address that ends with `*` fits all that begin like it. Of schemes
/// it fits http and https, and one that it names itself: "For security reasons a general pattern like
/// `*` does not cover them anymore" (Keycloak's upgrading guide, on the schemes of valid redirect URIs).
pub(in crate::corti) fn matches(registered: &str, named: &str) -> bool {
    match registered.strip_suffix('*') {
        Some(prefix) if !registered.contains(['?', '#']) => {
            let path = named.split(['?', '#']).next().unwrap_or_default();
            let dots = path.split('/').any(|segment| segment == "..");
            !dots
                && allows_scheme(registered, named)
                && (path.starts_with(prefix) || path == prefix.trim_end_matches('/'))
        }
        _ => registered == named,
    }
}

/// Whether the scheme of an address is one of the web's, or the registered one begins with it. An
/// address without a scheme is relative to this server.
fn allows_scheme(registered: &str, named: &str) -> bool {
    let before_path = named.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((scheme, _)) = before_path.split_once(':') else {
        return true;
    };
    ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web))
        || registered
            .strip_prefix(scheme)
            .is_some_and(|rest| rest.starts_with(':'))
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

    /// A script in the answer would run in the origin of this server, and of its control API.
    #[test]
    fn any_address_is_one_of_the_web() {
        for named in [
            "http://h/cb",
            "HTTPS://h/cb",
            "https://h:1/a:b",
            "/cb",
            "cb?x=a:b",
        ] {
            assert!(matches("*", named), "{named}");
        }
        for named in [
            "javascript:alert(1)",
            "JavaScript:alert(1)//https://h/",
            "\tjavascript:alert(1)",
            "java\nscript:alert(1)",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "custom:/cb",
            ":x",
        ] {
            assert!(!matches("*", named), "{named}");
        }
        assert!(matches("custom:*", "custom:/cb"));
        assert!(matches("custom:/test/*", "custom:/test/cb"));
        assert!(!matches("custom*", "customer:/cb"));
        assert!(matches("custom:/cb", "custom:/cb"));
    }
}
