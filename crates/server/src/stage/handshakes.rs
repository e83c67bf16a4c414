//! How the stage's own ports speak TLS, and with whom they did.

use std::sync::{Arc, PoisonError, RwLock};

use crate::tls::{Attempt, HandshakePlan, Handshakes, HandshakesView};

/// What a stage keeps of TLS on ports of its own.
#[derive(Debug, Default)]
pub(crate) struct StageHandshakes {
    plan: RwLock<HandshakePlan>,
    latest: Handshakes,
}

impl StageHandshakes {
    /// What its ports do.
    pub(crate) fn plan(&self) -> HandshakePlan {
        *self.plan.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets its ports do this from the next connection on.
    pub(crate) fn set_plan(&self, plan: HandshakePlan) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Remembers an attempt.
    pub(crate) fn keep(&self, attempt: Arc<Attempt>) {
        self.latest.keep(attempt);
    }

    /// The latest attempts, as the control API shows them.
    pub(crate) fn view(&self) -> HandshakesView {
        self.latest.view()
    }

    /// As it was when the stage was made.
    pub(super) fn reset(&self) {
        self.set_plan(HandshakePlan::default());
        self.latest.clear();
    }
}
