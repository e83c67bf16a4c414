//! Whether a token that a request shows had ended when it was shown.

use std::time::Duration;

use super::token_age::{shows_token_of, told_lifetime};
use crate::evidence::{Event, Exchange, Operation, RecordId};
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
        .is_some_and(|lifetime| age(view, login.seq, exchange.seq) > lifetime)
}

/// How long the login said that its token lives, in seconds: by `expires_in`, or by the token's own
/// claims.
fn told_or_claimed(view: &View<'_>, login: &Exchange<'_>) -> Option<f64> {
    told_lifetime(login, view.profile.token.expires_in).or_else(|| {
        let (_, claims) = view.evidence.jwt_of(login.seq)?;
        Some(claims["exp"].as_f64()? - claims["iat"].as_f64()?)
    })
}

/// Seconds between two records: by the vendor's clock where the harness turns it, else by its own.
fn age(view: &View<'_>, from: RecordId, to: RecordId) -> f64 {
    let turned = |seq| view.evidence.turned_before(Some(seq));
    let is_turned = |event: &Event| matches!(event, Event::Control { call, .. } if call == "clock");
    let records = view.evidence.records();
    if records.iter().any(|record| is_turned(&record.event)) {
        return turned(to) - turned(from);
    }
    let at = |seq| {
        let record = records.iter().find(|record| record.seq == seq);
        record.map_or(0, |record| record.t_ms)
    };
    Duration::from_millis(at(to).saturating_sub(at(from))).as_secs_f64()
}
