//! Refusals: `{"error":"…","hint":"…"}` with a fitting status, whatever went wrong.

use locum_core::setting::nearest;
use serde_json::{Map, Value};

use super::call::{self, Answer};
use crate::ServerError;
use crate::memory::OverLimit;
use crate::stage::SettingsError;
use crate::store::StoreError;

/// The longest name that a refusal repeats whole, and the longest sentence, in characters.
const MAX_NAME: usize = 100;
const MAX_SENTENCE: usize = 800;

/// Why a call did nothing.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    error: String,
    hint: Option<String>,
    members: Map<String, Value>,
}

impl Refusal {
    /// A refusal of this status; `error` is a lowercase fragment.
    pub(super) fn new(status: u16, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            hint: None,
            members: Map::new(),
        }
    }

    /// 400: what the caller sent is not valid.
    pub(super) fn bad(error: impl Into<String>) -> Self {
        Self::new(400, error)
    }

    /// 404: nothing has that name.
    pub(super) fn unknown(what: &str, name: &str) -> Self {
        Self::new(404, format!("no {what} called `{name}`"))
    }

    /// Says what to do next.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds this hint unless there is one.
    pub(super) fn or_hint(self, hint: &str) -> Self {
        match self.hint {
            Some(_) => self,
            None => self.hint(hint),
        }
    }

    /// Names the nearest of what exists, or all of it.
    pub(super) fn near<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(word, known.iter().copied()) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => self.hint("there is none here"),
            None => self.hint(format!("known here: {}", known.join(", "))),
        }
    }

    /// Adds a member to the answer.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// What the JSON library found wrong: an unknown member by name, with the nearest known one.
    pub(super) fn json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        if !error.is_data() {
            return Self::bad(format!("the body is not valid JSON: {text}"))
                .hint("a JSON object, such as {\"advance_s\": 60}");
        }
        let end = text.rfind(" at line ").unwrap_or(text.len());
        let fault = in_words(&text[..end]);
        let quoted: Vec<&str> = fault.split('`').skip(1).step_by(2).collect();
        match &quoted[..] {
            [unknown, known @ ..] if fault.starts_with("unknown ") => {
                Self::bad(fault[..fault.find(',').unwrap_or(fault.len())].to_owned())
                    .near(unknown, known.iter().copied())
            }
            _ => {
                Self::bad(fault.clone()).hint("GET /_locum/openapi.json shows what the call takes")
            }
        }
    }

    /// A sentence that may end in its own hint: `… (did you mean `x`?)`.
    pub(super) fn sentence(status: u16, text: &str) -> Self {
        match text.split_once(" (did you mean ") {
            Some((error, near)) => Self::new(status, error)
                .hint(format!("did you mean {}", near.trim_end_matches(')'))),
            None => Self::new(status, text),
        }
    }

    /// The answer that carries it.
    pub(super) fn into_answer(self) -> Answer {
        let mut body = Map::new();
        body.insert("error".into(), bounded(&self.error).into());
        let hint = bounded(&self.hint.unwrap_or_default());
        body.insert("hint".into(), hint.into());
        body.extend(self.members);
        let mut answer = call::json(self.status, &Value::Object(body));
        if self.status == 401 {
            let challenge = http::HeaderValue::from_static("Bearer realm=\"locum\"");
            answer
                .headers_mut()
                .insert(http::header::WWW_AUTHENTICATE, challenge);
        }
        answer
    }
}

/// A sentence of the JSON library in the words of this API: names of the program's types mean
/// nothing to the caller.
pub(super) fn in_words(fault: &str) -> String {
    let fault = fault
        .replacen("unknown field", "unknown member", 1)
        .replacen("missing field", "missing member", 1)
        .replacen("duplicate field", "repeated member", 1);
    let Some((received, expected)) = fault.split_once(", expected ") else {
        return fault;
    };
    let expected = match expected.split(' ').next().unwrap_or_default() {
        "struct" | "map" | "a" if expected.contains("map") || expected.starts_with("struct") => {
            "an object"
        }
        "a" if expected.starts_with("a sequence") => "a list",
        "sequence" | "tuple" => "a list",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "string" | "str" => "text",
        _ if expected == "a string" => "text",
        _ if expected == "a boolean" => "true or false",
        _ => expected,
    };
    format!("{received}, expected {expected}")
}

/// A sentence without the greater part of what the caller sent: names are cut, and so is the whole.
fn bounded(sentence: &str) -> String {
    let cut = |text: &str, limit: usize| match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    };
    let parts: Vec<String> = sentence
        .split('`')
        .enumerate()
        .map(|(at, part)| match at % 2 {
            1 => cut(part, MAX_NAME),
            _ => part.to_owned(),
        })
        .collect();
    cut(&parts.join("`"), MAX_SENTENCE)
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Setting(error) => {
                Self::sentence(400, &error.to_string()).or_hint("GET /_locum/settings lists them")
            }
            SettingsError::Memory(over) => over.into(),
        }
    }
}

impl From<OverLimit> for Refusal {
    /// 507 (RFC 4918 §11.5): the server cannot store what the request needs.
    fn from(over: OverLimit) -> Self {
        Self::new(507, over.to_string()).hint(
            "DELETE stages, faults or the journal, or start with a larger --memory-limit or --stage-memory-limit; GET /_locum/health shows what is in use",
        )
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new(503, error.to_string()).hint("check that the store of this server is running")
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        let text = error.to_string();
        match error {
            ServerError::Vendor(_) => Self::sentence(400, &text)
                .or_hint("GET /_locum/settings and GET /_locum/principals show what is taken"),
            ServerError::Name(_) => Self::bad(text).hint("without a name, one is generated"),
            ServerError::Taken(_) => {
                Self::new(409, text).hint("take another name, or DELETE that stage first")
            }
            ServerError::Memory(over) => over.into(),
            ServerError::Store(error) => error.into(),
            ServerError::Full(_) => Self::new(409, text).hint("DELETE /_locum/stages/{stage}"),
            ServerError::Listen { .. } | ServerError::Tls(_) | ServerError::Thread(_) => {
                Self::new(503, text).hint("the machine is out of ports or descriptors")
            }
        }
    }
}
