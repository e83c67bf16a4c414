//! The control API: how a test, a person with curl, a page or a thin client turns a running mock.

use std::sync::Weak;

use axum::Router;

use crate::server::Server;

/// The routes under `/_locum`.
pub(crate) fn router(server: Weak<Server>) -> Router {
    let _ = server;
    Router::new()
}
