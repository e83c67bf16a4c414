//! An answer on its way from the mock, and what changes it.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::listener;

/// What an answer is before it is sent on.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn is_grant(&self) -> bool {
        self.json()["access_token"].is_string()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn without(&mut self, name: &str) {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(super) fn member(&mut self, name: &str, value: Value) {
        let mut body = self.json();
        body[name] = value;
        self.body = body.to_string();
    }

    pub(super) fn change_to(&mut self, status: u16, body: &Value) {
        self.status = status;
        self.body = body.to_string();
        self.set("Content-Type", "application/json");
    }
}

/// Changes one answer; it is given the request as it came.
pub(super) type Defect = fn(&str, &mut Reply);

pub(super) fn is_login(request: &str) -> bool {
    request.contains("/token")
}

/// What a vendor that takes everything would say.
pub(super) fn token(reply: &mut Reply) {
    reply.change_to(
        200,
        &json!({"access_token": "made-up-0123456789", "token_type": "bearer", "expires_in": 3_600_000}),
    );
}

pub(super) fn refuse(reply: &mut Reply, status: u16) {
    reply.change_to(status, &json!({"error": "server_error"}));
}

/// Changes where a reply leads.
pub(super) fn change_location(reply: &mut Reply, change: impl Fn(&str) -> String) {
    let mut headers = reply.headers.iter_mut();
    if let Some((_, value)) = headers.find(|(name, _)| name.eq_ignore_ascii_case("location")) {
        *value = change(value);
    }
}

/// A vendor that looks at no token.
pub(super) fn serve_any_token(request: &str, reply: &mut Reply) {
    if is_call(request) && reply.status == 401 {
        reply.change_to(200, &json!({"results": []}));
    }
}

pub(super) fn is_call(request: &str) -> bool {
    request.contains("authorization: bearer ")
}

/// Changes the tokens of a token reply.
pub(super) fn change_tokens(reply: &mut Reply, change: impl Fn(&str) -> String) {
    for member in ["access_token", "id_token"] {
        if let Some(token) = reply.json()[member].as_str() {
            reply.member(member, change(token).into());
        }
    }
}

/// Changes their claims; a claim that becomes null is left out. The signature fits no more.
pub(super) fn change_claims(reply: &mut Reply, change: impl Fn(&mut Value)) {
    change_tokens(reply, |token| {
        let parts: Vec<&str> = token.split('.').collect();
        let bytes = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64url");
        let mut claims: Value = serde_json::from_slice(&bytes).expect("JSON");
        change(&mut claims);
        let members = claims.as_object_mut().expect("an object");
        members.retain(|_, claim| !claim.is_null());
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("{}.{payload}.{}", parts[0], parts[2])
    });
}

/// Changes the keys of a key set.
pub(super) fn change_keys(reply: &mut Reply, change: impl Fn(&mut Value)) {
    let mut keys = reply.json()["keys"].take();
    if let Some(list) = keys.as_array_mut() {
        list.iter_mut().for_each(change);
        reply.member("keys", keys);
    }
}

/// The request in small letters, and behind it its `Authorization` line as it was where the letter
/// case of that line tells something.
pub(super) fn told(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
    let mut text = head.to_ascii_lowercase();
    for line in head.lines() {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("authorization") {
            let scheme = value.split(' ').next().unwrap_or_default();
            if scheme.chars().all(|letter| letter.is_ascii_lowercase()) {
                let _ = write!(text, "\r\nwas: authorization: {scheme}");
            }
            if name == "AUTHORIZATION" {
                let _ = write!(
                    text,
                    "\r\nwas: AUTHORIZATION: {}",
                    scheme.to_ascii_lowercase()
                );
            }
        }
    }
    format!("{text}\r\n\r\n{}", body.to_ascii_lowercase())
}

pub(super) fn pass(mut stream: TcpStream, upstream: &str, defect: Defect) -> Option<()> {
    let request = listener::request(&mut stream)?;
    let mut server = TcpStream::connect(upstream).ok()?;
    let (head, body) = request.split_once("\r\n\r\n")?;
    write!(server, "{head}\r\nConnection: close\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    server.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let mut reply = Reply {
        status,
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    };
    defect(&told(&request), &mut reply);
    for name in ["Content-Length", "Connection"] {
        reply.without(name);
    }
    let mut text = format!("HTTP/1.1 {} Changed\r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    let length = reply.body.len();
    let _ = write!(
        text,
        "Content-Length: {length}\r\nConnection: close\r\n\r\n{}",
        reply.body
    );
    stream.write_all(text.as_bytes()).ok()
}
