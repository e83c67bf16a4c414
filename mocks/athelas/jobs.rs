//! Jobs: a scribe or a transcription is accepted with 202 and polled. The stage's clock moves it
//! from state to state.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Timestamp, weight};
use locum_server::Mock;
use locum_server::memory::{Account, Bounded};
use serde_json::Value;

/// "curl -X GET …/scribe/12345": that one is there from the start, and is done.
const FIRST: i64 = 12345;

/// How many bytes of jobs of a kind a stage keeps; the oldest fall out first.
const MAX_BYTES: usize = 2 << 20;

/// What kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scribe,
    Transcription,
}

impl Kind {
    /// The states of a job that ends as the setting `job_end` says, in the vendor's words.
    fn states(self, end: &str) -> Vec<String> {
        let states: &[&str] = match (self, end) {
            (Self::Scribe, "completed") => &["IN_PROGRESS", "COMPLETED"],
            (Self::Scribe, _) => &["IN_PROGRESS", "FAILED"],
            (Self::Transcription, "completed") => {
                &["DETECTED_FILE", "STT_PROCESSING", "STT_COMPLETED"]
            }
            (Self::Transcription, "incomplete") => {
                &["DETECTED_FILE", "STT_PROCESSING", "STT_INCOMPLETE"]
            }
            (Self::Transcription, _) => &["DETECTED_FILE", "STT_PROCESSING", "STT_ERROR"],
        };
        states.iter().map(|state| (*state).to_owned()).collect()
    }
}

/// One job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// When it was handed in, or handed in anew.
    pub(super) submitted: Timestamp,
    states: Vec<String>,
    step: Duration,
    /// How often it was looked at, where the states are a script.
    looks: Option<usize>,
}

impl Job {
    /// A job that starts now, by the stage's settings.
    pub(super) fn start(mock: &Mock, kind: Kind) -> Self {
        let script = mock.setting("job_states");
        let script: Vec<String> = script
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let scripted = !script.is_empty();
        Self {
            submitted: mock.now(),
            states: if scripted {
                script
            } else {
                kind.states(&mock.setting_text("job_end"))
            },
            step: Duration::from_secs(mock.setting_u64("job_step_s")),
            looks: scripted.then_some(0),
        }
    }

    /// Bytes beside its own size.
    fn heap(&self) -> usize {
        let states = self.states.iter();
        states
            .map(|state| size_of::<String>() + weight::text(state))
            .sum()
    }

    /// Its state, and since when.
    pub(super) fn look(&mut self, now: Timestamp) -> (String, Timestamp) {
        let last = self.states.len() - 1;
        let passed = match &mut self.looks {
            Some(looks) => {
                *looks += 1;
                *looks - 1
            }
            None => self.steps(now),
        };
        let at = passed.min(last);
        let since = self
            .step
            .saturating_mul(u32::try_from(at).unwrap_or(u32::MAX));
        (self.states[at].clone(), self.submitted.plus(since))
    }

    /// How many steps have passed.
    fn steps(&self, now: Timestamp) -> usize {
        let passed = now.since(self.submitted).as_millis();
        let steps = passed.checked_div(self.step.as_millis());
        steps.map_or(usize::MAX, |steps| {
            usize::try_from(steps).unwrap_or(usize::MAX)
        })
    }
}

/// The jobs of a stage.
#[derive(Debug)]
pub(super) struct Jobs {
    scribes: Bounded<i64, Job>,
    transcriptions: Bounded<i64, Job>,
    next: i64,
}

impl Jobs {
    /// One scribe that is done; bytes count on `memory`.
    pub(super) fn new(now: Timestamp, memory: &Arc<Account>) -> Self {
        let done = Job {
            submitted: now,
            states: Kind::Scribe.states("completed"),
            step: Duration::ZERO,
            looks: None,
        };
        let mut jobs = Self {
            scribes: Bounded::new(MAX_BYTES, memory),
            transcriptions: Bounded::new(MAX_BYTES, memory),
            next: FIRST,
        };
        jobs.add(Kind::Scribe, done);
        jobs
    }

    /// Takes a job; gives its id.
    pub(super) fn add(&mut self, kind: Kind, job: Job) -> i64 {
        let id = self.next;
        self.next += 1;
        let heap = job.heap();
        self.of(kind).insert(id, job, heap);
        id
    }

    /// The job of this id.
    pub(super) fn get(&mut self, kind: Kind, id: i64) -> Option<&mut Job> {
        self.of(kind).get_mut(&id)
    }

    fn of(&mut self, kind: Kind) -> &mut Bounded<i64, Job> {
        match kind {
            Kind::Scribe => &mut self.scribes,
            Kind::Transcription => &mut self.transcriptions,
        }
    }
}
