//! Signals that are passed on.

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// Ctrl-C.
    Interrupt,
    /// What a supervisor sends.
    Terminate,
    /// The terminal has gone.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only unix knows it"))]
    HangUp,
}

/// The signals since `new`, one after the other.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    streams: [tokio::signal::unix::Signal; 3],
    count: usize,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(unix)]
    pub(super) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            streams: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
            count: 0,
        })
    }

    /// Catches them from now on.
    ///
    /// # Errors
    /// Never here.
    #[cfg(not(unix))]
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self { count: 0 })
    }

    /// The next one.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) -> Received {
        let [interrupt, terminate, hangup] = &mut self.streams;
        let received = tokio::select! {
            _ = interrupt.recv() => Received::Interrupt,
            _ = terminate.recv() => Received::Terminate,
            _ = hangup.recv() => Received::HangUp,
        };
        self.count += 1;
        received
    }

    /// The next one.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) -> Received {
        let _ = tokio::signal::ctrl_c().await;
        self.count += 1;
        Received::Interrupt
    }

    /// How many came.
    pub(super) const fn count(&self) -> usize {
        self.count
    }
}
