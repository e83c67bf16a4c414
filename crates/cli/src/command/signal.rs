//! Ctrl-C and SIGTERM.

/// Waits for the first of them.
pub(super) async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).ok();
        let terminated = async {
            match terminate.as_mut() {
                Some(terminate) => terminate.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { _ = interrupt => {}, _ = terminated => {} }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
