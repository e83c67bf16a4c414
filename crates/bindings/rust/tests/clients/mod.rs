//! Clients such as a user of the crate tests: one for Pattern Health, one for Corti.
// Each file of tests is a program of its own, and uses its own part; a foreign client has a clock.
#![allow(dead_code, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use base64::Engine as _;
use locum_testing::Locum;
use serde_json::Value;

/// Status and body; a reply that is no JSON is null.
fn send(mut request: ureq::http::request::Builder, url: &str, form: Option<&str>) -> (u16, Value) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build();
    request = request.uri(url).header("Accept", "application/json");
    if form.is_some() {
        request = request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method("POST");
    }
    let request = request
        .body(form.unwrap_or_default().to_owned())
        .expect("a request");
    let mut reply = ureq::Agent::from(agent).run(request).expect("a reply");
    (
        reply.status().as_u16(),
        reply.body_mut().read_json().unwrap_or_default(),
    )
}

fn bearer(token: &str) -> ureq::http::request::Builder {
    ureq::http::Request::builder().header("Authorization", format!("Bearer {token}"))
}

/// Keeps its token until shortly before its milliseconds run out, and replaces one that is refused.
pub struct Pattern {
    token_url: String,
    members_url: String,
    basic: String,
    held: Option<(String, Instant)>,
    pub logins: usize,
}

impl Pattern {
    pub fn new(locum: &Locum) -> Self {
        let (account, group) = (locum.credentials(), &locum.env()["LOCUM_GROUP_ID"]);
        let pair = format!("{}:{}", account["client_id"], account["client_secret"]);
        Self {
            token_url: locum.url("token").to_owned(),
            members_url: format!("{}/api/v1/groups/{group}/members", locum.url("api")),
            basic: format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair)),
            held: None,
            logins: 0,
        }
    }

    pub fn login(&mut self) -> Result<String, u16> {
        self.logins += 1;
        let request = ureq::http::Request::builder().header("Authorization", &self.basic);
        let (status, reply) = send(
            request,
            &self.token_url,
            Some("grant_type=client_credentials"),
        );
        let token = reply["access_token"].as_str().ok_or(status)?.to_owned();
        let lifetime = Duration::from_millis(reply["expires_in"].as_u64().unwrap_or_default());
        let ends = Instant::now() + lifetime.saturating_sub(Duration::from_secs(30));
        self.held = Some((token.clone(), ends));
        Ok(token)
    }

    /// The status of an API call, or of the login that failed.
    pub fn members(&mut self) -> Result<u16, u16> {
        let held = self.held.clone().filter(|(_, ends)| Instant::now() < *ends);
        let token = held.map_or_else(|| self.login(), |(token, _)| Ok(token))?;
        let status = send(bearer(&token), &self.members_url, None).0;
        if status != 401 {
            return Ok(status);
        }
        let token = self.login()?;
        Ok(send(bearer(&token), &self.members_url, None).0)
    }
}

/// Logs in at Corti and calls once; without a tenant it forgets to say whose data it wants.
pub fn interactions(locum: &Locum, tenant: Option<&str>) -> u16 {
    let account = locum.credentials();
    let (id, secret) = (&account["client_id"], &account["client_secret"]);
    let form =
        format!("grant_type=client_credentials&scope=openid&client_id={id}&client_secret={secret}");
    let reply = send(
        ureq::http::Request::builder(),
        locum.url("token"),
        Some(&form),
    )
    .1;
    let mut request = bearer(reply["access_token"].as_str().unwrap_or_default());
    if let Some(tenant) = tenant {
        request = request.header("Tenant-Name", tenant);
    }
    send(
        request,
        &format!("{}/interactions/", locum.url("api")),
        None,
    )
    .0
}
