//! A client's requests as the mock's journal has them, and what each came to.

use locum_core::{DenialKind, Entry, Outcome, TokenId};
use serde_json::Value;

use crate::evidence::{Cut, Failure, Message, Reaction, RecordId, is_html};
use crate::rules::View;
use crate::verdict::Proof;

/// A request of the client that arrived at the mock, with its reply if it got one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    /// Its record.
    pub(crate) seq: RecordId,
    /// What the journal says of it.
    pub(crate) entry: &'a Entry,
}

impl From<Arrival<'_>> for Proof {
    fn from(arrival: Arrival<'_>) -> Self {
        arrival.seq.into()
    }
}

/// The requests of the client to this vendor, in order of arrival.
pub(crate) fn arrivals<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    let vendor = view.profile.vendor.as_str();
    view.evidence
        .entries()
        .map(|(seq, entry)| Arrival { seq, entry })
        .filter(move |arrival| arrival.entry.vendor == vendor)
}

/// The requests of the client to this vendor at the listener `place` beside the scenario's own.
pub(crate) fn arrivals_at<'a>(
    view: &View<'a>,
    place: &'a str,
) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    view.evidence
        .entries_elsewhere(place)
        .map(|(seq, entry)| Arrival { seq, entry })
}

/// The token requests there, in order.
pub(crate) fn token_requests_at<'a>(
    view: &View<'a>,
    place: &'a str,
) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    arrivals_at(view, place).filter(Arrival::is_token_request)
}

/// The API requests there, in order.
pub(crate) fn api_requests_at<'a>(
    view: &View<'a>,
    place: &'a str,
) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    let view = *view;
    arrivals_at(&view, place).filter(move |arrival| arrival.is_api_request(&view))
}

/// The token requests, in order.
pub(crate) fn token_requests<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    arrivals(view).filter(Arrival::is_token_request)
}

/// The API requests, in order.
pub(crate) fn api_requests<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    let view = *view;
    arrivals(&view).filter(move |arrival| arrival.is_api_request(&view))
}

/// The fetches of AWS credentials, served or not, in order.
pub(super) fn credential_fetches<'a>(
    view: &View<'a>,
) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    arrivals(view).filter(|one| one.operation() == Some("GetCredentialsForIdentity"))
}

impl<'a> Arrival<'a> {
    /// The values of the header lines called `name`, in whatever letter case.
    pub(crate) fn headers(&self, name: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.named(name.to_owned())
    }

    /// The same for a name that is read at run time.
    pub(crate) fn named(&self, name: String) -> impl Iterator<Item = &'a str> + use<'a> {
        let headers = self.entry.headers.iter();
        headers
            .filter(move |(known, _)| known.eq_ignore_ascii_case(&name))
            .map(|(_, value)| value.as_str())
    }

    /// The first header called `name`; empty when there is none.
    pub(crate) fn header(&self, name: &'static str) -> &'a str {
        self.headers(name).next().unwrap_or_default()
    }

    /// The status of its reply, if it got one.
    pub(crate) fn status(&self) -> Option<u16> {
        self.entry.reply.as_ref().map(|reply| reply.status)
    }

    /// The first header of its reply called `name`, in whatever letter case.
    pub(crate) fn header_of_reply(&self, name: &str) -> Option<&'a str> {
        let headers = self.entry.reply.iter().flat_map(|reply| &reply.headers);
        let mut values = headers.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.as_str())
    }

    /// The operation of a service that takes it from `X-Amz-Target`, as Amazon Cognito does.
    pub(crate) fn operation(&self) -> Option<&'a str> {
        let target = self.header("x-amz-target");
        target.rsplit('.').next().filter(|name| !name.is_empty())
    }

    /// The body as JSON; `Null` when it is not.
    pub(crate) fn sent(&self) -> Value {
        parsed(self.entry.body.as_deref())
    }

    /// The reply's body as JSON; `Null` when it is not.
    pub(crate) fn answered(&self) -> Value {
        let reply = self.entry.reply.as_ref();
        parsed(reply.and_then(|reply| reply.body.as_deref()))
    }

    /// Whether it asks for tokens: at the token endpoint or with a login near it, or by a sign-in
    /// or refresh.
    pub(crate) fn is_token_request(&self) -> bool {
        match self.operation() {
            Some(name) => matches!(name, "InitiateAuth" | "GetTokensFromRefreshToken"),
            None => {
                self.entry.endpoint == "token"
                    || self.entry.outcome == Some(Outcome::Granted)
                    || (self.entry.endpoint.is_empty() && self.has_login())
            }
        }
    }

    /// Whether its body is the form of a login.
    pub(super) fn has_login(&self) -> bool {
        let body = self.entry.body.as_deref().unwrap_or_default();
        let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.any(|(name, value)| {
            matches!(name, "grant_type" | "password" | "client_secret") && !value.is_empty()
        })
    }

    /// Whether it wants to become a websocket.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.header("upgrade").eq_ignore_ascii_case("websocket")
    }

    /// Whether it is a request to the API, served or not.
    pub(crate) fn is_api_request(&self, view: &View<'_>) -> bool {
        if self.operation().is_some() || self.is_token_request() || self.is_upgrade() {
            return false;
        }
        let path = self.path();
        let is_below = |base: &str| {
            let rest = path.strip_prefix(base.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let urls = view.profile.urls.iter();
        let mut bases = urls.filter(|(name, _)| name.starts_with("api")).peekable();
        match bases.peek() {
            Some(_) => bases.any(|(_, base)| is_below(base)),
            None => !self.entry.endpoint.is_empty(),
        }
    }

    /// The target without its query.
    pub(crate) fn path(&self) -> &'a str {
        let target = self.entry.target.as_str();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// Whether it shows the token `id`.
    pub(crate) fn presents(&self, id: TokenId) -> bool {
        self.entry.presented == Some(id)
    }

    /// Whether it was refused for the token that it shows: that had ended, was revoked or is not known.
    pub(crate) fn is_refused_token(&self) -> bool {
        let denial = self.entry.denial.as_ref();
        self.entry.presented.is_some()
            && self.reaction() == Reaction::Refused
            && denial.is_none_or(|denial| {
                matches!(
                    denial.kind,
                    DenialKind::Expired | DenialKind::Revoked | DenialKind::UnknownToken
                )
            })
    }

    /// Whether it was refused because its token is of another tenant.
    pub(crate) fn is_refused_tenant(&self) -> bool {
        let denial = self.entry.denial.as_ref();
        denial.is_some_and(|denial| denial.kind == DenialKind::WrongTenant)
    }

    /// Whether it shows any secret of this spelling, such as `«refresh token 1 of u»`.
    pub(crate) fn shows(&self, spelling: &str) -> bool {
        let headers = self.entry.headers.iter().map(|(_, value)| value.as_str());
        let body = self.entry.body.as_deref();
        headers
            .chain(body)
            .chain([self.entry.target.as_str()])
            .any(|text| text.contains(spelling))
    }

    /// What it came to. A reply of a fault that is no refusal is a failure: the client got nothing
    /// from the vendor.
    pub(crate) fn reaction(&self) -> Reaction {
        let Some(reply) = &self.entry.reply else {
            return Reaction::Gone(Cut::Closed);
        };
        match reply.status {
            101 if self.entry.outcome == Some(Outcome::Opened) => Reaction::Served,
            200..=299 => self.success(&Message {
                status: reply.status,
                headers: reply.headers.clone(),
                body: reply.body.clone().unwrap_or_default(),
            }),
            300..=399 => Reaction::Redirected,
            429 => Reaction::Throttled,
            400..=499 => Reaction::Refused,
            500..=599 => Reaction::Failed(Failure::ServerError),
            _ => Reaction::Failed(Failure::UnexpectedStatus),
        }
    }

    /// Whether its body arrived to the end, as far as it told its length: a client that was given up
    /// leaves half a request.
    pub(super) fn is_whole(&self) -> bool {
        let told = self.header("content-length").parse::<u64>();
        told.map_or(true, |length| length <= self.entry.body_length)
    }

    /// Whether it got what it asked for.
    pub(crate) fn is_served(&self) -> bool {
        self.reaction() == Reaction::Served
    }

    /// Whether the vendor served or refused it: all else says nothing about the request.
    pub(crate) fn was_looked_at(&self) -> bool {
        matches!(self.reaction(), Reaction::Served | Reaction::Refused)
    }

    fn success(&self, reply: &Message) -> Reaction {
        if is_html(reply) {
            return Reaction::Failed(Failure::Html);
        }
        let body = reply.json();
        let has = |pointer: &str| {
            let member = body.pointer(pointer).and_then(Value::as_str);
            member.is_some_and(|text| !text.is_empty())
        };
        if let Some(name) = self.operation() {
            let may_be_empty = name == "RevokeToken" && reply.body.is_empty();
            return match () {
                () if !body["__type"].is_null() => Reaction::Refused,
                () if body.is_object() || may_be_empty => Reaction::Served,
                () => Reaction::Failed(Failure::Unreadable),
            };
        }
        if self.is_token_request() {
            return match () {
                () if has("/access_token") => Reaction::Served,
                () if body.is_object() => Reaction::Refused,
                () => Reaction::Failed(Failure::Unreadable),
            };
        }
        match self.entry.outcome {
            Some(Outcome::Admitted | Outcome::Served | Outcome::Revoked) => Reaction::Served,
            Some(Outcome::Denied) => Reaction::Refused,
            _ => Reaction::Failed(Failure::Unreadable),
        }
    }
}

fn parsed(body: Option<&str>) -> Value {
    body.and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or_default()
}
