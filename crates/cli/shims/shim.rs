//! Lets locum drive a Rust client: locum drive pattern -- target/debug/shim
//! As src/bin/shim.rs, with `cargo add serde_json` and `cargo add reqwest --features blocking`.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufRead};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::Client as Http;
use reqwest::{Certificate, Method, redirect::Policy};
use serde_json::{Value, json};

// ---- your client here: use yours instead of this example, which is one for Pattern Health ----
struct Client {
    http: Http,
    config: Value,
    session: Mutex<Session>,
}

#[derive(Default)]
struct Session {
    token: Option<(String, Instant)>,
    fault: Option<(String, Instant)>,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

impl Client {
    fn new(config: Value) -> Outcome<Self> {
        // Follows no redirect: the token is for the vendor, not for another address.
        let mut http = Http::builder().timeout(Duration::from_secs(10)).redirect(Policy::none());
        if let Some(file) = config["ca_file"].as_str() {
            http = http.tls_certs_only([Certificate::from_pem(&std::fs::read(file)?)?]);
        }
        Ok(Self { http: http.build()?, config, session: Mutex::default() })
    }

    fn setting(&self, name: &str) -> &str {
        self.config[name].as_str().unwrap_or_default()
    }

    fn log_in(&self) -> Outcome<(String, Instant)> {
        let began = Instant::now();
        let request = self.http.post(self.setting("token_url"));
        let reply = request
            .basic_auth(self.setting("client_id"), Some(self.setting("client_secret")))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body("grant_type=client_credentials")
            .send()?;
        if reply.status() != 200 {
            return Err(format!("the token endpoint answered {}", reply.status()).into());
        }
        let found: Value = serde_json::from_str(&reply.text()?)?;
        let token = found["access_token"].as_str().unwrap_or_default();
        let bearer = found["token_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        if token.is_empty() || !bearer {
            return Err("the reply has no usable token".into());
        }
        // Pattern counts milliseconds.
        let life = found["expires_in"].as_f64().unwrap_or(3_600_000.0).clamp(0.0, 3_600_000.0);
        Ok((token.to_owned(), began + Duration::from_secs_f64(life / 1000.0)))
    }

    /// One login, however many callers wait for it.
    fn bearer(&self, refused: Option<&str>) -> Outcome<String> {
        let mut session = self.session.lock().map_err(|_| "a caller panicked")?;
        let held = session.token.clone().filter(|(token, _)| Some(token.as_str()) != refused);
        let lives = |margin| held.clone().filter(|(_, ends)| *ends > Instant::now() + Duration::from_secs(margin));
        if let Some((token, _)) = lives(60) {
            return Ok(token);
        }
        if session.fault.as_ref().is_none_or(|(_, until)| Instant::now() > *until) {
            match self.log_in() {
                Ok(fresh) => {
                    *session = Session { token: Some(fresh.clone()), fault: None };
                    return Ok(fresh.0);
                }
                Err(fault) => session.fault = Some((fault.to_string(), Instant::now() + Duration::from_secs(1))),
            }
        }
        // At worst one that is still good, though a new one could not be had.
        let fault = || session.fault.as_ref().map(|(fault, _)| fault.clone()).unwrap_or_default();
        lives(0).map(|(token, _)| token).ok_or_else(|| fault().into())
    }

    fn call(&self, request: &Value) -> Outcome<u16> {
        let token = self.bearer(None)?;
        match self.attempt(request, &token)? {
            401 => self.attempt(request, &self.bearer(Some(&token))?),
            status => Ok(status),
        }
    }

    fn attempt(&self, request: &Value, token: &str) -> Outcome<u16> {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let method = Method::from_bytes(text("method").as_bytes())?;
        let url = self.setting("api_url").to_owned() + &text("path");
        let headers: HashMap<String, String> = serde_json::from_value(request["headers"].clone()).unwrap_or_default();
        let sent = self.http.request(method, url).header("Content-Type", "application/json");
        let reply = sent.headers((&headers).try_into()?).bearer_auth(token).body(text("body")).send()?;
        let status = reply.status().as_u16();
        reply.bytes()?;
        Ok(status)
    }
}

// ---- the shim: requests on standard input, replies on standard output, logs on standard error ----
fn answer(id: &Value, outcome: Outcome<Value>) {
    // "auth", "network", "timeout", "tls" or "throttled", if you can tell
    let failed = |fault: Box<dyn Error>| json!({"ok": false, "error": "other", "message": fault.to_string()});
    let mut reply = outcome.unwrap_or_else(failed);
    reply["id"] = id.clone();
    println!("{reply}");
}

fn main() -> Outcome<()> {
    let mut clients = HashMap::new();
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let handle = request["client"].to_string();
        let outcome = match request["op"].as_str().unwrap_or_default() {
            "hello" => Ok(json!({"ok": true, "name": "example", "version": "1", "language": "rust",
                "proto": "locum/1", "ops": ["new", "call", "drop"], "caps": ["concurrency"]})),
            "new" => Client::new(request["config"].clone()).map(|client| {
                clients.insert(handle, Arc::new(client));
                json!({"ok": true})
            }),
            "call" => {
                let client: Option<Arc<Client>> = clients.get(&handle).cloned();
                thread::spawn(move || { // several at once
                    let status = client.ok_or("no such client".into()).and_then(|client| client.call(&request));
                    answer(&request["id"], status.map(|status| json!({"ok": true, "status": status})));
                });
                continue;
            }
            "drop" => Ok(json!({"ok": clients.remove(&handle).is_some()})),
            other => Ok(json!({"unsupported": other})),
        };
        answer(&request["id"], outcome);
    }
    Ok(())
}
