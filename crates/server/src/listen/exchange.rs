//! One exchange with a vendor, from its head to its reply: the walk that the crate's page tells.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use locum_core::fault::FaultSubject;
use locum_core::journal::EntryReply;
use locum_core::spelling::Spelling;
use locum_core::{Clock, Entry, EntryId, FaultAction, FaultId, Outcome};

use super::secure::Security;
use super::{Connection, READ_TIMEOUT, VendorRoute};
use crate::inject::socket::SocketFault;
use crate::inject::{self, Abort};
use crate::reason;
use crate::record::{Head, Wire};
use crate::redact::{Redactor, Side};
use crate::request::RequestParts;
use crate::routes::{Params, Target};
use crate::store::StoreError;
use crate::{Mock, Reply, Request, RoutingFailure, Stages};

/// Answers one request to a vendor; an error ends the connection without a reply.
pub(super) async fn exchange(
    stages: &Arc<Stages>,
    route: VendorRoute,
    wire: &Arc<Wire>,
    connection: &Connection,
    head: Head,
    http: hyper::Request<Incoming>,
) -> Result<http::Response<Body>, std::io::Error> {
    let vendor = stages
        .vendor(&route.vendor)
        .map(Arc::clone)
        .ok_or_else(|| std::io::Error::other("no vendor"))?;
    let mock = Mock::new(vendor, Arc::clone(&route.stage), route.base);
    let path = route
        .target
        .split_once('?')
        .map_or(route.target.as_str(), |(path, _)| path);
    let routed = mock.vendor.routed_path(path);
    let method = mock.twin().map_or(head.method.as_str(), |twin| {
        (twin.routes_as)(&head.method, &routed)
    });
    let found = stages.table(&route.vendor).find(method, &routed);
    let (target, params, mut failure) = match found {
        Ok((target, params)) => (Some(Arc::clone(target)), params, None),
        Err(failure) => (None, Params::new(), Some(failure)),
    };
    if let Some((_, defect)) = &head.defect {
        failure = Some(RoutingFailure::Malformed(defect.clone()));
    }
    let endpoint = target.as_ref().map_or("", |target| &target.name).to_owned();
    let mut redactor = Redactor::new(stages, &mock);
    let (mut parts, body) = http.into_parts();
    let limit = target.as_ref().map_or(64 << 10, |target| target.max_body);
    let mut reading = std::pin::pin!(read(body, limit));
    let came = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
    let arrival = arrive(
        &mock,
        &mut redactor,
        (&route.target, &endpoint),
        &head,
        connection.number,
    );
    let (mut entry, shows_token) = arrival.await;
    // A body that is there already is written with its head, another one once it has come.
    let (body, arrived) = match came {
        Poll::Ready(body) => (body, None),
        Poll::Pending => {
            let arrived = mock.stage.arrive(std::mem::take(&mut entry));
            let body = tokio::time::timeout(READ_TIMEOUT, reading).await;
            (body.unwrap_or(Err(RoutingFailure::TooSlow)), Some(arrived))
        }
    };
    let body = match body {
        Ok(body) => body,
        Err(fault) => {
            failure.get_or_insert(fault);
            Bytes::new()
        }
    };
    let mut request = Request::from(RequestParts {
        method: head.method,
        target: route.target,
        signed_target: route.prefix + &head.target,
        headers: if head.defect.is_some() {
            http::HeaderMap::new()
        } else {
            parts.headers
        },
        lines: head.lines,
        params,
        body,
        entry: EntryId::default(),
        endpoint,
    });
    let content = Content::of(&mock, &mut redactor, (&head.raw, shows_token), &request).await;
    let id = if let Some(id) = arrived {
        mock.stage.complete(id, |entry| content.put_into(entry));
        id
    } else {
        content.put_into(&mut entry);
        mock.stage.arrive(entry)
    };
    request = request.of_entry(id);
    let mock = mock.for_exchange(id, parts.extensions.remove::<hyper::upgrade::OnUpgrade>());
    if let Security::Tls {
        certificate,
        server_name,
        negotiated: (version, cipher_suite),
        ..
    } = &connection.security
    {
        mock.note("certificate", certificate.label());
        let handshake = serde_json::json!({
            "version": version,
            "cipher_suite": cipher_suite,
            "server_name": server_name,
        });
        mock.note("handshake", handshake);
    }

    let clients = match mock.stage.faults_name_clients() {
        true => inject::clients::of(&mock, &request).await,
        false => Vec::new(),
    };
    let fault = mock.stage.fire_fault(&FaultSubject {
        vendor: &route.vendor,
        endpoint: &request.endpoint,
        method: &request.method,
        path: request.path(),
        clients: &clients,
        operation: request.operation(),
    });
    let takes_gzip = fault.is_some() && inject::takes_gzip(&request);
    let mut reply = answer(&mock, request, target, failure, fault.as_ref()).await;
    if connection.security.is_plain_on_tls() {
        reply = told_to_use_tls(stages, connection, reply);
    }
    if let Some((_, action)) = &fault {
        if !inject::delay(action, &mock.stage).await {
            mock.note("hold", "not held: too many requests are held on this stage");
        }
        if let Some(edit) = &action.edit {
            reply = match inject::edit::apply(edit, reply) {
                Ok(edited) => edited,
                Err(untouched) => {
                    mock.note(
                        "edit",
                        "not edited: the reply is no success with such an object",
                    );
                    *untouched
                }
            };
        }
        reply = inject::socket::bend(action, inject::corrupt(action, reply));
    }
    complete(stages, &mock, &mut redactor, id, &reply, fault.as_ref()).await;
    if mock.stage.account().excess() > 0 {
        stages.reclaim();
    }
    let action = fault.as_ref().map(|(_, action)| action);
    if let Some(action) = action {
        // Behind the journal, which shows what was encoded.
        reply = inject::encode(action, takes_gzip, reply);
    }
    send(&mock, redactor, id, wire, reply, action)
}

/// A refusal in the server's own words, since no vendor has some for it: the client has the wrong
/// port, and must not take that for a vendor's answer.
fn told_to_use_tls(stages: &Stages, connection: &Connection, refusal: Reply) -> Reply {
    let hint = super::defect_hint(stages, connection);
    let body = serde_json::json!({"error": super::PLAIN_ON_TLS, "hint": hint});
    Reply {
        denial: refusal.denial,
        outcome: Some(Outcome::Denied),
        close: true,
        ..Reply::json(400, &body)
    }
}

/// The reply of a fault, of the vendor's code, or of the profile's denial table.
async fn answer(
    mock: &Mock,
    request: Request,
    target: Option<Arc<Target>>,
    failure: Option<RoutingFailure>,
    fault: Option<&(FaultId, FaultAction)>,
) -> Reply {
    let replacement = fault.and_then(|(_, action)| inject::replacement(action));
    let seen = request.clone();
    let request = match mock.twin() {
        Some(twin) => (twin.misreads)(request),
        None => request,
    };
    let mut reply = match (replacement, failure, target) {
        (Some(reply), _, _) => return dated(mock, reply),
        (None, None, Some(target)) => match (target.handler)(mock.clone(), request).await {
            Ok(reply) => reply,
            Err(denial) => Reply::denied(mock.profile(), denial),
        },
        (None, failure, _) => {
            let failure = failure.unwrap_or(RoutingFailure::Path);
            let mut reply = mock.vendor.routing_failure(mock, &seen, &failure);
            reply.close |= !matches!(failure, RoutingFailure::Path | RoutingFailure::Method(_));
            reply.denial.get_or_insert_with(|| failure.denial());
            reply.outcome = Some(if matches!(failure, RoutingFailure::Path) {
                Outcome::Unrouted
            } else {
                Outcome::Denied
            });
            reply
        }
    };
    debug_assert!(
        reply.denial.is_some() || !is_refusal(&reply),
        "`{}` of `{}` refuses without a denial: {} {}",
        seen.endpoint,
        mock.profile().vendor,
        reply.status,
        String::from_utf8_lossy(&reply.body)
    );
    if let Some(twin) = mock.twin() {
        reply = (twin.rewrite)(&seen.endpoint, &seen, reply);
    }
    if let Some(denial) = &mut reply.denial {
        reason::complete(mock, &seen, denial).await;
    }
    if let Some(denial) = &mut reply.denial {
        mock.name_defect(denial);
    }
    if let Some(failure) = mock.store_failure() {
        reply = unanswerable(mock, &failure);
    }
    dated(mock, reply)
}

/// Whether the vendor's code refuses: by a status of 4xx, or by sending a browser back with an error
/// (RFC 6749 §4.1.2.1). Every refusal says why.
fn is_refusal(reply: &Reply) -> bool {
    let location = reply
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("location"))
        .map_or("", |(_, value)| value);
    let is_error = |pair: &str| pair.starts_with("error=");
    reply.status.is_client_error()
        || (reply.status.is_redirection() && location.split(['?', '#', '&']).any(is_error))
}

/// The reply when the store failed: whatever the handler made of it rests on what it did not see.
fn unanswerable(mock: &Mock, failure: &StoreError) -> Reply {
    mock.note("store_failure", failure.to_string());
    let body = serde_json::json!({"error": failure.to_string()});
    Reply::json(503, &body).outcome(Outcome::Faulted)
}

/// Adds the profile's headers and the stage's `Date`, unless the reply brought its own.
fn dated(mock: &Mock, mut reply: Reply) -> Reply {
    let has = |reply: &Reply, name: &str| {
        reply
            .headers
            .iter()
            .any(|(have, _)| have.eq_ignore_ascii_case(name))
    };
    for (name, value) in &mock.profile().headers {
        if !has(&reply, name) {
            reply = reply.header(name, value);
        }
    }
    if mock.profile().date && !has(&reply, "date") {
        reply = reply.header("date", mock.now().http_date());
    }
    reply
}

/// The entry of a request whose body is not known yet, and whether its `Authorization` is nothing but
/// a bearer token of the stage.
async fn arrive(
    mock: &Mock,
    redactor: &mut Redactor,
    (target, endpoint): (&str, &str),
    head: &Head,
    connection: u64,
) -> (Entry, bool) {
    let arrived = mock.stage.clock.now();
    let method = redactor.text(&head.method).await;
    let target = redactor.target(target).await;
    let headers = redactor.lines(&head.lines, Side::Client).await;
    let shows_token = crate::spelling::shows_token(&headers);
    let entry = Entry {
        connection,
        vendor: mock.profile().vendor.clone(),
        endpoint: endpoint.to_owned(),
        arrived,
        method,
        target,
        headers,
        ..Entry::default()
    };
    (entry, shows_token)
}

async fn read(mut body: Incoming, limit: u64) -> Result<Bytes, RoutingFailure> {
    if body.size_hint().lower() > limit {
        return Err(RoutingFailure::TooLarge(limit));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| RoutingFailure::Malformed("a body that breaks off".to_owned()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() as u64 + data.len() as u64 > limit {
            return Err(RoutingFailure::TooLarge(limit));
        }
        if bytes.is_empty() && body.is_end_stream() {
            // All of it at once: nothing has to be put together.
            return Ok(data);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// What the journal says of a request's body, and of how credentials are spelled in it and in the
/// head.
struct Content {
    body: Option<String>,
    length: u64,
    spelling: Option<Box<Spelling>>,
}

impl Content {
    async fn of(
        mock: &Mock,
        redactor: &mut Redactor,
        head: (&[u8], bool),
        request: &Request,
    ) -> Self {
        let body = if request.body.is_empty() {
            None
        } else {
            let media_type = request.media_type();
            redactor
                .body(&media_type, &request.body, Side::Client)
                .await
        };
        Self {
            body,
            length: request.body.len() as u64,
            spelling: crate::spelling::of(mock, redactor, head, request).await,
        }
    }

    fn put_into(self, entry: &mut Entry) {
        entry.body = self.body;
        entry.body_length = self.length;
        entry.spelling = self.spelling;
    }
}

async fn complete(
    stages: &Stages,
    mock: &Mock,
    redactor: &mut Redactor,
    id: EntryId,
    reply: &Reply,
    fault: Option<&(FaultId, FaultAction)>,
) {
    let media_type = reply
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media_type = media_type.map_or("", |(_, value)| value);
    redactor.renew(stages);
    let body = redactor.body(media_type, &reply.body, Side::Mock).await;
    let headers = redactor.lines(&reply.headers, Side::Mock).await;
    let denial = match reply.denial.clone() {
        Some(denial) => Some(redactor.denial(denial).await),
        None => None,
    };
    mock.redact_notes(redactor).await;
    if reply.status.is_success() {
        redactor.learn(mock.principal().as_deref());
    }
    let entry = mock.stage.complete(id, |entry| {
        mock.apply_to(entry, reply.outcome);
        entry.completed = Some(mock.stage.clock.now());
        entry.reply = Some(EntryReply {
            status: reply.status.as_u16(),
            headers,
            body,
        });
        entry.denial = denial;
        entry.fault = fault.map(|(id, _)| *id);
    });
    if let (Some(watched), Some(entry)) = (&stages.watched, entry) {
        watched.exchange(&mock.stage.name, entry);
    }
}

fn send(
    mock: &Mock,
    redactor: Redactor,
    entry: EntryId,
    wire: &Arc<Wire>,
    reply: Reply,
    action: Option<&FaultAction>,
) -> Result<http::Response<Body>, std::io::Error> {
    let abort = action.and_then(inject::abort);
    let pace = action.and_then(inject::body::pace);
    let is_chunked = pace.is_some_and(|pace| pace.chunked);
    // Of any other body hyper knows the length by itself.
    let mut lacks_length = !is_chunked && (abort.is_some() || pace.is_some());
    let mut response = http::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        // The place is the vendor's, the number is ours: a fault may have changed the body.
        response = if !name.eq_ignore_ascii_case("content-length") {
            response.header(name, value)
        } else if is_chunked {
            response
        } else {
            lacks_length = false;
            response.header(http::header::CONTENT_LENGTH, reply.body.len())
        };
    }
    if lacks_length {
        response = response.header(http::header::CONTENT_LENGTH, reply.body.len());
    }
    if reply.close {
        response = response.header(http::header::CONNECTION, "close");
    }
    let paced = |end| inject::body::paced(&reply.body, pace, end, &mock.stage);
    let body = match abort {
        None if reply.body.is_empty() => Body::new(EmptyBody),
        None if pace.is_some() => paced(None),
        None => Body::from(reply.body.clone()),
        Some(Abort::Silent) => return Err(std::io::Error::other("the reply is lost")),
        Some(Abort::Reset) => {
            wire.reset();
            return Err(std::io::Error::other("the connection is reset"));
        }
        Some(Abort::After(at, reset)) => {
            if reset {
                wire.reset();
            }
            paced(Some(at))
        }
    };
    if let (Some(handler), Some(upgrade)) = (reply.socket, mock.take_upgrade()) {
        wire.upgrade();
        let max_frame = mock
            .profile()
            .socket
            .as_ref()
            .map_or(1 << 20, |facts| facts.max_frame);
        let max_frame = usize::try_from(max_frame).unwrap_or(usize::MAX);
        let handler = match action {
            Some(action) => handler.with_fault(SocketFault::of(action)),
            None => handler,
        };
        let stage = Arc::clone(&mock.stage);
        tokio::spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                handler.run(upgraded, redactor, entry, max_frame).await;
            }
            let now = stage.clock.now();
            stage.complete(entry, |entry| entry.closed = Some(now));
        });
    }
    response.body(body).map_err(std::io::Error::other)
}

/// A body of no bytes that does not say so beforehand: hyper moves the `Content-Length` of one that
/// does to the end of the head.
struct EmptyBody;

impl hyper::body::Body for EmptyBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(None)
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(0)
    }
}
