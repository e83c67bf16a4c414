//! The documented login request, open to change before it is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use locum_core::Profile;
use locum_core::profile::{Grant, SecretIn};

use crate::Error;
use crate::evidence::{BasicSpelling, Content, FormSpelling, form, latin1_form, percent};
use crate::http::{Request, Url};
use crate::target::Target;

/// A login before it is written: what a variation may change.
#[derive(Clone)]
pub struct TokenRequest {
    /// The method.
    pub method: String,
    /// Where it goes.
    pub url: Url,
    /// The tenant that the address names, where the vendor has tenants.
    pub tenant: String,
    /// Id and secret, or user name and password: the names of the parameters and their values.
    /// A field that is `None` is left out.
    pub credential_fields: [(String, Option<String>); 2],
    /// Where the credentials travel.
    pub secret_in: Vec<SecretIn>,
    /// The word before the Basic value.
    pub scheme: String,
    /// How id and secret are written before they are joined for it.
    pub spelling: BasicSpelling,
    /// How the values of a form are written.
    pub form_spelling: FormSpelling,
    /// The other parameters, in order.
    pub parameters: Vec<(String, String)>,
    /// How the parameters travel.
    pub content: Content,
    /// `Content-Type`, unless it follows from the content.
    pub content_type: Option<String>,
    /// Header lines besides.
    pub headers: Vec<(String, String)>,
    /// The whole value of `Authorization`, in place of the Basic one.
    pub authorization: Option<String>,
    /// What is added to the form as it is.
    pub raw: Option<String>,
    /// Whether the parameters stand in the opposite order.
    pub is_reversed: bool,
}

impl TokenRequest {
    /// The request that the vendor's page shows (RFC 6749 §4.3 and §4.4).
    pub fn documented(profile: &Profile, target: &Target) -> Result<Self, Error> {
        let facts = &profile.token;
        let (grant, id, secret) = match facts.grant {
            Grant::ClientCredentials => ("client_credentials", "client_id", "client_secret"),
            Grant::Password => ("password", "username", "password"),
            Grant::Cognito | Grant::AuthorizationCode => {
                return Err(Error::Step(
                    "the vendor's login is more than one token request".to_owned(),
                ));
            }
        };
        let url =
            Url::parse(target.url("token")?).map_err(|error| Error::Step(error.to_string()))?;
        let mut parameters = Vec::new();
        if facts.sends_grant_type {
            parameters.push(("grant_type".to_owned(), grant.to_owned()));
        }
        if let Some(scope) = &facts.scope {
            parameters.push(("scope".to_owned(), scope.clone()));
        }
        // A public client has no secret to show.
        let field = |name: &str| {
            let value = target
                .credentials
                .get(name)
                .and_then(|value| value.as_str());
            (name.to_owned(), value.map(str::to_owned))
        };
        // A user's password travels in the form; the client shows itself beside it.
        let mut authorization = None;
        let mut secret_in = facts.secret_in;
        if let (Grant::Password, Some(place)) = (facts.grant, facts.client_in) {
            secret_in = SecretIn::Body;
            let (id, secret) = (
                target.credential("client_id"),
                target.credential("client_secret"),
            );
            match place {
                SecretIn::Basic => {
                    let pair = format!("{}:{}", form(id), form(secret));
                    authorization = Some(format!("Basic {}", STANDARD.encode(pair)));
                }
                SecretIn::Body => {
                    parameters.push(("client_id".to_owned(), id.to_owned()));
                    parameters.push(("client_secret".to_owned(), secret.to_owned()));
                }
            }
        }
        let accept = facts
            .accept
            .iter()
            .map(|value| ("Accept".to_owned(), value.clone()));
        Ok(Self {
            method: "POST".to_owned(),
            url,
            tenant: target.credential("tenant").to_owned(),
            credential_fields: [field(id), field(secret)],
            secret_in: vec![secret_in],
            scheme: "Basic".to_owned(),
            // The RFC's spelling where no page shows another one (RFC 6749 §2.3.1).
            spelling: match facts.secret_in {
                SecretIn::Basic => BasicSpelling::Raw,
                SecretIn::Body => BasicSpelling::FormEncoded,
            },
            form_spelling: FormSpelling::default(),
            parameters,
            content: Content::Form,
            content_type: None,
            headers: accept.collect(),
            authorization,
            raw: None,
            is_reversed: false,
        })
    }

    /// A request in which the client proves itself and no user does, such as a revocation.
    pub fn of_client(profile: &Profile, target: &Target) -> Result<Self, Error> {
        let mut request = Self::documented(profile, target)?;
        if let (Grant::Password, Some(place)) = (profile.token.grant, profile.token.client_in) {
            let field = |name: &str| (name.to_owned(), Some(target.credential(name).to_owned()));
            request.credential_fields = [field("client_id"), field("client_secret")];
            request.secret_in = vec![place];
            request.authorization = None;
        }
        request.parameters.clear();
        Ok(request)
    }

    /// The request as it will be sent.
    pub fn request(&self) -> Request {
        let mut target = self.url.target.clone();
        let mut request = Request::new(&self.method, "");
        if let Some(value) = self.authorization() {
            request = request.header("Authorization", &value);
        }
        request.headers.extend(self.headers.iter().cloned());
        let parameters = self.all_parameters();
        let documented = match self.content {
            Content::Form => {
                let raw = self.raw.iter().cloned();
                let form = encode_as(self.form_spelling, &parameters);
                let parts: Vec<String> = [form].into_iter().chain(raw).collect();
                request.body = parts.join("&").into_bytes();
                "application/x-www-form-urlencoded"
            }
            Content::Json => {
                let object: serde_json::Map<_, _> = parameters
                    .into_iter()
                    .map(|(name, value)| (name, value.into()))
                    .collect();
                request.body = serde_json::Value::Object(object).to_string().into_bytes();
                "application/json"
            }
            Content::Query => {
                let joint = if target.contains('?') { '&' } else { '?' };
                target.push(joint);
                target.push_str(&encode(&parameters));
                "application/x-www-form-urlencoded"
            }
        };
        let content_type = self.content_type.as_deref().unwrap_or(documented);
        if !content_type.is_empty() {
            request = request.header("Content-Type", content_type);
        }
        request.target = target;
        request
    }

    fn authorization(&self) -> Option<String> {
        if self.authorization.is_some() {
            return self.authorization.clone();
        }
        let spelled = |value: &String| match self.spelling {
            BasicSpelling::Raw => value.clone(),
            BasicSpelling::FormEncoded => form(value),
        };
        let field = |at: usize| self.credential_fields[at].1.as_ref().map(spelled);
        if !self.secret_in.contains(&SecretIn::Basic) || (field(0).is_none() && field(1).is_none())
        {
            return None;
        }
        // A field that is missing takes its colon with it.
        let pair = match (field(0), field(1)) {
            (Some(id), Some(secret)) => format!("{id}:{secret}"),
            (one, other) => one.or(other).unwrap_or_default(),
        };
        Some(format!("{} {}", self.scheme, STANDARD.encode(pair)))
    }

    fn all_parameters(&self) -> Vec<(String, String)> {
        let mut all = self.parameters.clone();
        if self.secret_in.contains(&SecretIn::Body) {
            let credential_fields = self.credential_fields.iter();
            all.extend(
                credential_fields.filter_map(|(name, value)| Some((name.clone(), value.clone()?))),
            );
        }
        if self.is_reversed {
            all.reverse();
        }
        all
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}

/// The form encoding of RFC 6749 appendix B.
pub(super) fn encode(parameters: &[(String, String)]) -> String {
    encode_as(FormSpelling::Documented, parameters)
}

fn encode_as(spelling: FormSpelling, parameters: &[(String, String)]) -> String {
    let value = |value: &str| match spelling {
        FormSpelling::PercentSpaces => percent(value, false),
        FormSpelling::Latin1 => latin1_form(value),
        FormSpelling::Documented | FormSpelling::Twice => form(value),
    };
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, text)| format!("{}={}", form(name), value(text)))
        .collect();
    pairs.join("&")
}
