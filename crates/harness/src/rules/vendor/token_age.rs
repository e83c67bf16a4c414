//! How old a token was when it was used.

use locum_core::profile::ExpiresIn;

use super::refusal::login_of;
use crate::evidence::{Exchange, Message, Operation, leeway_s};
use crate::rules::View;

/// A vendor may be this late in ending a token, in seconds.
pub(super) const GRACE_S: f64 = 300.0;

/// How late a vendor may be in ending a token of this lifetime, in seconds.
pub(super) fn grace_s(lifetime: f64) -> f64 {
    leeway_s(lifetime, GRACE_S)
}

/// A documented call, with the age of the token that it showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgedCall<'a> {
    /// The call.
    pub(super) call: Exchange<'a>,
    /// The latest login that issued its token.
    pub(super) login: Exchange<'a>,
    /// Seconds from the issue to the call.
    pub(super) age: f64,
}

impl AgedCall<'_> {
    /// What was asked, when, and what came of it, for a token of this lifetime in seconds.
    pub(super) fn words(&self, lifetime: f64) -> String {
        format!(
            "{} {} s after its token's issue, with a lifetime of {lifetime} s",
            self.call.sentence(),
            self.age
        )
    }
}

/// Every documented call that shows an issued token, in order. A token that was issued twice is as
/// old as its latest issue.
pub(super) fn aged_calls<'a>(view: &View<'a>) -> Vec<AgedCall<'a>> {
    let logins: Vec<_> = view
        .evidence
        .exchanges_for(login_of(view))
        .filter(|login| token_of(login).is_some())
        .collect();
    let calls = view.evidence.documented(Operation::Call);
    calls
        .filter_map(|call| {
            let login = logins
                .iter()
                .rfind(|login| login.seq < call.seq && shows_token_of(&call, login))?;
            Some(AgedCall {
                call,
                login: *login,
                age: view.evidence.seconds_between(login.seq, call.seq),
            })
        })
        .collect()
}

/// The token that a login gave.
pub(super) fn token_of(login: &Exchange<'_>) -> Option<String> {
    login.reply.and_then(Message::token)
}

/// Whether `call` shows the token that `login` gave.
pub(super) fn shows_token_of(call: &Exchange<'_>, login: &Exchange<'_>) -> bool {
    token_of(login).is_some_and(|token| call.texts().any(|text| text.contains(&token)))
}

/// The lifetime in seconds that a token reply tells in this unit; `None` when it tells none.
pub(super) fn told_lifetime(login: &Exchange<'_>, unit: ExpiresIn) -> Option<f64> {
    let told = &login.json()["expires_in"];
    // What ended before it began lives for no time at all.
    if told.as_i64().is_some_and(i64::is_negative) {
        return Some(0.0);
    }
    let raw = told.as_u64()?;
    Some(unit.from_wire(raw)?.as_secs_f64())
}

/// The lifetime in seconds that a token reply tells in the vendor's unit, else the documented one.
pub(super) fn lifetime(view: &View<'_>, login: &Exchange<'_>) -> f64 {
    let facts = &view.profile.token;
    told_lifetime(login, facts.expires_in).unwrap_or_else(|| facts.lifetime().as_secs_f64())
}
