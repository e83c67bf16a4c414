//! How many calls a scenario will ask for, read from its steps: a program is told before it starts.

/// Room for the scenario between two calls, in milliseconds.
const ROOM_MS: u64 = 1500;

/// The calls of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CallPlan {
    /// How many calls each step asks for, in order; steps without calls are left out.
    steps: Vec<usize>,
    at_once: bool,
    every_ms: Option<u64>,
}

/// Which call of the scenario one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// Counted from 1.
    pub(super) number: usize,
    /// Whether nothing but further calls, or nothing at all, follows it in the scenario.
    pub(super) is_of_the_last_step: bool,
    /// Whether it is the very last one.
    pub(super) is_last: bool,
    /// Whether it is the only one.
    pub(super) is_only: bool,
}

impl CallPlan {
    /// The calls that these steps ask for.
    pub(super) fn of(steps: &[String]) -> Self {
        let mut plan = Self::default();
        for step in steps.iter().filter(|step| step.contains("the client")) {
            let words: Vec<&str> = step.split(' ').collect();
            let before = |word: &str| {
                let at = words
                    .iter()
                    .position(|known| known.trim_matches(',') == word)?;
                words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
            };
            let calls = before("calls").or_else(|| before("call")).or_else(|| {
                let asks = [
                    "calls again",
                    "the client lists",
                    "the client creates",
                    "opens the socket",
                ];
                asks.iter().any(|ask| step.contains(ask)).then_some(1)
            });
            let Some(calls) = calls.filter(|calls| *calls > 0) else {
                continue;
            };
            plan.steps
                .push(usize::try_from(calls).unwrap_or(usize::MAX));
            plan.at_once |= step.contains("at once");
            if step.contains("one every") {
                plan.every_ms = before("milliseconds");
            }
        }
        plan
    }

    /// All calls of the scenario; one where its steps do not say.
    pub(super) fn calls(&self) -> usize {
        self.steps.iter().sum::<usize>().max(1)
    }

    /// How many of them are made at once.
    pub(super) fn concurrency(&self) -> usize {
        match (self.at_once, self.steps.as_slice()) {
            (true, [calls]) => *calls,
            _ => 1,
        }
    }

    /// The pause between two of them: as the scenario says, or room for what it does between.
    pub(super) fn interval_ms(&self) -> u64 {
        match self.steps.len() {
            0 | 1 => self.every_ms.unwrap_or(0),
            _ => self.every_ms.unwrap_or(0).max(ROOM_MS),
        }
    }

    /// Where the call with this number stands.
    pub(super) fn turn(&self, number: usize) -> Turn {
        let earlier: usize = match self.steps.split_last() {
            Some((_, earlier)) => earlier.iter().sum(),
            None => 0,
        };
        Turn {
            number,
            is_of_the_last_step: number > earlier,
            is_last: number >= self.calls(),
            is_only: self.calls() == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[&str], calls: usize, concurrency: usize, interval_ms: u64) {
        let steps: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        let plan = CallPlan::of(&steps);
        let got = (plan.calls(), plan.concurrency(), plan.interval_ms());
        assert_eq!(got, (calls, concurrency, interval_ms), "{steps:?}");
    }

    #[test]
    fn the_calls_of_a_scenario_are_counted_before_it_begins() {
        check(&[], 1, 1, 0);
        check(&["the client makes 5 calls in turn"], 5, 1, 0);
        check(&["the client makes 20 calls at once"], 20, 20, 0);
        check(
            &["the client makes 20 calls, one every 50 milliseconds"],
            20,
            1,
            50,
        );
        check(
            &[
                "the client has made 1 call",
                "the vendor revokes the client's token",
                "the client makes 2 calls in turn",
                "the client fetched a new token and never showed the refused one again",
            ],
            3,
            1,
            ROOM_MS,
        );
        check(
            &["the vendor takes 150 milliseconds to issue a token"],
            1,
            1,
            0,
        );
    }

    #[test]
    fn a_turn_knows_what_follows_it() {
        let steps = [
            "the client has made 1 call",
            "the client makes 2 calls in turn",
        ];
        let plan = CallPlan::of(&steps.map(str::to_owned));
        let turns: Vec<(bool, bool)> = (1..4)
            .map(|number| plan.turn(number))
            .map(|turn| (turn.is_of_the_last_step, turn.is_last))
            .collect();
        assert_eq!(turns, [(false, false), (true, false), (true, true)]);
    }
}
