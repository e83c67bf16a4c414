//! An authorization request, and the order in which its faults are found.

use locum_core::{Denial, DenialKind};
use serde::{Deserialize, Serialize};

use super::flow::{self, Mode};
use super::redirect_uri;
use crate::corti::grant::is_verifier;
use crate::corti::realm::{Client, Realm};
use crate::corti::scope::{self, Scope};

/// Characters of a parameter; a longer one counts as absent. Measured on Keycloak.
const MAX_PARAMETER_CHARS: usize = 4000;

/// A good request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Authorization {
    pub(super) client: String,
    /// Where the answer goes.
    pub(super) redirect_uri: String,
    /// Whether the request itself named the address: then the token request has to, too.
    pub(super) names_redirect_uri: bool,
    pub(super) scope: Scope,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) mode: Mode,
    pub(super) challenge: Option<String>,
    pub(super) method: Option<String>,
    /// `prompt=none`: no page may be shown.
    pub(super) prompt_none: bool,
    /// `prompt=login`: the page has to be shown.
    pub(super) prompt_login: bool,
    /// `prompt=consent`: users are asked for their consent.
    pub(super) prompt_consent: bool,
    /// `prompt=create`: a new account, which the realm does not offer.
    pub(super) prompt_create: bool,
    /// Seconds since the password was shown, at most.
    pub(super) max_age: Option<i64>,
}

/// What is wrong with a request, and who is told.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) denial: Denial,
    pub(super) answer: FaultAnswer,
}

/// Who is told what is wrong.
#[derive(Debug)]
pub(super) enum FaultAnswer {
    /// The person at the browser: the request cannot be trusted to name the client's address.
    Page(&'static str),
    /// The client: `error` and `error_description`.
    Back(Box<Authorization>, &'static str, Option<String>),
}

impl Fault {
    pub(super) fn page(denial: Denial, message: &'static str) -> Box<Self> {
        Box::new(Self {
            denial,
            answer: FaultAnswer::Page(message),
        })
    }
}

/// What the client is told: `error`, `error_description`, and why.
pub(super) type ClientError = (&'static str, Option<String>, Denial);

/// `invalid_request` with a description.
pub(super) fn invalid_request(text: &str, denial: Denial) -> ClientError {
    ("invalid_request", Some(text.to_owned()), denial)
}

/// The parameters as Keycloak reads them.
pub(super) struct Parameters<'a>(pub(super) &'a [(String, String)]);

impl Parameters<'_> {
    /// The first value of `name` without control characters, unless it is too long.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(have, _)| have == name)?;
        let value: String = value.chars().filter(|c| !c.is_ascii_control()).collect();
        (value.chars().count() <= MAX_PARAMETER_CHARS).then_some(value)
    }

    /// The client's id, which has to be there once.
    pub(super) fn client_id(&self) -> Result<&str, Box<Fault>> {
        let mut ids = self.0.iter().filter(|(name, _)| name == "client_id");
        let (Some((_, id)), None) = (ids.next(), ids.next()) else {
            let denial = Denial::new(DenialKind::Missing, "auth_client_id");
            let denial = denial
                .expected("client_id, once")
                .got("none, or more than one");
            return Err(Fault::page(denial, "Invalid Request"));
        };
        Ok(id)
    }

    /// The first name that occurs twice.
    fn repeated(&self) -> Option<&str> {
        let mut seen = std::collections::BTreeSet::new();
        let mut names = self.0.iter().map(|(name, _)| name.as_str());
        names.find(|name| !seen.insert(*name))
    }
}

impl Authorization {
    /// Reads `parameters`.
    ///
    /// # Errors
    /// The first fault in Keycloak's order.
    pub(super) fn read(realm: &Realm, parameters: &Parameters<'_>) -> Result<Self, Box<Fault>> {
        let client = client(realm, parameters)?;
        Self::read_for(client, parameters, false)
    }

    /// Reads the parameters of a request by `client`, which `pushed` them or not.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(super) fn read_for(
        client: &Client,
        parameters: &Parameters<'_>,
        pushed: bool,
    ) -> Result<Self, Box<Fault>> {
        let repeated = parameters.repeated();
        let max_age = max_age(parameters)?;
        if repeated.is_none() && !pushed {
            refuse_request_objects(parameters)?;
        }
        let scope_text = parameters.get("scope");
        let is_oidc = scope_text
            .as_deref()
            .is_some_and(|text| text.split(' ').any(|word| word == "openid"));
        let named = parameters.get("redirect_uri");
        let redirect_uri = redirect_uri::verified(client, named.as_deref(), is_oidc)
            .map_err(|denial| Fault::page(denial, "Invalid parameter: redirect_uri"))?;
        let prompt = parameters.get("prompt").unwrap_or_default();
        let prompts = |word: &str| prompt.split(' ').any(|have| have == word);
        let mut asked = Self {
            client: client.client_id.clone(),
            redirect_uri,
            names_redirect_uri: named.is_some(),
            state: parameters.get("state"),
            nonce: parameters.get("nonce"),
            challenge: parameters.get("code_challenge"),
            method: parameters.get("code_challenge_method"),
            prompt_none: prompts("none"),
            prompt_login: prompts("login"),
            prompt_consent: prompts("consent"),
            prompt_create: prompt == "create",
            max_age,
            ..Self::default()
        };
        let checked = asked.check(client, parameters, repeated, scope_text.as_deref(), pushed);
        match checked {
            Ok(()) => Ok(asked),
            Err((error, description, denial)) => Err(Box::new(Fault {
                denial,
                answer: FaultAnswer::Back(Box::new(asked), error, description),
            })),
        }
    }

    fn check(
        &mut self,
        client: &Client,
        parameters: &Parameters<'_>,
        repeated: Option<&str>,
        scope: Option<&str>,
        pushed: bool,
    ) -> Result<(), ClientError> {
        let kind = parameters.get("response_type");
        let mode = parameters.get("response_mode");
        self.mode = Mode::despite_a_fault(mode.as_deref());
        flow::check(client, kind.as_deref(), mode.as_deref(), &mut self.mode)?;
        let read_scope = || {
            Scope::read(client, scope).map_err(|denial| {
                let text = format!("Invalid scopes: {}", scope::echo(&denial));
                ("invalid_scope", Some(text), denial)
            })
        };
        // A pushed request is checked for its scope first.
        if pushed {
            self.scope = read_scope()?;
        }
        if let Some(name) = repeated {
            let denial = Denial::new(DenialKind::Repeated, "auth_repeated_parameter")
                .expected("each parameter once")
                .got(name);
            return Err(invalid_request("duplicated parameter", denial));
        }
        self.scope = read_scope()?;
        self.check_challenge(client)
    }

    /// RFC 7636 §4.3.
    fn check_challenge(&self, client: &Client) -> Result<(), ClientError> {
        let missing = |name: &str| {
            let denial = Denial::new(DenialKind::Missing, "auth_challenge").expected(name);
            Err(invalid_request(
                &format!("Missing parameter: {name}"),
                denial,
            ))
        };
        let invalid = |text: &str, expected: &str, got: &str| {
            let denial = Denial::new(DenialKind::Invalid, "auth_challenge");
            let denial = denial.expected(expected).got(got);
            Err(invalid_request(
                &format!("Invalid parameter: {text}"),
                denial,
            ))
        };
        if let Some(demanded) = client.pkce.as_deref() {
            match self.method.as_deref() {
                None => return missing("code_challenge_method"),
                Some(method) if method != demanded => {
                    let text = "code challenge method is not matching the configured one";
                    return invalid(text, demanded, method);
                }
                Some(_) => {}
            }
        }
        match (self.challenge.as_deref(), self.method.as_deref()) {
            (None, Some(_)) => missing("code_challenge"),
            (Some(_), Some(method)) if method != "plain" && method != "S256" => {
                invalid("code_challenge_method", "S256 or plain", method)
            }
            (Some(challenge), _) if !is_verifier(challenge) => invalid(
                "code_challenge",
                "43 to 128 letters, digits, -, ., _ and ~",
                &format!("{} characters", challenge.chars().count()),
            ),
            _ => Ok(()),
        }
    }
}

/// The client that `parameters` name.
///
/// # Errors
/// `auth_client_id`, `auth_unknown_client`, `auth_disabled_client`.
pub(super) fn client<'a>(
    realm: &'a Realm,
    parameters: &Parameters<'_>,
) -> Result<&'a Client, Box<Fault>> {
    let id = parameters.client_id()?;
    let Some(client) = realm.client(id) else {
        let denial = Denial::new(DenialKind::UnknownPrincipal, "auth_unknown_client");
        let denial = denial.expected(format!("a client of realm `{}`", realm.name));
        return Err(Fault::page(denial.got(id), "Client not found."));
    };
    if client.enabled {
        return Ok(client);
    }
    let denial = Denial::new(DenialKind::Disabled, "auth_disabled_client");
    let denial = denial.expected("a client that is enabled").got(id);
    Err(Fault::page(denial, "Client disabled."))
}

/// A 32-bit number in Keycloak, wherever it stands.
fn max_age(parameters: &Parameters<'_>) -> Result<Option<i64>, Box<Fault>> {
    let given = parameters.0.iter().find(|(name, _)| name == "max_age");
    let Some((_, text)) = given else {
        return Ok(None);
    };
    let age = text.parse::<i32>().map_err(|_| {
        let denial = Denial::new(DenialKind::Invalid, "auth_invalid_request");
        let denial = denial.expected("max_age as a number of seconds").got(text);
        Fault::page(denial, "Invalid Request")
    })?;
    Ok(Some(age.into()))
}

/// Request objects are not registered for any client.
fn refuse_request_objects(parameters: &Parameters<'_>) -> Result<(), Box<Fault>> {
    let given = parameters
        .0
        .iter()
        .find(|(name, _)| name == "request" || name == "request_uri");
    let Some((name, _)) = given else {
        return Ok(());
    };
    let denial = Denial::new(DenialKind::Unsupported, "auth_invalid_request");
    let denial = denial.expected("the parameters themselves").got(name);
    Err(Fault::page(denial, "Invalid Request"))
}
