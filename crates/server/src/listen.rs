//! Connections and addresses: the only place that knows by which way a request came.

mod exchange;

use std::net::SocketAddr;
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
use crate::record::{Head, Recorder, Wire};
use crate::stage::Stage;
use crate::{ServerError, Stages};

/// A burst of connections must not wait for a retransmission.
const BACKLOG: u32 = 1024;

/// How long a head, and then a body, may take.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);

static CONNECTIONS: AtomicU64 = AtomicU64::new(0);

/// What stands behind a port.
#[derive(Clone, Debug)]
pub(crate) enum ListenerScope {
    /// All vendors by their first path segment, stages by prefix, the control API.
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

/// Where a request is addressed to.
#[derive(Debug)]
enum Address<'a> {
    /// The control API.
    Control(&'a axum::Router),
    /// A vendor on a stage.
    Vendor(VendorRoute),
    /// The page for people.
    Page,
    /// Nobody: what to say, and a hint.
    Nobody(String, String),
}

/// A vendor on a stage, as one request addresses it.
#[derive(Debug)]
struct VendorRoute {
    pub(crate) stage: Arc<Stage>,
    pub(crate) vendor: String,
    /// The target below the vendor's root.
    pub(crate) target: String,
    /// The URL of that root.
    pub(crate) base: String,
}

/// Binds a socket with a long backlog.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let listen = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|source| ServerError::Listen { address, source })
}

/// Opens a port of its own for a vendor of a stage until `close` says so; returns where.
pub(crate) fn open_port(
    stages: &Arc<Stages>,
    stage: &Arc<Stage>,
    vendor: &str,
    close: watch::Receiver<bool>,
) -> Result<SocketAddr, ServerError> {
    let listener = bind((stages.address.ip(), 0).into())?;
    let address = listener
        .local_addr()
        .map_err(|source| ServerError::Listen {
            address: stages.address,
            source,
        })?;
    let scope = ListenerScope::Vendor {
        stage: Arc::clone(stage),
        vendor: vendor.to_owned(),
    };
    tokio::spawn(accept(listener, Arc::clone(stages), scope, close));
    Ok(address)
}

/// Accepts connections until `stop` says so.
pub(crate) async fn accept(
    listener: TcpListener,
    stages: Arc<Stages>,
    scope: ListenerScope,
    mut stop: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of descriptors: give running connections time to end.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                stream
            }
            _ = stop.changed() => break,
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(
            stream,
            Arc::clone(&stages),
            scope.clone(),
            stop.clone(),
        ));
    }
    drop(listener);
    let finish = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, finish).await;
}

async fn connection(
    stream: TcpStream,
    stages: Arc<Stages>,
    scope: ListenerScope,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let wire = Arc::new(Wire::default());
    let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed) + 1;
    let io = TokioIo::new(Recorder::new(stream, Arc::clone(&wire)));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (stages, scope, wire) = (Arc::clone(&stages), scope.clone(), Arc::clone(&wire));
        async move { serve(&stages, &scope, &wire, number, request).await }
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
    scope: &ListenerScope,
    wire: &Arc<Wire>,
    connection: u64,
    request: hyper::Request<Incoming>,
) -> Result<http::Response<Body>, std::io::Error> {
    let head = wire
        .next_head()
        .ok_or_else(|| std::io::Error::other("a request without a head"))?;
    let address = address(stages, scope, &head);
    if let Some((status, defect)) = &head.defect
        && !matches!(address, Address::Vendor(_))
    {
        let hint = "this port takes well-formed HTTP/1.1 (RFC 9112)";
        return Ok(refusal(*status, defect, hint));
    }
    match address {
        Address::Control(control) => {
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
        Address::Page => Ok(plain(200, "text/plain; charset=utf-8", page(stages))),
        Address::Nobody(error, hint) => Ok(refusal(404, &error, &hint)),
    }
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

fn page(stages: &Stages) -> String {
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

/// Finds out whom a request is for.
fn address<'a>(stages: &Arc<Stages>, scope: &'a ListenerScope, head: &Head) -> Address<'a> {
    let host = head
        .lines
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("host"))
        .map_or("", |(_, value)| value);
    let base = |prefix: &str| {
        let host = if host.is_empty() {
            stages.address.to_string()
        } else {
            host.to_owned()
        };
        format!("http://{host}{prefix}")
    };
    let control = match scope {
        ListenerScope::Main { control } => control,
        ListenerScope::Vendor { stage, vendor } => {
            let route = VendorRoute {
                stage: Arc::clone(stage),
                vendor: vendor.clone(),
                target: origin_form(&head.target).to_owned(),
                base: base(""),
            };
            return Address::Vendor(route);
        }
    };
    let target = origin_form(&head.target);
    let default = || stages.stage("default");
    let named = host.split(':').next().unwrap_or_default();
    let by_host = stages
        .vendors()
        .iter()
        .find(|vendor| vendor.profile().hosts.iter().any(|known| known == named));
    if let (Some(vendor), Some(stage)) = (by_host, default()) {
        let vendor = vendor.profile().vendor.clone();
        return Address::Vendor(VendorRoute {
            stage,
            vendor,
            target: target.to_owned(),
            base: base(""),
        });
    }
    let (first, rest) = segment(target);
    match first {
        "" => Address::Page,
        "_locum" => Address::Control(control),
        "s" => {
            let (name, rest) = segment(rest);
            let Some(stage) = stages.stage(name) else {
                return Address::Nobody(
                    format!("no stage called `{name}`"),
                    "GET /_locum/stages lists them".to_owned(),
                );
            };
            let (vendor, rest) = segment(rest);
            routed(
                stages,
                stage,
                vendor,
                rest,
                base(&format!("/s/{name}/{vendor}")),
            )
        }
        vendor => match default() {
            Some(stage) => routed(stages, stage, vendor, rest, base(&format!("/{vendor}"))),
            None => Address::Nobody(
                "the stage `default` is gone".to_owned(),
                "POST /_locum/stages".to_owned(),
            ),
        },
    }
}

fn routed(
    stages: &Stages,
    stage: Arc<Stage>,
    vendor: &str,
    rest: &str,
    base: String,
) -> Address<'static> {
    if stages.vendor(vendor).is_none() {
        let known: Vec<&str> = stages
            .vendors()
            .iter()
            .map(|vendor| vendor.profile().vendor.as_str())
            .collect();
        let hint = locum_core::setting::nearest(vendor, known.iter().copied()).map_or_else(
            || format!("the vendors here: {}", known.join(", ")),
            |near| format!("did you mean `/{near}`?"),
        );
        return Address::Nobody(format!("no vendor called `{vendor}`"), hint);
    }
    let target = match rest {
        "" => "/".to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    Address::Vendor(VendorRoute {
        stage,
        vendor: vendor.to_owned(),
        target,
        base,
    })
}

/// The first segment of a path, and what follows it.
fn segment(target: &str) -> (&str, &str) {
    let path = target.strip_prefix('/').unwrap_or(target);
    let end = path.find(['/', '?']).unwrap_or(path.len());
    path.split_at(end)
}

/// Path and query of a target, whatever form it has (RFC 9112 §3.2).
fn origin_form(target: &str) -> &str {
    let after_scheme = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))
        .map(|(_, rest)| rest);
    match after_scheme {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_in_two_forms() {
        assert_eq!(origin_form("/a?b"), "/a?b");
        assert_eq!(origin_form("http://h:1/a?u=http://x/y"), "/a?u=http://x/y");
        assert_eq!(origin_form("/a?u=http://x/y"), "/a?u=http://x/y");
        assert_eq!(segment("/corti/realms?x"), ("corti", "/realms?x"));
        assert_eq!(segment("/corti?x"), ("corti", "?x"));
    }
}
