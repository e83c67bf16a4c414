//! Connections and addresses: the only place that knows by which way a request came.

mod exchange;
mod route;
mod secure;
mod stream;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::app::SHUTDOWN_TIMEOUT;
use crate::origin::{Origin, Origins};
use crate::page;
use crate::record::{Head, Recorder, Wire};
use crate::stage::{Stage, VendorPorts};
use crate::tls::CertificateKind;
use crate::{ServerError, Stages};
use route::{Address, VendorRoute};
use secure::Security;
pub(crate) use stream::Stream;

/// A burst of connections must not wait for a retransmission.
const BACKLOG: u32 = 1024;

/// How long a head, and then a body, may take.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What is wrong with a request that came without TLS to a port that speaks it.
const PLAIN_ON_TLS: &str = "plain http on a port that speaks TLS";

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// What stands behind a port.
#[derive(Clone, Debug)]
pub(crate) enum ListenerScope {
    /// All vendors by their first path segment, stages by prefix, the control API, the page.
    Main {
        /// What answers below `/_locum`.
        control: axum::Router,
    },
    /// One vendor of one stage, at the root.
    Vendor {
        /// The stage.
        stage: Arc<Stage>,
        /// The vendor's word.
        vendor: String,
    },
}

/// A port: what stands behind it, and how it is protected.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// What stands behind it.
    pub(crate) scope: ListenerScope,
    /// The certificate that is shown there; `None` on a port for plain http.
    pub(crate) certificate: Option<CertificateKind>,
}

/// A connection that carries requests.
#[derive(Debug)]
struct Connection {
    /// Counts all connections of the process.
    number: u64,
    scope: ListenerScope,
    security: Security,
    peer: IpAddr,
    /// Where it was accepted.
    local: SocketAddr,
}

impl Connection {
    /// The host that the client asked for in its handshake.
    fn server_name(&self) -> Option<&str> {
        match &self.security {
            Security::Tls { server_name, .. } => server_name.as_deref(),
            _ => None,
        }
    }
}

/// Binds a socket with a long backlog.
pub(crate) fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    listen().map_err(|source| ServerError::Listen { address, source })
}

/// Opens ports of its own for a vendor of a stage until `close` says so; returns where.
pub(crate) fn open_ports(
    stages: &Arc<Stages>,
    stage: &Arc<Stage>,
    vendor: &str,
    close: &watch::Receiver<bool>,
) -> Result<VendorPorts, ServerError> {
    let open = |certificate| {
        let scope = ListenerScope::Vendor {
            stage: Arc::clone(stage),
            vendor: vendor.to_owned(),
        };
        let (listener, address) = bind((stages.address.ip(), 0).into())?;
        let port = Port { scope, certificate };
        tokio::spawn(accept(listener, Arc::clone(stages), port, close.clone()));
        Ok::<_, ServerError>(address)
    };
    let tls = stages.tls.as_ref();
    Ok(VendorPorts {
        plain: open(None)?,
        tls: tls.map(|_| open(Some(CertificateKind::Good))).transpose()?,
    })
}

/// Accepts connections until `stop` says so.
pub(crate) async fn accept(
    listener: TcpListener,
    stages: Arc<Stages>,
    port: Port,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => {
                let Ok(accepted) = accepted else {
                    // Out of descriptors: give running connections time to end.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                accepted
            }
            _ = stop.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(
            stream,
            peer,
            Arc::clone(&stages),
            port.clone(),
            stop.clone(),
        ));
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, finish).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    stages: Arc<Stages>,
    port: Port,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let local = stream.local_addr().unwrap_or(stages.address);
    let established = tokio::select! {
        established = secure::establish(stream, &port, &stages) => established,
        _ = stop.changed() => return,
    };
    let Some((stream, security)) = established else {
        return;
    };
    let connection = Arc::new(Connection {
        number: CONNECTIONS.fetch_add(1, Ordering::Relaxed) + 1,
        scope: port.scope,
        security,
        peer: peer.ip(),
        local,
    });
    let wire = Arc::new(Wire::default());
    let io = TokioIo::new(Recorder::new(stream, Arc::clone(&wire)));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (stages, connection) = (Arc::clone(&stages), Arc::clone(&connection));
        let wire = Arc::clone(&wire);
        async move { serve(&stages, &connection, &wire, request).await }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .auto_date_header(false)
        .max_buf_size(512 << 10)
        .half_close(true);
    let connection = builder.serve_connection(io, service).with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Answers one request; an error ends the connection without a reply.
async fn serve(
    stages: &Arc<Stages>,
    connection: &Connection,
    wire: &Arc<Wire>,
    mut request: hyper::Request<Incoming>,
) -> Result<http::Response<Body>, std::io::Error> {
    let mut head = wire
        .next_head()
        .ok_or_else(|| std::io::Error::other("a request without a head"))?;
    if let Security::Tls { handshake, .. } = &connection.security {
        handshake.carried_request();
    }
    if connection.security.is_plain_on_tls() {
        head.defect = Some((400, PLAIN_ON_TLS.to_owned()));
    }
    let direct = Origin::direct(connection.security.is_tls(), host(&head), connection.local);
    let forwarded = forwarded(stages, connection, &head, &direct);
    let origin = forwarded.as_ref().unwrap_or(&direct);
    let address = route::address(stages, connection, &head, origin);
    if let Some((status, defect)) = &head.defect
        && !matches!(address, Address::Vendor(_))
    {
        let mut refusal = refusal(*status, defect, &defect_hint(stages, connection));
        if connection.security.is_plain_on_tls() {
            let close = http::HeaderValue::from_static("close");
            refusal
                .headers_mut()
                .insert(http::header::CONNECTION, close);
        }
        return Ok(refusal);
    }
    match address {
        Address::Control(control) => {
            let seen = forwarded.unwrap_or_else(|| direct.clone());
            request.extensions_mut().insert(Origins { direct, seen });
            let request = request.map(Body::new);
            Ok(control
                .clone()
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {}))
        }
        Address::Vendor(route) => {
            exchange::exchange(stages, route, wire, connection, head, request).await
        }
        Address::Start => {
            let lines = head.lines.iter();
            let lines = lines.map(|(name, value)| (name.as_str(), value.as_str()));
            Ok(match page::start(&head.method, lines) {
                Some(file) => file.response(),
                None => page::line(start_line(stages)),
            })
        }
        Address::Page(file) => Ok(file.response()),
        Address::Nobody(error, hint) => Ok(refusal(404, &error, &hint)),
    }
}

/// The `Host` of a request.
fn host(head: &Head) -> Option<&str> {
    let mut lines = head.lines.iter();
    let found = lines.find(|(name, _)| name.eq_ignore_ascii_case("host"));
    found.map(|(_, value)| value.as_str())
}

/// The origin as a trusted proxy says that the client sees it.
fn forwarded(
    stages: &Stages,
    connection: &Connection,
    head: &Head,
    direct: &Origin,
) -> Option<Origin> {
    let lines = head.lines.iter();
    let lines = lines.map(|(name, value)| (name.as_str(), value.as_str()));
    direct.forwarded(&stages.config.trusted_proxies, connection.peer, &lines)
}

/// What to do about a head with a defect.
fn defect_hint(stages: &Stages, connection: &Connection) -> String {
    if connection.security.is_plain_on_tls() {
        return format!(
            "this port speaks TLS: call https://{} and trust the authority in http://{}/_locum/ca.pem, or call http://{2} without TLS",
            connection.local, stages.address, stages.address
        );
    }
    "this port takes well-formed HTTP/1.1 (RFC 9112)".to_owned()
}

fn refusal(status: u16, error: &str, hint: &str) -> http::Response<Body> {
    let body = serde_json::json!({ "error": error, "hint": hint });
    plain(status, "application/json", format!("{body}\n"))
}

fn plain(status: u16, media_type: &str, body: String) -> http::Response<Body> {
    http::Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, media_type)
        .body(Body::from(body))
        .expect("status and media type are constants")
}

/// What a program is told at `/`.
fn start_line(stages: &Stages) -> String {
    let vendors: Vec<String> = stages
        .vendors()
        .iter()
        .map(|vendor| format!("/{}", vendor.profile().vendor))
        .collect();
    format!(
        "locum: mock vendors at {}; the control API at /_locum/\n",
        vendors.join(", ")
    )
}
