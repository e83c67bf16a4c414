//! Ctrl-C, and what a supervisor sends.

/// Ctrl-C, and what a supervisor sends; both are caught from `new` on.
#[derive(Debug)]
pub(super) struct Interruption {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interruption {
    #[cfg(unix)]
    pub(super) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self {
            signals: [interrupt, terminate],
        })
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    pub(super) async fn came(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    }

    #[cfg(not(unix))]
    pub(super) async fn came(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
