//! Attempts that the service counts by the hour: "In a given hour, we allow between 5 and 20 attempts
//! for a user to request or enter a password reset code" (AWS developer guide, "Recovering user
//! accounts"); ChangePassword answers in the same words (aws-sdk-android #627).

use std::collections::VecDeque;
use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp};

use super::Call;
use crate::scribe::users::User;

/// What is counted, each for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::scribe) enum Attempt {
    /// A code was asked for.
    RequestCode,
    /// A code was entered that is not the right one.
    EnterCode,
    /// A previous password was given that is not the right one.
    ChangePassword,
}

const HOUR: Duration = Duration::from_secs(3600);

/// Lets an attempt through, unless there were too many within the hour.
///
/// # Errors
/// `attempt_limit_exceeded`.
pub(super) fn open(call: &Call<'_>, user: &User, attempt: Attempt) -> Result<(), Denial> {
    let limit = call.mock.setting_u64("attempts_per_hour");
    let now = call.mock.now();
    let earlier = call.state.mark(&user.username, |marks| {
        let times = marks.attempts.entry(attempt).or_default();
        forget(times, now);
        times.len() as u64
    });
    if limit == 0 || earlier < limit {
        return Ok(());
    }
    call.refuse(
        Denial::new(DenialKind::Limit, "attempt_limit_exceeded")
            .expected(format!("at most {limit} attempts in an hour"))
            .got(format!("another one of {}", user.username)),
    )
}

/// Counts an attempt.
pub(super) fn count(call: &Call<'_>, user: &User, attempt: Attempt) {
    let limit = call.mock.setting_u64("attempts_per_hour");
    let now = call.mock.now();
    call.state.mark(&user.username, |marks| {
        let times = marks.attempts.entry(attempt).or_default();
        times.push_back(now);
        // More than the limit need not be known.
        while times.len() as u64 > limit {
            times.pop_front();
        }
    });
}

fn forget(times: &mut VecDeque<Timestamp>, now: Timestamp) {
    while times.front().is_some_and(|time| now.since(*time) >= HOUR) {
        times.pop_front();
    }
}
