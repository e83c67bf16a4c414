//! Whether a token that a request shows had ended when it was shown.

use std::time::Duration;

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
    lifetime(view, &login)
        .is_some_and(|lifetime| age(view, login.seq, exchange.seq) > lifetime.as_secs_f64())
}

/// Whether `exchange` shows the token that `login` gave.
pub(super) fn shows_token_of(exchange: &Exchange<'_>, login: &Exchange<'_>) -> bool {
    let token = login.reply.and_then(crate::evidence::Message::token);
    token.is_some_and(|token| exchange.shows(token.trim_matches(['«', '»'])))
}

/// How long the login said that its token lives, by `expires_in` or by the token's own claims.
fn lifetime(view: &View<'_>, login: &Exchange<'_>) -> Option<Duration> {
    let told = login.json()["expires_in"].as_u64();
    let told = told.and_then(|raw| view.profile.token.expires_in.from_wire(raw));
    told.or_else(|| {
        let (_, claims) = view.evidence.jwt_of(login.seq)?;
        let span = claims["exp"]
            .as_u64()?
            .checked_sub(claims["iat"].as_u64()?)?;
        Some(Duration::from_secs(span))
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
