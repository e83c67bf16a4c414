//! A client as a program of its own: `locum/1` on its standard input and output.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::channel::{Channel, RunningClient};
use super::lines::{Line, Lines};
use super::process::{CommandLine, Pipes, Program};
use super::{Departure, OutputStream, wire};

/// The longest piece of standard error that is kept as one line, in bytes.
const MAX_ERROR_LINE: usize = 8 << 10;

/// How long what a program left in its pipes may take to be read after its end, and how long one
/// that closed its standard output may take to end.
const AFTERMATH: Duration = Duration::from_secs(1);

/// Starts a program; nothing is asked of it yet.
///
/// # Errors
/// Whatever the system says, such as that there is no such file.
pub(super) fn start(line: &CommandLine) -> io::Result<RunningClient> {
    let (program, pipes) = Program::start(line)?;
    let (channel, requests) = Channel::new();
    let Pipes {
        stdin,
        stdout,
        stderr,
    } = pipes;
    tokio::spawn(write(stdin, requests));
    let errors = tokio::spawn(read_errors(stderr, channel.clone()));
    let (tell_closed, stdout_closed) = oneshot::channel();
    let replies = tokio::spawn(read_replies(stdout, channel.clone(), tell_closed));
    let (end, told) = oneshot::channel();
    let supervisor = tokio::spawn(supervise(
        program,
        channel.clone(),
        (told, stdout_closed),
        [errors, replies],
    ));
    Ok(RunningClient::new(channel, end, supervisor))
}

/// Writes each request as a line, until nothing more is asked.
pub(super) async fn write(
    mut writer: impl AsyncWrite + Unpin,
    mut requests: mpsc::UnboundedReceiver<String>,
) {
    while let Some(mut line) = requests.recv().await {
        line.push('\n');
        let written = writer.write_all(line.as_bytes()).await;
        if written.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
    // Whoever reads there sees the end of it.
    drop(writer.shutdown().await);
}

/// Reads replies to the end of the stream.
pub(super) async fn read_replies(
    stdout: impl AsyncRead + Unpin,
    channel: Channel,
    tell_closed: oneshot::Sender<()>,
) {
    let mut lines = Lines::new(stdout, wire::MAX_LINE);
    while let Ok(Some(line)) = lines.next().await {
        channel.take(line);
    }
    // A supervisor that is through needs no word.
    let _ = tell_closed.send(());
}

async fn read_errors(stderr: impl AsyncRead + Unpin, channel: Channel) {
    let mut lines = Lines::new(stderr, MAX_ERROR_LINE);
    while let Ok(Some(line)) = lines.next().await {
        let (Line::Whole(text) | Line::TooLong(text) | Line::Unended(text)) = line;
        channel.note_line(OutputStream::Stderr, text);
    }
}

/// Waits for the end of the program, or brings it about, and leaves nothing of its group behind.
async fn supervise(
    mut program: Program,
    channel: Channel,
    (told, stdout_closed): (oneshot::Receiver<()>, oneshot::Receiver<()>),
    readers: [JoinHandle<()>; 2],
) {
    let status = tokio::select! {
        status = program.wait() => Some(status),
        _ = told => {
            channel.end_requests();
            drop(program.end().await);
            None
        }
        _ = stdout_closed => tokio::time::timeout(AFTERMATH, program.wait()).await.ok(),
    };
    if let Some(status) = status {
        // What it started may hold its pipes open.
        program.kill();
        for reader in readers {
            drop(tokio::time::timeout(AFTERMATH, reader).await);
        }
        channel.is_gone(Departure::Crashed, end_words(status, &channel));
    } else {
        channel.is_gone(Departure::HungUp, "it closed its standard output");
        channel.end_requests();
        drop(program.end().await);
    }
}

fn end_words(status: io::Result<ExitStatus>, channel: &Channel) -> String {
    let ended = match status {
        Ok(status) => format!("it ended with {status}"),
        Err(error) => format!("it ended: {error}"),
    };
    match channel.last_words() {
        Some(words) => format!("{ended}; the last of its standard error: {words}"),
        None => ended,
    }
}
