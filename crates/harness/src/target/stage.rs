//! A client of the control API, for one stage.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use locum_core::credential::CredentialStyle;
use locum_core::{Entry, EntryId, Filter, Handshake, Secret, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::target::Target;

/// Where the control API answers, and the token it asks for when it is not on loopback.
#[derive(Clone, Debug)]
pub struct ControlClient {
    base: String,
    token: Option<Secret>,
    http: reqwest::Client,
}

impl ControlClient {
    /// The control API of the mocks at `base`, such as `http://127.0.0.1:4700`.
    pub fn new(base: &str, token: Option<Secret>) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| Error::Control(caused(error)))?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            token,
            http,
        })
    }

    /// Whether it answers at all.
    pub async fn is_up(&self) -> Result<(), Error> {
        self.call(Method::GET, "/health", &Value::Null)
            .await
            .map(drop)
    }

    /// The answer of a call that only reads.
    pub async fn get(&self, path: &str) -> Result<Value, Error> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// The answer of a call with a body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.call(Method::POST, path, body).await
    }

    /// One call; the answer is JSON, or nothing.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Error> {
        let bytes = self.bytes(method, path, body).await?;
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The answer of a call as it came, which may be no JSON.
    pub async fn text(&self, method: &str, path: &str, body: &Value) -> Result<String, Error> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Error::Control(format!("`{method}` is no method")))?;
        let bytes = self.bytes(method, path, body).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn bytes(&self, method: Method, path: &str, body: &Value) -> Result<Bytes, Error> {
        let url = format!("{}/_locum{path}", self.base);
        let mut request = self.http.request(method.clone(), url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if !body.is_null() {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let lost = |error| Error::Control(caused(error));
        let reply = request.send().await.map_err(lost)?;
        let status = reply.status();
        let bytes = reply.bytes().await.map_err(lost)?;
        if status.is_success() {
            return Ok(bytes);
        }
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let said = ["error", "hint"].map(|name| answer[name].as_str().unwrap_or_default());
        let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
        Err(Error::Refused {
            call: format!("{method} {path}"),
            status: status.as_u16(),
            message: said.join("; "),
        })
    }
}

/// What went wrong, with the system's own words for why. The address is left out: who asks knows it.
fn caused(error: reqwest::Error) -> String {
    let error = error.without_url();
    let first: &dyn std::error::Error = &error;
    let causes = std::iter::successors(first.source(), |cause| cause.source());
    match causes.last() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What a new stage is to be.
#[derive(Clone, Debug, Default)]
pub struct StageSpec {
    /// Its name; one is made up when it is empty.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Settings that differ from the default, by `vendor.name`.
    pub settings: Map<String, Value>,
    /// Whether its clock runs, as a client under test's does; it stands still otherwise.
    pub running: bool,
    /// What its credentials look like.
    pub credentials: CredentialStyle,
}

#[derive(Deserialize)]
struct Document {
    name: String,
    clock: Dial,
    vendors: BTreeMap<String, Target>,
}

#[derive(Deserialize)]
struct Dial {
    now: Timestamp,
}

/// One isolated world of the mocks, made for one scenario.
#[derive(Clone, Debug)]
pub struct StageClient {
    control: ControlClient,
    name: String,
    /// What its clock showed when it was made.
    pub began: Timestamp,
    vendors: BTreeMap<String, Target>,
}

impl StageClient {
    /// Makes a stage whose vendors have ports of their own.
    pub async fn make(control: &ControlClient, spec: &StageSpec) -> Result<Self, Error> {
        let mut body = json!({
            "seed": spec.seed,
            "listen": true,
            "clock": {"mode": if spec.running { "running" } else { "frozen" }},
            "settings": spec.settings,
            "credentials": spec.credentials,
        });
        if !spec.name.is_empty() {
            body["name"] = spec.name.as_str().into();
        }
        let answer = control.call(Method::POST, "/stages", &body).await?;
        let document: Document = serde_json::from_value(answer)
            .map_err(|error| Error::Control(format!("its stage document: {error}")))?;
        Ok(Self {
            control: control.clone(),
            name: document.name,
            began: document.clock.now,
            vendors: document.vendors,
        })
    }

    /// Makes another stage of the same mocks.
    pub async fn beside(&self, spec: &StageSpec) -> Result<Self, Error> {
        Self::make(&self.control, spec).await
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where `vendor` answers on this stage.
    pub fn target(&self, vendor: &str) -> Result<Target, Error> {
        self.vendors
            .get(vendor)
            .cloned()
            .ok_or_else(|| Error::Control(format!("its stages have no vendor `{vendor}`")))
    }

    /// The same with addresses over TLS.
    ///
    /// # Errors
    /// When the mocks do not speak it.
    pub fn target_over_tls(&self, vendor: &str) -> Result<Target, Error> {
        let mut target = self.target(vendor)?;
        if target.tls_urls.is_empty() {
            return Err(Error::Control("its stages do not speak TLS".to_owned()));
        }
        target.urls.clone_from(&target.tls_urls);
        Ok(target)
    }

    /// Lets the ports of the stage do with handshakes what `plan` says.
    pub async fn shake_hands(&self, plan: &Value) -> Result<(), Error> {
        let put = self.ask(Method::PUT, "/handshakes", plan).await;
        put.map(drop)
    }

    /// What became of the attempts to speak TLS with the ports of the stage.
    pub async fn handshakes(&self) -> Result<Vec<Handshake>, Error> {
        let mut answer = self.ask(Method::GET, "/handshakes", &Value::Null).await?;
        serde_json::from_value(answer["handshakes"].take())
            .map_err(|error| Error::Control(format!("its handshakes: {error}")))
    }

    /// The certificate of the authority that clients are to trust, in PEM.
    pub async fn authority_pem(&self) -> Result<String, Error> {
        let pem = self.control.bytes(Method::GET, "/ca.pem", &Value::Null);
        String::from_utf8(pem.await?.into())
            .map_err(|_| Error::Control("its authority is not text".to_owned()))
    }

    /// The root of `vendor` on this stage at the port that all stages share.
    pub fn shared_url(&self, vendor: &str) -> String {
        format!("{}/s/{}/{vendor}", self.control.base, self.name)
    }

    /// What its clock shows.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        let answer = self.ask(Method::GET, "/clock", &Value::Null).await?;
        let dial: Dial = serde_json::from_value(answer)
            .map_err(|error| Error::Control(format!("its clock: {error}")))?;
        Ok(dial.now)
    }

    /// Lets `seconds` pass; negative ones step back.
    pub async fn advance(&self, seconds: f64) -> Result<(), Error> {
        self.post("/clock", &json!({"advance_s": number(seconds)}))
            .await
    }

    /// Changes settings, by `vendor.name`.
    pub async fn set(&self, settings: &Map<String, Value>) -> Result<(), Error> {
        let body = Value::Object(settings.clone());
        self.ask(Method::PATCH, "/settings", &body).await.map(drop)
    }

    /// Puts a fault in the way: `match`, `when` and `then` as the control API takes them. Returns
    /// the fault as the stage holds it, with its id.
    pub async fn inject(&self, fault: &Value) -> Result<Value, Error> {
        self.ask(Method::POST, "/faults", fault).await
    }

    /// Changes the signing key; the one before is taken for `grace_s` seconds more.
    pub async fn rotate_keys(&self, vendor: &str, grace_s: u64) -> Result<(), Error> {
        let body = json!({"vendor": vendor, "grace_s": grace_s});
        self.post("/keys/rotate", &body).await
    }

    /// Has a token minted; its value.
    ///
    /// # Errors
    /// When the vendor mints no such token.
    pub async fn mint_token(&self, wanted: &Value) -> Result<String, Error> {
        let answer = self.ask(Method::POST, "/tokens", wanted).await?;
        let value = answer["value"].as_str().map(str::to_owned);
        value.ok_or_else(|| Error::Control("a minted token has no value".to_owned()))
    }

    /// Takes all faults away.
    pub async fn clear_faults(&self) -> Result<(), Error> {
        self.ask(Method::DELETE, "/faults", &Value::Null)
            .await
            .map(drop)
    }

    /// Opens a barrier.
    pub async fn open_barrier(&self, name: &str) -> Result<(), Error> {
        self.post(&format!("/barriers/{name}/open"), &Value::Null)
            .await
    }

    /// Ends the tokens that `selector` names.
    pub async fn expire_tokens(&self, selector: &Value) -> Result<(), Error> {
        self.post("/tokens/expire", selector).await
    }

    /// Revokes the tokens that `selector` names.
    pub async fn revoke_tokens(&self, selector: &Value) -> Result<(), Error> {
        self.post("/tokens/revoke", selector).await
    }

    /// Changes accounts in the running stage.
    pub async fn change_principals(&self, change: &Value) -> Result<(), Error> {
        self.ask(Method::PATCH, "/principals", change)
            .await
            .map(drop)
    }

    /// Turns this stage into an evil twin.
    pub async fn twin(&self, name: &str) -> Result<(), Error> {
        self.ask(Method::PUT, "/twin", &json!({"name": name}))
            .await
            .map(drop)
    }

    /// The journal's entries of `vendor` after `after`.
    pub async fn journal(&self, vendor: &str, after: EntryId) -> Result<Vec<Entry>, Error> {
        let filter = Filter {
            after: Some(after),
            vendor: Some(vendor.to_owned()),
            ..Filter::default()
        };
        let body = serde_json::to_value(filter).map_err(|error| Error::Step(error.to_string()))?;
        let body = without_nulls(body);
        let answer = self.ask(Method::POST, "/journal/find", &body).await?;
        let list = match answer {
            Value::Object(mut members) => members.remove("entries").unwrap_or_default(),
            list => list,
        };
        serde_json::from_value(list)
            .map_err(|error| Error::Control(format!("its journal: {error}")))
    }

    /// Ends the stage.
    pub async fn end(self) -> Result<(), Error> {
        self.ask(Method::DELETE, "", &Value::Null).await.map(drop)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<(), Error> {
        self.ask(Method::POST, path, body).await.map(drop)
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Error> {
        let path = format!("/stages/{}{path}", self.name);
        self.control.call(method, &path, body).await
    }
}

/// A whole number of seconds is written as one.
#[expect(clippy::cast_possible_truncation, reason = "whole and small")]
fn number(seconds: f64) -> Value {
    if seconds.fract() == 0.0 && seconds.abs() < 1e12 {
        Value::from(seconds as i64)
    } else {
        Value::from(seconds)
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        other => other,
    }
}
