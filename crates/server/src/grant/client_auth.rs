//! How a client proves itself at the token endpoint and its neighbours: Basic, the form, a JWT, or
//! not at all (RFC 6749 §2.3, RFC 7523 §2.2).

use jsonwebtoken::jwk::Jwk;
use locum_core::{Denial, DenialKind, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assertion::{self, Assertion, Keys};
use crate::request::{Basic, basic};
use crate::{Form, Mock, Request};

/// A way in which a client proves itself.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic` (`client_secret_basic`).
    Basic,
    /// `client_id` and `client_secret` in the form (`client_secret_post`).
    Body,
    /// A JWT that the client's private key signed.
    PrivateKeyJwt,
    /// A JWT that the client's secret signed.
    ClientSecretJwt,
    /// `client_id` alone: a public client.
    None,
}

impl ClientAuth {
    /// Its name in the registry of RFC 7591 §2.
    pub const fn registered(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Body => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::None => "none",
        }
    }
}

/// A client as authentication sees it.
#[derive(Clone, Debug)]
pub struct RegisteredClient {
    /// Its id.
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<Secret>,
    /// Its public keys.
    pub keys: Vec<Jwk>,
    /// Whether it may log in.
    pub enabled: bool,
    /// The ways that it may use.
    pub ways: Vec<ClientAuth>,
}

/// A client that has proven itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Its id.
    pub id: String,
    /// How it did so.
    pub way: ClientAuth,
    /// The assertion it showed: the caller sees to it that it is used once.
    pub assertion: Option<Assertion>,
}

/// What a request shows of its client.
enum Presented {
    Secret(ClientAuth, Vec<Basic>),
    Jwt(Box<crate::jwt::Parts>, String),
    Id(String),
}

/// The client of a token request; `find` looks it up by its id, `audiences` are what a JWT may be
/// addressed to.
///
/// # Errors
/// `two_methods`, `no_client`, `malformed_basic`, `wrong_assertion_type`, `client_mismatch`,
/// `unknown_client`, `wrong_auth_method`, `wrong_secret`, `disabled_client`, or one of
/// [`assertion::check`].
pub fn authenticate(
    mock: &Mock,
    request: &Request,
    form: &Form,
    audiences: &[String],
    find: impl Fn(&str) -> Option<RegisteredClient>,
) -> Result<Authenticated, Denial> {
    let endpoint = request.endpoint.as_str();
    let registered = |id: &str| {
        mock.note_principal(id);
        find(id).ok_or_else(|| {
            Denial::new(DenialKind::UnknownPrincipal, "unknown_client")
                .expected("a client of this stage")
                .got(format!("`{id}`"))
        })
    };
    match presented(request, form)? {
        Presented::Secret(way, spellings) => {
            let mut last = None;
            for shown in spellings {
                let id = String::from_utf8_lossy(&shown.id).into_owned();
                match registered(&id).and_then(|client| {
                    permitted(mock, endpoint, &client, way)?;
                    with_secret(mock, endpoint, &client, &shown.secret)?;
                    Ok(client)
                }) {
                    Ok(client) => return proven(mock, endpoint, &client, way, None),
                    Err(denial) => {
                        // A known client's fault says more than an unknown name.
                        let better = last.as_ref().is_none_or(|have: &Denial| {
                            have.kind == DenialKind::UnknownPrincipal
                                && denial.kind != DenialKind::UnknownPrincipal
                        });
                        if better {
                            last = Some(denial);
                        }
                    }
                }
            }
            Err(last.unwrap_or_else(no_client))
        }
        Presented::Jwt(parts, id) => {
            let client = registered(&id)?;
            let shared = parts
                .header
                .get("alg")
                .and_then(serde_json::Value::as_str)
                .is_some_and(|alg| alg.starts_with("HS"));
            let (way, keys) = match &client.secret {
                Some(secret) if shared => (ClientAuth::ClientSecretJwt, Keys::Shared(secret)),
                _ => (ClientAuth::PrivateKeyJwt, Keys::Public(&client.keys)),
            };
            permitted(mock, endpoint, &client, way)?;
            match assertion::check(&parts, &id, &keys, audiences, mock.now()) {
                Ok(assertion) => proven(mock, endpoint, &client, way, Some(assertion)),
                Err(denial) => {
                    mock.refuse(endpoint, denial)?;
                    proven(mock, endpoint, &client, way, None)
                }
            }
        }
        Presented::Id(id) => {
            let client = registered(&id)?;
            if client.secret.is_some() || !client.keys.is_empty() {
                return Err(no_client().got(format!("client_id `{id}` and no proof")));
            }
            permitted(mock, endpoint, &client, ClientAuth::None)?;
            proven(mock, endpoint, &client, ClientAuth::None, None)
        }
    }
}

fn no_client() -> Denial {
    Denial::new(DenialKind::Missing, "no_client")
        .expected("the client's id and its proof")
        .got("none")
}

fn permitted(
    mock: &Mock,
    endpoint: &str,
    client: &RegisteredClient,
    way: ClientAuth,
) -> Result<(), Denial> {
    if client.ways.contains(&way) {
        return Ok(());
    }
    let ways: Vec<&str> = client.ways.iter().map(|way| way.registered()).collect();
    let denial = Denial::new(DenialKind::Unsupported, "wrong_auth_method")
        .expected(ways.join(" or "))
        .got(way.registered());
    mock.refuse(endpoint, denial)
}

fn with_secret(
    mock: &Mock,
    endpoint: &str,
    client: &RegisteredClient,
    shown: &[u8],
) -> Result<(), Denial> {
    let id = &client.id;
    let right = client
        .secret
        .as_ref()
        .is_some_and(|secret| secret.matches(shown));
    if right {
        return Ok(());
    }
    let denial = Denial::new(DenialKind::BadSecret, "wrong_secret")
        .expected(format!("the secret of `{id}`"))
        .got(match (shown.is_empty(), &client.secret) {
            (true, _) => "an empty secret",
            (_, None) => "a secret for a client that has none",
            _ if shown.trim_ascii() != shown => "another, with a space or line break at an end",
            _ => "another",
        });
    // Not even a careless vendor takes nothing for a secret.
    if shown.is_empty() {
        return Err(denial);
    }
    mock.refuse(endpoint, denial)
}

fn proven(
    mock: &Mock,
    endpoint: &str,
    client: &RegisteredClient,
    way: ClientAuth,
    assertion: Option<Assertion>,
) -> Result<Authenticated, Denial> {
    if !client.enabled {
        let denial = Denial::new(DenialKind::Disabled, "disabled_client")
            .expected("a client that is enabled")
            .got(format!("`{}`, which is disabled", client.id));
        mock.refuse(endpoint, denial)?;
    }
    Ok(Authenticated {
        id: client.id.clone(),
        way,
        assertion,
    })
}

/// The one way that the request uses; a second is refused (RFC 6749 §2.3: "The client MUST NOT use
/// more than one authentication method in each request").
fn presented(request: &Request, form: &Form) -> Result<Presented, Denial> {
    let header = request
        .header("authorization")?
        .map(basic)
        .transpose()?
        .flatten();
    let assertion = form.text("client_assertion");
    let in_form = form.text("client_secret").is_some();
    let used = [header.is_some(), in_form, assertion.is_some()];
    if used.iter().filter(|used| **used).count() > 1 {
        return Err(Denial::new(DenialKind::Repeated, "two_methods")
            .expected("one way of client authentication")
            .got("several"));
    }
    let id = form.text("client_id");
    if let Some(header) = header {
        let decoded = header.form_decoded();
        let same = |basic: &Basic| {
            id.as_ref()
                .is_none_or(|id| basic.id.as_slice() == id.as_bytes())
        };
        if !same(&header) && !same(&decoded) {
            return Err(mismatch(
                "the client of the Authorization header",
                id.as_deref(),
            ));
        }
        // RFC 6749 §2.3.1 encodes both halves before base64; many clients do not.
        let mut spellings = vec![decoded];
        if spellings[0] != header {
            spellings.push(header);
        }
        return Ok(Presented::Secret(ClientAuth::Basic, spellings));
    }
    if let Some(assertion) = assertion {
        let kind = form.text("client_assertion_type");
        if kind.as_deref() != Some(assertion::TYPE) {
            return Err(Denial::new(DenialKind::Unsupported, "wrong_assertion_type")
                .expected(format!("client_assertion_type={}", assertion::TYPE))
                .got(kind.unwrap_or_else(|| "none".to_owned())));
        }
        let parts = assertion::parse(&assertion)?;
        let subject = assertion::subject(&parts)?;
        // RFC 7521 §4.2: client_id "MUST identify the same client as is identified by the client
        // assertion".
        if id.as_ref().is_some_and(|id| *id != subject) {
            return Err(mismatch("the client of the assertion", id.as_deref()));
        }
        return Ok(Presented::Jwt(Box::new(parts), subject));
    }
    match (id, in_form) {
        (Some(id), true) => {
            let secret = form.first("client_secret").unwrap_or_default().to_vec();
            let id = id.into_bytes();
            Ok(Presented::Secret(
                ClientAuth::Body,
                vec![Basic { id, secret }],
            ))
        }
        (Some(id), false) => Ok(Presented::Id(id)),
        (None, true) => Err(no_client().got("a client_secret without client_id")),
        (None, false) => Err(elsewhere(request)),
    }
}

fn mismatch(expected: &str, id: Option<&str>) -> Denial {
    Denial::new(DenialKind::WrongToken, "client_mismatch")
        .expected(format!("client_id of {expected}"))
        .got(format!("`{}`", id.unwrap_or_default()))
}

/// Nothing is where it belongs: says where else it is.
fn elsewhere(request: &Request) -> Denial {
    let query = request.query();
    let got = if query.first("client_id").is_some() || query.first("client_secret").is_some() {
        "the credentials in the query"
    } else if request.headers.contains_key("authorization") {
        "an Authorization header that is not Basic"
    } else {
        "none"
    };
    no_client().got(got)
}
