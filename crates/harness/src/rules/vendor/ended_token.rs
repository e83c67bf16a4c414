//! Whether a token that a request shows had ended when it was shown.

use super::token_age::{shows_token_of, told_lifetime};
use crate::evidence::{Exchange, Operation};
use crate::rules::View;

/// Whether the token that `exchange` shows had outlived what its login said of it. Of a token whose
/// login was not seen, or told no lifetime, that cannot be said.
pub(super) fn has_ended(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let issued = view
        .evidence
        .exchanges_for(Operation::Login)
        .filter(|login| login.seq < exchange.seq)
        .find(|login| shows_token_of(exchange, login));
    let Some(login) = issued else {
        return false;
    };
    told_or_claimed(view, &login)
        .is_some_and(|lifetime| view.evidence.seconds_between(login.seq, exchange.seq) > lifetime)
}

/// Whether `exchange` shows a token that no login of the scenario gave: it was supplied as one that has
/// ended.
pub(super) fn is_supplied(view: &View<'_>, exchange: &Exchange<'_>) -> bool {
    let mut logins = view.evidence.exchanges_for(Operation::Login);
    !logins.any(|login| shows_token_of(exchange, &login))
}

/// How long the login said that its token lives, in seconds: by `expires_in`, or by the token's own
/// claims.
fn told_or_claimed(view: &View<'_>, login: &Exchange<'_>) -> Option<f64> {
    told_lifetime(login, view.profile.token.expires_in).or_else(|| {
        let (_, claims) = view.evidence.jwt_of(login.seq)?;
        Some(claims["exp"].as_f64()? - claims["iat"].as_f64()?)
    })
}
