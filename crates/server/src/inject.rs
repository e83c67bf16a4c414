//! Faults: what takes the vendor's place, and what corrupts a reply on its way out.
//!
//! # Layout
//!
//! - here: what is bent of a reply before it is journalled
//! - [`body`]: how its body leaves
//! - [`clients`]: whom a request is of
//! - [`edit`]: what is changed in a reply that the vendor gave
//! - [`socket`]: what is wrong with a websocket

pub mod body;
pub mod clients;
pub mod edit;
pub mod socket;

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use locum_core::fault::{FaultClock, ResetAt};
use locum_core::{Clock, FaultAction, Outcome};

use crate::stage::Stage;
use crate::{Reply, Request};

/// The reply that takes the vendor's place, where the fault names one.
pub fn replacement(action: &FaultAction) -> Option<Reply> {
    let status = match (action.status, &action.redirect, &action.reset) {
        (Some(status), _, _) => status,
        (None, Some(_), _) => 307,
        (None, None, Some(ResetAt::Before)) => 500,
        _ => return None,
    };
    let mut reply = Reply::status(status).outcome(Outcome::Faulted);
    if let Some(to) = &action.redirect {
        reply = reply.header("location", to);
    }
    for (name, value) in &action.headers {
        reply = reply.header(name, value);
    }
    Some(reply.body(action.body.clone().unwrap_or_default()))
}

/// Waits as long as the fault says: at its barrier, and for its delay; no longer than the stage
/// lives. Says whether the barrier had room.
pub async fn delay(action: &FaultAction, stage: &Stage) -> bool {
    let mut held = true;
    if let Some(hold) = &action.hold {
        held = stage.hold(&hold.name, hold.n).await;
    }
    if let Some(millis) = action.delay_ms {
        pause(
            action.clock.unwrap_or_default(),
            Duration::from_millis(millis),
            stage,
        )
        .await;
    }
    held
}

/// Waits by that clock, no longer than the stage lives. Says whether the stage lives on.
async fn pause(clock: FaultClock, span: Duration, stage: &Stage) -> bool {
    let mut closing = stage.closing();
    let passes = async {
        match clock {
            FaultClock::Real => tokio::time::sleep(span).await,
            FaultClock::Stage => stage.clock.until(stage.clock.now().plus(span)).await,
        }
    };
    tokio::select! {
        () = passes => true,
        _ = closing.wait_for(|closing| *closing) => false,
    }
}

/// Encodes the reply's body as the fault says, where the request takes it.
pub fn encode(action: &FaultAction, accepted: bool, reply: Reply) -> Reply {
    if action.coding.is_none() || !accepted || reply.body.is_empty() {
        return reply;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(&reply.body);
    let Ok(body) = written.and_then(|()| encoder.finish()) else {
        return reply;
    };
    reply
        .set_header("content-encoding", "gzip")
        .header("vary", "accept-encoding")
        .body(body)
}

/// Whether `Accept-Encoding` takes gzip (RFC 9110 §12.5.3: a weight of 0 means that it does not).
pub fn takes_gzip(request: &Request) -> bool {
    let lines = request.headers.get_all(http::header::ACCEPT_ENCODING);
    let weight = |name: &str| {
        let lines = lines.iter().filter_map(|value| value.to_str().ok());
        let mut items = lines.flat_map(|line| line.split(','));
        items.find_map(|item| {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            coding
                .eq_ignore_ascii_case(name)
                .then(|| weight.is_none_or(|weight| weight.parse().is_ok_and(|q: f32| q > 0.0)))
        })
    };
    weight("gzip").or_else(|| weight("*")).unwrap_or(false)
}

/// Corrupts the reply's body as the fault says.
pub fn corrupt(action: &FaultAction, mut reply: Reply) -> Reply {
    if action.close {
        reply = reply.set_header("connection", "close");
    }
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
