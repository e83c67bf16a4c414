//! Every refusal has a look and says why.

use locum_core::Outcome;

use super::*;

#[test]
fn every_built_in_refusal_is_read_and_has_one_family() {
    let denials = crate::generic::profile::denials();
    for (name, template) in &denials {
        if let Some(head) = &template.inherits {
            assert!(
                denials[head].inherits.is_none(),
                "{name} inherits from {head}"
            );
        }
    }
}

/// The code raises no reason that the table lacks, and the table has none that nobody raises.
#[tokio::test]
async fn the_table_and_the_code_name_the_same_reasons() {
    let server = start(LOGIN).await;
    let mock = server.mock();
    let profile = mock.profile();
    let mut raised = std::collections::BTreeSet::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("generic");
    for file in std::fs::read_dir(&root)
        .into_iter()
        .chain(std::fs::read_dir(root.join("grant")))
        .flatten()
    {
        let path = file.expect("an entry").path();
        if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in text.split("DenialKind::").skip(1) {
                let part = part.trim_start_matches(|one: char| one.is_ascii_alphanumeric());
                if let Some(reason) = part
                    .strip_prefix(", \"")
                    .and_then(|rest| rest.split('"').next())
                {
                    raised.insert(reason.to_owned());
                }
            }
        }
    }
    assert!(raised.len() > 30, "{raised:?}");
    for reason in &raised {
        assert!(profile.knows_reason(reason), "{reason}");
    }
    let heads = ["default", "invalid_client", "invalid_token"];
    let shared = locum_core::denial::SHARED_REASONS;
    for name in profile.denials.keys() {
        let known = heads.contains(&name.as_str())
            || raised.contains(name)
            || shared.contains(&name.as_str());
        assert!(
            known
                || matches!(
                    name.as_str(),
                    "wrong_method" | "not_found" | "body_too_large" | "body_too_slow"
                ),
            "nobody raises {name}"
        );
    }
}

/// A walk through the refusals of the login example: each journal entry has reason, expected, got,
/// and no secret.
#[tokio::test]
async fn each_refusal_says_what_was_expected_and_what_came() {
    let server = start(LOGIN).await;
    let secret = secret(&server, "web");
    let good = post(
        &server,
        "/oauth2/token",
        "service",
        "grant_type=client_credentials",
    )
    .await;
    let token = member(&good, "access_token");
    let with = |rest: &str| format!("client_id=web&client_secret={secret}&{rest}");
    for body in [
        String::new(),
        "grant_type=client_credentials".to_owned(),
        "grant_type=client_credentials&client_id=web&client_secret=wrong".to_owned(),
        "grant_type=client_credentials&client_id=nobody&client_secret=wrong".to_owned(),
        with("grant_type=locum"),
        with("grant_type=client_credentials&scope=admin"),
        with("grant_type=authorization_code&code=x"),
        with("grant_type=authorization_code&code=x&redirect_uri=http://h/"),
        with("grant_type=refresh_token&refresh_token=x"),
        with(&format!("grant_type=refresh_token&refresh_token={token}")),
        with("grant_type=a&grant_type=b"),
    ] {
        post_plain(&server, "/oauth2/token", &body).await;
    }
    server.request("POST /oauth2/token", "", "x").await;
    for path in [
        "/api/notes/1",
        "/oauth2/userinfo",
        "/oauth2/authorize",
        "/oauth2/authorize?client_id=web&redirect_uri=x",
    ] {
        server.request(&format!("GET {path}"), "", "").await;
        get(&server, path, "wrong").await;
    }
    let header = format!("Authorization: Bearer {token}\r\n");
    server.request("PUT /api/notes/1", &header, "").await;
    let entries = server.stage.find(&locum_core::Filter::default());
    let denied: Vec<_> = entries
        .iter()
        .filter(|entry| entry.outcome == Some(Outcome::Denied))
        .collect();
    assert!(denied.len() >= 20, "{}", denied.len());
    for entry in denied {
        let denial = entry.denial.as_ref().expect("a denial");
        let whole = denial.expected.is_some() && denial.got.is_some();
        let of_guard =
            ["no_token", "unknown_token", "malformed_bearer"].contains(&denial.reason.as_str());
        assert!(whole || of_guard, "{denial:?}");
        assert!(!format!("{denial:?}").contains(&secret), "{denial:?}");
    }
}
