//! What the rules look for. A rule is a pure function over the log of one scenario.
//!
//! A refusal proves something only beside its twin, an accepted request that differs in one thing;
//! what a row forbids and the vendor did is a finding with or without it.

pub mod client;
#[cfg(test)]
pub(crate) mod testing;
pub mod vendor;

use locum_core::{Finding, Grade, Profile};

use crate::evidence::{EvidenceLog, Exchange};

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The log of the scenario.
    pub log: &'a EvidenceLog,
    /// The vendor's facts.
    pub profile: &'a Profile,
}

/// The finding for an exchange that the vendor did not answer.
pub(crate) fn gone(exchange: &Exchange<'_>) -> Option<Finding> {
    let why = exchange.cut?;
    let act = format!("{} {}", exchange.act, exchange.how);
    Some(
        Finding::new(
            Grade::Gone,
            format!("no reply to {}: {why}", act.trim_end()),
        )
        .because("a reply", why)
        .proved_by([exchange.seq]),
    )
}

/// What had to be seen was not seen: says what, and what this subject could not show.
pub(crate) fn unobserved(view: &View<'_>, what: &str) -> Finding {
    let reason = match view.log.lack() {
        Some(lack) => format!("{what}: {lack}"),
        None => what.to_owned(),
    };
    Finding::new(Grade::Unobserved, reason)
}

/// `login by GET was answered with 405`.
pub(crate) fn sentence(exchange: &Exchange<'_>) -> String {
    let status = exchange.reply.map_or(0, |reply| reply.status);
    let how = format!("{} {}", exchange.act, exchange.how);
    format!("{} was answered with {status}", how.trim_end())
}
