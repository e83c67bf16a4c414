//! One call of the API: a row of a section's table, and how a request reaches its function.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request};
use bytes::Bytes;
use futures_util::future::{self, BoxFuture};
use http::Method;
use http::request::Parts;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::{Control, gate, input};
use crate::Stages;
use crate::listen::READ_TIMEOUT;
use crate::observe::ControlTurn;
use crate::origin::{Origin, Origins};
use crate::stage::Stage;

/// The largest body in bytes, unless a call says otherwise.
const MAX_BODY: usize = 1 << 20;

/// Calls below a stage whose bodies hold no secret.
const OPEN_BODIES: [&str; 5] = [
    "/clock",
    "/faults",
    "/settings",
    "/tokens/expire",
    "/tokens/revoke",
];

/// The HTTP response.
pub(super) type Answer = http::Response<Body>;

/// What a call's function returns.
pub(super) type CallResult = Result<Answer, Refusal>;

/// A parameter of the query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    /// Its name.
    pub(super) name: &'static str,
    /// Whether it is a number.
    pub(super) number: bool,
}

/// A parameter that is text.
pub(super) const fn text(name: &'static str) -> Param {
    Param {
        name,
        number: false,
    }
}

/// A parameter that is a number.
pub(super) const fn number(name: &'static str) -> Param {
    Param { name, number: true }
}

/// Makes the schema of one type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One call.
#[derive(Debug)]
pub(super) struct ControlCall {
    /// Its method and its path, with a space between. A path that begins with `…` hangs below a
    /// stage; the same path directly under `/_locum` then means the stage `default`.
    pub(super) line: &'static str,
    /// What it does, for the description.
    pub(super) does: &'static str,
    /// Parameters that its query may have.
    pub(super) query: &'static [Param],
    /// The type that the query is read as.
    pub(super) query_schema: Option<SchemaOf>,
    /// An example of its body; `None` when it takes no body.
    pub(super) body: Option<&'static str>,
    /// The type that the body is read as.
    pub(super) body_schema: Option<SchemaOf>,
    /// The largest body in bytes.
    pub(super) max_body: usize,
    /// The status of success.
    pub(super) status: u16,
    /// The media type of its answer.
    pub(super) media_type: &'static str,
    /// The type that its answer is written from.
    pub(super) answer_schema: Option<SchemaOf>,
    /// What answers it.
    pub(super) run: fn(ControlRequest) -> BoxFuture<'static, CallResult>,
}

impl ControlCall {
    /// A call without query and body that answers 200.
    pub(super) const fn new(
        line: &'static str,
        does: &'static str,
        run: fn(ControlRequest) -> BoxFuture<'static, CallResult>,
    ) -> Self {
        Self {
            line,
            does,
            query: &[],
            query_schema: None,
            body: None,
            body_schema: None,
            max_body: MAX_BODY,
            status: 200,
            media_type: "application/json",
            answer_schema: None,
            run,
        }
    }

    /// With these query parameters, read as `T`.
    pub(super) const fn query<T: JsonSchema>(mut self, query: &'static [Param]) -> Self {
        self.query = query;
        self.query_schema = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// With a body, read as `T`, of which this is an example.
    pub(super) const fn body<T: JsonSchema>(mut self, example: &'static str) -> Self {
        self.body = Some(example);
        self.body_schema = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// With bodies of at most so many bytes.
    pub(super) const fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// With an answer written from `T`.
    pub(super) const fn returns<T: JsonSchema>(mut self) -> Self {
        self.answer_schema = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// With an answer of this media type.
    pub(super) const fn media_type(mut self, media_type: &'static str) -> Self {
        self.media_type = media_type;
        self
    }

    /// With this status on success.
    pub(super) const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Its method.
    pub(super) fn method(&self) -> Method {
        let word = self.line.split(' ').next().unwrap_or_default();
        Method::from_bytes(word.as_bytes()).expect("the tables name methods")
    }

    /// Whether it changes something: some only read, with a filter as their body.
    fn changes(&self) -> bool {
        self.method() != Method::GET && !self.line.contains("/journal/")
    }

    /// Its paths: for a call below a stage the long one and the short one.
    pub(super) fn paths(&self) -> Vec<String> {
        let path = self.line.split(' ').nth(1).unwrap_or_default();
        match path.strip_prefix('…') {
            None => vec![format!("/_locum{path}")],
            Some(rest) => vec![
                format!("/_locum/stages/{{stage}}{rest}"),
                format!("/_locum{rest}"),
            ],
        }
    }
}

/// A request that reached a call.
pub(super) struct ControlRequest {
    pub(super) stages: Arc<Stages>,
    pub(super) control: Arc<Control>,
    /// How the caller addressed the server.
    pub(super) origins: Origins,
    /// The query, each value in its kind.
    pub(super) query: Map<String, Value>,
    pub(super) last_event_id: Option<String>,
    path: Vec<(String, String)>,
    body: Bytes,
}

impl ControlRequest {
    /// The value of `{name}` in the path.
    pub(super) fn path(&self, name: &str) -> &str {
        let found = self.path.iter().find(|(have, _)| have == name);
        found.map_or("", |(_, value)| value)
    }

    /// The number in the path's `{id}`, which names a `what`.
    pub(super) fn id(&self, what: &str) -> Result<u64, Refusal> {
        let text = self.path("id");
        text.parse()
            .map_err(|_| Refusal::unknown(what, text).hint("ids are whole numbers, such as 1"))
    }

    /// The stage that the path names, or `default`.
    pub(super) fn stage(&self) -> Result<Arc<Stage>, Refusal> {
        let name = match self.path("stage") {
            "" => "default",
            name => name,
        };
        self.stages.stage(name).ok_or_else(|| {
            let stages = self.stages.all();
            Refusal::unknown("stage", name).near(name, stages.iter().map(|s| s.name.as_str()))
        })
    }

    /// The body as `T`; none is the same as `{}`.
    pub(super) fn body<T: serde::de::DeserializeOwned>(&self) -> Result<T, Refusal> {
        input::body(&self.body)
    }

    /// The query as `T`.
    pub(super) fn query<T: serde::de::DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_value(Value::Object(self.query.clone()))
            .map_err(|error| Refusal::json(&error))
    }
}

/// The result of a function that does not wait, as the table takes it.
pub(super) fn ready(result: CallResult) -> BoxFuture<'static, CallResult> {
    Box::pin(future::ready(result))
}

/// A JSON answer, with a line end for the terminal.
pub(super) fn json(status: u16, answer: &impl Serialize) -> Answer {
    let mut text = serde_json::to_string(answer).expect("answers have text for names");
    text.push('\n');
    written(status, "application/json", text)
}

/// How many were deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Deleted {
    /// So many.
    pub(super) deleted: usize,
}

/// An answer of any media type.
pub(super) fn written(status: u16, media_type: &'static str, body: impl Into<Body>) -> Answer {
    http::Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, media_type)
        .header(http::header::CACHE_CONTROL, "no-store")
        .body(body.into())
        .expect("status and media type are constants")
}

/// Answers one request to `call`.
pub(super) async fn answer(
    control: &Arc<Control>,
    call: &'static ControlCall,
    params: &RawPathParams,
    request: Request,
) -> Answer {
    let request = match read_request(control, call, params, request).await {
        Ok(request) => request,
        Err(refusal) => return refusal.into_answer(),
    };
    let turn = turn(call, &request);
    match (call.run)(request).await {
        Ok(answer) => {
            if let (Some(watched), Some(turn)) = (&control.stages.watched, turn) {
                watched.control(turn);
            }
            answer
        }
        Err(refusal) => refusal.into_answer(),
    }
}

/// What an observer is told of this call, if there is one and the call changes a stage.
fn turn(call: &ControlCall, request: &ControlRequest) -> Option<ControlTurn> {
    request.stages.watched.as_ref()?;
    let (method, path) = call.line.split_once(" …").filter(|_| call.changes())?;
    let stage = request.stage().ok()?;
    let is_open = OPEN_BODIES.contains(&path);
    let body = || serde_json::from_slice(&request.body).unwrap_or_default();
    Some(ControlTurn {
        call: format!("{method} {path}"),
        body: if is_open { body() } else { Value::Null },
        after: stage.with_journal(locum_core::Journal::newest),
        stage: stage.name.clone(),
    })
}

async fn read_request(
    control: &Arc<Control>,
    call: &ControlCall,
    params: &RawPathParams,
    request: Request,
) -> Result<ControlRequest, Refusal> {
    let (head, body) = request.into_parts();
    let origins = origins(&control.stages, &head);
    gate::pass(&control.stages, head.uri.path(), &head.headers, &origins)?;
    let query = input::query(head.uri.query().unwrap_or_default(), call)?;
    let body = collected(body, call.max_body).await?;
    if call.body.is_none() && !matches!(body.trim_ascii(), b"" | b"{}" | b"null") {
        return Err(Refusal::bad("this call takes no body").hint(call.does));
    }
    if let Some(schema) = call.body_schema {
        input::check(&body, schema)?;
    }
    let text = |name: http::HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok());
    let last_event_id = text(http::HeaderName::from_static("last-event-id")).map(str::to_owned);
    let path = params
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(ControlRequest {
        control: Arc::clone(control),
        origins,
        query,
        last_event_id,
        path: path.collect(),
        body,
        stages: Arc::clone(&control.stages),
    })
}

/// How a request came; without a listener in front, by its `Host`.
pub(super) fn origins(stages: &Stages, head: &Parts) -> Origins {
    let noted = head.extensions.get::<Origins>();
    noted.cloned().unwrap_or_else(|| {
        let host = head.headers.get(http::header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let direct = Origin::direct(false, host, stages.address);
        Origins {
            seen: direct.clone(),
            direct,
        }
    })
}

async fn collected(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(READ_TIMEOUT, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Refusal::new(413, "the body is incomplete or too large")
            .hint(format!("at most {limit} bytes"))),
        Err(_) => Err(Refusal::new(408, "the body did not arrive in time")
            .hint(format!("all of it within {} s", READ_TIMEOUT.as_secs()))),
    }
}
