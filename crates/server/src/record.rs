//! Keeps each request's head as it was sent, in front of the HTTP library.
//!
//! [`Recorder`] sits between the socket and hyper. It collects a whole head before it hands it on,
//! so that a head that the library would answer by itself (a raw space in the target, two Host
//! headers, a TLS handshake on the plain port) reaches the vendor's code as a [`Head`] with its
//! defect, and is answered in the vendor's own shape and journalled.

mod framing;
mod head;

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::listen::Stream;
use framing::{Framing, Step};
pub use head::Head;

/// How many bytes are read at once.
const READ: usize = 8 << 10;

/// What the two sides of a connection tell each other.
#[derive(Debug, Default)]
pub struct Wire {
    heads: Mutex<VecDeque<Head>>,
    upgraded: AtomicBool,
    reset: AtomicBool,
}

impl Wire {
    /// The head of the request that hyper delivers now.
    pub fn next_head(&self) -> Option<Head> {
        self.heads
            .lock()
            .expect("no code panics while it holds the heads")
            .pop_front()
    }

    /// From now on the bytes are frames, not requests.
    pub fn upgrade(&self) {
        self.upgraded.store(true, Ordering::SeqCst);
    }

    /// The connection ends with a reset instead of a close.
    pub fn reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
    }
}

/// A connection that remembers heads.
#[derive(Debug)]
pub struct Recorder {
    stream: Stream,
    wire: Arc<Wire>,
    framing: Framing,
    inbox: BytesMut,
    ready: BytesMut,
}

impl Recorder {
    /// Wraps `stream`; heads go to `wire`.
    pub(crate) fn new(stream: Stream, wire: Arc<Wire>) -> Self {
        Self {
            stream,
            wire,
            framing: Framing::Head,
            inbox: BytesMut::new(),
            ready: BytesMut::new(),
        }
    }

    /// Moves what can be moved from the inbox to hyper's side; says whether anything moved.
    fn advance(&mut self) -> bool {
        if self.wire.upgraded.load(Ordering::SeqCst) {
            self.framing = Framing::Raw;
        }
        match self.framing.step(&mut self.inbox, &mut self.ready) {
            Step::Starved => false,
            Step::Moved => true,
            Step::Head(head) => {
                self.wire
                    .heads
                    .lock()
                    .expect("no code panics while it holds the heads")
                    .push_back(head);
                true
            }
        }
    }
}

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.ready.is_empty() {
                let length = this.ready.len().min(buf.remaining());
                buf.put_slice(&this.ready[..length]);
                this.ready.advance(length);
                return Poll::Ready(Ok(()));
            }
            if this.advance() {
                continue;
            }
            let mut space = [const { MaybeUninit::uninit() }; READ];
            let mut chunk = ReadBuf::uninit(&mut space);
            let read = Pin::new(&mut this.stream).poll_read(cx, &mut chunk);
            if read.is_pending() && this.inbox.is_empty() {
                // A connection that waits takes no memory.
                this.inbox = BytesMut::new();
            }
            ready!(read)?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.inbox.extend_from_slice(chunk.filled());
        }
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.wire.reset.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.wire.reset.load(Ordering::SeqCst) {
            self.stream.reset_on_close();
        }
    }
}
