//! The same run again and again, so that what differs between them is seen.

use std::rc::Rc;

use super::{CheckOptions, Played, Progress, check};
use crate::Error;
use crate::evidence::Redactor;
use crate::report::verdicts;
use crate::verdict::repeats::key_in;
use crate::verdict::{Ending, Scenario};

/// Plays the selected scenarios `repeats` times, with the same seed. The evidence of a repeat is
/// kept where a row came to another verdict than in the first. The bound of requests holds for all of
/// them: a repeat that it does not allow to its end is none, and `run.repeats` says how many there were.
///
/// # Errors
/// Those of [`check`], in any of the repeats.
pub async fn check_repeatedly(
    mut options: CheckOptions,
    repeats: usize,
    progress: impl Fn(Progress) + 'static,
) -> Result<Played, Error> {
    let progress = Rc::new(progress);
    let tell = || {
        let progress = Rc::clone(&progress);
        move |one: Progress| progress(one)
    };
    let mut played = check(options.clone(), tell()).await?;
    if repeats < 2 {
        return Ok(played);
    }
    // What the first run could not do, and must not try again, no repeat can.
    played.unrepeated = left_out(&played);
    let first = words(&played, &options);
    let needed = played.requests;
    let most = options.manners.max_requests;
    let mut spent = needed;
    for number in 2..=repeats {
        let left = &mut options.manners.max_requests;
        *left = left.saturating_sub(spent);
        if *left < needed && played.unrepeated.is_none() {
            played.unrepeated = Some(format!("--max-requests {most} holds for all of them"));
        }
        if played.run.interrupted || played.unrepeated.is_some() {
            break;
        }
        let next = check(options.clone(), tell()).await?;
        spent = next.requests;
        played.requests += spent;
        played.unrepeated = left_out(&next);
        if played.unrepeated.is_some() {
            break;
        }
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

/// Why a run left scenarios out, if it did.
fn left_out(played: &Played) -> Option<String> {
    let why = |scenario: &Scenario| match &scenario.ending {
        Ending::LeftOut(why) => Some(why.clone()),
        _ => None,
    };
    played.scenarios.iter().find_map(why)
}

/// What each row came to.
fn words(played: &Played, options: &CheckOptions) -> Vec<&'static str> {
    let verdicts = verdicts(&played.run, &options.profiles, &played.scenarios);
    verdicts.iter().map(|row| row.verdict.word()).collect()
}
