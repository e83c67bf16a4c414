//! How the gaps between the attempts of several instances go on: what can be said of them, and what
//! that comes to.

/// From here on the second gaps are longer than the first.
const GROWTH: f64 = 1.15;

/// From here on they are too much longer to be chance.
const GROWN: f64 = 1.5;

/// Gaps that differ by more than this are not one gap with noise.
const SPREAD: i64 = 2;

/// Gaps below this are the time that a request takes, not a pause.
const SHORTEST_PAUSE_MS: i64 = 75;

/// From here on the time that passes without a wait hides what a client waits for, in milliseconds.
const BUSY_MS: i64 = 50;

/// A gap of so many times that is still a pause.
const CLEAR: i64 = 4;

/// What passed at the instances where nobody waited, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// The longest such time.
    pub(super) idle_ms: i64,
    /// What the machine added to it at the instance that had the least of it.
    pub(super) added_ms: i64,
    /// What the client itself takes from a reply to the next request.
    pub(super) turn_ms: i64,
}

/// How gaps go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// They grow, or are drawn by chance.
    Grow,
    /// They stay as they are, or are no pauses at all.
    Constant,
    /// The machine may have made them what they are.
    Hidden,
}

/// The gaps of several instances.
#[derive(Debug)]
pub(super) struct Gaps {
    /// The mean of the first gaps.
    pub(super) first_ms: f64,
    /// The mean of the second ones.
    pub(super) second_ms: f64,
    /// The shortest first gap and the shortest second one: a busy machine makes gaps longer, never
    /// shorter, so that these tell what was meant.
    shortest: [i64; 2],
    /// All of them, the shortest first.
    sorted: Vec<i64>,
    load: Load,
}

impl Gaps {
    /// Of instances with two gaps at least; `None` when there are none.
    pub(super) fn new(gaps: &[Vec<i64>], load: Load) -> Option<Self> {
        let at = |at: usize| gaps.iter().map(move |gaps| gaps[at]);
        let shortest = [at(0).min()?, at(1).min()?];
        #[expect(clippy::cast_precision_loss, reason = "gaps are small")]
        let mean = |at: &mut dyn Iterator<Item = i64>| at.sum::<i64>() as f64 / gaps.len() as f64;
        let (first_ms, second_ms) = (mean(&mut at(0)), mean(&mut at(1)));
        let mut sorted: Vec<i64> = gaps.iter().flatten().copied().collect();
        sorted.sort_unstable();
        Some(Self {
            first_ms,
            second_ms,
            shortest,
            sorted,
            load,
        })
    }

    /// What the facts below come to.
    pub(super) fn course(&self) -> Course {
        let has_pauses = self.has_pauses();
        let (is_spread, is_busy) = (self.is_spread(), self.is_busy());
        match () {
            () if has_pauses && self.each_grows() => Course::Grow,
            () if has_pauses && is_spread && !is_busy => Course::Grow,
            () if self.is_covered_by_load() => Course::Hidden,
            () if is_busy && (is_spread || self.one_stands_out()) => Course::Hidden,
            () if has_pauses && (self.one_stands_out() || self.mean_grows(GROWTH)) => {
                Course::Hidden
            }
            // Gaps that grow within the client's own time are neither pauses nor none.
            () if !has_pauses && self.mean_grows(GROWN) => Course::Hidden,
            () => Course::Constant,
        }
    }

    /// Several gaps are longer than what the client needs for a request.
    fn has_pauses(&self) -> bool {
        self.longest_but_one() - self.load.turn_ms >= SHORTEST_PAUSE_MS
    }

    /// The second gaps are longer than the first, all of them and by more than the machine adds.
    fn each_grows(&self) -> bool {
        let [first, second] = self.shortest;
        exceeds(second, first) && second - first > self.load.added_ms
    }

    /// The second gaps are longer in the mean: the machine may have lengthened one of them.
    fn mean_grows(&self, by: f64) -> bool {
        self.second_ms >= by * self.first_ms
    }

    /// The gaps are so different that they were drawn by chance: without the longest one they still
    /// are, and those in the middle are not like the shortest.
    fn is_spread(&self) -> bool {
        let shortest = self.sorted[0];
        let middle = self.sorted[self.sorted.len() / 2];
        self.longest_but_one() > SPREAD * shortest && exceeds(middle, shortest)
    }

    /// A few gaps are much longer than the others, which are alike: chance, or something that held
    /// the client up.
    fn one_stands_out(&self) -> bool {
        let longest = self.sorted[self.sorted.len() - 1];
        longest > SPREAD * self.sorted[0] && !self.is_spread()
    }

    /// The machine lets time pass, and more of it than the client needs for itself.
    fn is_busy(&self) -> bool {
        let Load {
            idle_ms, turn_ms, ..
        } = self.load;
        idle_ms >= BUSY_MS && idle_ms > SPREAD * turn_ms
    }

    /// The gaps are hardly longer than what passes without a wait, and it is not the client that lets
    /// it pass.
    fn is_covered_by_load(&self) -> bool {
        let Load {
            idle_ms, turn_ms, ..
        } = self.load;
        let is_slow = !self.has_pauses() && idle_ms <= SPREAD * turn_ms;
        idle_ms >= BUSY_MS && self.sorted[0] < CLEAR * idle_ms && !is_slow
    }

    /// The longest one may be the machine's.
    fn longest_but_one(&self) -> i64 {
        self.sorted[self.sorted.len().saturating_sub(2)]
    }
}

/// Whether `one` is longer than `other` by so much that it was meant.
fn exceeds(one: i64, other: i64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "gaps are small")]
    let (one, other) = (one as f64, other as f64);
    one >= GROWTH * other
}

#[cfg(test)]
mod tests {
    use super::{Course, Gaps, Load};

    fn course(gaps: &[[i64; 2]], load: Load) -> Course {
        let gaps: Vec<Vec<i64>> = gaps.iter().map(|gaps| gaps.to_vec()).collect();
        Gaps::new(&gaps, load).expect("there are gaps").course()
    }

    fn quiet(gaps: &[[i64; 2]]) -> Course {
        course(gaps, Load::default())
    }

    fn idle(idle_ms: i64) -> Load {
        Load {
            idle_ms,
            ..Load::default()
        }
    }

    #[test]
    fn gaps_that_grow_do_so_at_each_instance() {
        assert_eq!(quiet(&[[500, 1000]; 3]), Course::Grow);
        assert_eq!(quiet(&[[1000, 1150]; 3]), Course::Grow);
        assert_eq!(quiet(&[[1000, 1149]; 3]), Course::Constant);
        // Two of the first ones came late.
        assert_eq!(quiet(&[[330, 660], [700, 650], [690, 640]]), Course::Grow);
    }

    #[test]
    fn constant_gaps_stay_constant_under_small_noise() {
        assert_eq!(quiet(&[[1000, 1000]; 3]), Course::Constant);
        assert_eq!(
            quiet(&[[1003, 1012], [1031, 1001], [1000, 1008]]),
            Course::Constant
        );
        assert_eq!(quiet(&[[2000, 1000]; 3]), Course::Constant);
    }

    #[test]
    fn one_or_two_that_came_late_are_neither() {
        for late in [2001, 9000] {
            for at in 0..6 {
                let mut gaps = [[1000, 1000]; 3];
                gaps[at / 2][at % 2] = late;
                assert_eq!(quiet(&gaps), Course::Hidden, "{gaps:?}");
            }
        }
        let two = [[1000, 1000], [1000, 2500], [2300, 1000]];
        assert_eq!(quiet(&two), Course::Hidden);
    }

    #[test]
    fn drawn_gaps_are_spread() {
        assert_eq!(quiet(&[[100, 900], [900, 100], [500, 400]]), Course::Grow);
        assert_eq!(quiet(&[[120, 310], [700, 90], [260, 1400]]), Course::Grow);
        let busy = course(&[[400, 900], [900, 400], [500, 400]], idle(60));
        assert_eq!(busy, Course::Hidden);
    }

    #[test]
    fn what_the_machine_adds_is_no_growth() {
        let load = Load {
            idle_ms: 45,
            added_ms: 40,
            turn_ms: 0,
        };
        assert_eq!(course(&[[200, 236]; 3], load), Course::Hidden);
        assert_eq!(course(&[[200, 400]; 3], load), Course::Grow);
        assert_eq!(course(&[[1000, 1000]; 3], idle(400)), Course::Hidden);
        assert_eq!(course(&[[1000, 1000]; 3], idle(200)), Course::Constant);
    }

    #[test]
    fn the_time_of_a_request_is_no_pause() {
        let slow = Load {
            idle_ms: 80,
            added_ms: 0,
            turn_ms: 80,
        };
        assert_eq!(course(&[[90, 110]; 3], slow), Course::Constant);
        assert_eq!(
            course(&[[90, 900], [95, 110], [90, 110]], slow),
            Course::Hidden
        );
        assert_eq!(course(&[[180, 280]; 3], slow), Course::Grow);
        assert_eq!(quiet(&[[5, 6]; 3]), Course::Constant);
    }
}
