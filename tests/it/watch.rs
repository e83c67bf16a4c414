//! `watch` around commands of all kinds; the clients in them are this test binary itself.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::served::{Served, send};
use crate::{command, folder, read_results, rows};

/// The variable that tells [`a_client`] how often to call, and whether with the right secret.
const CLIENT: &str = "TEST_CLIENT";

/// Of RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// `host:port` and path of a variable that names an address.
fn address(variable: &str) -> (String, String) {
    let url = std::env::var(variable).expect("watch sets it");
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    (address.to_owned(), format!("/{path}"))
}

/// The client that the commands below run; a test of its own only by name.
#[test]
fn a_client() {
    let Ok(does) = std::env::var(CLIENT) else {
        return;
    };
    let text = |name: &str| std::env::var(name).expect("watch sets it");
    if let Some(how) = does.strip_prefix("a code ") {
        return log_in_by_a_code(how);
    }
    let (address, path) = address("LOCUM_TOKEN_URL");
    let secret = match does.as_str() {
        "wrong" => "wrong".to_owned(),
        _ => text("LOCUM_CLIENT_SECRET"),
    };
    let form = format!(
        "grant_type=client_credentials&scope=openid&client_id={}&client_secret={secret}",
        text("LOCUM_CLIENT_ID"),
    );
    let media_type = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = send(&address, &format!("POST {path}"), media_type, &form);
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let token: Value = serde_json::from_str(body).unwrap_or_default();
    let token = token["access_token"].as_str().unwrap_or_default();
    let (address, path) = self::address("LOCUM_API_URL");
    let headers = format!(
        "Authorization: Bearer {token}\r\nTenant-Name: {}\r\n",
        text("LOCUM_TENANT"),
    );
    for _ in 0..does.parse().unwrap_or(1) {
        send(&address, &format!("GET {path}/interactions/"), &headers, "");
    }
    if does == "prints" {
        println!("the token is {token}");
        eprintln!("form: {form}");
    }
    println!("the client is done");
}

/// A person's login by an authorization code, in the browser and in the client at once.
fn log_in_by_a_code(how: &str) {
    let verifier = match how {
        "with a short verifier" => &VERIFIER[1..],
        _ => VERIFIER,
    };
    let state = match how {
        "without a state" => "",
        _ => "&state=s",
    };
    let (control, stage) = address("LOCUM_CONTROL_URL");
    let document = send(&control, &format!("GET {stage}"), "", "");
    let document = document.split_once("\r\n\r\n").expect("a body").1;
    let document: Value = serde_json::from_str(document).expect("JSON");
    let user = &document["vendors"]["corti"]["principals"]["realms"][0]["users"][0];
    let of_user = |name: &str| user[name].as_str().expect("text").to_owned();
    let text = |name: &str| std::env::var(name).expect("watch sets it");
    let client = format!("client_id={}", text("LOCUM_CLIENT_ID"));
    let back = "redirect_uri=http%3A%2F%2Flocalhost%3A9%2Fcb";
    let (address, token) = address("LOCUM_TOKEN_URL");
    let authorize = token.strip_suffix("token").expect("the path of Keycloak");
    let query = format!(
        "response_type=code&scope=openid&{client}&{back}{state}\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let page = send(&address, &format!("GET {authorize}auth?{query}"), "", "");
    let between = |text: &str, start: &str, end: &str| {
        let (_, rest) = text.split_once(start).expect("it is there");
        let (found, _) = rest.split_once(end).expect("it ends");
        found.to_owned()
    };
    let action = between(&page, "action=\"", "\"").replace("&amp;", "&");
    let (_, action) = action.split_once(&address).expect("at this vendor");
    let lower = page.replace("Set-Cookie: ", "set-cookie: ");
    let cookie = between(&lower, "set-cookie: AUTH_SESSION_ID=", ";");
    let media_type = "Content-Type: application/x-www-form-urlencoded\r\n";
    let headers = format!("{media_type}Cookie: AUTH_SESSION_ID={cookie}\r\n");
    let form = format!(
        "username={}&password={}",
        of_user("username"),
        of_user("password")
    );
    let answer = send(&address, &format!("POST {action}"), &headers, &form);
    let code = between(&answer, "code=", "\r\n");
    let form = format!(
        "grant_type=authorization_code&{client}&client_secret={}&{back}&code={code}\
         &code_verifier={verifier}",
        text("LOCUM_CLIENT_SECRET")
    );
    let answer = send(&address, &format!("POST {token}"), media_type, &form);
    let took = answer.starts_with("HTTP/1.1 200 ");
    assert_eq!(took, verifier == VERIFIER, "{answer}");
}

/// A shell line in which `client` runs it.
fn shell(line: &str) -> String {
    let me = std::env::current_exe().expect("it has a path");
    let me = me.to_str().expect("a path in UTF-8");
    line.replace(
        "client",
        &format!("'{me}' --exact watch::a_client --nocapture"),
    )
}

/// `locum watch corti` around a shell line, not started yet.
fn watch(arguments: &[&str], does: &str, line: &str) -> Command {
    let mut command = command(&["watch", "corti"]);
    command
        .args(arguments)
        .args(["--", "sh", "-c", &shell(line)]);
    command.env(CLIENT, does).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str], does: &str, line: &str) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = watch(arguments, does, line).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        status.code().expect("it ends by itself"),
        text(stdout),
        text(stderr),
    )
}

#[test]
fn a_sound_client_passes_and_the_report_can_be_judged_again() {
    let folder = folder("watch-sound");
    let path = folder.to_str().expect("a path in UTF-8");
    let output = watch(&["--report", path], "5", "client")
        .output()
        .expect("it runs");
    let (code, results) = read_results(&folder, &output);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        rows(&results, &["FAIL", "WARN", "ERROR", "HARNESS"]),
        [""; 0]
    );
    let passed = rows(&results, &["PASS"]);
    for row in ["CLI-29@corti PASS", "REQ-08@corti PASS"] {
        assert!(passed.iter().any(|passed| passed == row), "{passed:?}");
    }
    assert_eq!(results["run"]["command"], "watch");
    assert_eq!(results["run"]["level"], "watch");
    assert_eq!(results["subject"]["kind"], "client");
    // The output is the command's, and what locum says of it goes elsewhere.
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("the client is done"), "{said}");
    assert!(!said.contains("CLI-29"), "{said}");
}

#[test]
fn the_commands_failure_is_the_exit_code_unless_judgement_alone_is_asked_for() {
    for (arguments, does, line, expected) in [
        (&[][..], "1", "client", 0),
        (&[], "1", "client; exit 7", 7),
        (&[], "1", "client; kill -9 $$", 137),
        (&[], "wrong", "client", 1),
        (&[], "wrong", "client; exit 7", 7),
        (&["--judge-only"], "1", "client; exit 7", 0),
        (&["--judge-only"], "wrong", "client; exit 7", 1),
        (&["--id", "REQ-08"], "1", "client", 0),
    ] {
        let (code, _, said) = run(arguments, does, line);
        assert_eq!(code, expected, "{arguments:?} {does} {line}: {said}");
    }
}

/// What the client did wrong is told with the request that shows it, and no secret.
#[test]
fn a_finding_says_what_was_seen_and_what_to_do() {
    let (_, _, said) = run(&[], "wrong", "client");
    for part in [
        "FAIL         CLI-29  ",
        "POST /realms/copiloteu/protocol/openid-connect/token -> 401",
        "  mend      ",
        "  more      locum explain CLI-29\n",
        "not exercised: do this to see them\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// The journal has no verifier, but its length.
#[test]
fn a_code_login_is_judged_though_its_verifier_is_kept_secret() {
    for (how, expected) in [
        ("soundly", "PASS"),
        ("without a state", "WARN"),
        ("with a short verifier", "WARN"),
    ] {
        let folder = folder(&format!("watch-code-{}", how.replace(' ', "-")));
        let path = folder.to_str().expect("a path in UTF-8");
        let arguments = ["--report", path, "--id", "TOK-27"];
        let output = watch(&arguments, &format!("a code {how}"), "client").output();
        let (_, results) = read_results(&folder, &output.expect("it runs"));
        let words = ["PASS", "WARN", "FAIL", "INCONCLUSIVE", "N/A"];
        let seen = rows(&results, &words);
        assert_eq!(seen, [format!("TOK-27@corti {expected}")], "{how}");
        let saved = std::fs::read_to_string(folder.join("events.ndjson")).expect("it is written");
        assert!(!saved.contains(&VERIFIER[1..]), "{how}");
    }
}

/// Two lines hold secrets, on two streams; neither the report nor the terminal holds one.
#[test]
fn secrets_in_the_output_are_found_and_not_repeated() {
    let folder = folder("watch-prints");
    let path = folder.to_str().expect("a path in UTF-8");
    let arguments = ["--report", path, "--id", "LOG-01"];
    let output = watch(&arguments, "prints", "client")
        .output()
        .expect("it runs");
    let (code, results) = read_results(&folder, &output);
    assert_eq!(code, 1, "{results}");
    assert_eq!(rows(&results, &["FAIL"]), ["LOG-01@corti FAIL"]);
    let said = String::from_utf8_lossy(&output.stderr);
    // What the client printed passes through; what locum says of it begins with the vendor.
    let (_, report) = said.split_once("\nCorti").expect("a report");
    assert!(
        report.contains("stdout: the token is «access token 1 of "),
        "{report}"
    );
    assert!(report.contains("stderr: form: grant_type="), "{report}");
    let printed = String::from_utf8_lossy(&output.stdout);
    let token = printed
        .lines()
        .find_map(|line| line.strip_prefix("the token is "));
    let token = token.expect("it is printed");
    let saved = std::fs::read_to_string(folder.join("events.ndjson")).expect("it is written");
    for text in [report, &saved, &results.to_string()] {
        assert!(!text.contains(token));
    }
}

/// Silence was green.
#[test]
fn a_command_that_sends_nothing_is_not_conformant() {
    let (code, _, said) = run(&[], "1", "true");
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("no request arrived at corti"), "{said}");
}

#[test]
fn a_command_that_cannot_be_started_is_told_by_name() {
    let output = command(&["watch", "corti", "--", "no-such-program"]);
    let output = { output }.output().expect("it runs");
    assert_eq!(output.status.code(), Some(4));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot start `no-such-program`"), "{said}");
}

#[test]
fn variables_of_several_vendors_have_their_names_in_them() {
    let mut command = command(&["watch", "corti", "pattern", "--", "env"]);
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("LOCUM_VENDOR=corti,pattern\n"), "{said}");
    assert!(
        said.contains("LOCUM_PATTERN_TOKEN_URL=http://127.0.0.1:"),
        "{said}"
    );
    assert!(!said.contains("\nLOCUM_TOKEN_URL="), "{said}");
    assert!(!said.contains("AWS_ENDPOINT_URL"), "{said}");
}

#[test]
fn over_tls_addresses_are_https_and_the_authoritys_file_is_removed() {
    let line = "cat \"$LOCUM_CA_FILE\"; echo \"$LOCUM_CA_FILE $LOCUM_TOKEN_URL $SSL_CERT_FILE\"";
    let (_, said, _) = run(&["--tls", "--well-known-env"], "1", line);
    assert!(said.starts_with("-----BEGIN CERTIFICATE-----"), "{said}");
    let last = said.lines().last().expect("a line");
    let [file, url, known] = last.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{last}");
    };
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert_eq!(file, known);
    assert!(!PathBuf::from(file).exists(), "{file}");
}

#[cfg(unix)]
#[test]
fn a_signal_reaches_the_command_and_its_answer_counts() {
    let line = "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.01; done";
    let mut child = watch(&[], "1", line)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut ready = String::new();
    output.read_line(&mut ready).expect("a line");
    assert_eq!(ready, "ready\n");
    let kill = format!("kill -TERM {}", child.id());
    let sent = Command::new("sh").args(["-c", &kill]).status();
    assert!(sent.expect("a shell").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(9));
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "caught\n");
}

/// The mocks live as long as what the command started, even when the command does not.
#[cfg(unix)]
#[test]
fn children_that_outlive_the_command_are_served_and_judged() {
    let (code, said, report) = run(&[], "1", "client & exit 0");
    assert!(said.contains("the client is done"), "{said}");
    assert_eq!(code, 0, "{report}");
}

#[cfg(unix)]
#[test]
fn nothing_is_left_behind() {
    let line = "trap '' TERM; sleep 600 & echo $!";
    let (_, said, report) = run(&["--grace", "0"], "1", line);
    assert!(report.contains("left processes behind"), "{report}");
    let id = said.trim();
    // A zombie that nobody reaps has no command line.
    let alive = format!("test -n \"$(tr -d '\\0' </proc/{id}/cmdline 2>/dev/null)\"");
    let alive = Command::new("sh").args(["-c", &alive]).status();
    assert!(!alive.expect("a shell").success(), "{id} is alive");
}

/// A running server is asked for the same from outside.
#[test]
fn a_running_server_gives_variables_and_verdicts() {
    let served = Served::start(&["corti"]);
    let url = format!("http://{}", served.address);
    let mut printed = command(&["env", "corti", "--url", &url, "--format", "json"]);
    let variables: Value =
        serde_json::from_slice(&printed.output().expect("it runs").stdout).expect("JSON");
    let stage = format!("{url}/_locum/stages/default");
    assert_eq!(variables["LOCUM_CONTROL_URL"], stage);
    let verdicts = || {
        let output = command(&["verdicts", "--url", &stage]).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), said)
    };
    let (code, said) = verdicts();
    assert_eq!(code, Some(6), "{said}");
    let me = std::env::current_exe().expect("it has a path");
    let mut client = Command::new(me);
    client.args(["--exact", "watch::a_client"]).env(CLIENT, "2");
    for (name, value) in variables.as_object().expect("an object") {
        client.env(name, value.as_str().expect("text"));
    }
    assert!(client.output().expect("it runs").status.success());
    let (code, said) = verdicts();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("REQ shape of requests 6 of 6"), "{said}");
}
