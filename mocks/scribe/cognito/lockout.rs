//! Failed logins: "After five failed sign-in attempts with a password, Amazon Cognito locks out your
//! user for one second. The lockout duration then doubles after each additional one failed attempt,
//! up to a maximum of approximately 15 minutes." (AWS developer guide, "Lockout behavior for failed
//! sign-in attempts"; the page on MFA says the same of codes.)

use std::time::Duration;

use locum_core::{Denial, DenialKind, Timestamp};

use super::Call;
use crate::scribe::users::User;

/// "a maximum of approximately 15 minutes", which is also what takes the count back: "not initiate
/// any sign-in attempts for 15 consecutive minutes".
const LONGEST_S: u64 = 900;

/// The failed logins of a user.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::scribe) struct Failures {
    /// How many, those during a lockout not counted.
    count: u64,
    /// The last attempt of any kind.
    last: Option<Timestamp>,
    /// The end of the lockout.
    until: Option<Timestamp>,
}

/// Lets a login attempt through, unless the user is locked out: "Attempts made during a lockout
/// period generate a Password attempts exceeded exception, and don't affect the duration of
/// subsequent lockout periods."
///
/// # Errors
/// `locked_out`.
pub(super) fn open(call: &Call<'_>, user: &User) -> Result<(), Denial> {
    if limit(call) == 0 {
        return Ok(());
    }
    let now = call.mock.now();
    let failures = call.state.mark(&user.username, |marks| {
        let failures = &mut marks.failures;
        let idle = failures.last.map_or(Duration::ZERO, |last| now.since(last));
        if idle >= Duration::from_secs(LONGEST_S) {
            *failures = Failures::default();
        }
        failures.last = Some(now);
        *failures
    });
    let Some(until) = failures.until.filter(|until| now < *until) else {
        return Ok(());
    };
    call.refuse(
        Denial::new(DenialKind::Limit, "locked_out")
            .expected(format!("no attempt before {until}"))
            .got(format!(
                "an attempt at {now} after {} failed ones of {}",
                failures.count, user.username
            )),
    )
}

/// Counts a failed login: "For a cumulative number of failed sign-in attempts n, [...] Amazon Cognito
/// locks out your user for 2^(n-5) seconds."
pub(super) fn failed(call: &Call<'_>, user: &User) {
    let limit = limit(call);
    if limit == 0 {
        return;
    }
    let now = call.mock.now();
    call.state.mark(&user.username, |marks| {
        let failures = &mut marks.failures;
        failures.count = failures.count.saturating_add(1);
        failures.last = Some(now);
        if let Some(further) = failures.count.checked_sub(limit) {
            let doubled = 1_u64.checked_shl(u32::try_from(further).unwrap_or(u32::MAX));
            let seconds = doubled.unwrap_or(LONGEST_S).min(LONGEST_S);
            failures.until = Some(now.plus(Duration::from_secs(seconds)));
        }
    });
}

/// A login that succeeded takes the count back.
pub(in crate::scribe) fn succeeded(call: &Call<'_>, user: &User) {
    call.state.mark(&user.username, |marks| {
        marks.failures = Failures::default();
    });
}

/// After how many failures a lockout begins; 0 means never.
fn limit(call: &Call<'_>) -> u64 {
    call.mock.setting_u64("lockout_failures")
}
