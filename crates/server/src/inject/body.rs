//! How a reply's body leaves: slowly, in chunks, broken off.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use locum_core::FaultAction;
use locum_core::fault::{FaultClock, Framing};

use super::pause;
use crate::stage::Stage;

/// How many pieces a second a slow body leaves in, where a piece has a byte at least.
const PIECES_PER_S: u64 = 10;

/// The size of a chunk where a body is only to have several.
const CHUNK: usize = 16;

/// How a body leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Bytes of a piece.
    piece: usize,
    /// What goes by after each.
    pause: Duration,
    clock: FaultClock,
    /// Whether the head tells no length.
    pub chunked: bool,
}

/// How the fault lets a body leave; `None` where it says nothing of that.
pub fn pace(action: &FaultAction) -> Option<Pace> {
    if action.slow_body.is_none() && action.framing.is_none() {
        return None;
    }
    let rate = action.slow_body.unwrap_or(u64::MAX).max(1);
    let by_rate = usize::try_from((rate / PIECES_PER_S).max(1)).unwrap_or(usize::MAX);
    let by_framing = match action.framing {
        None => usize::MAX,
        Some(Framing::Chunked) => CHUNK,
        Some(Framing::ByteByByte) => 1,
    };
    let piece = by_rate.min(by_framing);
    let pause = match action.slow_body {
        None => Duration::ZERO,
        Some(_) => Duration::from_secs(piece as u64) / u32::try_from(rate).unwrap_or(u32::MAX),
    };
    Some(Pace {
        piece,
        pause,
        clock: action.clock.unwrap_or_default(),
        chunked: action.framing.is_some(),
    })
}

/// A body that leaves at `pace`; broken off after `end` bytes where that is said.
pub fn paced(bytes: &Bytes, pace: Option<Pace>, end: Option<u64>, stage: &Arc<Stage>) -> Body {
    let end = end.map(|end| bytes.len().min(usize::try_from(end).unwrap_or(usize::MAX)));
    let pace = pace.unwrap_or(Pace {
        piece: usize::MAX,
        pause: Duration::ZERO,
        clock: FaultClock::Real,
        chunked: false,
    });
    let whole = bytes.slice(..end.unwrap_or(bytes.len()));
    let state = (whole, end.is_some(), true, Arc::clone(stage));
    Body::from_stream(stream::unfold(
        Some(state),
        move |state: Option<(Bytes, bool, bool, Arc<Stage>)>| async move {
            let (mut left, is_cut, is_first, stage) = state?;
            if is_first && is_cut && left.is_empty() {
                // The head leaves, and the body is cut after no byte of it.
                tokio::task::yield_now().await;
            }
            let goes_on = is_first || wait(pace, &stage).await;
            if left.is_empty() || !goes_on {
                // Whoever was promised more than came sees that the connection breaks.
                return (is_cut || !goes_on).then(|| (Err(cut()), None));
            }
            let piece = left.split_to(pace.piece.min(left.len()));
            Some((Ok(piece), Some((left, is_cut, false, stage))))
        },
    ))
}

/// Waits between two pieces. hyper throws away what it has not flushed when a body fails, and joins
/// what comes at once: it flushes when it waits.
async fn wait(pace: Pace, stage: &Stage) -> bool {
    tokio::task::yield_now().await;
    pace.pause.is_zero() || pause(pace.clock, pace.pause, stage).await
}

fn cut() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut by a fault")
}
