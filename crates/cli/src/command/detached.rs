//! Servers that run in the background: started, found again, ended.
//!
//! Each has a file in the state folder, which is locked from before its start until its end: the lock is
//! held by the file's handle, which is the server's standard input. A file that is not locked is of a
//! server that is gone, and no process is ever ended because of a number that has another one by now.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use locum_core::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};

use super::{Failure, state};

/// Tells the server that it is the one in the background.
const MARK: &str = "LOCUM_IS_DETACHED";

/// How long a server may take to listen, and to end: it gives what is under way five seconds.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How soon it is looked again.
const PAUSE: Duration = Duration::from_millis(20);

/// What the first line of a server begins with.
const LISTENING: &str = "LISTENING http://";

/// A server in the background.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Detached {
    pid: i32,
    /// Its port.
    pub(super) port: u16,
    /// What it prints, where that is a file of ours.
    log: Option<PathBuf>,
    /// Its file.
    #[serde(skip)]
    file: PathBuf,
}

/// Whether this process is a server in the background.
pub(super) fn is_one() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Starts one with the arguments of this process; what it prints goes to `log`, else to a file of ours.
pub(super) fn start(log: Option<&Path>) -> Result<u8, Failure> {
    // What earlier ones left goes.
    running()?;
    let folder = folder()?;
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let id = format!(
        "{}-{}",
        SystemClock::new().now().as_millis(),
        std::process::id()
    );
    let path = folder.join(format!("{id}.json"));
    let lock = private(&path)?;
    lock.lock().map_err(|error| unwritable(&path, &error))?;
    let own = log.is_none().then(|| folder.join(format!("{id}.log")));
    let log = log.map_or_else(|| own.clone().unwrap_or_default(), Path::to_owned);
    let started = launch(&lock, &log).and_then(|mut child| {
        let told = super::block_on(listening(&mut child, &log))??;
        Ok((child, told))
    });
    let (child, told) = match started {
        Ok(started) => started,
        Err(failure) => {
            let _ = fs::remove_file(&path);
            let _ = own.map(fs::remove_file);
            return Err(failure);
        }
    };
    let server = Detached {
        pid: i32::try_from(child.id()).unwrap_or_default(),
        port: port(&told).unwrap_or_default(),
        log: own,
        file: path,
    };
    server.keep(lock)?;
    super::say(&format!(
        "{told}PID {}\nLOG {}\n`locum stop` ends it\n",
        server.pid,
        log.display()
    ));
    Ok(0)
}

/// The servers that run in the background, the oldest first. What is left of others goes.
pub(super) fn running() -> Result<Vec<Detached>, Failure> {
    let Ok(entries) = fs::read_dir(folder()?) else {
        return Ok(Vec::new());
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    let mut running = Vec::new();
    for path in paths {
        let read = fs::read_to_string(&path).unwrap_or_default();
        let server: Option<Detached> = serde_json::from_str(&read).ok();
        if is_locked(&path) {
            running.extend(server.map(|server| Detached {
                file: path,
                ..server
            }));
            continue;
        }
        // One that is just being started has an empty file, and locks it at once.
        if let Some(server) = server {
            server.forget();
        }
    }
    Ok(running)
}

impl Detached {
    /// Ends it as Ctrl-C does, and waits until it has ended.
    pub(super) async fn end(&self) -> Result<(), Failure> {
        terminate(self.pid)?;
        let clock = SystemClock::new();
        let until = clock.monotonic() + TIMEOUT;
        while is_locked(&self.file) {
            if clock.monotonic() > until {
                return Err(Failure::unreachable(format!(
                    "the server on port {} does not end",
                    self.port
                ))
                .hint(format!("end it by force: kill -9 {}", self.pid)));
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.forget();
        Ok(())
    }

    /// Writes what `running` reads into the file that is locked.
    fn keep(&self, mut lock: File) -> Result<(), Failure> {
        let text = serde_json::to_string(self).expect("numbers and texts");
        let written = lock.seek(SeekFrom::Start(0));
        written
            .and_then(|_| lock.write_all(text.as_bytes()))
            .map_err(|error| unwritable(&self.file, &error))
    }

    fn forget(&self) {
        let _ = fs::remove_file(&self.file);
        let _ = self.log.as_ref().map(fs::remove_file);
    }
}

/// Whether a server holds the file.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Starts the server with the lock in its hand. In a group of its own it does not get this terminal's
/// Ctrl-C.
fn launch(lock: &File, log: &Path) -> Result<Child, Failure> {
    let cannot = |error: std::io::Error| Failure::unreachable(format!("cannot start: {error}"));
    let out = private(log)?;
    let err = out.try_clone().map_err(cannot)?;
    let program = std::env::current_exe().map_err(cannot)?;
    let mut command = Command::new(program);
    command
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .stdin(Stdio::from(lock.try_clone().map_err(cannot)?))
        .stdout(out)
        .stderr(err);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(cannot)
}

/// Waits until the server listens; its first lines. One that ends before has said why.
async fn listening(child: &mut Child, log: &Path) -> Result<String, Failure> {
    let clock = SystemClock::new();
    let until = clock.monotonic() + TIMEOUT;
    loop {
        let ended = child.try_wait().ok().flatten();
        let said = fs::read_to_string(log).unwrap_or_default();
        if said.starts_with(LISTENING) && said.ends_with('\n') {
            return Ok(said);
        }
        if let Some(status) = ended {
            let said = said.trim_start_matches("error: ").trim_end().to_owned();
            let mut failure = Failure::unreachable(match said.as_str() {
                "" => format!("the server ended with {status}"),
                said => said.to_owned(),
            });
            failure.code = status.code().map_or(failure.code, |code| {
                u8::try_from(code).unwrap_or(failure.code)
            });
            return Err(failure);
        }
        if clock.monotonic() > until {
            let _ = child.kill();
            return Err(Failure::unreachable("the server does not listen"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The port in the line `LISTENING http://127.0.0.1:4700 …`.
fn port(told: &str) -> Option<u16> {
    let line = told.strip_prefix(LISTENING)?;
    let address = line.split_whitespace().next()?;
    address.rsplit_once(':')?.1.parse().ok()
}

#[cfg(unix)]
fn terminate(pid: i32) -> Result<(), Failure> {
    let pid = rustix::process::Pid::from_raw(pid);
    let pid = pid.ok_or_else(|| Failure::usage("the file of the server names no process"))?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        .map_err(|error| Failure::unreachable(format!("cannot end the server: {error}")))
}

#[cfg(not(unix))]
fn terminate(pid: i32) -> Result<(), Failure> {
    Err(Failure::usage("this system has no signals").hint(format!("taskkill /PID {pid}")))
}

/// A file that on Unix its owner alone can read: the first lines may hold the control API's token.
fn private(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).read(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| unwritable(path, &error))
}

fn folder() -> Result<PathBuf, Failure> {
    let folder = state::folder().map(|folder| folder.join("serve"));
    folder.ok_or_else(|| {
        Failure::usage("there is no folder for servers in the background")
            .hint("set LOCUM_STATE_DIR")
    })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write to {}: {error}", path.display()))
        .hint("LOCUM_STATE_DIR names another folder for it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_the_port() {
        assert_eq!(
            port("LISTENING http://127.0.0.1:4700 athelas\n"),
            Some(4700)
        );
        assert_eq!(port("LISTENING http://[::1]:80 a\nTLS x\n"), Some(80));
        assert_eq!(port("error: no\n"), None);
    }
}
