//! The conversation on standard input and output.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::behaviour::Behaviour;
use crate::client::{ApiRequest, Client, Shared, refusal};
use crate::cognito;
use crate::failure::{Failure, Kind};
use crate::http::Body;
use crate::protocol::{self, BodyKind, Call, PROTOCOL, Request, SocketCall};
use crate::socket::Socket;
use crate::vendor;

/// The caller's own limit, unless it names one.
const DEFAULT_TIMEOUT_MS: u64 = 10_000;
/// Operations of all vendors.
const OPS: [&str; 7] = [
    "new",
    "call",
    "create",
    "set_credentials",
    "clock",
    "cancel",
    "drop",
];

/// Members of a good reply.
type Members = Map<String, Value>;

/// The instances of a conversation.
pub(crate) struct Session {
    shared: Shared,
    clients: HashMap<String, Arc<Client>>,
    sockets: Arc<Mutex<HashMap<String, Socket>>>,
    replies: mpsc::UnboundedSender<String>,
    running: Arc<Mutex<HashMap<i64, AbortHandle>>>,
    /// Where operations wait for one another, in a client that does one at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Answers requests until `input` ends.
pub(crate) async fn serve(
    shared: Shared,
    input: impl AsyncBufRead + Unpin,
    mut output: impl AsyncWrite + Unpin + Send + 'static,
) -> std::io::Result<()> {
    let (replies, mut written) = mpsc::unbounded_channel::<String>();
    let writer = tokio::spawn(async move {
        while let Some(line) = written.recv().await {
            output.write_all(format!("{line}\n").as_bytes()).await?;
            output.flush().await?;
        }
        std::io::Result::Ok(())
    });
    let mut session = Session {
        shared,
        clients: HashMap::new(),
        sockets: Arc::default(),
        replies,
        running: Arc::default(),
        turn: Arc::default(),
    };
    let mut lines = input.lines();
    while let Some(line) = lines.next_line().await? {
        match Request::parse(&line) {
            Some(request) => session.answer(&request),
            None => eprintln!("a line is not a request of {PROTOCOL}"),
        }
    }
    for (_, task) in lock(&session.running).drain() {
        task.abort();
    }
    drop(session);
    writer.await.unwrap_or(Ok(()))
}

impl Session {
    fn answer(&mut self, request: &Request) {
        let outcome = match request.op.as_str() {
            "hello" => hello(request, self.shared.store.is_some(), &self.shared.behaviour),
            "new" if self.shared.behaviour.style.logs_in_when_made => {
                return self.new_client_with_token(request);
            }
            "new" => self.new_client(request),
            "set_credentials" => self.set_credentials(request),
            "clock" => self.set_clock(request),
            "cancel" => self.cancel(request),
            "drop" => request.read().map(|drop: protocol::Drop| {
                self.clients.remove(&drop.client);
                Members::new()
            }),
            "call" | "list" | "create" | "revoke" | "change_password" => {
                return self.start(request);
            }
            "ws_open" | "ws_send" | "ws_close" => return self.start_socket(request),
            op => return self.send(protocol::unsupported(request.id, op)),
        };
        self.send(protocol::reply(request.id, outcome));
    }

    fn new_client(&mut self, request: &Request) -> Result<Members, Failure> {
        let new: protocol::New = request.read()?;
        let vendor = vendor::named(&new.vendor);
        let vendor =
            vendor.ok_or_else(|| Failure::other("this client does not know the vendor"))?;
        self.clients.remove(&new.client);
        let client = Client::new(&self.shared, vendor, &new.config)?;
        self.clients.insert(new.client, client);
        Ok(Members::new())
    }

    /// Makes the instance, and answers when it has its first token.
    fn new_client_with_token(&mut self, request: &Request) {
        let made = self.new_client(request);
        let client = made.and_then(|_| {
            let new: protocol::New = request.read()?;
            self.client(&new.client)
        });
        match client {
            Ok(client) => self.spawn(request.id, async move {
                client.token().await.map(|_| Members::new())
            }),
            Err(failure) => self.send(protocol::reply(request.id, Err(failure))),
        }
    }

    fn set_credentials(&self, request: &Request) -> Result<Members, Failure> {
        let new: protocol::New = request.read()?;
        self.client(&new.client)?.set_credentials(&new.config)?;
        Ok(Members::new())
    }

    fn set_clock(&self, request: &Request) -> Result<Members, Failure> {
        let set: protocol::SetClock = request.read()?;
        let wall_only = set.which.as_deref() == Some("wall");
        self.client(&set.client)?.clock.set(set.offset_s, wall_only);
        Ok(Members::new())
    }

    fn cancel(&self, request: &Request) -> Result<Members, Failure> {
        let cancel: protocol::Cancel = request.read()?;
        let task = lock(&self.running).remove(&cancel.target);
        let task = task.ok_or_else(|| Failure::other("no request of that number is running"))?;
        task.abort();
        let given_up = Failure::other("the call was given up");
        self.send(protocol::reply(cancel.target, Err(given_up)));
        Ok(Members::new())
    }

    /// Runs an operation that asks the vendor beside all others.
    fn start(&self, request: &Request) {
        let id = request.id;
        let (call, client) = match request.read().and_then(|call: Call| {
            let client = self.client(&call.client)?;
            Ok((call, client))
        }) {
            Ok(read) => read,
            Err(failure) => return self.send(protocol::reply(id, Err(failure))),
        };
        let op = request.op.clone();
        self.spawn(id, async move {
            let limit = call.timeout_ms;
            let operation = Box::pin(perform(&client, &op, call));
            limited(&client, limit, operation).await
        });
    }

    /// Runs an operation of a websocket beside all others.
    fn start_socket(&self, request: &Request) {
        let id = request.id;
        let call = match request.read::<SocketCall>() {
            Ok(call) => call,
            Err(failure) => return self.send(protocol::reply(id, Err(failure))),
        };
        let sockets = self.sockets.clone();
        if request.op == "ws_open" {
            let client = match self.client(&call.client) {
                Ok(client) => client,
                Err(failure) => return self.send(protocol::reply(id, Err(failure))),
            };
            if !client.vendor.ops.contains(&"ws_open") {
                return self.send(protocol::unsupported(id, "ws_open"));
            }
            return self.spawn(id, async move {
                let opened = Box::pin(async {
                    let socket = Socket::open(&client, &call.url).await?;
                    let name = format!("ws-{id}");
                    lock(&sockets).insert(name.clone(), socket);
                    Ok(members(json!({"ws": name})))
                });
                limited(&client, call.timeout_ms, opened).await
            });
        }
        let closes = request.op == "ws_close";
        self.spawn(id, async move {
            let socket = if closes {
                lock(&sockets).remove(&call.ws)
            } else {
                lock(&sockets).get(&call.ws).cloned()
            };
            let socket = socket.ok_or_else(|| Failure::other("there is no such websocket"))?;
            match (&call.text, &call.base64) {
                _ if closes => socket.end().await?,
                (Some(text), _) => socket.send_text(text).await?,
                (None, Some(audio)) => {
                    let audio = STANDARD.decode(audio);
                    let audio = audio.map_err(|_| Failure::other("base64 is not valid"))?;
                    socket.send_audio(&audio).await?;
                }
                (None, None) => {}
            }
            Ok(Members::new())
        });
    }

    /// Runs `operation`, whose outcome is the reply to `id` unless it is given up.
    fn spawn(
        &self,
        id: i64,
        operation: impl Future<Output = Result<Members, Failure>> + Send + 'static,
    ) {
        let (replies, running) = (self.replies.clone(), self.running.clone());
        let turn = self.shared.behaviour.style.single_threaded;
        let turn = turn.then(|| self.turn.clone());
        // The task looks itself up when it ends, so it must be there before it starts.
        let mut tasks = lock(&self.running);
        let task = tokio::spawn(async move {
            let turn = match &turn {
                Some(turn) => Some(turn.lock().await),
                None => None,
            };
            let outcome = operation.await;
            drop(turn);
            if lock(&running).remove(&id).is_some() {
                let _ = replies.send(protocol::reply(id, outcome));
            }
        });
        tasks.insert(id, task.abort_handle());
    }

    fn client(&self, name: &str) -> Result<Arc<Client>, Failure> {
        let client = self.clients.get(name).cloned();
        client.ok_or_else(|| Failure::other("there is no such client"))
    }

    fn send(&self, line: String) {
        // Nobody reads any more only when the process ends.
        let _ = self.replies.send(line);
    }
}

fn hello(request: &Request, stores: bool, behaviour: &Behaviour) -> Result<Members, Failure> {
    let hello: protocol::Hello = request.read()?;
    let more = vendor::named(&hello.vendor).map_or(&[][..], |vendor| vendor.ops);
    let ops: Vec<&str> = OPS.iter().chain(more).copied().collect();
    let mut caps = vec![
        "concurrency",
        "clock_offset",
        "cancel",
        "set_credentials",
        "stream_body",
    ];
    if behaviour.style.single_threaded {
        caps.retain(|cap| !matches!(*cap, "concurrency" | "cancel"));
    }
    if stores {
        caps.push("storage");
    }
    if hello.vendor == "scribe" {
        caps.push("v2");
    }
    Ok(members(json!({
        "name": "locum-demo", "version": env!("CARGO_PKG_VERSION"), "language": "rust",
        "proto": PROTOCOL, "ops": ops, "caps": caps,
    })))
}

/// The operation within the caller's limit.
async fn limited(
    client: &Client,
    timeout_ms: Option<u64>,
    operation: impl Future<Output = Result<Members, Failure>>,
) -> Result<Members, Failure> {
    if !client.has_limits() {
        return operation.await;
    }
    let limit = Duration::from_millis(timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS));
    let late = || Failure::new(Kind::Timeout, "the call took longer than its caller allows");
    let outcome = tokio::time::timeout(limit, operation).await;
    outcome.unwrap_or_else(|_| Err(late()))
}

async fn perform(client: &Arc<Client>, op: &str, call: Call) -> Result<Members, Failure> {
    match op {
        "list" => client.list(&call.path).await?,
        "create" => client.create(&call.path).await?,
        "revoke" => client.revoke().await?,
        "change_password" => {
            let password = call.new_password.unwrap_or_default();
            cognito::change_password(client, &password).await?;
        }
        _ => {
            let reply = client.call(api_request(client, call)?).await?;
            if let Some(mut failure) = refusal(&reply) {
                if client.behaviour.tell.api_fault_is_auth {
                    failure.kind = Kind::Auth;
                }
                return Err(failure);
            }
            return Ok(members(json!({"status": reply.status})));
        }
    }
    Ok(Members::new())
}

fn api_request(client: &Client, call: Call) -> Result<ApiRequest, Failure> {
    let body = call.body.unwrap_or_default().into_bytes();
    let kind = call.body_kind.unwrap_or(if body.is_empty() {
        BodyKind::None
    } else {
        BodyKind::Text
    });
    let given = call.headers.unwrap_or_default().into_iter();
    let mut headers: Vec<(String, String)> = given
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    let typed = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if kind != BodyKind::None && !typed {
        headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    }
    Ok(ApiRequest {
        method: call.method.unwrap_or_else(|| "GET".to_owned()),
        url: client.api_url(&call.path)?,
        headers,
        body: match kind {
            BodyKind::None => Body::None,
            BodyKind::Text => Body::Bytes(body),
            BodyKind::Stream => Body::Stream(body),
        },
    })
}

fn members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
