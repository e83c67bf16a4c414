//! The token and the tenant that an upgrade shows: in the query, or, from a browser, in the offered
//! subprotocols.

use locum_core::{Denial, DenialKind, Place};
use locum_server::{Mock, Request};
use percent_encoding::percent_decode;

/// How a token may be spelled.
#[derive(Clone, Debug)]
struct Spelling {
    /// What stands before the token: `Bearer `.
    prefix: String,
    /// Whether `+` is a space, as in a form.
    plus_as_space: bool,
    /// Whether the prefix may be left out.
    bare: bool,
}

/// What an upgrade shows.
#[derive(Clone, Debug)]
pub(super) struct PresentedCredentials {
    /// The token of the URL, or of the subprotocols.
    pub(super) token: Result<String, Denial>,
    /// The tenant.
    pub(super) tenant: Option<String>,
    /// The token of the `Authorization` header, which newer SDKs send as well.
    pub(super) header: Option<String>,
}

impl PresentedCredentials {
    /// Reads `request`; never fails, since what is wrong with the token is one of its values.
    pub(super) fn read(mock: &Mock, request: &Request) -> Self {
        let facts = mock.profile().socket.as_ref();
        let spelling = Spelling {
            prefix: facts.map_or_else(String::new, |facts| facts.token_prefix.clone()),
            plus_as_space: mock.setting_on("ws_plus_as_space"),
            bare: mock.setting_on("ws_accept_token_without_bearer"),
        };
        let parameter = facts.map_or("", |facts| facts.token_parameter.as_str());
        // The header's name in lower case is the parameter's name.
        let tenant_header = mock
            .profile()
            .api
            .tenant_header
            .as_deref()
            .unwrap_or_default();
        let tenant_parameter = tenant_header.to_ascii_lowercase();
        let protocols = match mock.setting_on("ws_subprotocol") {
            true => protocols(request),
            false => Vec::new(),
        };
        let query = request.raw_query();
        let tenant = texts(query, &tenant_parameter, spelling.plus_as_space)
            .next()
            .flatten();
        let header = request.headers.get(http::header::AUTHORIZATION);
        let header = header.and_then(|value| value.to_str().ok());
        if let Some(blank) = spelled_blank(query, parameter) {
            // The vendor writes `token=Bearer {access_token}`: how the space came is evidence.
            mock.note("token_blank", blank);
        }
        Self {
            token: token(query, parameter, &spelling, &protocols),
            tenant: tenant.or_else(|| named(&protocols, &tenant_parameter)),
            header: header.and_then(|value| stripped(value, &spelling)),
        }
    }
}

/// The token of the query; without one, that of the subprotocols.
fn token(
    query: &str,
    parameter: &str,
    spelling: &Spelling,
    protocols: &[(String, String)],
) -> Result<String, Denial> {
    let mut values = texts(query, parameter, spelling.plus_as_space);
    let value = match (values.next(), values.next()) {
        (Some(_), Some(_)) => {
            return Err(Denial::new(DenialKind::Repeated, "repeated_parameter")
                .expected(format!("one parameter `{parameter}`"))
                .got("several"));
        }
        (Some(value), None) => value.filter(|value| !value.is_empty()),
        (None, _) => named(protocols, "authorization"),
    };
    let broken = values_are_broken(query, parameter, spelling.plus_as_space);
    let expected = format!(
        "{parameter}={} and the access token",
        spelling.prefix.trim_end()
    );
    let Some(value) = value else {
        return Err(match broken {
            true => {
                Denial::new(DenialKind::Malformed, "malformed_socket_token").got("a broken escape")
            }
            false => Denial::new(DenialKind::Missing, "no_socket_token")
                .absent(Place::Query, [parameter]),
        }
        .expected(expected));
    };
    stripped(&value, spelling).ok_or_else(|| {
        Denial::new(DenialKind::Malformed, "malformed_socket_token")
            .expected(expected)
            .got("another spelling")
            .difference(first_fault(&value, spelling))
    })
}

/// Where a token's spelling leaves what is taken; never the token itself.
fn first_fault(value: &str, spelling: &Spelling) -> String {
    let word = spelling.prefix.trim_end();
    match value.get(..word.len()) {
        Some(start) if start.eq_ignore_ascii_case(word) => match value.as_bytes().get(word.len()) {
            Some(b' ') => format!("a character after `{word} ` that no token has"),
            Some(b'+') => format!("a plus after `{word}`"),
            Some(b'%') => format!("an escape after `{word}` that is still encoded"),
            _ => format!("no space after `{word}`"),
        },
        _ => format!("it does not begin with `{word}`"),
    }
}

/// The token behind its prefix, the scheme in any letter case; `None` when it is spelled otherwise.
fn stripped(value: &str, spelling: &Spelling) -> Option<String> {
    let length = spelling.prefix.len();
    let rest = match value.get(..length) {
        Some(start) if start.eq_ignore_ascii_case(&spelling.prefix) => &value[length..],
        _ if spelling.bare => value,
        _ => return None,
    };
    // RFC 6750 §2.1: the characters of a b64token.
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    (!rest.is_empty() && rest.bytes().all(is_token)).then(|| rest.to_owned())
}

/// The values of `name` in a raw query, decoded; `None` for one that cannot be.
fn texts<'a>(
    query: &'a str,
    name: &'a str,
    plus_as_space: bool,
) -> impl Iterator<Item = Option<String>> + 'a {
    raw_values(query, name).map(move |value| decoded(value, plus_as_space))
}

fn raw_values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(move |(have, _)| decoded(have, false).as_deref() == Some(name))
        .map(|(_, value)| value)
}

fn values_are_broken(query: &str, name: &str, plus_as_space: bool) -> bool {
    texts(query, name, plus_as_space).any(|value| value.is_none())
}

/// How the first blank of the parameter is spelled: `%20` or `+`.
fn spelled_blank(query: &str, name: &str) -> Option<&'static str> {
    let value = raw_values(query, name).next()?;
    ["%20", "+"]
        .into_iter()
        .filter_map(|blank| Some((value.find(blank)?, blank)))
        .min()
        .map(|(_, blank)| blank)
}

/// `text` without its escapes; `None` for a broken one, or for bytes that are not UTF-8.
fn decoded(text: &str, plus_as_space: bool) -> Option<String> {
    let is_broken = |rest: &str| {
        !rest
            .as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if text.split('%').skip(1).any(is_broken) {
        return None;
    }
    let text = if plus_as_space {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    String::from_utf8(percent_decode(text.as_bytes()).collect()).ok()
}

/// `name,value,name,value…` of `Sec-WebSocket-Protocol`, values percent-encoded: how a browser,
/// which cannot send headers, passes them on.
fn protocols(request: &Request) -> Vec<(String, String)> {
    let values = request.headers.get_all("sec-websocket-protocol").iter();
    let list: Vec<&str> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    list.as_chunks()
        .0
        .iter()
        .filter_map(|[name, value]| Some((name.to_ascii_lowercase(), decoded(value, false)?)))
        .collect()
}

fn named(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs
        .iter()
        .find(|(have, _)| have == name)
        .map(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VENDOR: &str = "Bearer ";

    fn read(query: &str, plus_as_space: bool, bare: bool) -> Result<String, String> {
        let spelling = Spelling {
            prefix: VENDOR.to_owned(),
            plus_as_space,
            bare,
        };
        token(query, "token", &spelling, &[]).map_err(|denial| denial.reason)
    }

    fn check(query: &str, expected: Result<&str, &str>) {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(read(query, true, false), expected, "{query}");
    }

    #[test]
    fn a_token_is_bearer_one_space_and_the_token() {
        check("tenant-name=base&token=Bearer%20a.b", Ok("a.b"));
        check("token=Bearer+a.b", Ok("a.b"));
        check("token=bearer%20a.b", Ok("a.b"));
        check("%74oken=Bearer%20a.b", Ok("a.b"));
        check("token=Bearer%20a%2Eb", Ok("a.b"));
        check("token=Bearer%20a%2Bb", Ok("a+b"));
        check("token=a.b", Err("malformed_socket_token"));
        check("token=Bearer%2520a.b", Err("malformed_socket_token"));
        check("token=Bearer%20%20a.b", Err("malformed_socket_token"));
        check("token=Bearera.b", Err("malformed_socket_token"));
        check("token=Bearer%20", Err("malformed_socket_token"));
        check("token=Bearer%2", Err("malformed_socket_token"));
        check("token=Bearer%20%ff", Err("malformed_socket_token"));
        check("token=", Err("no_socket_token"));
        check("token", Err("no_socket_token"));
        check("", Err("no_socket_token"));
        check("Token=Bearer%20a", Err("no_socket_token"));
        check("tenant-name=base?token=Bearer%20a", Err("no_socket_token"));
        check(
            "token=Bearer%20a&token=Bearer%20a",
            Err("repeated_parameter"),
        );
    }

    #[test]
    fn settings_open_or_close_two_spellings() {
        assert_eq!(
            read("token=Bearer+a", false, false),
            Err("malformed_socket_token".to_owned())
        );
        assert_eq!(read("token=a.b", true, true), Ok("a.b".to_owned()));
    }

    #[test]
    fn a_fault_is_told_without_the_token() {
        let spelling = Spelling {
            prefix: VENDOR.to_owned(),
            plus_as_space: false,
            bare: false,
        };
        let fault = |query| {
            token(query, "token", &spelling, &[])
                .expect_err("it is refused")
                .difference
        };
        assert_eq!(
            fault("token=Bearer+x").as_deref(),
            Some("a plus after `Bearer`")
        );
        assert_eq!(
            fault("token=Bearer%2520x").as_deref(),
            Some("an escape after `Bearer` that is still encoded")
        );
        assert_eq!(
            fault("token=x").as_deref(),
            Some("it does not begin with `Bearer`")
        );
    }

    #[test]
    fn the_blank_is_noted_as_spelled() {
        assert_eq!(spelled_blank("token=Bearer+a%20", "token"), Some("+"));
        assert_eq!(spelled_blank("token=Bearer%20a+", "token"), Some("%20"));
        assert_eq!(spelled_blank("token=a", "token"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_query_makes_it_panic(query in "(token|tenant-name|[&=%+ ]|Bearer|%20|\\PC){0,40}") {
            let _ = read(&query, true, false);
            let _ = read(&query, false, true);
            let _ = spelled_blank(&query, "token");
        }

        #[test]
        fn a_token_in_any_place_and_encoding_comes_back(
            token in "[A-Za-z0-9_.~-]{1,40}", before in "[a-z]{0,5}", encoded in any::<bool>(),
        ) {
            let spelled: String = match encoded {
                true => token.bytes().map(|byte| format!("%{byte:02X}")).collect(),
                false => token.clone(),
            };
            let query = format!("x={before}&token=Bearer%20{spelled}&y");
            prop_assert_eq!(read(&query, true, false), Ok(token));
        }
    }
}
