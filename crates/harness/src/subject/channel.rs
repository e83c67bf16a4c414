//! Requests and replies between the harness and one running client, whatever carries the lines.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::lines::Line;
use super::{ClientCommand, ClientGone, ClientOutput, Departure, OutputStream, wire};

/// How much of a client's output is kept until somebody asks for it, in bytes.
const MAX_OUTPUT: usize = 1 << 20;

/// How many lines of standard error are told with a client's end.
const LAST_LINES: usize = 5;

/// A reply as it was sent, or why there is none.
type RawReply = Result<Value, ClientGone>;

/// One end of the exchange with a client; its clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Channel(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Where requests go; `None` once the client is to end.
    requests: Option<mpsc::UnboundedSender<String>>,
    /// Who waits for the reply with this id.
    waiting: HashMap<u64, oneshot::Sender<RawReply>>,
    /// Every id that was asked with.
    known: HashSet<u64>,
    gone: Option<ClientGone>,
    /// Whether a reply was given up.
    has_hung: bool,
    output: Vec<ClientOutput>,
    output_bytes: usize,
    last_lines: Vec<String>,
}

impl Channel {
    /// A channel whose requests come out of the receiver as lines without line feeds.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (requests, lines) = mpsc::unbounded_channel();
        let state = State {
            requests: Some(requests),
            waiting: HashMap::new(),
            known: HashSet::new(),
            gone: None,
            has_hung: false,
            output: Vec::new(),
            output_bytes: 0,
            last_lines: Vec::new(),
        };
        (Self(Arc::new(Mutex::new(state))), lines)
    }

    /// Sends a request at once; its reply comes out of what is returned. Whoever gives that up has
    /// met a client that hangs.
    pub(super) fn send(&self, id: u64, command: &ClientCommand) -> PendingReply {
        let (tell, told) = oneshot::channel();
        let mut state = self.lock();
        if let Some(gone) = &state.gone {
            // The receiver is here: it cannot have gone.
            drop(tell.send(Err(gone.clone())));
        } else {
            state.known.insert(id);
            state.waiting.insert(id, tell);
            if let Some(requests) = &state.requests {
                // A client that is gone is found out by whoever reads from it.
                drop(requests.send(wire::request(id, command)));
            }
        }
        PendingReply {
            channel: self.clone(),
            id,
            told,
        }
    }

    /// Takes a line of the client's standard output.
    pub(super) fn take(&self, line: Line) {
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong(line) => {
                let fault = wire::fault("line is longer than 1 MiB", &line);
                self.lock().note(ClientOutput::ShimFault(fault.clone()));
                // Whose reply it was cannot be told.
                return self.is_gone(Departure::HungUp, fault);
            }
            // The end follows and says more, unless it is a whole reply after all.
            Line::Unended(line) if !matches!(wire::reply(&line), Some(Ok(_))) => {
                return self.note_line(OutputStream::Stdout, line);
            }
            Line::Unended(line) => line,
        };
        match wire::reply(&line) {
            None => {}
            Some(Err(fault)) => {
                let mut state = self.lock();
                state.note(ClientOutput::ShimFault(fault));
                state.note_line(OutputStream::Stdout, line);
            }
            Some(Ok((id, reply))) => self.answer(id, reply, &line),
        }
    }

    fn answer(&self, id: u64, reply: Value, line: &[u8]) {
        let mut state = self.lock();
        if let Some(waiting) = state.waiting.remove(&id) {
            // Whoever waited may have given up just now.
            drop(waiting.send(Ok(reply)));
        } else if !state.known.contains(&id) {
            let fault = wire::fault("reply to a request that was not made", line);
            state.note(ClientOutput::ShimFault(fault));
        }
    }

    /// Takes a line of the client's output that is no part of the protocol.
    pub(super) fn note_line(&self, stream: OutputStream, line: Vec<u8>) {
        self.lock().note_line(stream, line);
    }

    /// What came out of the client since this was asked last.
    pub(super) fn output(&self) -> Vec<ClientOutput> {
        let mut state = self.lock();
        state.output_bytes = 0;
        std::mem::take(&mut state.output)
    }

    /// Takes what is wrong with the shim out of what came of it so far.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut state = self.lock();
        let is_fault = |output: &mut ClientOutput| matches!(output, ClientOutput::ShimFault(_));
        let faults = state.output.extract_if(.., is_fault);
        let words = faults.filter_map(|output| match output {
            ClientOutput::ShimFault(fault) => Some(fault),
            _ => None,
        });
        words.collect()
    }

    /// The client is gone; whoever waits for a reply learns it. The first word on this stands.
    pub(super) fn is_gone(&self, kind: Departure, why: impl Into<String>) {
        let mut state = self.lock();
        let gone = ClientGone {
            kind,
            why: why.into(),
        };
        let gone = state.gone.get_or_insert(gone).clone();
        for (_, waiting) in state.waiting.drain() {
            drop(waiting.send(Err(gone.clone())));
        }
    }

    /// The last lines of standard error on one line, such as why a program ended.
    pub(super) fn last_words(&self) -> Option<String> {
        let state = self.lock();
        (!state.last_lines.is_empty()).then(|| state.last_lines.join(" | "))
    }

    /// Whether the request with this id went out here.
    pub(super) fn knows(&self, id: u64) -> bool {
        self.lock().known.contains(&id)
    }

    /// What is wrong with the shim, in words.
    pub(super) fn note_fault(&self, fault: String) {
        self.lock().note(ClientOutput::ShimFault(fault));
    }

    /// Whether a reply is still to come.
    pub(super) fn is_waiting(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    /// Whether it can be asked anything more.
    pub(super) fn is_usable(&self) -> bool {
        let state = self.lock();
        state.gone.is_none() && !state.has_hung
    }

    /// Says to the client that nothing more will be asked.
    pub(super) fn end_requests(&self) {
        self.lock().requests = None;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note_line(&mut self, stream: OutputStream, line: Vec<u8>) {
        if stream == OutputStream::Stderr {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if !text.is_empty() {
                self.last_lines.push(text.chars().take(300).collect());
            }
            if self.last_lines.len() > LAST_LINES {
                self.last_lines.remove(0);
            }
        }
        self.note(ClientOutput::Line { stream, text: line });
    }

    /// Keeps what came, within bounds; what is over them is counted.
    fn note(&mut self, output: ClientOutput) {
        let size = match &output {
            ClientOutput::Line { text, .. } => text.len() + 1,
            ClientOutput::ShimFault(fault) => fault.len(),
            ClientOutput::Lost(_) => 0,
        };
        if self.output_bytes + size <= MAX_OUTPUT {
            self.output_bytes += size;
            self.output.push(output);
        } else if let Some(ClientOutput::Lost(lines)) = self.output.last_mut() {
            *lines += 1;
        } else {
            self.output.push(ClientOutput::Lost(1));
        }
    }
}

/// A client that can be asked, and how it is ended.
#[derive(Debug)]
pub(super) struct RunningClient {
    pub(super) channel: Channel,
    /// Told or dropped, it ends the client.
    end: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
}

impl RunningClient {
    /// A client that `supervisor` ends when it is told.
    pub(super) const fn new(
        channel: Channel,
        end: oneshot::Sender<()>,
        supervisor: JoinHandle<()>,
    ) -> Self {
        Self {
            channel,
            end,
            supervisor,
        }
    }

    /// Ends it in order, and by force where it does not end by itself.
    pub(super) async fn end(self) {
        self.channel.end_requests();
        // A supervisor that is through has ended it already.
        let _ = self.end.send(());
        drop(self.supervisor.await);
    }
}

/// The reply to one request, once it comes.
#[derive(Debug)]
pub(super) struct PendingReply {
    channel: Channel,
    id: u64,
    told: oneshot::Receiver<RawReply>,
}

impl Future for PendingReply {
    type Output = RawReply;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<RawReply> {
        let dropped = |_| {
            Err(ClientGone {
                kind: Departure::HungUp,
                why: "its connection was given up".to_owned(),
            })
        };
        Pin::new(&mut self.told)
            .poll(context)
            .map(|told| told.unwrap_or_else(dropped))
    }
}

impl Drop for PendingReply {
    fn drop(&mut self) {
        let mut state = self.channel.lock();
        if state.waiting.remove(&self.id).is_some() {
            state.has_hung = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(channel: &Channel, line: &str) {
        channel.take(Line::Whole(line.into()));
    }

    fn faults(channel: &Channel) -> Vec<String> {
        let fault = |output| match output {
            ClientOutput::ShimFault(fault) => Some(fault),
            _ => None,
        };
        channel.output().into_iter().filter_map(fault).collect()
    }

    #[tokio::test]
    async fn replies_find_their_requests_in_any_order() {
        let (channel, mut lines) = Channel::new();
        let first = channel.send(1, &ClientCommand::get("a", "/x"));
        let second = channel.send(2, &ClientCommand::get("a", "/y"));
        assert!(lines.recv().await.is_some_and(|line| line.contains("/x")));
        whole(&channel, r#"{"id":2,"ok":true,"status":202}"#);
        whole(&channel, r#"{"id":1,"ok":true,"status":201}"#);
        assert_eq!(first.await.expect("it came")["status"], 201);
        assert_eq!(second.await.expect("it came")["status"], 202);
        assert!(channel.is_usable());
        // Said twice: nobody waits, and nobody is misled.
        whole(&channel, r#"{"id":1,"ok":false}"#);
        assert_eq!(faults(&channel), Vec::<String>::new());
        whole(&channel, r#"{"id":9,"ok":false}"#);
        let fault = r#"shim fault: reply to a request that was not made: {"id":9,"ok":false}"#;
        assert_eq!(faults(&channel), [fault]);
    }

    #[tokio::test]
    async fn all_who_wait_learn_the_end() {
        let (channel, _lines) = Channel::new();
        let waits = channel.send(1, &ClientCommand::get("a", "/x"));
        channel.note_line(OutputStream::Stderr, b"out of luck\r".to_vec());
        channel.is_gone(Departure::Crashed, "exit status: 3");
        channel.is_gone(Departure::HungUp, "later");
        let gone = waits.await.expect_err("it is gone");
        assert_eq!(gone.to_string(), "the client crashed: exit status: 3");
        let late = channel.send(2, &ClientCommand::get("a", "/x"));
        assert_eq!(late.await.expect_err("still"), gone);
        assert!(!channel.is_usable());
        assert_eq!(channel.last_words().as_deref(), Some("out of luck"));
    }

    #[test]
    fn a_reply_that_was_given_up_marks_the_client() {
        let (channel, _lines) = Channel::new();
        drop(channel.send(1, &ClientCommand::get("a", "/x")));
        assert!(!channel.is_usable());
        // The late reply is nothing to anybody.
        whole(&channel, r#"{"id":1,"ok":true}"#);
        assert_eq!(faults(&channel), Vec::<String>::new());
    }

    #[test]
    fn what_is_kept_of_a_flood_is_bounded() {
        let (channel, _lines) = Channel::new();
        for _ in 0..(2 * MAX_OUTPUT / 100) {
            channel.note_line(OutputStream::Stderr, vec![b'x'; 99]);
        }
        let output = channel.output();
        assert!(output.len() <= MAX_OUTPUT / 100 + 1);
        assert!(matches!(output.last(), Some(ClientOutput::Lost(lines)) if *lines > 10_000));
        assert!(channel.output().is_empty());
    }

    #[tokio::test]
    async fn half_a_line_at_the_end_is_no_fault_of_its_own() {
        let (channel, _lines) = Channel::new();
        let waits = channel.send(1, &ClientCommand::get("a", "/x"));
        channel.take(Line::Unended(br#"{"id":1,"ok":tr"#.to_vec()));
        assert_eq!(faults(&channel), Vec::<String>::new());
        channel.take(Line::Unended(br#"{"id":1,"ok":true}"#.to_vec()));
        assert!(waits.await.is_ok());
    }
}
