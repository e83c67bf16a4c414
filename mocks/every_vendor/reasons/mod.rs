//! Every refusal says why, for all vendors at once: reason, expected, got, and the difference where
//! it is one of the usual slips.

mod causes;
mod walk;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::{Denial, Filter, Outcome};
use locum_testkit::TestServer;
use locum_testkit::http;
use serde_json::{Value, json};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

/// All vendors on one stage, each at a port of its own.
struct Stage(TestServer);

impl Stage {
    async fn start() -> Self {
        Self(TestServer::start_among(crate::vendors(), 0).await)
    }

    fn document(&self, slug: &str) -> locum_server::Document {
        let vendor = self.0.running.stages.vendor(slug).expect("a vendor");
        vendor.document(&self.0.running.stages.mock(vendor, &self.0.stage))
    }

    /// A credential of the vendor's first principal.
    fn credential(&self, slug: &str, name: &str) -> String {
        let text = self.document(slug).credentials[name]
            .as_str()
            .map(str::to_owned);
        text.expect("text")
    }

    /// Changes the vendor's principals.
    fn change(&self, slug: &str, change: impl FnOnce(&mut Value)) {
        let mut principals = self.document(slug).principals;
        change(&mut principals);
        let vendor = self.0.running.stages.vendor(slug).expect("a vendor");
        let mock = self.0.running.stages.mock(vendor, &self.0.stage);
        vendor
            .change_principals(&mock, principals)
            .expect("principals");
    }

    async fn send(&self, slug: &str, line: &str, headers: &str, body: &str) -> http::Answer {
        let host = self.0.stage.address(slug).expect("it listens").to_string();
        http::send(&host, &http::request(&host, line, headers, body.as_bytes())).await
    }

    /// Sends a request that is refused; why it was.
    async fn refused(&self, slug: &str, line: &str, headers: &str, body: &str) -> Denial {
        let answer = self.send(slug, line, headers, body).await;
        let entry = self
            .0
            .stage
            .find(&Filter::default())
            .pop()
            .expect("an entry");
        entry.denial.clone().unwrap_or_else(|| {
            panic!(
                "{slug} {line}: {} {} is no refusal",
                answer.status,
                answer.text()
            )
        })
    }

    /// A call of Cognito.
    async fn cognito(&self, operation: &str, body: &Value) -> http::Answer {
        self.send("scribe", "POST /", &target(operation), &body.to_string())
            .await
    }

    async fn cognito_refused(&self, operation: &str, body: &Value) -> Denial {
        self.refused("scribe", "POST /", &target(operation), &body.to_string())
            .await
    }

    /// The tokens of a login of the scribe user.
    async fn login(&self) -> Value {
        let body = json!({
            "ClientId": self.credential("scribe", "client_id"),
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {
                "USERNAME": self.credential("scribe", "username"),
                "PASSWORD": self.credential("scribe", "password"),
            },
        });
        let answer = self.cognito("InitiateAuth", &body).await;
        answer.json()["AuthenticationResult"].clone()
    }
}

fn target(operation: &str) -> String {
    let service = "AWSCognitoIdentityProviderService";
    format!("Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {service}.{operation}\r\n")
}

fn basic(id: &str, secret: &str) -> String {
    let pair = STANDARD.encode(format!("{id}:{secret}"));
    format!("Authorization: Basic {pair}\r\n{FORM}")
}

fn text(value: Option<&String>) -> &str {
    value.map(String::as_str).unwrap_or_default()
}

/// Every entry that the stage refused so far.
fn refusals(stage: &Stage) -> usize {
    let denied = Filter {
        outcome: Some(Outcome::Denied),
        ..Filter::default()
    };
    stage.0.stage.find(&denied).len()
}
