//! What goes back: built by a handler, or from a denial through the vendor's profile.

use bytes::Bytes;
use http::StatusCode;
use locum_core::profile::ErrorTemplate;
use locum_core::{Denial, Outcome, Profile, template};
use serde::Serialize;
use serde_json::Value;

use crate::socket::SocketHandler;

/// A reply before it leaves.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Header lines in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// What the mock made of the request, where that is not plain from what happened.
    pub outcome: Option<Outcome>,
    /// Why it was refused.
    pub denial: Option<Denial>,
    /// What goes on after a 101.
    pub socket: Option<SocketHandler>,
    /// Whether the connection ends with this reply.
    pub close: bool,
}

impl Reply {
    /// An empty reply.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            outcome: None,
            denial: None,
            socket: None,
            close: false,
        }
    }

    /// A JSON body as `application/json`, members in their order, no spaces.
    pub fn json<T: Serialize + ?Sized>(status: u16, body: &T) -> Self {
        let body = serde_json::to_vec(body).expect("a value of JSON can be written");
        Self::status(status)
            .header("content-type", "application/json")
            .body(body)
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Replaces all header lines of that name by one.
    #[must_use]
    pub fn set_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers
            .retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.header(name, value)
    }

    /// Says what the mock made of the request.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// The reply to `denial` as the vendor's profile words it: by reason, else by kind, else by
    /// `default`.
    pub fn denied(profile: &Profile, denial: Denial) -> Self {
        debug_assert!(
            profile.knows_reason(&denial.reason),
            "the profile of `{}` does not know the reason `{}`",
            profile.vendor,
            denial.reason
        );
        let mut reply = profile.template_of(&denial).map_or_else(
            || Self::status(400),
            |look| Self::render(profile, look, &denial.params),
        );
        reply.outcome = Some(Outcome::Denied);
        reply.denial = Some(denial);
        reply
    }

    /// Adds the headers that the profile's denial table has under `key`, `params` in place of
    /// `{name}`, where there is no header of that name yet: successes share the headers of a
    /// family of refusals.
    #[must_use]
    pub fn with_headers_of(
        self,
        profile: &Profile,
        key: &str,
        params: &[(String, String)],
    ) -> Self {
        debug_assert!(
            profile.denials.contains_key(key),
            "the profile of `{}` has no [denials.{key}]",
            profile.vendor
        );
        match profile.denials.get(key) {
            Some(look) => self.with_template_headers(profile, look, params),
            None => self,
        }
    }

    fn with_template_headers(
        mut self,
        profile: &Profile,
        look: &ErrorTemplate,
        params: &[(String, String)],
    ) -> Self {
        for (name, value) in &look.headers {
            if !self
                .headers
                .iter()
                .any(|(have, _)| have.eq_ignore_ascii_case(name))
            {
                self = self.header(name, filled(value, params, false));
            }
        }
        match &look.inherits {
            // One step only: a family has one head.
            Some(head) => match profile.denials.get(head) {
                Some(head) if head.inherits.is_none() => {
                    self.with_template_headers(profile, head, params)
                }
                _ => self,
            },
            None => self,
        }
    }

    fn render(profile: &Profile, look: &ErrorTemplate, params: &[(String, String)]) -> Self {
        let reply = Self::status(look.status).with_template_headers(profile, look, params);
        let json = reply.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type") && value.contains("json")
        });
        reply.body(filled(&look.body, params, json))
    }
}

/// `text` with `params` in place of `{name}`; inside a JSON body as the inside of a JSON string, or,
/// where the profile writes `{json:name}`, as the JSON that they are.
fn filled(text: &str, params: &[(String, String)], json: bool) -> String {
    template::fill(text, |name| {
        let (name, raw) = match name.strip_prefix("json:") {
            Some(name) => (name, true),
            None => (name, !json),
        };
        let (_, value) = params.iter().find(|(have, _)| have == name)?;
        Some(if raw { value.clone() } else { escaped(value) })
    })
}

fn escaped(value: &str) -> String {
    let quoted = Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
