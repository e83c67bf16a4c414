//! `locum serve` as a process of its own, and HTTP in raw bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};

/// A running `locum serve`; it is killed when a test fails.
pub(super) struct Served {
    child: Child,
    /// Where it listens.
    pub(super) address: String,
    /// Its output after the first line; whoever drops it closes the pipe.
    pub(super) output: Option<BufReader<ChildStdout>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts it on a free port and waits for its first line; the rest stays unread.
    pub(super) fn start(arguments: &[&str]) -> Self {
        Self::run(super::command(&["serve", "--port", "0"]).args(arguments))
    }

    /// Starts it with a pipe as its standard input.
    pub(super) fn start_with_stdin(arguments: &[&str]) -> Self {
        let mut command = super::command(&["serve", "--port", "0"]);
        Self::run(command.args(arguments).stdin(Stdio::piped()))
    }

    /// Starts it with so few file descriptors that it has to ask for more.
    #[cfg(unix)]
    pub(super) fn start_short_of_descriptors() -> Self {
        let locum = env!("CARGO_BIN_EXE_locum");
        let line = format!("ulimit -S -n 256; exec '{locum}' serve --port 0");
        Self::run(std::process::Command::new("sh").args(["-c", &line]))
    }

    fn run(command: &mut std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let address = line
            .strip_prefix("LISTENING http://")
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .to_owned();
        Self {
            child,
            address,
            output: Some(output),
        }
    }

    /// The document of its default stage.
    pub(super) fn document(&self) -> serde_json::Value {
        let (_, document) = self.connect().call("GET /_locum/stages/default", "");
        serde_json::from_str(&document).expect("JSON")
    }

    /// A connection that is used again and again.
    pub(super) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        Connection {
            address: self.address.clone(),
            stream: BufReader::new(stream),
        }
    }

    /// Ends it as a supervisor does, and waits until it has ended.
    #[cfg(unix)]
    pub(super) fn terminate(mut self) -> ExitStatus {
        let kill = format!("kill -TERM {}", self.child.id());
        let sent = std::process::Command::new("sh")
            .args(["-c", &kill])
            .status();
        assert!(sent.expect("a shell").success());
        self.child.wait().expect("it ends")
    }
}

impl Served {
    /// Closes its standard input, and waits until it has ended.
    pub(super) fn close_stdin(mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends")
    }
}

/// A connection that is kept alive.
pub(super) struct Connection {
    address: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Sends a request without reading its answer; `line` is method and target.
    pub(super) fn send(&mut self, line: &str, body: &str) {
        let (address, length) = (&self.address, body.len());
        let request =
            format!("{line} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}");
        let stream = self.stream.get_mut();
        stream
            .write_all(request.as_bytes())
            .expect("it takes bytes");
    }

    /// Reads one answer: its status and its body.
    pub(super) fn answer(&mut self) -> (u16, String) {
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a line");
            let line = line.trim_end();
            assert!(status != 0 || line.starts_with("HTTP/1.1 "), "{line:?}");
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().expect("a status");
            }
            if let Some((_, value)) = line
                .split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = value.parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, String::from_utf8(body).expect("text"))
    }

    /// Sends a request and reads its answer.
    pub(super) fn call(&mut self, line: &str, body: &str) -> (u16, String) {
        self.send(line, body);
        self.answer()
    }
}

/// One exchange on a connection of its own: all that came.
pub(super) fn send(address: &str, line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    write!(stream, "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .expect("it takes bytes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}
