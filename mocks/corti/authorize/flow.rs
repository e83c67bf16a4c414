//! `response_type` and `response_mode`: which flow is asked for, and which way the answer goes.

use locum_core::{Denial, DenialKind};
use serde::{Deserialize, Serialize};

use super::request::{ClientError, invalid_request};
use crate::corti::realm::Client;

/// How an answer gets to the client (OAuth 2.0 Multiple Response Types; JARM).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mode {
    pub(super) way: Way,
    /// Whether it is one signed token (JARM) instead of parameters.
    pub(super) jwt: bool,
}

/// Where the parameters of an answer are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Way {
    #[default]
    Query,
    Fragment,
    FormPost,
}

impl Mode {
    /// The mode called `name`; `jwt` alone is `default` with a token.
    fn named(name: &str, default: Way) -> Option<Self> {
        let (base, jwt) = match name.strip_suffix(".jwt") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let way = match base {
            "query" => Way::Query,
            "fragment" => Way::Fragment,
            "form_post" => Way::FormPost,
            "jwt" if !jwt => {
                return Some(Self {
                    way: default,
                    jwt: true,
                });
            }
            _ => return None,
        };
        Some(Self { way, jwt })
    }

    /// The mode where the type of the answer is not known: as named, else the query.
    pub(super) fn despite_a_fault(name: Option<&str>) -> Self {
        name.and_then(|name| Self::named(name, Way::Query))
            .unwrap_or_default()
    }
}

/// Checks `kind`, the response type, and sets `mode`. The code flow alone is played; the implicit
/// flow is off for every client.
///
/// # Errors
/// The first fault in Keycloak's order.
pub(super) fn check(
    client: &Client,
    kind: Option<&str>,
    mode_name: Option<&str>,
    mode: &mut Mode,
) -> Result<(), ClientError> {
    let Some(kind) = kind else {
        let denial = Denial::new(DenialKind::Missing, "auth_response_type");
        let denial = denial.expected("response_type=code");
        return Err(invalid_request("Missing parameter: response_type", denial));
    };
    let words: Vec<&str> = kind.trim().trim_end_matches(' ').split(' ').collect();
    let known = |word: &&str| matches!(*word, "code" | "token" | "id_token" | "none");
    if !words.iter().all(known) || (words.contains(&"none") && words.len() > 1) {
        let denial = Denial::new(DenialKind::Unsupported, "auth_response_type");
        let denial = denial.expected("response_type=code").got(kind);
        return Err(("unsupported_response_type", None, denial));
    }
    let implicit = words
        .iter()
        .any(|word| matches!(*word, "token" | "id_token"));
    let default = if implicit { Way::Fragment } else { Way::Query };
    *mode = Mode::default();
    let bad_mode = |expected: &str| {
        Denial::new(DenialKind::Invalid, "auth_response_mode")
            .expected(expected)
            .got(mode_name.unwrap_or("none"))
    };
    *mode = match mode_name {
        None => Mode {
            way: default,
            jwt: false,
        },
        Some(name) => Mode::named(name, default).ok_or_else(|| {
            let denial = bad_mode("query, fragment or form_post");
            invalid_request("Invalid parameter: response_mode", denial)
        })?,
    };
    if implicit && mode.way == Way::Query {
        let text = if mode.jwt {
            "Response_mode 'query.jwt' is allowed only when the authorization response token is encrypted"
        } else {
            "Response_mode 'query' not allowed for implicit or hybrid flow"
        };
        return Err(invalid_request(text, bad_mode("fragment or form_post")));
    }
    let off = |flow: &str| {
        let text = format!(
            "Client is not allowed to initiate browser login with given response_type. {flow} flow is disabled for the client."
        );
        let denial = Denial::new(DenialKind::Unsupported, "auth_flow_disabled")
            .expected("a flow that is on for the client")
            .got(format!("{flow} flow for `{}`", client.client_id));
        Err(("unauthorized_client", Some(text), denial))
    };
    let by_code = words.iter().any(|word| matches!(*word, "code" | "none"));
    if by_code && !client.standard_flow {
        return off("Standard");
    }
    if implicit { off("Implicit") } else { Ok(()) }
}
