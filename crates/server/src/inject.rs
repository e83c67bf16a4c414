//! Faults: what takes the vendor's place, and what corrupts a reply on its way out.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use locum_core::fault::ResetAt;
use locum_core::{FaultAction, Outcome};

use crate::Reply;
use crate::stage::Stage;

/// The reply that takes the vendor's place, where the fault names one.
pub fn replacement(action: &FaultAction) -> Option<Reply> {
    let status = match (action.status, &action.reset) {
        (Some(status), _) => status,
        (None, Some(ResetAt::Before)) => 500,
        _ => return None,
    };
    let mut reply = Reply::status(status).outcome(Outcome::Faulted);
    for (name, value) in &action.headers {
        reply = reply.header(name, value);
    }
    Some(reply.body(action.body.clone().unwrap_or_default()))
}

/// Waits as long as the fault says: at its barrier, and for its delay on real time; no longer than
/// the stage lives. Says whether the barrier had room.
pub async fn delay(action: &FaultAction, stage: &Stage) -> bool {
    let mut held = true;
    if let Some(hold) = &action.hold {
        held = stage.hold(&hold.name, hold.n).await;
    }
    if let Some(millis) = action.delay_ms {
        let mut closing = stage.closing();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(millis)) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }
    held
}

/// Corrupts the reply's body as the fault says.
pub fn corrupt(action: &FaultAction, mut reply: Reply) -> Reply {
    if action.empty {
        reply.body = Bytes::new();
    }
    if action.malformed {
        let mut body = b"{\"".to_vec();
        body.extend_from_slice(&reply.body);
        reply.body = body.into();
    }
    reply
}

/// How the connection ends early, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abort {
    /// No byte of the reply leaves.
    Silent,
    /// A reset instead of a reply.
    Reset,
    /// So many bytes of the body leave, then a reset or a close.
    After(u64, bool),
}

/// How the fault aborts the reply.
pub fn abort(action: &FaultAction) -> Option<Abort> {
    match (&action.reset, action.truncate) {
        _ if action.lose_reply => Some(Abort::Silent),
        (Some(ResetAt::Before), _) => Some(Abort::Reset),
        (Some(ResetAt::Byte(at)), _) => Some(Abort::After(*at, true)),
        (None, Some(at)) => Some(Abort::After(at, false)),
        (None, None) => None,
    }
}

/// A body that breaks off after `at` bytes of `body`.
pub fn broken_body(body: &Bytes, at: u64) -> Body {
    let kept = body.slice(..body.len().min(usize::try_from(at).unwrap_or(usize::MAX)));
    let cut = async {
        // hyper throws away what it has not flushed when a body fails, and flushes when it waits.
        tokio::task::yield_now().await;
        Err(std::io::Error::new(
            std::io::ErrorKind::ConnectionReset,
            "cut by a fault",
        ))
    };
    Body::from_stream(stream::iter([Ok(kept)]).chain(stream::once(cut)))
}
