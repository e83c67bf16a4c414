//! `locum serve` as a child of this process, and calls of its control API.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

const OPTIONS: &str = "serve --host 127.0.0.1 --port 0 --tls-port 0 --quiet --exit-with-stdin";

/// A running server. It ends when this process does, however that ends: then nobody holds the other
/// end of its standard input.
#[derive(Debug)]
pub(crate) struct Server {
    control: String,
    agent: ureq::Agent,
    _child: Child,
}

/// The one server of this process; a second start is not tried where the first one failed.
pub(crate) fn shared() -> &'static Server {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let server = SERVER.get_or_init(start).as_ref();
    server.unwrap_or_else(|error| panic!("locum: {error}"))
}

/// `LOCUM_BIN`, else `locum` on PATH, else the one in this crate's folder `bin`.
fn find_binary() -> Option<PathBuf> {
    let named = env::var_os("LOCUM_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("bin");
    let name = format!("locum{}", env::consts::EXE_SUFFIX);
    let mut files = env::split_paths(&path)
        .chain([bundled])
        .map(|folder| folder.join(&name));
    named.or_else(|| files.find(|file| file.is_file()))
}

fn start() -> Result<Server, String> {
    let binary =
        find_binary().ok_or("no locum to start: put it on PATH, or name it in LOCUM_BIN")?;
    let more = env::var("LOCUM_SERVE_ARGS").unwrap_or_default();
    let name = binary.display();
    let mut child = Command::new(&binary)
        .args(OPTIONS.split_whitespace().chain(more.split_whitespace()))
        // The control API of a server of our own, on loopback, needs no token.
        .env_remove("LOCUM_CONTROL_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name} does not start: {error}; LOCUM_BIN names another"))?;
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("it is a pipe");
    let _ = BufReader::new(stdout).read_line(&mut line);
    let address = line
        .strip_prefix("LISTENING ")
        .and_then(|rest| rest.split(' ').next());
    let address = address.ok_or(format!("{name} did not start; its standard error says why"))?;
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None);
    Ok(Server {
        control: format!("{address}/_locum"),
        agent: agent.build().into(),
        _child: child,
    })
}

impl Server {
    /// What a call of the control API answers; `path` is what follows `/_locum`.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}{path}", self.control);
        let request = ureq::http::Request::builder().method(method).uri(&url);
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = request
            .header("Content-Type", "application/json")
            .body(text);
        let answer = request.map_err(ureq::Error::from).and_then(|request| {
            let mut reply = self.agent.run(request)?;
            Ok((reply.status(), reply.body_mut().read_json::<Value>()?))
        });
        match answer {
            Ok((status, answer)) if status.is_success() => answer,
            Ok((status, answer)) => panic!("locum: {method} {url}: {status} {answer}"),
            Err(error) => panic!("locum: {method} {url}: {error}"),
        }
    }
}
