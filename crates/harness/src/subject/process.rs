//! A program with all that it starts: a process group of its own, which is ended on every path.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// How long a program may take to end once its standard input is closed, and again after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);

/// What to start: a program, its arguments, and what its environment is to say.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The program.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables to set. Others that begin with `LOCUM_` are taken away: they are the harness's own.
    pub environment: BTreeMap<String, String>,
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.to_string_lossy())?;
        let mut arguments = self.arguments.iter();
        arguments.try_for_each(|argument| write!(f, " {}", argument.to_string_lossy()))
    }
}

/// What is read from a program, and written to it.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// A running program. When it is dropped, nothing of its group is left.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    group: group::ProcessGroup,
}

impl Program {
    /// Starts it with pipes on its three standard streams.
    ///
    /// # Errors
    /// Whatever the system says, such as that there is no such file.
    pub(super) fn start(line: &CommandLine) -> io::Result<(Self, Pipes)> {
        let mut command = Command::new(&line.program);
        command.args(&line.arguments);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LOCUM_") {
                command.env_remove(name);
            }
        }
        command
            .envs(&line.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let group = group::ProcessGroup::led_by(child.id());
        let piped = || io::Error::other("a standard stream is not a pipe");
        let pipes = Pipes {
            stdin: child.stdin.take().ok_or_else(piped)?,
            stdout: child.stdout.take().ok_or_else(piped)?,
            stderr: child.stderr.take().ok_or_else(piped)?,
        };
        Ok((Self { child, group }, pipes))
    }

    /// By which it can be halted while somebody else waits for its end.
    pub(super) const fn halter(&self) -> group::Halter {
        self.group.halter()
    }

    /// Its end.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends it: it gets 2 s to end by itself, 2 s after SIGTERM, then SIGKILL. Its standard input
    /// is closed by then.
    pub(super) async fn end(&mut self) -> io::Result<ExitStatus> {
        if let Ok(status) = tokio::time::timeout(GRACE, self.wait()).await {
            return status;
        }
        self.terminate().await
    }

    /// Ends it by SIGTERM and, 2 s later, by SIGKILL.
    pub(super) async fn terminate(&mut self) -> io::Result<ExitStatus> {
        self.group.terminate();
        if let Ok(status) = tokio::time::timeout(GRACE, self.wait()).await {
            return status;
        }
        self.kill();
        // What the group could not be told, the program alone is.
        drop(self.child.start_kill());
        self.wait().await
    }

    /// Kills whatever is left of the group.
    pub(super) fn kill(&self) {
        self.group.kill();
    }
}

/// Kills every program that is running: for an exit that runs no destructors.
pub fn kill_all() {
    group::kill_all();
}

pub(super) use group::Halter;

#[cfg(unix)]
mod group {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use rustix::process::{Pid, Signal, kill_process_group};

    /// The groups that are alive, by the process that leads them.
    static ALIVE: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

    fn alive() -> MutexGuard<'static, BTreeSet<i32>> {
        ALIVE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(leader: i32, signal: Signal) {
        if let Some(leader) = Pid::from_raw(leader) {
            // A group that has ended needs no signal.
            let _ = kill_process_group(leader, signal);
        }
    }

    /// A program and all that it started, unless that left the group.
    #[derive(Debug)]
    pub(super) struct ProcessGroup {
        leader: Option<i32>,
    }

    impl ProcessGroup {
        pub(super) fn led_by(leader: Option<u32>) -> Self {
            let leader = leader.and_then(|id| i32::try_from(id).ok());
            alive().extend(leader);
            Self { leader }
        }

        pub(super) fn terminate(&self) {
            self.signal(Signal::TERM);
            // One that is halted could not end.
            self.signal(Signal::CONT);
        }

        pub(super) const fn halter(&self) -> Halter {
            Halter {
                leader: self.leader,
            }
        }

        pub(super) fn kill(&self) {
            self.signal(Signal::KILL);
        }

        fn signal(&self, which: Signal) {
            if let Some(leader) = self.leader {
                signal(leader, which);
            }
        }
    }

    /// Halts a group and lets it go on. It is of no use once the program has ended.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::subject) struct Halter {
        leader: Option<i32>,
    }

    impl Halter {
        /// Nothing of the group runs from now on.
        pub(in crate::subject) fn halt(self) {
            self.signal(Signal::STOP);
        }

        /// It runs again.
        pub(in crate::subject) fn go_on(self) {
            self.signal(Signal::CONT);
        }

        fn signal(self, which: Signal) {
            if let Some(leader) = self.leader {
                signal(leader, which);
            }
        }
    }

    impl Drop for ProcessGroup {
        fn drop(&mut self) {
            self.kill();
            if let Some(leader) = self.leader {
                alive().remove(&leader);
            }
        }
    }

    pub(super) fn kill_all() {
        for leader in alive().iter() {
            signal(*leader, Signal::KILL);
        }
    }
}

/// Where there are no process groups, the program alone is ended, by its handle.
#[cfg(not(unix))]
mod group {
    #[derive(Debug)]
    pub(super) struct ProcessGroup;

    impl ProcessGroup {
        pub(super) fn led_by(_: Option<u32>) -> Self {
            Self
        }

        pub(super) fn terminate(&self) {}

        pub(super) const fn halter(&self) -> Halter {
            Halter
        }

        pub(super) fn kill(&self) {}
    }

    /// Cannot halt: what is between two calls has to fit into the pause.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::subject) struct Halter;

    impl Halter {
        pub(in crate::subject) fn halt(self) {}

        pub(in crate::subject) fn go_on(self) {}
    }

    pub(super) fn kill_all() {}
}
