//! One rule for each requirement: a pure function of the evidence.
//!
//! A refusal proves something only beside its positive control, an accepted request of the same
//! operation; what a requirement forbids and the vendor did is a finding with or without it. Every
//! rule asks [`Exchange::reaction`](crate::evidence::Exchange::reaction) what a request came to;
//! none looks at a bare status for that.
//!
//! Statuses, members, limits and tolerances are data of the requirement
//! ([`Expectation`]) or of the vendor's profile. No rule names a
//! vendor: where vendors differ, the profile's facts decide.

pub mod client;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod testing;
pub mod vendor;

use locum_core::Profile;
use locum_core::requirement::Judge;

use crate::catalogue::Expectation;
use crate::evidence::{Evidence, Exchange, Reaction};
use crate::verdict::Finding;

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was seen.
    pub evidence: &'a Evidence,
    /// The vendor's facts.
    pub profile: &'a Profile,
    /// The requirement's own data for this vendor.
    pub expected: &'a Expectation,
}

/// Which scenarios a rule is run over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those that are tagged with its id.
    Tagged,
    /// All of its side and vendor: what it forbids may turn up anywhere. Scenarios that are tagged
    /// with its id provoke it; only there counts what was not seen.
    Everywhere,
}

/// The code behind one requirement.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The requirement's id.
    pub id: &'static str,
    /// Whom it judges.
    pub side: Judge,
    /// Which scenarios it is run over.
    pub reach: Reach,
    /// Judges the evidence of one scenario.
    pub judge: fn(&View<'_>) -> Finding,
}

impl Rule {
    /// A rule for a vendor.
    pub const fn vendor(id: &'static str, judge: fn(&View<'_>) -> Finding) -> Self {
        Self {
            id,
            side: Judge::Vendor,
            reach: Reach::Tagged,
            judge,
        }
    }

    /// A rule for a client.
    pub const fn client(id: &'static str, judge: fn(&View<'_>) -> Finding) -> Self {
        Self {
            id,
            side: Judge::Client,
            reach: Reach::Tagged,
            judge,
        }
    }

    /// The same rule, run over all scenarios.
    #[must_use]
    pub const fn everywhere(mut self) -> Self {
        self.reach = Reach::Everywhere;
        self
    }
}

/// All rules: of vendors first, a list a topic.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let topics = vendor::TOPICS.iter().chain(client::TOPICS);
    topics.flat_map(|rules| rules.iter())
}

/// The one rule of a requirement and a side.
pub fn find(id: &str, side: Judge) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id && rule.side == side)
}

/// Whether a close frame may carry this code: RFC 6455 §7.4.1, §7.4.2, and the codes that IANA has
/// registered since.
pub(crate) const fn may_close_with(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// The finding for an exchange that the vendor did not answer, or not in HTTP.
pub(crate) fn gone(exchange: &Exchange<'_>) -> Option<Finding> {
    matches!(exchange.reaction(), Reaction::Gone(_))
        .then(|| Finding::gone(exchange.sentence(), exchange))
}

/// What had to be seen was not seen: says what, and what this run could not show.
pub(crate) fn unobserved(view: &View<'_>, what: &str) -> Finding {
    match view.evidence.limitations().next() {
        Some(limitation) => Finding::unobserved(format!("{what}: {limitation}")),
        None => Finding::unobserved(what),
    }
}

/// The exchange that should have been served was not: gone is gone, being throttled says nothing,
/// and all else is a deviation from `expected`.
pub(crate) fn not_served(exchange: &Exchange<'_>, expected: &str) -> Finding {
    match exchange.reaction() {
        Reaction::Gone(_) => Finding::gone(exchange.sentence(), exchange),
        Reaction::Throttled => Finding::unobserved(exchange.sentence()).seen_in(exchange),
        reaction => Finding::broken(
            expected,
            format!("{} ({})", exchange.sentence(), reaction.words()),
            exchange,
        ),
    }
}

/// The worst of what came of those of `exchanges` that should have been served and were not: what
/// the vendor answered is not hidden by what it left unanswered before.
pub(crate) fn worst_not_served<'e, 'a: 'e>(
    exchanges: impl IntoIterator<Item = &'e Exchange<'a>>,
    expected: &str,
) -> Option<Finding> {
    exchanges
        .into_iter()
        .filter(|exchange| !exchange.is_served())
        .map(|exchange| not_served(exchange, expected))
        .reduce(|worst, next| match next.grade() > worst.grade() {
            true => next,
            false => worst,
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalogue::catalogue;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    #[test]
    fn each_rule_has_a_row_of_its_side_and_is_the_only_one() {
        let mut seen = BTreeSet::new();
        for rule in all() {
            let row = catalogue().get(rule.id).expect(rule.id);
            assert!(
                row.judges.contains(&rule.side),
                "{} {:?}",
                rule.id,
                rule.side
            );
            assert!(seen.insert((rule.id, rule.side)), "{} twice", rule.id);
        }
        assert!(seen.len() > 50);
    }

    #[test]
    fn no_rule_says_anything_of_empty_evidence() {
        for rule in all() {
            for log in [Log::new(), Log::with_tenants(), Log::of_a_user_pool()] {
                let finding = log.judge(rule);
                assert_eq!(
                    finding.grade(),
                    Grade::Unobserved,
                    "{}: {finding:?}",
                    rule.id
                );
            }
        }
    }
}
