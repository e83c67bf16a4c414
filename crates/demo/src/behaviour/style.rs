//! Switches of style: what sound clients do differently from one another. None of them is wrong.

use serde::{Deserialize, Serialize};

/// What a sound client may do in another way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Style {
    /// No lifetime is read: the next token is fetched when the last one is refused.
    pub(crate) ignores_lifetimes: bool,
    /// Up to this many seconds are added to the margin of each token by chance.
    pub(crate) margin_jitter_s: f64,
    /// The next token is fetched before the last one ends, whether or not anybody calls.
    pub(crate) renews_in_background: bool,
    /// One operation at a time, as a synchronous program does.
    pub(crate) single_threaded: bool,
    /// The first token is fetched when the instance is made.
    pub(crate) logs_in_when_made: bool,
    /// Callers without a token wait for one another, and each looks whether there is one by then.
    pub(crate) waits_by_lock: bool,
    /// How often a request that fails for a while is sent, instead of four times.
    pub(crate) attempts: Option<u32>,
    /// 403 leads to a new token and one more request.
    pub(crate) logs_in_after_403: bool,
    /// After 401 only requests that may be sent twice are sent again.
    pub(crate) resends_idempotent_only: bool,
    /// Each request has a connection of its own.
    pub(crate) closes_connections: bool,
    /// The names of header fields are in lower case.
    pub(crate) lower_case_headers: bool,
    /// The form's media type names its charset.
    pub(crate) names_charset: bool,
    /// A space in a form is `%20`, hexadecimal digits are in lower case.
    pub(crate) percent_encodes_spaces: bool,
    /// Id and secret are encoded by form rules before they are joined for Basic (RFC 6749 §2.3.1).
    pub(crate) form_encodes_basic: bool,
    /// `Accept` of the token request takes anything besides JSON.
    pub(crate) accepts_anything_too: bool,
}
