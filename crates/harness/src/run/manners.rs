//! How a real endpoint is treated: one connection at a time, so many requests in all, so many a
//! second, and no longer than it answers. Mocks are not treated with care.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::silence::Silence;
use crate::evidence::{Exchange, Operation};
use crate::http::HttpError;
use crate::verdict::Ending;

/// How a real endpoint is treated. None of it is for mocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manners {
    /// Whether something may be created or changed there.
    pub allow_writes: bool,
    /// The longest single wait for the end of a token or the like.
    pub wait: Duration,
    /// How many requests a run may make.
    pub max_requests: usize,
    /// How many requests a second it may make; as many as are answered when nothing is said.
    pub rate: Option<u32>,
    /// How long the vendor may take for one reply.
    pub reply_timeout: Duration,
    /// Whether it is a rehearsal at a mock that stands for the endpoint: what would be waited for is
    /// written down and not waited for.
    pub is_rehearsal: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            allow_writes: false,
            wait: Duration::from_secs(30),
            max_requests: 1000,
            rate: None,
            reply_timeout: Duration::from_secs(15),
            is_rehearsal: false,
        }
    }
}

/// Why nothing more is sent to a vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The run has made all the requests that it may make.
    Spent(usize),
    /// The vendor does not answer.
    Silent,
    /// The vendor has refused the account so often, and never let it in.
    Refused(usize),
}

impl Stopped {
    /// How a scenario ends that can send nothing more.
    pub(crate) fn ending(self) -> Ending {
        match self {
            Self::Spent(most) => Ending::LeftOut(format!("--max-requests {most} was reached")),
            Self::Silent => Ending::GivenUp(
                "the vendor left two requests in a row unanswered and was given up".to_owned(),
            ),
            Self::Refused(times) => Ending::LeftOut(format!(
                "the documented login was refused ({times}), and is not repeated lest the account is \
                 locked"
            )),
        }
    }
}

/// The right to have a connection to the vendor, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(
    #[expect(dead_code, reason = "it is held")] OwnedMutexGuard<Option<Instant>>,
);

/// Where the requests of a run to a real endpoint wait for their turn; its clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Option<Arc<Bounds>>);

#[derive(Debug)]
struct Bounds {
    manners: Manners,
    /// When the latest request began.
    latest: Arc<Mutex<Option<Instant>>>,
    sent: AtomicUsize,
    silence: Silence,
    /// By the way that an account logs in.
    logins: std::sync::Mutex<BTreeMap<Operation, Logins>>,
}

/// What came of the documented logins of an account.
#[derive(Clone, Copy, Debug, Default)]
struct Logins {
    is_served: bool,
    refused: usize,
}

/// An account that was never let in is tried so often. Vendors lock accounts after three to ten wrong
/// passwords, the login is tried in further ways where it is judged itself, and what is wrong shows at
/// once.
const MAX_REFUSED_LOGINS: usize = 1;

impl Bounds {
    fn logins(&self) -> MutexGuard<'_, BTreeMap<Operation, Logins>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    /// The gate of a real endpoint; that of mocks is [`Gate::default`] and stands open.
    pub(crate) fn of(manners: Manners) -> Self {
        Self(Some(Arc::new(Bounds {
            manners,
            latest: Arc::default(),
            sent: AtomicUsize::new(0),
            silence: Silence::default(),
            logins: std::sync::Mutex::default(),
        })))
    }

    /// Why nothing more may be sent; `None` while something may.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        let bounds = self.0.as_ref()?;
        let most = bounds.manners.max_requests;
        if bounds.silence.is_lasting() {
            Some(Stopped::Silent)
        } else if bounds.sent.load(Ordering::Relaxed) >= most {
            Some(Stopped::Spent(most))
        } else {
            None
        }
    }

    /// Why no more logins of this kind may be made, whose account was refused; `None` while one may. To
    /// be asked while one's turn is held.
    pub(crate) fn refused(&self, operation: Operation) -> Option<Stopped> {
        let logins = *self.0.as_ref()?.logins().get(&operation)?;
        let is_refused = !logins.is_served && logins.refused >= MAX_REFUSED_LOGINS;
        is_refused.then_some(Stopped::Refused(logins.refused))
    }

    /// Counts what came of a documented login, while one's turn is held. A vendor that asks for patience
    /// has not looked at the account.
    pub(crate) fn learn_login(&self, login: &Exchange<'_>) {
        if let Some(bounds) = &self.0 {
            let mut all = bounds.logins();
            let logins = all.entry(login.operation).or_default();
            logins.is_served |= login.is_served();
            logins.refused += usize::from(login.denies_the_account() && !login.asks_for_patience());
        }
    }

    /// How many requests have been sent; none are counted where the gate stands open.
    pub(crate) fn sent(&self) -> usize {
        let bounds = self.0.as_ref();
        bounds.map_or(0, |bounds| bounds.sent.load(Ordering::Relaxed))
    }

    /// Waits until a request may be sent. One that `is_due`, such as a deletion of what was created,
    /// is sent however many there were.
    pub(crate) async fn turn(&self, is_due: bool) -> Result<Option<Turn>, Stopped> {
        let Some(bounds) = &self.0 else {
            return Ok(None);
        };
        let mut latest = Arc::clone(&bounds.latest).lock_owned().await;
        match self.stopped() {
            Some(Stopped::Spent(_)) if is_due => {}
            Some(stopped) => return Err(stopped),
            None => {}
        }
        bounds.sent.fetch_add(1, Ordering::Relaxed);
        let pause = bounds
            .manners
            .rate
            .map(|rate| Duration::from_secs(1) / rate.max(1));
        if let (Some(pause), Some(then)) = (pause, *latest) {
            tokio::time::sleep_until(then + pause).await;
        }
        *latest = Some(Instant::now());
        Ok(Some(Turn(latest)))
    }

    /// Counts what came of a request, which `is_documented` or a changed one.
    pub(crate) fn learn<T>(&self, outcome: &Result<T, HttpError>, is_documented: bool) {
        if let Some(bounds) = &self.0 {
            bounds.silence.learn(outcome, is_documented);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(max_requests: usize, rate: Option<u32>) -> Gate {
        Gate::of(Manners {
            max_requests,
            rate,
            ..Manners::default()
        })
    }

    #[tokio::test]
    async fn requests_come_one_by_one_and_no_faster_than_allowed() {
        let began = Instant::now();
        let gate = gate(10, Some(1000));
        for _ in 0..5 {
            drop(gate.turn(false).await.expect("it may go"));
        }
        assert!(began.elapsed() >= Duration::from_millis(4));
        let held = gate.turn(false).await.expect("it may go");
        let other = gate.clone();
        let second = tokio::spawn(async move { other.turn(false).await.is_ok() });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!second.is_finished());
        drop(held);
        assert!(second.await.expect("no panic"));
    }

    #[tokio::test]
    async fn no_more_are_sent_than_allowed() {
        let gate = gate(2, None);
        for _ in 0..2 {
            assert_eq!(gate.stopped(), None);
            drop(gate.turn(false).await.expect("it may go"));
        }
        assert_eq!(gate.turn(false).await.err(), Some(Stopped::Spent(2)));
        assert_eq!(gate.sent(), 2);
        // What was created is deleted all the same.
        assert!(gate.turn(true).await.is_ok());
    }

    #[tokio::test]
    async fn a_silent_vendor_is_given_up() {
        let gate = gate(100, None);
        let timeout: Result<(), _> = Err(HttpError::Timeout(Duration::from_secs(1)));
        gate.learn(&timeout, true);
        assert_eq!(gate.stopped(), None);
        gate.learn(&timeout, true);
        assert_eq!(gate.turn(true).await.err(), Some(Stopped::Silent));
    }

    /// Once it was let in, what is refused is another matter.
    #[test]
    fn an_account_that_is_refused_is_left_alone() {
        let refused = |replies: &[(u16, &str)]| {
            let gate = gate(100, None);
            for (status, body) in replies {
                let scenario = crate::report::testing::answered(*status, ("a", "b"), body);
                for login in scenario.evidence.documented(Operation::Login) {
                    gate.learn_login(&login);
                }
            }
            gate.refused(Operation::Login)
        };
        let once = Some(Stopped::Refused(1));
        assert_eq!(refused(&[(401, "{}")]), once);
        assert_eq!(refused(&[(500, "{}"), (400, "{}")]), once);
        assert_eq!(refused(&[(200, "<p>a page</p>"), (401, "{}")]), once);
        let token = r#"{"access_token": "t-0123456789", "token_type": "bearer"}"#;
        assert_eq!(refused(&[(200, token), (401, "{}")]), None);
        let throttled = r#"{"__type": "TooManyRequestsException"}"#;
        for reply in [(429, "{}"), (400, throttled), (422, "{}"), (500, "{}")] {
            assert_eq!(refused(&[reply]), None, "{reply:?}");
        }
    }

    #[tokio::test]
    async fn mocks_have_no_gate() {
        let gate = Gate::default();
        let timeout: Result<(), _> = Err(HttpError::Timeout(Duration::from_secs(1)));
        for _ in 0..5 {
            gate.learn(&timeout, true);
            assert!(gate.turn(false).await.expect("it may go").is_none());
        }
    }
}
