//! The same run again and again, so that what differs between them is seen.

use std::rc::Rc;

use super::{CheckOptions, Played, Progress, check};
use crate::Error;
use crate::evidence::Redactor;
use crate::report::verdicts;
use crate::verdict::repeats::key_in;

/// Plays the selected scenarios `repeats` times, with the same seed. The evidence of a repeat is
/// kept where a row came to another verdict than in the first.
///
/// # Errors
/// Those of [`check`], in any of the repeats.
pub async fn check_repeatedly(
    options: CheckOptions,
    repeats: usize,
    progress: impl Fn(Progress) + 'static,
) -> Result<Played, Error> {
    let progress = Rc::new(progress);
    let tell = || {
        let progress = Rc::clone(&progress);
        move |one: Progress| progress(one)
    };
    let mut played = check(options.clone(), tell()).await?;
    let first = words(&played, &options);
    for number in 2..=repeats {
        if played.run.interrupted {
            break;
        }
        let next = check(options.clone(), tell()).await?;
        played.run.interrupted = next.run.interrupted;
        played.redactor = Redactor::merged(&[played.redactor, next.redactor.clone()]);
        if next.run.interrupted {
            break;
        }
        played.run.repeats = number;
        played.run.finished = next.run.finished;
        played.run.duration += next.run.duration;
        if words(&next, &options) != first {
            played
                .scenarios
                .extend(next.scenarios.into_iter().map(|mut scenario| {
                    scenario.key = key_in(&scenario.key, number);
                    scenario
                }));
        }
    }
    Ok(played)
}

/// What each row came to.
fn words(played: &Played, options: &CheckOptions) -> Vec<&'static str> {
    let verdicts = verdicts(&played.run, &options.profiles, &played.scenarios);
    verdicts.iter().map(|row| row.verdict.word()).collect()
}
