//! What holds for each vendor, seen over the wire and the control API.

mod minting;
mod reasons;
mod rotation;

use locum_server::Vendor;
use locum_testkit::{Answer, TestServer, http};
use serde_json::Value;

/// Where the API of a vendor is asked for something that a live token may read.
struct Api {
    /// The request line.
    line: String,
    /// The header lines, `TOKEN` in place of the token.
    headers: &'static str,
}

impl Api {
    async fn show(&self, server: &TestServer, token: &str) -> Answer {
        let headers = self.headers.replace("TOKEN", token);
        server.request(&self.line, &headers, "").await
    }
}

fn athelas() -> Api {
    Api {
        line: "GET /v1/ambient/api/scribe/12345".to_owned(),
        headers: "Authorization: Bearer TOKEN\r\n",
    }
}

fn corti() -> Api {
    Api {
        line: "GET /v2/interactions/".to_owned(),
        headers: "Authorization: Bearer TOKEN\r\nTenant-Name: copiloteu\r\n",
    }
}

fn pattern(server: &TestServer) -> Api {
    let group = server.document().params["group"].clone();
    Api {
        line: format!(
            "GET /api/v1/groups/{}/members",
            group.as_str().expect("text")
        ),
        headers: "Authorization: Bearer TOKEN\r\n",
    }
}

fn scribe() -> Api {
    Api {
        line: "GET /v2/tasks".to_owned(),
        headers: "Authorization: TOKEN\r\n",
    }
}

async fn start(vendor: impl Vendor) -> TestServer {
    TestServer::start(vendor).await
}

/// A call of the control API on the server's stage: `line` is method and path below the stage.
async fn control(server: &TestServer, line: &str, body: &Value) -> Answer {
    let line = line.replacen(' ', " /_locum/stages/test", 1);
    let address = server.running.stages.address.to_string();
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let bytes = http::request(&address, &line, "", body.as_bytes());
    http::send(&address, &bytes).await
}

/// The denial of the last exchange, whole.
async fn last_denial(server: &TestServer) -> Value {
    let journal = control(server, "GET /journal?outcome=denied", &Value::Null).await;
    let entries = journal.json()["entries"].clone();
    let last = entries.as_array().and_then(|entries| entries.last());
    last.map_or(Value::Null, |entry| entry["denial"].clone())
}
