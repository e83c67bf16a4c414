//! The small commands that ask a running server: `health`, `token`; and what is made of the flags alone.

use super::served::{Served, send};
use super::{command, folder, locum};

fn said(output: &std::process::Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn health_follows_the_server_to_its_port() {
    let path = folder("health").join("port");
    let file = path.to_str().expect("UTF-8");
    let (code, _, error) = said(&locum(&["health", "--port-file", file]));
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("cannot read the port file"), "{error}");
    let served = Served::start(&["--port-file", file, "--control-token", "t"]);
    let url = format!("http://{}", served.address);
    let port = served.address.rsplit(':').next().expect("a port");
    for arguments in [
        vec!["health", "--port-file", file],
        vec!["health", "--port", port, "--host", "0.0.0.0"],
        vec!["health", "--url", &url],
    ] {
        let (code, told, error) = said(&locum(&arguments));
        assert_eq!((code, told), (Some(0), format!("ok {url}\n")), "{error}");
    }
    // As in a container, where the server was told by the same variables.
    let mut health = command(&["health"]);
    let health = health.env("LOCUM_HOST", "0.0.0.0").env("LOCUM_PORT", port);
    assert_eq!(said(&health.output().expect("it runs")).0, Some(0));
    assert_eq!(served.terminate().code(), Some(0));
    let (code, told, error) = said(&locum(&["health", "--url", &url]));
    assert_eq!((code, told.as_str()), (Some(1), ""));
    assert!(error.contains("refused"), "{error}");
    let (code, _, error) = said(&locum(&["health", "--port", "0"]));
    assert_eq!(code, Some(1));
    assert!(error.contains("--port-file"), "{error}");
}

/// The status of a call of `target` with `token`; the tenant is for the vendor that asks for one.
fn status(served: &Served, target: &str, token: &str, tenant: &str) -> String {
    let headers = format!(
        "Authorization: Bearer {token}\r\nTenant-Name: {tenant}\r\nAccept: application/json\r\n"
    );
    let reply = send(&served.address, target, &headers, "");
    reply.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_token_is_printed_alone_and_works() {
    let served = Served::start(&[]);
    let url = format!("http://{}", served.address);
    let document = served.document();
    for vendor in ["athelas", "pattern", "corti"] {
        let sample = document["vendors"][vendor]["sample"].as_str();
        let api = document["vendors"][vendor]["urls"]["api"].as_str();
        let api = api.expect("an address").split_once(&served.address);
        let (_, mount) = api.expect("below the server");
        let target = format!("GET {mount}{}", sample.expect("a sample"));
        let token = |more: &[&str]| {
            let arguments = [&["token", vendor, "--url", &url], more].concat();
            let (code, told, error) = said(&locum(&arguments));
            assert_eq!((code, error.as_str()), (Some(0), ""));
            let token = told.strip_suffix('\n').expect("a line").to_owned();
            assert!(!token.contains(char::is_whitespace), "{token}");
            token
        };
        let tenant = &document["vendors"][vendor]["credentials"]["tenant"];
        let called = |token: &str| {
            let tenant = tenant.as_str().unwrap_or_default();
            status(&served, &target, token, tenant)
        };
        assert_eq!(called(&token(&[])), "200", "{vendor}");
        assert_eq!(called(&token(&["--defect", "expired"])), "401", "{vendor}");
    }
    for (more, part) in [
        (&["token", "patern", "--url", &url][..], "pattern"),
        (
            &["token", "pattern", "--url", &url, "--client", "x"],
            "known here",
        ),
        (
            &["token", "pattern", "--url", &url, "--lifetime", "10ms"],
            "whole seconds",
        ),
    ] {
        let (code, told, error) = said(&locum(more));
        assert_eq!((code, told.as_str()), (Some(2), ""), "{error}");
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn completions_and_manual_pages_have_the_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, told, _) = said(&locum(&["completions", shell]));
        assert_eq!(code, Some(0));
        for word in ["port-file", "verdicts"] {
            assert!(told.contains(word), "{shell}: {word}");
        }
    }
    let (code, page, _) = said(&locum(&["man"]));
    assert!(code == Some(0) && page.contains(".TH locum 1"), "{page}");
    let folder = folder("man");
    let out = folder.to_str().expect("UTF-8");
    assert_eq!(locum(&["man", "--out", out]).status.code(), Some(0));
    let page = std::fs::read_to_string(folder.join("locum-check.1")).expect("it is written");
    assert!(page.contains("max\\-requests"), "{page}");
}

/// Ends what a test left in the background.
#[cfg(unix)]
struct Background(std::path::PathBuf);

#[cfg(unix)]
impl Background {
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = command(arguments);
        said(
            &command
                .env("LOCUM_STATE_DIR", &self.0)
                .output()
                .expect("it runs"),
        )
    }
}

#[cfg(unix)]
impl Drop for Background {
    fn drop(&mut self) {
        self.run(&["stop", "--all"]);
    }
}

#[cfg(unix)]
#[test]
fn a_server_in_the_background_goes_on_until_it_is_stopped() {
    let background = Background(folder("detached"));
    let start = || {
        let (code, told, error) = background.run(&["serve", "--detach", "--port", "0"]);
        assert_eq!((code, error.as_str()), (Some(0), ""), "{told}");
        let url = told.strip_prefix("LISTENING ").expect("where it listens");
        url.split(' ').next().unwrap_or_default().to_owned()
    };
    let health = |url: &str| locum(&["health", "--url", url]).status.code();
    let (first, second) = (start(), start());
    assert_eq!((health(&first), health(&second)), (Some(0), Some(0)));
    let (code, _, error) = background.run(&["stop"]);
    assert!(code == Some(2) && error.contains("--port"), "{error}");
    let port = first.rsplit(':').next().expect("a port");
    let (code, told, _) = background.run(&["stop", "--port", port]);
    assert_eq!((code, told.contains(port)), (Some(0), true));
    assert_eq!((health(&first), health(&second)), (Some(1), Some(0)));
    assert_eq!(background.run(&["stop"]).0, Some(0));
    assert_eq!(health(&second), Some(1));
    assert_eq!(background.run(&["stop"]).0, Some(4));
    let left = std::fs::read_dir(background.0.join("serve")).expect("a folder");
    assert_eq!(left.count(), 0);
}

/// What keeps a server from starting is told as it is in the foreground.
#[cfg(unix)]
#[test]
fn a_server_that_cannot_start_leaves_nothing_in_the_background() {
    let background = Background(folder("detached-not"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (code, _, error) = background.run(&["serve", "--detach", "--port", &port]);
    assert_eq!(code, Some(4));
    assert!(
        error.contains("cannot listen on") && error.contains("--port"),
        "{error}"
    );
    let left = std::fs::read_dir(background.0.join("serve")).expect("a folder");
    assert_eq!(left.count(), 0);
}

/// One that was killed is none that could be stopped, and leaves nothing.
#[cfg(unix)]
#[test]
fn a_server_that_was_killed_is_forgotten() {
    let background = Background(folder("detached-killed"));
    let (code, told, _) = background.run(&["serve", "--detach", "--port", "0"]);
    assert_eq!(code, Some(0), "{told}");
    let pid = told.lines().find_map(|line| line.strip_prefix("PID "));
    let url = told.strip_prefix("LISTENING ").expect("where it listens");
    let url = url.split(' ').next().unwrap_or_default();
    let killed = std::process::Command::new("kill")
        .args(["-9", pid.expect("its number")])
        .status();
    assert!(killed.expect("it runs").success());
    while locum(&["health", "--url", url]).status.success() {}
    let (code, _, error) = background.run(&["stop"]);
    assert_eq!(code, Some(4), "{error}");
    let left = std::fs::read_dir(background.0.join("serve")).expect("a folder");
    assert_eq!(left.count(), 0);
}

/// The same command again fails, and spoils nothing of the server that runs.
#[cfg(unix)]
#[test]
fn a_second_start_leaves_the_files_of_the_first() {
    use std::os::unix::fs::PermissionsExt as _;

    let background = Background(folder("detached-twice"));
    let path = |name: &str| background.0.join(name).to_str().expect("UTF-8").to_owned();
    let (log, port_file) = (path("log"), path("port"));
    std::fs::write(&log, "before\n").expect("a file");
    let start = |port: &str| {
        let named = ["--log", &log, "--port-file", &port_file];
        background.run(&[&["serve", "--detach", "--port", port][..], &named].concat())
    };
    let (code, _, error) = start("0");
    assert_eq!(code, Some(0), "{error}");
    let mode = std::fs::metadata(&log).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let port = std::fs::read_to_string(&port_file).expect("its port");
    let (code, _, error) = start(port.trim());
    assert!(
        code == Some(4) && error.contains("cannot listen on"),
        "{error}"
    );
    let logged = std::fs::read_to_string(&log).expect("it is there");
    assert!(logged.starts_with("before\nLISTENING "), "{logged}");
    assert_eq!(std::fs::read_to_string(&port_file).ok(), Some(port));
    let (code, _, error) =
        background.run(&["serve", "--detach", "--port", "0", "--log", "/dev/null"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(background.run(&["stop", "--all"]).0, Some(0));
    assert!(!std::path::Path::new(&port_file).exists());
}

#[test]
fn the_doctor_tells_what_would_go_wrong() {
    let served = Served::start(&["--tls", "--tls-port", "0"]);
    let url = format!("http://{}", served.address);
    let doctor = |proxy: &[(&str, &str)]| {
        let mut command = command(&["doctor", "--json", "--url", &url]);
        for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] {
            command
                .env_remove(name)
                .env_remove(name.replace("http", "all"));
        }
        for name in [
            "NO_PROXY",
            "no_proxy",
            "ALL_PROXY",
            "all_proxy",
            "SSL_CERT_FILE",
        ] {
            command.env_remove(name);
        }
        command.envs(proxy.iter().copied());
        let (code, told, error) = said(&command.output().expect("it runs"));
        let told: serde_json::Value = serde_json::from_str(&told).expect(&error);
        let checks = told["checks"].as_array().expect("a list").clone();
        let state = |name: &str| {
            let found = checks.iter().rfind(|one| one["name"] == name);
            found.map(|one| one["state"].as_str().unwrap_or_default().to_owned())
        };
        (code, ["server", "clock", "tls", "proxy"].map(state))
    };
    let words = |words: [&str; 4]| words.map(|word| Some(word.to_owned()));
    assert_eq!(doctor(&[]), (Some(0), words(["OK", "OK", "WARN", "OK"])));
    let turned = served
        .connect()
        .call("POST /_locum/clock", "{\"advance_s\": 3600}");
    assert_eq!(turned.0, 200);
    let proxy = [("HTTP_PROXY", "http://u:secret@127.0.0.1:9")];
    assert_eq!(
        doctor(&proxy),
        (Some(1), words(["OK", "WARN", "WARN", "FAIL"]))
    );
    let gone = locum(&["doctor", "--url", "http://127.0.0.1:1"]);
    assert_eq!(said(&gone).0, Some(1));
}
