//! An authorization request, and the order in which its faults are found.

use serde::{Deserialize, Serialize};

use crate::corti::grant::is_verifier;
use crate::corti::realm::{Client, Realm};
use crate::corti::scope::Scope;

/// A good request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Authorization {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) scope: Scope,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    /// `response_mode`: query, fragment or form_post.
    pub(super) mode: String,
    pub(super) challenge: Option<String>,
    pub(super) method: Option<String>,
    /// `prompt=none`: no page may be shown.
    pub(super) prompt_none: bool,
    /// `prompt=login`: the page has to be shown.
    pub(super) prompt_login: bool,
    /// Seconds since the password was shown, at most.
    pub(super) max_age: Option<i64>,
}

/// What is wrong with a request.
#[derive(Debug)]
pub(super) enum Bad {
    /// It cannot be trusted to name the client's address: a page says so.
    Page(&'static str),
    /// The client is told: `error` and `error_description`.
    Back(Box<Authorization>, &'static str, Option<String>),
}

impl Authorization {
    /// Reads `pairs`.
    ///
    /// # Errors
    /// The first fault in Keycloak's order.
    pub(super) fn read(realm: &Realm, pairs: &[(String, String)]) -> Result<Self, Bad> {
        let get = |name: &str| {
            pairs
                .iter()
                .find(|(have, _)| have == name)
                .map(|(_, value)| value.as_str())
        };
        let client = client(realm, get("client_id"))?;
        let redirect_uri = get("redirect_uri").unwrap_or_default();
        if !client.redirect_uris.iter().any(|uri| uri == redirect_uri) {
            return Err(Bad::Page("Invalid parameter: redirect_uri"));
        }
        if get("request").is_some() || get("request_uri").is_some() {
            return Err(Bad::Page("Invalid Request"));
        }
        let owned = |name: &str| get(name).map(str::to_owned);
        let mut asked = Self {
            client: client.client_id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            state: owned("state"),
            nonce: owned("nonce"),
            mode: "query".to_owned(),
            challenge: owned("code_challenge"),
            method: owned("code_challenge_method"),
            prompt_none: get("prompt") == Some("none"),
            prompt_login: get("prompt")
                .is_some_and(|prompt| prompt.split(' ').any(|word| word == "login")),
            max_age: get("max_age").and_then(|age| age.parse().ok()),
            ..Self::default()
        };
        if let Err((error, description)) = asked.check(client, get, pairs) {
            return Err(Bad::Back(Box::new(asked), error, description));
        }
        Ok(asked)
    }

    fn check<'a>(
        &mut self,
        client: &Client,
        get: impl Fn(&str) -> Option<&'a str>,
        pairs: &[(String, String)],
    ) -> Result<(), (&'static str, Option<String>)> {
        let invalid = |text: &str| Err(("invalid_request", Some(text.to_owned())));
        let Some(kind) = get("response_type") else {
            return invalid("Missing parameter: response_type");
        };
        self.check_flow(client, kind)?;
        if let Some(mode) = get("response_mode") {
            if !matches!(mode, "query" | "fragment" | "form_post") {
                return invalid("Invalid parameter: response_mode");
            }
            mode.clone_into(&mut self.mode);
        }
        let mut seen = std::collections::BTreeSet::new();
        if pairs.iter().any(|(name, _)| !seen.insert(name)) {
            return invalid("duplicated parameter");
        }
        self.scope = Scope::read(get("scope")).map_err(|denial| {
            let echo = denial.params.first().map_or("", |(_, echo)| echo.as_str());
            ("invalid_scope", Some(format!("Invalid scopes: {echo}")))
        })?;
        self.check_challenge(client)
    }

    /// The code flow alone is played; the implicit flow is off for every client.
    fn check_flow(
        &mut self,
        client: &Client,
        kind: &str,
    ) -> Result<(), (&'static str, Option<String>)> {
        let off = |flow: &str| {
            let text = format!(
                "Client is not allowed to initiate browser login with given response_type. {flow} flow is disabled for the client."
            );
            Err(("unauthorized_client", Some(text)))
        };
        let known = |word: &str| matches!(word, "code" | "token" | "id_token");
        if kind != "none" && (kind.is_empty() || !kind.split(' ').all(known)) {
            return Err(("unsupported_response_type", None));
        }
        if kind.split(' ').any(|word| word != "code" && word != "none") {
            "fragment".clone_into(&mut self.mode);
            return off("Implicit");
        }
        if client.standard_flow {
            Ok(())
        } else {
            off("Standard")
        }
    }

    /// RFC 7636 §4.3.
    fn check_challenge(&self, client: &Client) -> Result<(), (&'static str, Option<String>)> {
        let invalid = |text: &str| Err(("invalid_request", Some(text.to_owned())));
        if let Some(demanded) = &client.pkce {
            match &self.method {
                None => return invalid("Missing parameter: code_challenge_method"),
                Some(method) if method != demanded => {
                    return invalid(
                        "Invalid parameter: code challenge method is not matching the configured one",
                    );
                }
                Some(_) => {}
            }
        }
        match (&self.challenge, &self.method) {
            (None, Some(_)) if client.pkce.is_some() => {
                invalid("Missing parameter: code_challenge")
            }
            (_, Some(method)) if method != "plain" && method != "S256" => {
                invalid("Invalid parameter: code_challenge_method")
            }
            (Some(challenge), _) if !is_verifier(challenge) => {
                invalid("Invalid parameter: code_challenge")
            }
            _ => Ok(()),
        }
    }
}

fn client<'a>(realm: &'a Realm, id: Option<&str>) -> Result<&'a Client, Bad> {
    let id = id.ok_or(Bad::Page("Invalid Request"))?;
    let client = realm.client(id).ok_or(Bad::Page("Client not found."))?;
    if client.enabled {
        Ok(client)
    } else {
        Err(Bad::Page("Client disabled."))
    }
}
