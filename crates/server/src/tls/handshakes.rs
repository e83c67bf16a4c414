//! What became of the latest attempts to speak TLS: whether a client refused a certificate is seen
//! by the alert that it sent, or by the request that it did not send.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use locum_core::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::CertificateKind;

/// Most that are remembered; the oldest goes first.
const MAX_REMEMBERED: usize = 1000;

/// One attempt.
#[derive(Debug)]
pub(crate) struct Handshake {
    id: u64,
    ended: Timestamp,
    certificate: CertificateKind,
    server_name: Option<String>,
    outcome: HandshakeOutcome,
    /// Requests that came over the connection since.
    requests: AtomicU64,
}

impl Handshake {
    /// Counts a request that came over the connection.
    pub(crate) fn carried_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeOutcome {
    /// TLS is established.
    Established,
    /// The client sent an alert (RFC 8446 §6): what it did not accept.
    Refused(String),
    /// The client went away without a word.
    Closed,
    /// The client's first byte was no handshake.
    Plain,
    /// The client took too long.
    TimedOut,
    /// What the client sent is no TLS of this server's versions and suites.
    Failed(String),
}

/// The latest attempts, in order.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Latest>);

#[derive(Debug, Default)]
struct Latest {
    count: u64,
    kept: VecDeque<Arc<Handshake>>,
}

impl Handshakes {
    /// Writes down how an attempt ended.
    pub(crate) fn note(
        &self,
        ended: Timestamp,
        certificate: CertificateKind,
        server_name: Option<String>,
        outcome: HandshakeOutcome,
    ) -> Arc<Handshake> {
        let mut latest = self.lock();
        latest.count += 1;
        let handshake = Arc::new(Handshake {
            id: latest.count,
            ended,
            certificate,
            server_name,
            outcome,
            requests: AtomicU64::new(0),
        });
        if latest.kept.len() == MAX_REMEMBERED {
            latest.kept.pop_front();
        }
        latest.kept.push_back(Arc::clone(&handshake));
        handshake
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
    handshakes: Vec<HandshakeView>,
    /// How many older ones were forgotten.
    dropped: u64,
}

/// One attempt to speak TLS.
#[derive(Debug, Serialize, JsonSchema)]
struct HandshakeView {
    /// Counts them from 1.
    id: u64,
    /// When it ended, by the machine's clock.
    ended: Timestamp,
    /// The certificate that was shown: `good`, `expired`, …
    certificate: &'static str,
    /// The host that the client asked for.
    server_name: Option<String>,
    /// `ok`, `refused`, `closed`, `plain`, `timeout` or `failed`.
    result: &'static str,
    /// The client's alert, or why it failed.
    detail: Option<String>,
    /// Requests over the connection: none where a client refuses a certificate after the handshake.
    requests: u64,
}

impl Handshake {
    fn view(&self) -> HandshakeView {
        let (result, detail) = match &self.outcome {
            HandshakeOutcome::Established => ("ok", None),
            HandshakeOutcome::Refused(alert) => ("refused", Some(alert.clone())),
            HandshakeOutcome::Closed => ("closed", None),
            HandshakeOutcome::Plain => ("plain", None),
            HandshakeOutcome::TimedOut => ("timeout", None),
            HandshakeOutcome::Failed(why) => ("failed", Some(why.clone())),
        };
        HandshakeView {
            id: self.id,
            ended: self.ended,
            certificate: self.certificate.label(),
            server_name: self.server_name.clone(),
            result,
            detail,
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
            let (good, plain) = (CertificateKind::Good, HandshakeOutcome::Plain);
            handshakes.note(Timestamp::default(), good, None, plain);
        }
        let view = handshakes.view();
        assert_eq!((view.handshakes.len(), view.dropped), (MAX_REMEMBERED, 3));
        assert_eq!(view.handshakes[0].id, 4);
    }
}
