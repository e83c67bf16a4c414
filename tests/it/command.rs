//! Bad input on the command line: one clear line, a hint, the documented exit code.

use super::locum;

/// The exit code, and what stands on standard error.
fn check(arguments: &[&str], code: i32, said: &[&str]) {
    let output = locum(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
    for part in said {
        assert!(
            error.contains(part),
            "{arguments:?}: `{part}` is not in {error}"
        );
    }
    assert!(!error.contains("panicked"), "{error}");
}

#[test]
fn unknown_words_are_answered_with_the_nearest_known_one() {
    check(
        &["serve", "patern"],
        2,
        &["unknown vendor `patern`", "did you mean `pattern`?"],
    );
    check(
        &["check", "patern"],
        2,
        &["unknown vendor `patern`", "did you mean `pattern`?"],
    );
    check(
        &["check", "pattern", "--twin", "any-secrets"],
        2,
        &["no twin called `any-secrets`", "any-secret"],
    );
    check(
        &["explain", "VEN-999"],
        2,
        &["no requirement called `VEN-999`", "hint"],
    );
    check(&["sevre"], 2, &["serve"]);
    check(&["serve", "--prot", "1"], 2, &["--port"]);
}

#[test]
fn a_public_url_that_no_client_can_use_is_refused() {
    for url in ["https://x:99999", "https://x/../..", "https://x/a%0d%0ab"] {
        check(
            &["serve", "--public-url", url],
            2,
            &[url, "1 to 65535", "control characters"],
        );
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    check(
        &["serve", "nothing-here.toml"],
        2,
        &["cannot read nothing-here.toml", "hint"],
    );
    let path = super::folder("profiles").join("bad.toml");
    std::fs::write(&path, "vendor = \"x\"\ntitel = \"X\"\n").expect("it is written");
    check(
        &["serve", path.to_str().expect("UTF-8")],
        2,
        &["bad.toml:2", "titel", "did you mean `title`?"],
    );
    std::fs::write(&path, b"vendor = \"\xe9\"\n").expect("it is written");
    check(
        &["serve", path.to_str().expect("UTF-8")],
        2,
        &["cannot read", "bad.toml", "save it as UTF-8"],
    );
    let deep = format!("{}a = 1\n", "a.".repeat(100_000));
    std::fs::write(&path, deep).expect("it is written");
    check(
        &["serve", path.to_str().expect("UTF-8")],
        2,
        &["bad.toml:1", "recursion limit", "nest fewer tables"],
    );
}

#[test]
fn a_server_that_is_not_there_is_told_with_the_systems_own_words() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    check(
        &["env", "--url", &url],
        4,
        &[&url, "refused", "locum serve"],
    );
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    check(
        &["serve", "--port", &port],
        4,
        &["cannot listen on", "--port"],
    );
}

#[test]
fn an_endpoint_that_is_not_there_is_unreachable() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let output = super::command(&["check", "pattern", "--url", &url])
        .envs(super::ACCOUNT)
        .output();
    assert_eq!(output.expect("it runs").status.code(), Some(4));
    check(&["check", "pattern", "--url", "ftp://x"], 2, &["ftp://x"]);
    check(&["check", "--url", &url], 2, &["one vendor", "hint"]);
}

#[test]
fn nothing_selected_is_never_green() {
    check(
        &["check", "pattern", "--id", "VEN-999"],
        2,
        &["no requirement called `VEN-999`", "hint"],
    );
    // A requirement of another vendor.
    check(
        &["check", "pattern", "--id", "SIG-01"],
        6,
        &["nothing selected"],
    );
}

#[test]
fn an_expression_selects_what_it_says_or_is_refused() {
    check(
        &["check", "pattern", "-k", "must and patern"],
        2,
        &["`patern` selects nothing", "did you mean `pattern`?"],
    );
    check(&["check", "pattern", "-k", "(must"], 2, &["has no `)`"]);
    check(
        &["check", "pattern", "--shard", "3/2"],
        2,
        &["--shard", "1/2", "2/2"],
    );
    check(
        &["list", "-k", "(must"],
        2,
        &["-k '(must'", "has no `)`", "hint"],
    );
    check(
        &["check", "pattern", "-k", "ven-26 and should"],
        6,
        &["nothing selected", "ven-26 and should"],
    );
    check(
        &["check", "pattern", "-k", "ret-02"],
        6,
        &["nothing selected", "locum drive pattern -k ret-02 --"],
    );
    check(
        &["drive", "pattern", "--reference", "-k", "ven-26"],
        6,
        &["nothing selected", "locum check pattern -k ven-26"],
    );
    check(
        &["drive", "pattern", "--reference", "-k", "tok-18"],
        6,
        &["nothing selected", "it is for athelas: locum drive athelas"],
    );
    let listed = |expression: &str| {
        let output = locum(&["list", "pattern", "-k", expression]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let ids = text.lines().filter_map(|line| line.split(' ').next());
        ids.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed("VEN-26 or ven-16"), ["VEN-16", "VEN-26"]);
    assert!(
        listed("rev and must")
            .iter()
            .all(|id| id.starts_with("REV-"))
    );
    let halves = listed("shard:1/2").len() + listed("shard:2/2").len();
    assert_eq!(halves, listed("must or should or may").len());
}

#[test]
fn a_row_says_what_it_needs_and_what_unlocks_it() {
    let output = locum(&["explain", "TOK-28"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in [
        "LOCUM_SECOND_CLIENT_ID and LOCUM_SECOND_CLIENT_SECRET",
        "https://www.rfc-editor.org/rfc/rfc6749#section-",
        "needs\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = locum(&["list", "pattern", "--json", "-k", "TOK-28"]);
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a row");
    assert_eq!(row["variables"][0][0], "LOCUM_SECOND_CLIENT_ID");
    assert!(row["needs"].as_array().is_some_and(|rows| !rows.is_empty()));
}

/// What is missing for a real endpoint is the user's to give, never our fault.
#[test]
fn missing_variables_are_listed_with_their_meaning() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    check(
        &["check", "pattern", "--url", &url],
        2,
        &[
            "pattern cannot be judged without LOCUM_CLIENT_ID, LOCUM_CLIENT_SECRET, LOCUM_GROUP_ID",
            "required",
            "secret of the client",
            "LOCUM_SECOND_CLIENT_ID",
        ],
    );
    check(
        &["check", "scribe", "--url", &url],
        2,
        &[
            "LOCUM_IDENTITY_POOL_ID",
            "LOCUM_TEMP_PASSWORD",
            "LOCUM_COGNITO_URL",
        ],
    );
    let output = locum(&["check", "corti", "--help-env"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(text.contains("LOCUM_TENANT") && text.contains("LOCUM_SECOND_TENANT"));
}

#[test]
fn a_switch_in_the_environment_is_a_word_for_yes_or_no() {
    let listed = |value: &str| {
        let mut command = super::command(&["list", "pattern"]);
        command.env("LOCUM_JSON", value).output().expect("it runs")
    };
    let plain = listed("0").stdout;
    assert!(listed("1").stdout.starts_with(b"{"));
    assert_eq!(listed("yes").stdout, listed("true").stdout);
    assert!(!plain.is_empty() && !plain.starts_with(b"{"));
    assert_eq!(listed("off").stdout, plain);
    for (arguments, variable) in [
        (["list", "pattern"], "LOCUM_JSON"),
        (["check", "pattern"], "LOCUM_STRICT"),
        (["serve", "pattern"], "LOCUM_QUIET"),
    ] {
        let output = super::command(&arguments).env(variable, "2").output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(variable), "{error}");
    }
}
