//! What became of the latest attempts to speak TLS: whether a client refused a certificate is seen
//! by the alert that it sent, or by the request that it did not send.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use locum_core::{Handshake, HandshakeResult, Timestamp};
use rustls::AlertDescription;
use schemars::JsonSchema;
use serde::Serialize;

use super::CertificateKind;

/// Most that are remembered; the oldest goes first.
const MAX_REMEMBERED: usize = 1000;

/// Most that a stage remembers of those that came to ports of its own.
const MAX_OF_A_STAGE: usize = 200;

/// One attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    id: u64,
    ended: Timestamp,
    certificate: CertificateKind,
    server_name: Option<String>,
    outcome: HandshakeOutcome,
    /// Requests that came over the connection since.
    requests: AtomicU64,
}

impl Attempt {
    /// Counts a request that came over the connection.
    pub(crate) fn carried_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandshakeOutcome {
    pub(crate) result: HandshakeResult,
    /// The client's alert, or why it failed.
    pub(crate) detail: Option<String>,
}

/// An end that needs no more words.
impl From<HandshakeResult> for HandshakeOutcome {
    fn from(result: HandshakeResult) -> Self {
        let detail = None;
        Self { result, detail }
    }
}

impl HandshakeOutcome {
    /// The client sent this alert.
    pub(crate) fn refused(alert: AlertDescription) -> Self {
        let detail = Some(format!("{alert:?}"));
        let result = HandshakeResult::Refused;
        Self { result, detail }
    }

    /// What the client sent is of no use, and why.
    pub(crate) fn failed(why: &(impl ToString + ?Sized)) -> Self {
        let detail = Some(why.to_string());
        let result = HandshakeResult::Failed;
        Self { result, detail }
    }
}

/// The latest attempts, in order.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    count: u64,
    kept: VecDeque<Arc<Attempt>>,
}

impl Latest {
    fn keep(&mut self, attempt: Arc<Attempt>, most: usize) {
        self.count += 1;
        if self.kept.len() == most {
            self.kept.pop_front();
        }
        self.kept.push_back(attempt);
    }
}

impl Handshakes {
    /// Writes down how an attempt ended.
    pub(crate) fn note(
        &self,
        ended: Timestamp,
        certificate: CertificateKind,
        server_name: Option<String>,
        outcome: HandshakeOutcome,
    ) -> Arc<Attempt> {
        let mut latest = self.lock();
        let handshake = Arc::new(Attempt {
            id: latest.count + 1,
            ended,
            certificate,
            server_name,
            outcome,
            requests: AtomicU64::new(0),
        });
        latest.keep(Arc::clone(&handshake), MAX_REMEMBERED);
        handshake
    }

    /// Remembers an attempt that was written down elsewhere.
    pub(crate) fn keep(&self, attempt: Arc<Attempt>) {
        self.lock().keep(attempt, MAX_OF_A_STAGE);
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        *self.lock() = Latest::default();
    }

    /// All that are remembered, as the control API shows them.
    pub(crate) fn view(&self) -> HandshakesView {
        let latest = self.lock();
        HandshakesView {
            dropped: latest.count - latest.kept.len() as u64,
            handshakes: latest.kept.iter().map(|one| one.view()).collect(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Latest> {
        self.0
            .lock()
            .expect("no code panics while it holds the handshakes")
    }
}

/// The latest attempts to speak TLS.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HandshakesView {
    /// In order.
    handshakes: Vec<Handshake>,
    /// How many older ones were forgotten.
    dropped: u64,
}

impl Attempt {
    fn view(&self) -> Handshake {
        Handshake {
            id: self.id,
            ended: self.ended,
            certificate: self.certificate.label().to_owned(),
            server_name: self.server_name.clone(),
            result: self.outcome.result,
            detail: self.outcome.detail.clone(),
            requests: self.requests.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_counted() {
        let handshakes = Handshakes::default();
        for _ in 0..MAX_REMEMBERED + 3 {
            let (good, plain) = (CertificateKind::Good, HandshakeResult::Plain.into());
            handshakes.note(Timestamp::default(), good, None, plain);
        }
        let view = handshakes.view();
        assert_eq!((view.handshakes.len(), view.dropped), (MAX_REMEMBERED, 3));
        assert_eq!(view.handshakes[0].id, 4);
    }
}
