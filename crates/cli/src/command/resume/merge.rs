//! What came of the scenarios that were to go on: those that did take the place of what was saved of
//! them; the others stay as they were, with what they need to go on another time.

use locum_harness::run::PendingScenario;
use locum_harness::verdict::{Ending, Scenario};

/// A run with what was played of it later.
#[derive(Debug)]
pub(super) struct Merged {
    /// All scenarios of the run.
    pub(super) scenarios: Vec<Scenario>,
    /// Those that were due and did not go on.
    pub(super) kept: Vec<PendingScenario>,
    /// Why they did not, a sentence each.
    pub(super) notes: Vec<String>,
    /// Whether the vendor gave no answer where one was due.
    pub(super) is_unreachable: bool,
}

/// Puts what was `played` of the `due` scenarios beside what was saved.
pub(super) fn merge(
    saved: Vec<Scenario>,
    due: Vec<PendingScenario>,
    played: &[Scenario],
) -> Merged {
    let mut all = Merged {
        scenarios: saved,
        kept: Vec::new(),
        notes: Vec::new(),
        is_unreachable: false,
    };
    for kept in due {
        let scenario = played.iter().find(|played| played.key == kept.key);
        let known = all.scenarios.iter_mut().find(|known| known.key == kept.key);
        let (Some(scenario), Some(known)) = (scenario, known) else {
            all.kept.push(kept);
            continue;
        };
        let Some(why) = why_unfinished(known, scenario) else {
            known.clone_from(scenario);
            continue;
        };
        all.is_unreachable |= matches!(scenario.ending, Ending::Ran | Ending::GivenUp(_));
        all.notes
            .push(format!("{} did not go on: {why}", kept.title));
        all.kept.push(kept);
    }
    all
}

/// Why a scenario did not go on behind what was `saved` of it; `None` where it did. What is our own
/// fault is told as that.
fn why_unfinished<'a>(saved: &Scenario, played: &'a Scenario) -> Option<&'a str> {
    match &played.ending {
        Ending::Broken(_) => None,
        Ending::NotReached => Some("the run was interrupted before its end"),
        Ending::NotApplicable(why) | Ending::LeftOut(why) | Ending::GivenUp(why) => Some(why),
        Ending::Ran => {
            let (sent, answered) = counts(played);
            let (sent_before, answered_before) = counts(saved);
            (sent > sent_before && answered <= answered_before)
                .then_some("the vendor gave no reply")
        }
    }
}

/// How many requests were sent, and how many of them got a reply.
fn counts(scenario: &Scenario) -> (usize, usize) {
    let exchanges = scenario.evidence.exchanges();
    exchanges.fold((0, 0), |(sent, answered), exchange| {
        (sent + 1, answered + usize::from(exchange.reply.is_some()))
    })
}
