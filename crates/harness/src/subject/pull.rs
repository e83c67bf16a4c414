//! Clients that fetch their requests over HTTP: browsers, phones, containers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::channel::{Channel, RunningClient};
use super::{Departure, wire};

/// How long a client waits for a request before it is told to ask again.
const POLL: Duration = Duration::from_secs(25);

/// How long the clients may take to learn that the run is over.
const FAREWELL: Duration = Duration::from_secs(2);

/// How many clients a run can have.
const MAX_AGENTS: usize = 64;

/// The clients of a run that fetch their requests, by the names that they give themselves.
#[derive(Debug)]
pub struct Agents {
    url: String,
    path: String,
    known: Mutex<BTreeMap<String, Agent>>,
    arrivals: Mutex<VecDeque<RunningClient>>,
    changed: Arc<Notify>,
    is_over: watch::Sender<bool>,
    /// Those that know it.
    told: Mutex<BTreeSet<String>>,
}

#[derive(Clone, Debug)]
struct Agent {
    channel: Channel,
    requests: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<String>>>,
}

impl Agents {
    /// Listens on a free loopback port, below a path that is `token`: whoever does not know it gets
    /// nothing, so that any page may ask.
    ///
    /// # Errors
    /// Whatever the system says.
    pub async fn listen(token: &str) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let agents = Arc::new(Self {
            url: format!("http://{address}/{token}"),
            path: format!("/{token}"),
            known: Mutex::default(),
            arrivals: Mutex::default(),
            changed: Arc::default(),
            is_over: watch::channel(false).0,
            told: Mutex::default(),
        });
        tokio::spawn(Arc::clone(&agents).serve(listener));
        Ok(agents)
    }

    /// The value of `LOCUM_CONTROL_URL` for the clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client that has come and was asked nothing yet.
    pub(super) fn arrived(&self) -> Option<RunningClient> {
        lock(&self.arrivals).pop_front()
    }

    /// Resolves when a client has come or become free after this call.
    pub(super) fn changed(&self) -> OwnedNotified {
        Arc::clone(&self.changed).notified_owned()
    }

    /// Lets those who wait for a client look again.
    pub(super) fn tell_change(&self) {
        self.changed.notify_waiters();
    }

    /// Tells all clients that the run is over.
    pub(super) async fn end(&self) {
        self.is_over.send_replace(true);
        let all_know = async {
            loop {
                let changed = self.changed();
                if lock(&self.known)
                    .keys()
                    .all(|name| lock(&self.told).contains(name))
                {
                    return;
                }
                changed.await;
            }
        };
        drop(tokio::time::timeout(FAREWELL, all_know).await);
    }

    async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of descriptors, say: others may be closed soon.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let agents = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let agents = Arc::clone(&agents);
                    async move { Ok::<_, Infallible>(agents.answer(request).await) }
                });
                let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client that breaks off is found out by the reply that does not come.
                drop(served.await);
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().strip_prefix(&self.path);
        let mut response = match (request.method(), path) {
            (&Method::OPTIONS, Some("/next" | "/result")) => plain(StatusCode::NO_CONTENT, ""),
            (&Method::GET, Some("/next")) => {
                let name = agent_name(request.uri().query().unwrap_or_default());
                self.next(name).await
            }
            (&Method::POST, Some("/result")) => self.result(request.into_body()).await,
            (_, Some("/next")) => plain(StatusCode::METHOD_NOT_ALLOWED, "GET asks for a request\n"),
            (_, Some("/result")) => plain(StatusCode::METHOD_NOT_ALLOWED, "POST brings a reply\n"),
            _ => return plain(StatusCode::NOT_FOUND, "there is nothing here\n"),
        };
        // The page under test comes from anywhere; the path is what it has to know.
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, POST"),
            ("access-control-allow-headers", "*, content-type"),
            ("access-control-allow-private-network", "true"),
            ("cache-control", "no-store"),
        ] {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        response
    }

    /// The next request for the client called `name`.
    async fn next(&self, name: String) -> Response<Full<Bytes>> {
        let Some(agent) = self.agent(&name) else {
            return plain(
                StatusCode::TOO_MANY_REQUESTS,
                "this run has enough clients\n",
            );
        };
        let mut is_over = self.is_over.subscribe();
        let line = async { agent.requests.lock().await.recv().await };
        tokio::select! {
            biased;
            _ = is_over.wait_for(|is_over| *is_over) => {
                lock(&self.told).insert(name);
                self.tell_change();
                plain(StatusCode::GONE, "the run is over\n")
            }
            line = tokio::time::timeout(POLL, line) => match line {
                Ok(Some(line)) => json(line),
                Ok(None) | Err(_) => plain(StatusCode::NO_CONTENT, ""),
            },
        }
    }

    /// The client called `name`, who may be new. One that was given up begins again.
    fn agent(&self, name: &str) -> Option<Agent> {
        let mut known = lock(&self.known);
        if let Some(agent) = known.get(name)
            && agent.channel.is_usable()
        {
            return Some(agent.clone());
        }
        if known.len() >= MAX_AGENTS && !known.contains_key(name) {
            return None;
        }
        let (channel, requests) = Channel::new();
        let agent = Agent {
            channel: channel.clone(),
            requests: Arc::new(tokio::sync::Mutex::new(requests)),
        };
        known.insert(name.to_owned(), agent.clone());
        let (end, told) = oneshot::channel();
        let ended = channel.clone();
        let supervisor = tokio::spawn(async move {
            // Dropped or told, it is the end.
            drop(told.await);
            ended.is_gone(Departure::HungUp, "nothing more was asked of it");
            ended.end_requests();
        });
        lock(&self.arrivals).push_back(RunningClient::new(channel, end, supervisor));
        self.tell_change();
        Some(agent)
    }

    /// Takes a reply to the client that was asked.
    async fn result(&self, body: Incoming) -> Response<Full<Bytes>> {
        let Ok(body) = Limited::new(body, wire::MAX_LINE).collect().await else {
            return plain(StatusCode::PAYLOAD_TOO_LARGE, "a reply has at most 1 MiB\n");
        };
        let body = body.to_bytes();
        let known: Vec<Agent> = lock(&self.known).values().cloned().collect();
        let fault = match wire::reply(&body) {
            Some(Ok((id, _))) => {
                if let Some(agent) = known.iter().find(|agent| agent.channel.knows(id)) {
                    agent.channel.take(super::lines::Line::Whole(body.to_vec()));
                    return plain(StatusCode::NO_CONTENT, "");
                }
                wire::fault("reply to a request that was not made", &body)
            }
            Some(Err(fault)) => fault,
            None => wire::fault("reply is empty", &body),
        };
        // Whose it is cannot be told.
        for agent in &known {
            agent.channel.note_fault(fault.clone());
        }
        plain(StatusCode::BAD_REQUEST, &format!("{fault}\n"))
    }
}

/// The value of `agent` in a query; empty where there is none.
fn agent_name(query: &str) -> String {
    let named = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("agent="))
        .unwrap_or_default();
    named.chars().take(100).collect()
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text.to_owned()));
    *response.status_mut() = status;
    if !text.is_empty() {
        let kind = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn json(line: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(line));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
