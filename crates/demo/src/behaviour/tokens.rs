//! Switches of tokens: cache, expiry, single flight, refresh, revocation.

use serde::{Deserialize, Serialize};

/// Which tokens are kept and when they are dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cache {
    /// A token serves more than one call.
    pub(crate) reuses: bool,
    /// The token is dropped when the vendor closes the connection.
    pub(crate) lost_with_connection: bool,
    /// One token serves all instances at one address.
    pub(crate) shared_by_instances: bool,
    /// Statuses of the API that drop the token.
    pub(crate) dropped_on: Vec<u16>,
    /// A new secret does not reach the next login.
    pub(crate) old_secret_sticks: bool,
    /// A token read from the storage starts its life anew.
    pub(crate) stored_life_starts_anew: bool,
    /// Stored tokens are renewed without the lock and without a second look.
    pub(crate) stored_without_lock: bool,
    /// A failed renewal drops the token that is still good.
    pub(crate) dropped_on_failed_renewal: bool,
    /// How many calls a token serves that lives less than a minute.
    pub(crate) calls_of_short_token: Option<u32>,
    /// A refusal drops what is cached even if it was of another.
    pub(crate) any_refusal_drops: bool,
    /// A refused token stays in the cache.
    pub(crate) keeps_refused: bool,
    /// A token whose time has come serves one more call, and is renewed beside it.
    pub(crate) stale_while_renewing: bool,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            reuses: true,
            lost_with_connection: false,
            shared_by_instances: false,
            dropped_on: Vec::new(),
            old_secret_sticks: false,
            stored_life_starts_anew: false,
            stored_without_lock: false,
            dropped_on_failed_renewal: false,
            calls_of_short_token: None,
            any_refusal_drops: false,
            keeps_refused: false,
            stale_while_renewing: false,
        }
    }
}

/// A unit of `expires_in`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    /// RFC 6749 §5.1.
    Seconds,
    /// "the number of milliseconds after which the token expires"
    Milliseconds,
}

/// What a reply without a lifetime means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MissingLifetime {
    /// The `exp` claim's distance where there is one, at most the documented lifetime.
    #[default]
    Documented,
    /// The reply is refused.
    Error,
    /// The token is over at once.
    Expired,
    /// The token never ends, and a 401 goes to the caller.
    Forever,
}

/// How a token's end is found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Expiry {
    /// Seconds before the end at which a token is renewed, instead of the vendor's margin.
    pub(crate) margin_s: Option<f64>,
    /// The lifetime counts from the reply, and this is the margin in seconds.
    pub(crate) from_receipt_margin_s: Option<f64>,
    /// What the reply took is added to the lifetime, and this is the margin in seconds.
    pub(crate) delay_added_margin_s: Option<f64>,
    /// Each token is kept for so many of its lifetimes.
    pub(crate) lifetimes: Option<f64>,
    /// The unit of the lifetime, instead of the documented one.
    pub(crate) unit: Option<Unit>,
    /// What a reply without a lifetime means.
    pub(crate) missing: MissingLifetime,
    /// An `exp` beyond the documented lifetime is believed.
    pub(crate) far_exp_believed: bool,
    /// The process ends when the lifetime has a fraction.
    pub(crate) fraction_crashes: bool,
    /// `exp` is compared with the local clock and `expires_in` is not read.
    pub(crate) exp_by_local_clock: bool,
    /// The wall clock is not read.
    pub(crate) monotonic_only: bool,
    /// No token is used again while the wall clock is behind the latest time that it has shown.
    pub(crate) clock_back_ends_tokens: bool,
    /// `refresh_expires_in` 0 ends the access token.
    pub(crate) zero_refresh_ends_token: bool,
}

/// Which callers share one token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sharing {
    /// All.
    #[default]
    Always,
    /// None.
    Never,
    /// Those without a token and those whose token is over, not those refused with 401.
    NotAfterRefusal,
    /// Those without a token and those refused with 401, not those whose token is over.
    NotAtEnd,
}

/// Who shares a token request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Flight {
    /// Which callers share one.
    pub(crate) sharing: Sharing,
    /// Those who wait for one that fails are never told.
    pub(crate) failure_strands_waiters: bool,
    /// It ends with the caller who began it.
    pub(crate) dies_with_leader: bool,
}

/// How refresh tokens are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Refresh {
    /// A refresh token is used for the next token.
    pub(crate) used: bool,
    /// A refresh is tried where no refresh token was issued.
    pub(crate) without_token: bool,
    /// A refresh carries the client's secret.
    pub(crate) authenticated: bool,
    /// The scope of each refresh request.
    pub(crate) scope: Option<String>,
    /// A refused refresh token ends in an error instead of a login.
    pub(crate) refusal_is_final: bool,
    /// A reply without a refresh token clears the one that is held.
    pub(crate) cleared_when_absent: bool,
    /// A new refresh token is thrown away.
    pub(crate) rotation_ignored: bool,
    /// A refused refresh token is held until another one takes its place.
    pub(crate) keeps_refused: bool,
    /// After a lost reply the old refresh token is presented over and over.
    pub(crate) loops_after_lost_reply: bool,
    /// A refused refresh token is presented so often before a login.
    pub(crate) refused_tries: u32,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            used: true,
            without_token: false,
            authenticated: true,
            scope: None,
            refusal_is_final: false,
            cleared_when_absent: false,
            rotation_ignored: false,
            keeps_refused: false,
            loops_after_lost_reply: false,
            refused_tries: 1,
        }
    }
}

/// How tokens are revoked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Revocation {
    /// The request is a GET.
    pub(crate) by_get: bool,
    /// 503 counts as done.
    pub(crate) unavailable_is_done: bool,
    /// The access token is sent instead of the refresh token.
    pub(crate) of_access_token: bool,
    /// The tokens stay in the cache.
    pub(crate) keeps_tokens: bool,
    /// The AWS credentials stay in the cache.
    pub(crate) keeps_credentials: bool,
}
