//! The documented API call, open to change before it is written.

use locum_core::Profile;
use locum_core::profile::Proof;

use crate::Error;
use crate::evidence::{LetterCase, percent};
use crate::http::{Request, Url};
use crate::target::Target;

/// Where a token is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// `Authorization: Bearer` (RFC 6750 §2.1).
    Bearer,
    /// `Authorization` holds the token alone.
    Raw,
    /// A header of this name holds it.
    Header(String),
    /// A query parameter of this name holds it.
    Query(String),
}

impl TokenPlace {
    fn of(profile: &Profile) -> Self {
        let api = &profile.api;
        match api.proof {
            Proof::Bearer | Proof::Sigv4 => Self::Bearer,
            Proof::Raw => Self::Raw,
            Proof::Header => Self::Header(api.header.clone().unwrap_or_default()),
            Proof::Query => Self::Query(api.parameter.clone().unwrap_or_default()),
        }
    }
}

/// An API call before it is written: what a variation may change.
#[derive(Clone)]
pub struct ApiRequest {
    /// The method.
    pub method: String,
    /// Where it goes.
    pub url: Url,
    /// The values of `Authorization`, one header line each.
    pub authorization: Vec<String>,
    /// Where those values go, without the word Bearer, where the vendor wants them elsewhere.
    pub place: TokenPlace,
    /// Pairs of the query that are added.
    pub query: Vec<(String, String)>,
    /// What is added to the query as it is.
    pub raw_query: Option<String>,
    /// Whether `Host` is left out.
    pub is_hostless: bool,
    /// The case of all header names, where it is another one.
    pub names: Option<LetterCase>,
    /// Header lines besides.
    pub headers: Vec<(String, String)>,
    /// Content type and body.
    pub body: Option<(String, String)>,
}

impl ApiRequest {
    /// The call that a client makes first, with `token` as the vendor's page shows it
    /// (RFC 6750 §2.1).
    pub fn documented(profile: &Profile, target: &Target, token: &str) -> Result<Self, Error> {
        let sample = profile.api.sample.as_deref().ok_or_else(|| {
            Error::Step(format!(
                "the profile of {} names no sample call",
                profile.vendor
            ))
        })?;
        let url = format!("{}{}", target.url("api")?, target.fill(sample)?);
        Self::to(profile, target, &url, token)
    }

    /// A call of the profile's endpoint `name`; in `name id` the id fills the braces of its path.
    pub fn endpoint(
        profile: &Profile,
        target: &Target,
        name: &str,
        token: &str,
    ) -> Result<Self, Error> {
        let (name, id) = name.split_once(' ').unwrap_or((name, ""));
        let endpoint = profile
            .endpoint(name)
            .ok_or_else(|| Error::Step(format!("the profile has no endpoint `{name}`")))?;
        let path = match id {
            "" => target.fill(&endpoint.path)?,
            id => with_id(&endpoint.path, id),
        };
        // A person may say where the API is: what stands before its paths is on no other host.
        let documented = profile.urls.get("api");
        let below = documented
            .and_then(|api| path.strip_prefix(api.as_str()))
            .filter(|rest| rest.starts_with('/'));
        let url = match (below, target.url("api")) {
            (Some(rest), Ok(api)) => format!("{}{rest}", api.trim_end_matches('/')),
            _ => format!("{}{path}", target.base.trim_end_matches('/')),
        };
        let mut call = Self::to(profile, target, &url, token)?;
        if let Some(method) = endpoint.methods.first() {
            call.method.clone_from(method);
        }
        Ok(call)
    }

    /// A GET of `url`.
    pub fn to(profile: &Profile, target: &Target, url: &str, token: &str) -> Result<Self, Error> {
        let url = Url::parse(url).map_err(|error| Error::Step(error.to_string()))?;
        let tenant = profile
            .api
            .tenant_header
            .iter()
            .map(|name| (name.clone(), target.credential("tenant").to_owned()));
        Ok(Self {
            place: TokenPlace::of(profile),
            headers: tenant.collect(),
            ..Self::bearer(url, token)
        })
    }

    /// A GET of `url` that shows `token` as RFC 6750 §2.1 has it, and nothing of the API's own.
    pub(super) fn bearer(url: Url, token: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            url,
            authorization: vec![format!("Bearer {token}")],
            place: TokenPlace::Bearer,
            query: Vec::new(),
            raw_query: None,
            is_hostless: false,
            names: None,
            headers: Vec::new(),
            body: None,
        }
    }

    /// The request as it will be sent.
    pub fn request(&self) -> Request {
        let mut target = self.url.target.clone();
        let bare = |value: &String| {
            let value = value.strip_prefix("Bearer ").unwrap_or(value);
            value.to_owned()
        };
        let in_query = self
            .authorization
            .iter()
            .filter_map(|value| match &self.place {
                TokenPlace::Query(name) => Some((name.clone(), bare(value))),
                _ => None,
            });
        for (name, value) in in_query.chain(self.query.iter().cloned()) {
            target.push(if target.contains('?') { '&' } else { '?' });
            target += &[percent(&name, false), percent(&value, false)].join("=");
        }
        if let Some(raw) = &self.raw_query {
            target.push(if target.contains('?') { '&' } else { '?' });
            target += raw;
        }
        let mut request = Request::new(&self.method, &target);
        if self.is_hostless {
            request.omits.push("Host");
        }
        for value in &self.authorization {
            request = match &self.place {
                TokenPlace::Bearer => request.header("Authorization", value),
                TokenPlace::Raw => request.header("Authorization", &bare(value)),
                TokenPlace::Header(name) => request.header(name, &bare(value)),
                TokenPlace::Query(_) => request,
            };
        }
        request.headers.extend(self.headers.iter().cloned());
        if let Some((content_type, body)) = &self.body {
            request = request
                .header("Content-Type", content_type)
                .body(body.as_str());
        }
        for (name, _) in &mut request.headers {
            match self.names {
                Some(LetterCase::Upper) => name.make_ascii_uppercase(),
                Some(LetterCase::Lower) => name.make_ascii_lowercase(),
                None => {}
            }
        }
        request
    }
}

/// `path` with `id` in place of each `{name}`.
fn with_id(path: &str, id: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |filled, part| {
        let behind = part.split_once('}').map_or("", |(_, behind)| behind);
        filled + id + behind
    })
}

impl std::fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiRequest").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The endpoints of an API with a host of its own were looked for beside the token endpoint.
    #[test]
    fn an_endpoint_is_where_the_api_is() {
        let profile = crate::testing::profile(|profile| {
            let mut listed = profile.endpoints["token"].clone();
            "/v2/things".clone_into(&mut listed.path);
            profile.endpoints.insert("list".to_owned(), listed);
            profile.urls.insert("api".to_owned(), "/v2".to_owned());
        });
        let mut target = Target {
            base: "http://auth:1/".to_owned(),
            ..Target::default()
        };
        let urls = |target: &Target| {
            ["list", "token"].map(|name| {
                let call = ApiRequest::endpoint(&profile, target, name, "t").expect("a call");
                format!("{}{}", call.url.authority(), call.url.target)
            })
        };
        assert_eq!(urls(&target), ["auth:1/v2/things", "auth:1/token"]);
        let api = "http://api:2/own/".to_owned();
        target.urls.insert("api".to_owned(), api);
        assert_eq!(urls(&target), ["api:2/own/things", "auth:1/token"]);
    }
}
