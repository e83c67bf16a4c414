//! What a request spells out: its form, its token, how it writes its credentials.

use std::borrow::Cow;

use locum_core::Spelling;
use locum_core::spelling::{CredentialOrigin, ShownCredential};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::commands::asked;
use super::traffic::{Arrival, arrivals, token_requests};
use crate::evidence::{Event, Reaction, RecordId};
use crate::rules::View;

/// Settings of the mocks that leave the token reply as the vendor documents it.
const PLAIN_SETTINGS: [&str; 9] = [
    "access_ttl_s",
    "credentials_ttl_s",
    "enforce_expiry",
    "id_ttl_s",
    "refresh_ttl_s",
    "rotate_refresh",
    "refresh_max_reuse",
    "token_ttl_ms",
    "token_ttl_s",
];

impl<'a> Arrival<'a> {
    /// How it spells what it carries; nothing where the mock noted nothing.
    pub(super) fn spelling(&self) -> Spelling {
        self.entry.spelling.as_deref().cloned().unwrap_or_default()
    }

    /// The parameters of its form, decoded; `None` when its body is no form or cannot be read.
    pub(super) fn parameters(&self) -> Option<Vec<(String, String)>> {
        let body = self.entry.body.as_deref()?;
        if body.starts_with(['{', '[', '«']) {
            return None;
        }
        let plain = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs = body.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Some(
            pairs
                .map(|(name, value)| (plain(name), plain(value)))
                .collect(),
        )
    }

    /// The value of a parameter of its form.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.parameters()?.into_iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The name of the token that its `Authorization` is, whatever stands around it.
    pub(super) fn bearer(&self) -> Option<Cow<'a, str>> {
        let value = self.header("authorization");
        let name = value.split_once(' ').map_or(value, |(_, rest)| rest);
        if is_token(name) {
            return Some(Cow::Borrowed(name));
        }
        let noted = self.spelling().bearer?;
        noted.holds.map(Cow::Owned)
    }

    /// Whether its `Authorization` is a signature.
    pub(super) fn is_signed(&self) -> bool {
        self.header("authorization").starts_with("AWS4-HMAC-SHA256")
    }

    /// Whether it uses `Authorization: Basic`.
    pub(super) fn has_basic(&self) -> bool {
        let is_basic = |value: &str| {
            value
                .split_once(' ')
                .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        };
        self.headers("authorization").any(is_basic)
    }

    /// Whether it asks for a token with the client's own credentials.
    pub(super) fn is_client_credentials(&self) -> bool {
        self.is_token_request()
            && self
                .parameter("grant_type")
                .is_none_or(|grant| grant == "client_credentials")
    }
}

/// Whether a watched test may have wanted to see this login refused: nobody told the client what to do,
/// and it logs in elsewhere.
pub(super) fn may_be_wrong_on_purpose(view: &View<'_>, request: &Arrival<'_>) -> bool {
    request.reaction() == Reaction::Refused
        && asked(view).is_empty()
        && token_requests(view).any(|other| other.is_served())
}

/// The first difference of a credential from the stage's, with its name.
pub(super) fn difference(shown: &ShownCredential) -> Option<String> {
    match &shown.origin {
        CredentialOrigin::Differs { at } => Some(format!("{}: {at}", shown.name)),
        _ => None,
    }
}

/// Characters of a value, where the journal may have kept its length in bytes alone; `None` of a
/// secret that it has by a name.
pub(super) fn length(value: &str) -> Option<usize> {
    if !value.starts_with('«') {
        return Some(value.chars().count());
    }
    let length = value.strip_prefix("«unknown, ")?.split(' ').next()?;
    length.parse().ok()
}

/// Whether `text` is the name of one token, and nothing else.
pub(super) fn is_token(text: &str) -> bool {
    let name = text
        .strip_prefix('«')
        .and_then(|rest| rest.strip_suffix('»'));
    name.is_some_and(|name| !name.contains(['«', '»']) && name.contains(" token "))
}

/// The names of tokens that stand in `text`.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    names(text).filter(|name| name.contains(" token "))
}

/// The names of passwords and client secrets that stand in `text`.
pub(super) fn secrets(text: &str) -> impl Iterator<Item = &str> {
    names(text).filter(|name| name.starts_with("secret of "))
}

/// The names of AWS credentials whose secret key or session token stands in `text`.
pub(super) fn aws_credentials(text: &str) -> impl Iterator<Item = &str> {
    names(text).filter(|name| name.starts_with("aws credentials"))
}

/// What stands in `text` in the place of secrets.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let rest = text.split('«').skip(1);
    rest.filter_map(|rest| rest.split_once('»').map(|(name, _)| name))
}

/// The first token reply with a token, if one was seen.
pub(super) fn first_token_reply(view: &View<'_>) -> Option<RecordId> {
    let mut requests = token_requests(view);
    requests.find(Arrival::is_served).map(|request| request.seq)
}

/// The requests that followed a token reply.
pub(super) fn after_a_token<'a>(view: &View<'a>) -> impl Iterator<Item = Arrival<'a>> + use<'a> {
    let first = first_token_reply(view);
    arrivals(view).filter(move |arrival| first.is_some_and(|first| arrival.seq > first))
}

/// Whether the scenario changes the token reply itself, so that what a client makes of its tokens
/// says nothing of how it shows the vendor's.
pub(super) fn bends_tokens(view: &View<'_>) -> bool {
    let records = view.evidence.records().iter();
    let mut controls = records.filter_map(|record| match &record.event {
        Event::Control { call, body } => Some((call.as_str(), body)),
        _ => None,
    });
    controls.any(|(call, body)| match call {
        "settings" => body.as_object().into_iter().flatten().any(|(name, _)| {
            let name = name.rsplit('.').next().unwrap_or_default();
            !PLAIN_SETTINGS.contains(&name)
        }),
        "faults" => bends(&body["match"], &body["then"]),
        _ => false,
    })
}

/// Whether a fault writes a token reply of its own.
fn bends(matched: &Value, then: &Value) -> bool {
    let operations = matched["operations"].as_array().into_iter().flatten();
    let is_login = |name: &Value| name == "InitiateAuth" || name == "GetTokensFromRefreshToken";
    let is_token = matched["endpoint"] == "token" || operations.into_iter().any(is_login);
    let is_refusal = then["status"].as_u64().is_some_and(|status| status >= 300);
    let writes = ["body", "malformed", "empty", "truncate", "edit", "reset"];
    is_token && !is_refusal && writes.iter().any(|member| !then[*member].is_null())
}
