//! A fifth vendor made of a TOML file alone.

use super::served::{Served, send};

const PROFILE: &str = r#"
vendor = "acme"
title = "Acme Health"
[urls]
token = "/oauth/token"
api = "/v1"
[endpoints.token]
methods = ["POST"]
path = "/oauth/token"
[endpoints.patients]
methods = ["GET"]
path = "/v1/patients"
[token]
grant = "client_credentials"
secret_in = "body"
expires_in = "seconds"
lifetime_s = 60
[denials.default]
status = 400
headers = { "content-type" = "application/json" }
body = '{"error":"invalid_request"}'
[denials.bad_secret]
status = 401
headers = { "content-type" = "application/json" }
body = '{"error":"invalid_client"}'
[denials.missing]
status = 401
[[principals.clients]]
client_id = "acme-client"
client_secret = "acme-secret"
"#;

#[test]
fn it_answers_a_token_request_and_guards_its_api() {
    let path = super::folder("file-vendor").join("acme.toml");
    std::fs::write(&path, PROFILE).expect("it is written");
    let served = Served::start(&[path.to_str().expect("UTF-8")]);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let login = |secret: &str| {
        let body =
            format!("grant_type=client_credentials&client_id=acme-client&client_secret={secret}");
        send(&served.address, "POST /acme/oauth/token", form, &body)
    };
    assert!(login("wrong").starts_with("HTTP/1.1 401"));
    let answer = login("acme-secret");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"expires_in\":60"),
        "{answer}"
    );
    let token = answer
        .split("\"access_token\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a token");
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert!(
        send(&served.address, "GET /acme/v1/patients", &bearer, "").starts_with("HTTP/1.1 200")
    );
    assert!(send(&served.address, "GET /acme/v1/patients", "", "").starts_with("HTTP/1.1 401"));
}

#[test]
fn all_that_a_profile_lacks_is_told_at_once() {
    let path = super::folder("broken-profile").join("broken.toml");
    let broken = PROFILE
        .replace("title = \"Acme Health\"\n", "")
        .replace("lifetime_s = 60\n", "")
        .replace("path = \"/v1/patients\"\n", "");
    std::fs::write(&path, broken).expect("it is written");
    let path = path.to_str().expect("UTF-8");
    let told = super::locum(&["serve", path]);
    assert_eq!(told.status.code(), Some(2));
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    for expected in [
        ":1: missing field: `title`",
        ":9: missing field in [endpoints.patients]: `path`",
        ":11: missing field in [token]: `lifetime_s`",
    ] {
        assert!(text.contains(&format!("{path}{expected}")), "{text}");
    }
}

/// An example of `mocks/examples`.
fn example(name: &str) -> String {
    let path = super::registry::root().join("mocks/examples").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

/// Judges by the command and its flags the file at `path`; returns the exit code and the rows.
fn judged(name: &str, path: &str, command: &[&str]) -> (i32, serde_json::Value) {
    let folder = super::folder(name);
    let report = folder.to_str().expect("UTF-8");
    let arguments = [command, &[path, "--seed", "7", "--report", report]].concat();
    let output = super::locum(&arguments);
    let text = std::fs::read_to_string(folder.join("results.json"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = text.unwrap_or_else(|_| panic!("no report: {said}"));
    let code = output.status.code().expect("it ends by itself");
    // The evidence and the file give the same again.
    let out = folder.join("again");
    let out = out.to_str().expect("UTF-8");
    let again = super::locum(&["report", "render", report, "--profile", path, "--out", out]);
    assert_eq!(again.status.code(), Some(code));
    let again = std::fs::read_to_string(folder.join("again/results.json")).expect("it is written");
    assert!(
        again == text,
        "{name} is judged otherwise from its evidence"
    );
    (code, serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn each_example_is_conformant() {
    for (file, command, at_least) in [
        ("machine-api.toml", &["check"][..], 13),
        ("login.toml", &["check"], 14),
        ("password-api.toml", &["check"], 9),
        ("machine-api.toml", &["drive", "--reference"], 8),
        ("login.toml", &["drive", "--reference"], 8),
    ] {
        let name = format!("{file}-{}", command[0]);
        let (code, results) = judged(&name, &example(file), command);
        let bad = super::rows(
            &results,
            &["FAIL", "ERROR", "HARNESS", "INCONCLUSIVE", "WARN"],
        );
        assert_eq!((code, bad), (0, Vec::new()), "{name}");
        let passed = super::rows(&results, &["PASS"]);
        assert!(passed.len() >= at_least, "{name}: {passed:?}");
    }
}

#[test]
fn each_twin_of_an_example_is_found_out() {
    for (twin, row) in [
        ("login/any-secret", "VEN-17@login FAIL"),
        ("login/never-expires", "VEN-09@login FAIL"),
        ("machine-api/token-ends-early", "BRR-26@machine-api FAIL"),
        ("login/anyone-revokes", "REV-07@login FAIL"),
        ("password-api/anyone-revokes", "REF-13@password-api FAIL"),
    ] {
        let vendor = twin.split('/').next().expect("a vendor");
        let name = twin.replace('/', "-");
        let (code, results) = judged(
            &name,
            &example(&format!("{vendor}.toml")),
            &["check", "--twin", twin],
        );
        let failed = super::rows(&results, &["FAIL"]);
        assert!(
            code == 1 && failed.iter().any(|one| one == row),
            "{twin}: {failed:?}"
        );
    }
}

#[test]
fn a_new_file_serves_at_once_and_is_never_overwritten() {
    let folder = super::folder("new-vendor");
    let path = folder.join("My Clinic.toml");
    let path = path.to_str().expect("UTF-8");
    let made = super::locum(&[
        "new",
        path,
        "--grant",
        "client_credentials,authorization_code,refresh_token",
    ]);
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert_eq!(made.status.code(), Some(0), "{said}");
    let served = Served::start(&[path]);
    let document = send(
        &served.address,
        "GET /my-clinic/.well-known/openid-configuration",
        "",
        "",
    );
    assert!(
        document.contains("/my-clinic/oauth/authorize"),
        "{document}"
    );
    let text = std::fs::read_to_string(path).expect("it is there");
    let again = super::locum(&["new", path]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(2));
    assert!(said.contains("is there already"), "{said}");
    assert!(said.contains("not overwritten"), "{said}");
    // What else there is to do names the file, as it was named.
    let quoted = format!("'{path}'");
    for (arguments, part) in [
        (
            vec!["drive", path, "--reference", "-k", "tok-18"],
            "its documented login is not by a user's password".to_owned(),
        ),
        (
            vec!["drive", path, "--reference", "-k", "ven-26"],
            format!("locum check {quoted} -k ven-26"),
        ),
        (
            vec!["drive", path, "--reference", "-k", "req-13"],
            "it is for corti: locum drive corti -k req-13".to_owned(),
        ),
    ] {
        let told = super::locum(&arguments);
        let said = [told.stdout, told.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(told.status.code(), Some(6), "{arguments:?}: {said}");
        assert!(said.contains(&part), "{said}");
    }
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), text);
    for (arguments, part) in [
        (vec!["new", "mine"], "does not end in .toml"),
        (
            vec!["new", "/no/such/folder/x.toml"],
            "name a file in a folder that exists",
        ),
        (
            vec!["new", "x.toml", "--grant", "refresh_token"],
            "gives no first token",
        ),
        (
            vec!["new", "x.toml", "--grant", "implicit"],
            "possible values",
        ),
    ] {
        let told = super::locum(&arguments);
        let said = String::from_utf8_lossy(&told.stderr).into_owned();
        assert_eq!(told.status.code(), Some(2), "{arguments:?}");
        assert!(said.contains(part), "{said}");
    }
}

/// The recipe of mocks/README.md, for each grant: the file that `new` writes is a vendor without a fault.
#[test]
fn a_vendor_by_the_recipe_is_conformant() {
    let folder = super::folder("recipe");
    for (grants, at_least, warned) in [
        ("client_credentials", 14, 0),
        ("password", 11, 0),
        ("password,refresh_token", 15, 0),
        // RFC 6749 section 4.4.3 advises against it, and the file says so.
        ("client_credentials,refresh_token", 13, 1),
        (
            "client_credentials,password,authorization_code,refresh_token",
            14,
            0,
        ),
    ] {
        let name = format!("{}.toml", grants.replace([',', '_'], "-"));
        let path = folder.join(&name);
        let path = path.to_str().expect("UTF-8");
        let made = super::locum(&["new", path, "--grant", grants]);
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        assert!(said.contains("locum check"), "{said}");
        let (code, results) = judged(&format!("recipe-{name}"), path, &["check"]);
        let bad = super::rows(&results, &["FAIL", "ERROR", "HARNESS", "INCONCLUSIVE"]);
        assert_eq!((code, bad), (0, Vec::new()), "{grants}");
        assert_eq!(super::rows(&results, &["WARN"]).len(), warned, "{grants}");
        let passed = super::rows(&results, &["PASS"]);
        assert!(passed.len() >= at_least, "{grants}: {passed:?}");
    }
    let path = folder.join("page.toml");
    let path = path.to_str().expect("UTF-8");
    let made = super::locum(&["new", path, "--grant", "authorization_code"]);
    let said = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(
        said.contains("locum serve") && !said.contains("locum check"),
        "{said}"
    );
    let told = super::locum(&["check", path]);
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(6));
    assert!(
        said.contains("fits this vendor") && said.contains("a person logs in there"),
        "{said}"
    );
}

#[test]
fn the_rows_that_it_is_judged_by_are_listed() {
    let path = super::folder("file-vendor-rows").join("acme.toml");
    std::fs::write(&path, PROFILE).expect("it is written");
    let arguments = ["list", path.to_str().expect("UTF-8")];
    let listed = super::command(&arguments).output().expect("it runs");
    let text = String::from_utf8(listed.stdout).expect("text");
    let ids: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let generic = |row: &&locum::core::Requirement| row.vendors.iter().any(|v| v == "generic");
    let rows = locum::harness::catalogue().rows().iter().filter(generic);
    let expected: Vec<&str> = rows.map(|row| row.id.0.as_str()).collect();
    let all = locum::harness::catalogue().rows().len();
    assert!((1..all).contains(&expected.len()), "{}", expected.len());
    assert_eq!(ids, expected);
}
