//! Servers that run in the background: started, found again, ended.
//!
//! Each has a file in the state folder, which is locked from before its start until its end: the lock is
//! held by the file's handle, which is the server's standard input. A file that is not locked is of a
//! server that is gone, and no process is ever ended because of a number that has another one by now.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddr;
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

/// A server in the background, as it tells of itself in its file once it listens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Detached {
    pid: u32,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// Its first lines.
    told: String,
    /// Its file.
    #[serde(skip)]
    file: PathBuf,
}

/// Whether this process is a server in the background.
pub(super) fn is_one() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Tells whoever looks for servers in the background of this one, which is one.
pub(super) fn tell(address: SocketAddr, told: &str) -> Result<(), Failure> {
    let failed = |error| Failure::unreachable(format!("cannot write down the server: {error}"));
    let mut file = standard_input().map_err(failed)?;
    if !file.metadata().is_ok_and(|data| data.is_file()) {
        // Somebody else set the mark.
        return Ok(());
    }
    let server = Detached {
        pid: std::process::id(),
        address,
        told: told.to_owned(),
        file: PathBuf::new(),
    };
    let text = serde_json::to_string(&server).expect("numbers and texts");
    let start = file.seek(SeekFrom::Start(0));
    start
        .and_then(|_| file.write_all(text.as_bytes()))
        .map_err(failed)
}

/// The file that is locked, by another handle.
fn standard_input() -> std::io::Result<File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle =
        std::os::windows::io::AsHandle::as_handle(&std::io::stdin()).try_clone_to_owned()?;
    Ok(File::from(handle))
}

/// Starts one with the arguments of this process; what it prints goes to `log`, else to a file of ours.
pub(super) fn start(log: Option<&Path>) -> Result<u8, Failure> {
    // What earlier ones left goes.
    running()?;
    let folder = folder()?;
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let now = SystemClock::new().now().as_millis();
    let path = folder.join(format!("{now}-{}.json", std::process::id()));
    let lock = private(&path).map_err(|error| unwritable(&path, &error))?;
    lock.lock().map_err(|error| unwritable(&path, &error))?;
    let log = log.map_or_else(|| log_of(&path), Path::to_owned);
    let started = launch(&lock, &log)
        .and_then(|(mut child, log)| super::block_on(listening(&mut child, &path, log))?);
    // Now the server alone holds it.
    drop(lock);
    let server = match started {
        Ok(started) => started,
        Err(failure) => {
            forget(&path);
            return Err(failure);
        }
    };
    super::say(&format!(
        "{}PID {}\nLOG {}\n`locum stop` ends it\n",
        server.told,
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
        match (is_locked(&path), read(&path)) {
            (true, server) => running.extend(server),
            (false, Some(_)) => forget(&path),
            // One that is just being started has an empty file, and locks it at once.
            (false, None) if is_old(&path) => forget(&path),
            (false, None) => {}
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
                    "the server at {} does not end",
                    self.address
                ))
                .hint(format!("end it by force: kill -9 {}", self.pid)));
            }
            tokio::time::sleep(PAUSE).await;
        }
        forget(&self.file);
        Ok(())
    }
}

/// What a server tells of itself; `None` until it listens.
fn read(path: &Path) -> Option<Detached> {
    let read = fs::read_to_string(path).ok()?;
    let server: Detached = serde_json::from_str(&read).ok()?;
    Some(Detached {
        file: path.to_owned(),
        ..server
    })
}

/// Takes away the file of a server, and what it printed.
fn forget(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(log_of(path));
}

/// What the server of this file prints, where no other file was named for it.
fn log_of(path: &Path) -> PathBuf {
    path.with_extension("log")
}

/// Whether a server holds the file. Who only looks holds it for others as little as they do for him.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Whether nothing was written to the file for longer than a start takes.
fn is_old(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|data| data.modified());
    let age = modified.map(|modified| modified.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > 2 * TIMEOUT)
}

/// Starts the server with the lock in its hand; besides, where its own lines begin in the log. In a
/// group of its own it does not get this terminal's Ctrl-C.
fn launch(lock: &File, log: &Path) -> Result<(Child, Log), Failure> {
    let cannot = |error: std::io::Error| Failure::unreachable(format!("cannot start: {error}"));
    let out = private(log).map_err(|error| {
        Failure::usage(format!("cannot write to {}: {error}", log.display()))
            .hint("--log names the file that takes what the server prints")
    })?;
    let begins = out.metadata().map_or(0, |data| data.len());
    let err = out.try_clone().map_err(cannot)?;
    let read = out.try_clone().map_err(cannot)?;
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
    let child = command.spawn().map_err(cannot)?;
    Ok((child, Log { file: read, begins }))
}

/// What a server prints, from its own first line on.
struct Log {
    file: File,
    begins: u64,
}

impl Log {
    /// What it printed so far; nothing where that is no file.
    fn said(mut self) -> String {
        let mut said = Vec::new();
        if self.file.metadata().is_ok_and(|data| data.is_file()) {
            let start = self.file.seek(SeekFrom::Start(self.begins));
            let _ = start.and_then(|_| self.file.read_to_end(&mut said));
        }
        String::from_utf8_lossy(&said).into_owned()
    }
}

/// Waits until the server tells that it listens. One that ends before has said why.
async fn listening(child: &mut Child, path: &Path, log: Log) -> Result<Detached, Failure> {
    let clock = SystemClock::new();
    let until = clock.monotonic() + TIMEOUT;
    loop {
        let ended = child.try_wait().ok().flatten();
        if let Some(server) = read(path) {
            return Ok(server);
        }
        if let Some(status) = ended {
            let said = log.said();
            let said = said.trim_start_matches("error: ").trim_end();
            let mut failure = Failure::unreachable(match said {
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

#[cfg(unix)]
fn terminate(pid: u32) -> Result<(), Failure> {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| Failure::usage("the file of the server names no process"))?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        .map_err(|error| Failure::unreachable(format!("cannot end the server: {error}")))
}

#[cfg(not(unix))]
fn terminate(pid: u32) -> Result<(), Failure> {
    Err(Failure::usage("this system has no signals").hint(format!("taskkill /PID {pid}")))
}

/// A file to write on at the end of, which on Unix its owner alone can read from now on: the first lines
/// may hold the control API's token.
fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
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
