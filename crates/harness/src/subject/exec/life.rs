//! One life of a program: from its start to its exit status.

use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use locum_core::{EntryId, Profile};
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::plan::Turn;
use crate::catalogue::Expectation;
use crate::evidence::Evidence;
use crate::rules::View;
use crate::rules::client::traffic;
use crate::subject::channel::Channel;
use crate::subject::lines::{Line, Lines};
use crate::subject::process::{self, Halter, Pipes};
use crate::subject::{
    ClientGone, ClientOutput, ClientReply, CommandLine, Departure, Outcome, OutputStream,
};
use crate::target::StageClient;

/// How long a program may live; beyond it hangs.
const LIFETIME: Duration = Duration::from_secs(90);

/// How long the vendor has to be left in peace until a call counts as over.
const QUIET: Duration = Duration::from_millis(200);

/// How often the vendor's journal is looked at.
const POLL: Duration = Duration::from_millis(25);

/// How long what a program left in its pipes may take to be read after its end.
const AFTERMATH: Duration = Duration::from_secs(1);

/// The longest piece of output that is kept as one line, in bytes.
const MAX_OUTPUT_LINE: usize = 8 << 10;

/// It does not do what it was asked for.
const NOT_DONE: i32 = 89;

/// How a life came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Exited(ExitStatus),
    Hung,
    Lost(String),
}

/// A program that was started once.
#[derive(Debug)]
pub(super) struct Life {
    what: &'static str,
    profile: Arc<Profile>,
    stage: Option<StageClient>,
    /// Keeps what the program prints.
    output: Channel,
    end: watch::Receiver<Option<End>>,
    halter: Halter,
    /// How many API requests belong to calls that are over.
    spent: Mutex<usize>,
    supervisor: Mutex<Option<JoinHandle<()>>>,
}

/// What the vendor saw of API requests so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    exchanges: usize,
    under_way: usize,
    answered: usize,
    last_status: Option<u16>,
}

impl Life {
    /// Starts the program.
    ///
    /// # Errors
    /// Whatever the system says.
    pub(super) fn begin(
        command: &CommandLine,
        what: &'static str,
        profile: Arc<Profile>,
        stage: Option<StageClient>,
    ) -> io::Result<Self> {
        let (program, pipes) = process::Program::start(command)?;
        let Pipes {
            stdin,
            stdout,
            stderr,
        } = pipes;
        // There is nothing to read for it.
        drop(stdin);
        let (output, _) = Channel::new();
        let readers = [
            tokio::spawn(read(stdout, OutputStream::Stdout, output.clone())),
            tokio::spawn(read(stderr, OutputStream::Stderr, output.clone())),
        ];
        let (tell, end) = watch::channel(None);
        let halter = program.halter();
        let supervisor = tokio::spawn(supervise(program, readers, tell));
        Ok(Self {
            what,
            profile,
            stage,
            output,
            end,
            halter,
            spent: Mutex::default(),
            supervisor: Mutex::new(Some(supervisor)),
        })
    }

    /// What it was asked to do.
    pub(super) const fn what(&self) -> &'static str {
        self.what
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// What it printed since this was asked last.
    pub(super) fn output(&self) -> Vec<ClientOutput> {
        self.output.output()
    }

    /// Ends it where it has not ended by itself; returns what it printed meanwhile.
    pub(super) async fn end(&self) -> Vec<ClientOutput> {
        let supervisor = {
            let mut supervisor = self
                .supervisor
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            supervisor.take()
        };
        if let Some(supervisor) = supervisor {
            if !self.is_over() {
                // With it goes the program and all that it started.
                supervisor.abort();
            }
            drop(supervisor.await);
        }
        self.output()
    }

    /// Lets the program make the next call.
    pub(super) fn go_on(&self) {
        if !self.is_over() {
            self.halter.go_on();
        }
    }

    /// What came of one call: the program's own word where it ends with the call, else what the
    /// vendor saw.
    pub(super) async fn came_of(&self, turn: Turn) -> Outcome {
        if !turn.is_of_the_last_step
            && let Some(seen) = self.call_is_over().await
        {
            return Ok(reply_of(seen.last_status));
        }
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some).await;
        let ended = ended.ok().and_then(|end| end.clone());
        self.ended(turn, ended.unwrap_or(End::Hung)).await
    }

    /// Waits until the vendor has answered a call and nothing follows it; `None` when the program
    /// ended before.
    async fn call_is_over(&self) -> Option<Seen> {
        let mut last = Seen::default();
        let mut since = tokio::time::Instant::now();
        while !self.is_over() {
            let seen = self.seen().await;
            if seen != last {
                (last, since) = (seen, tokio::time::Instant::now());
            }
            let is_new = seen.answered > *self.spent();
            if is_new && seen.under_way == 0 && since.elapsed() >= QUIET && !self.is_over() {
                // However long the scenario takes to turn the vendor, the next call waits for it.
                self.halter.halt();
                *self.spent() = seen.answered;
                return Some(seen);
            }
            tokio::time::sleep(POLL).await;
        }
        None
    }

    fn spent(&self) -> std::sync::MutexGuard<'_, usize> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn seen(&self) -> Seen {
        let Some(stage) = &self.stage else {
            return Seen::default();
        };
        // Control calls that fail show in the driver's own look.
        let entries = stage.journal(&self.profile.vendor, EntryId(0)).await;
        let entries = entries.unwrap_or_default();
        let exchanges = entries.len();
        let under_way = entries.iter().filter(|entry| entry.completed.is_none());
        let under_way = under_way.count();
        let evidence = Evidence::from_journal(entries);
        let view = View {
            evidence: &evidence,
            profile: &self.profile,
            expected: Expectation::of("CLI-29", &self.profile.vendor),
        };
        let answered =
            || traffic::api_requests(&view).filter(|arrival| arrival.entry.completed.is_some());
        let last = answered().last();
        Seen {
            exchanges,
            under_way,
            answered: answered().count(),
            last_status: last.and_then(|last| last.entry.reply.as_ref().map(|reply| reply.status)),
        }
    }

    async fn ended(&self, turn: Turn, end: End) -> Outcome {
        let gone = |kind, why: String| Err(ClientGone { kind, why });
        let status = match end {
            End::Hung => {
                let why = format!("it did not end within {} s", LIFETIME.as_secs());
                return gone(Departure::NoReply, why);
            }
            End::Lost(why) => return gone(Departure::Crashed, why),
            End::Exited(status) => status,
        };
        let words = self.output.last_words();
        match status.code() {
            Some(0) => {
                let seen = self.seen().await;
                if seen.answered == 0 && self.what == "call" {
                    self.output.note_fault(
                        "shim fault: the program ended with 0, but the vendor answered no call"
                            .to_owned(),
                    );
                } else if seen.answered < turn.number && self.what == "call" {
                    let why = format!("its life ended after {} of the calls", seen.answered);
                    return gone(Departure::Ended, why);
                }
                Ok(ClientReply::done(None))
            }
            Some(1) => {
                let why = words.unwrap_or_else(|| "it ended with exit status 1".to_owned());
                if turn.is_only || turn.is_last {
                    return Ok(ClientReply::failed("other", None, &why));
                }
                // Which of several failed it does not say; the vendor knows what it answered.
                let seen = self.seen().await;
                Ok(reply_of(seen.last_status))
            }
            Some(NOT_DONE) => Ok(ClientReply::unsupported(self.what)),
            _ => {
                let words = words.map(|words| format!("; the last of its output: {words}"));
                let words = words.unwrap_or_default();
                gone(Departure::Crashed, format!("it ended with {status}{words}"))
            }
        }
    }
}

fn reply_of(status: Option<u16>) -> ClientReply {
    match status {
        Some(status) if status < 400 => ClientReply::done(Some(status)),
        status => ClientReply::failed("other", status, "seen at the vendor"),
    }
}

async fn read(from: impl AsyncRead + Unpin, stream: OutputStream, output: Channel) {
    let mut lines = Lines::new(from, MAX_OUTPUT_LINE);
    while let Ok(Some(line)) = lines.next().await {
        let (Line::Whole(text) | Line::TooLong(text) | Line::Unended(text)) = line;
        output.note_line(stream, text);
    }
}

async fn supervise(
    mut program: process::Program,
    readers: [JoinHandle<()>; 2],
    tell: watch::Sender<Option<End>>,
) {
    let end = match tokio::time::timeout(LIFETIME, program.wait()).await {
        Ok(Ok(status)) => End::Exited(status),
        Ok(Err(error)) => End::Lost(error.to_string()),
        Err(_) => {
            drop(program.terminate().await);
            End::Hung
        }
    };
    // What it started may hold its pipes open.
    program.kill();
    for reader in readers {
        drop(tokio::time::timeout(AFTERMATH, reader).await);
    }
    tell.send_replace(Some(end));
}
