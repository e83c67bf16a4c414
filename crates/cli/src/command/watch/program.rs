//! The command that is watched: started, heard, signalled, and ended with all that it started.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use locum_harness::subject::OutputStream;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::signals::{Received, Signals};
use locum_server::environment::Variables;

/// How long what the command left behind may take to end after SIGTERM.
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often it is looked whether something is left.
const POLL: Duration = Duration::from_millis(20);

/// Longer lines are heard in pieces.
const MAX_LINE: usize = 64 << 10;

/// So many lines wait to be searched before the command has to.
const MAX_WAITING: usize = 256;

/// From this signal on the command is killed.
const KILLING_SIGNAL: usize = 3;

/// A line that the command printed, without its end.
pub(super) type Line = (OutputStream, Vec<u8>);

/// The running command.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    group: Option<group::Group>,
    pumps: [JoinHandle<()>; 2],
}

impl Program {
    /// Starts it with these variables, and none of locum's own; its output is passed through and
    /// given out by line.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(
        command: &[OsString],
        variables: &Variables,
    ) -> std::io::Result<(Self, mpsc::Receiver<Line>)> {
        let [program, arguments @ ..] = command else {
            return Err(std::io::ErrorKind::InvalidInput.into());
        };
        let mut command = Command::new(program);
        command.args(arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LOCUM_") {
                command.env_remove(name);
            }
        }
        command
            .envs(variables)
            .stdin(Stdio::inherit())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Whoever reads from a terminal has to be in its foreground group, which is ours.
        let is_apart = !std::io::stdin().is_terminal();
        #[cfg(unix)]
        if is_apart {
            command.process_group(0);
        }
        let mut child = command.spawn()?;
        let group = child.id().filter(|_| is_apart).and_then(group::Group::of);
        let (tell, told) = mpsc::channel(MAX_WAITING);
        let absent = || std::io::Error::other("the command has no output");
        let stdout = child.stdout.take().ok_or_else(absent)?;
        let stderr = child.stderr.take().ok_or_else(absent)?;
        let pumps = [
            tokio::spawn(pump(stdout, OutputStream::Stdout, tell.clone())),
            tokio::spawn(pump(stderr, OutputStream::Stderr, tell)),
        ];
        let program = Self {
            child,
            group,
            pumps,
        };
        Ok((program, told))
    }

    /// Waits for its end, and passes signals on; the third kills it.
    pub(super) async fn ended(&mut self, signals: &mut Signals) -> std::io::Result<ExitStatus> {
        loop {
            tokio::select! {
                status = self.child.wait() => return status,
                signal = signals.next() => self.pass_on(signal, signals.count()),
            }
        }
    }

    fn pass_on(&mut self, signal: Received, count: usize) {
        if count >= KILLING_SIGNAL {
            if let Some(group) = &self.group {
                group.kill();
            }
            let _ = self.child.start_kill();
        } else if let Some(group) = &self.group {
            group.signal(signal);
        } else if signal != Received::Interrupt {
            // A terminal tells all of its foreground of Ctrl-C, and of nothing else.
            group::signal_one(self.child.id(), signal);
        }
    }

    /// Waits until what it started has ended, too, at most for `grace`; whatever is left then is
    /// ended. Says whether something was.
    pub(super) async fn alone(self, grace: Duration, signals: &mut Signals) -> bool {
        let Self {
            group, mut pumps, ..
        } = self;
        let is_left = |pumps: &[JoinHandle<()>; 2]| {
            pumps.iter().any(|pump| !pump.is_finished())
                || group.as_ref().is_some_and(group::Group::is_alive)
        };
        let waited = tokio::time::timeout(grace, async {
            while is_left(&pumps) {
                tokio::time::sleep(POLL).await;
            }
        });
        let was_left = tokio::select! {
            waited = waited => waited.is_err(),
            _ = signals.next() => true,
        };
        if was_left && let Some(group) = &group {
            group.signal(Received::Terminate);
            let ended = tokio::time::timeout(TERMINATE_TIMEOUT, async {
                while group.is_alive() {
                    tokio::time::sleep(POLL).await;
                }
            });
            if ended.await.is_err() {
                group.kill();
            }
        }
        for pump in &mut pumps {
            // Somebody who left the group may hold the pipe for ever.
            if tokio::time::timeout(TERMINATE_TIMEOUT, &mut *pump)
                .await
                .is_err()
            {
                pump.abort();
            }
        }
        was_left
    }
}

/// Passes bytes on as they come, and gives them out by line.
async fn pump(mut from: impl AsyncRead + Unpin, stream: OutputStream, lines: mpsc::Sender<Line>) {
    let mut buffer = vec![0; 16 << 10];
    let mut line = Vec::new();
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..length];
        let passed = bytes.to_vec();
        // A reader of ours that is slow holds up the command, as it would without us, and never the
        // mocks.
        let _ = tokio::task::spawn_blocking(move || pass(stream, &passed)).await;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if line.ends_with(b"\n") || line.len() >= MAX_LINE {
                while line.ends_with(b"\n") || line.ends_with(b"\r") {
                    line.pop();
                }
                let _ = lines.send((stream, std::mem::take(&mut line))).await;
            }
        }
    }
    if !line.is_empty() {
        let _ = lines.send((stream, line)).await;
    }
}

/// Prints what the command printed. A reader that has gone is no reason to stop the command.
fn pass(stream: OutputStream, bytes: &[u8]) {
    let _ = match stream {
        OutputStream::Stdout => {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        }
        OutputStream::Stderr => std::io::stderr().lock().write_all(bytes),
    };
}

#[cfg(unix)]
mod group {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

    use super::Received;

    /// A process group of the command's own.
    #[derive(Debug)]
    pub(super) struct Group(Pid);

    impl Group {
        /// The one that the process `id` leads.
        pub(super) fn of(id: u32) -> Option<Self> {
            i32::try_from(id).ok().and_then(Pid::from_raw).map(Self)
        }

        /// Whether it has a member.
        pub(super) fn is_alive(&self) -> bool {
            test_kill_process_group(self.0).is_ok()
        }

        /// Tells all of it.
        pub(super) fn signal(&self, signal: Received) {
            // A group that has ended needs no signal.
            let _ = kill_process_group(self.0, of(signal));
        }

        /// Ends all of it at once.
        pub(super) fn kill(&self) {
            let _ = kill_process_group(self.0, Signal::KILL);
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.kill();
        }
    }

    /// Tells one process.
    pub(super) fn signal_one(id: Option<u32>, signal: Received) {
        let id = id
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        if let Some(id) = id {
            let _ = kill_process(id, of(signal));
        }
    }

    const fn of(signal: Received) -> Signal {
        match signal {
            Received::Interrupt => Signal::INT,
            Received::Terminate => Signal::TERM,
            Received::HangUp => Signal::HUP,
        }
    }
}

/// Where there are no process groups, the command gets what the console sends to all.
#[cfg(not(unix))]
mod group {
    use super::Received;

    #[derive(Debug)]
    pub(super) struct Group;

    impl Group {
        pub(super) fn of(_: u32) -> Option<Self> {
            None
        }

        pub(super) fn is_alive(&self) -> bool {
            false
        }

        pub(super) fn signal(&self, _: Received) {}

        pub(super) fn kill(&self) {}
    }

    pub(super) fn signal_one(_: Option<u32>, _: Received) {}
}
