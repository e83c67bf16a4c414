//! A small HTTP/1.1 client with the wire in its own hands, so that each fault of a client can be
//! played: connections, kept and new, plain and TLS.

mod message;
mod url;
mod wire;

use std::borrow::Cow;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

pub(crate) use message::{Body, Fault, Reply, Request};
pub(crate) use url::Url;
pub(crate) use wire::{Reader, Stream, write};

use crate::behaviour::{Behaviour, CertificateChecks};
use crate::failure::Failure;
use crate::tls::Connector;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections of one instance.
pub(crate) struct Http {
    behaviour: Arc<Behaviour>,
    tls: Connector,
    /// Of what carries no login. Another one in a mutant alone.
    api_tls: Option<Connector>,
    /// Of websockets. Another one in a mutant alone.
    socket_tls: Option<Connector>,
    kept: Mutex<Vec<(Url, Box<dyn Stream>)>>,
    /// Whether an API connection ended since this was last asked.
    lost: AtomicBool,
}

impl Http {
    /// Reads the authority's file, if one is named.
    pub(crate) fn new(behaviour: &Arc<Behaviour>, ca_file: Option<&str>) -> Result<Self, Failure> {
        let unchecked = |is_so: bool| {
            let connector = is_so.then(|| Connector::new(CertificateChecks::Nothing, ca_file));
            connector.transpose()
        };
        Ok(Self {
            behaviour: behaviour.clone(),
            tls: Connector::new(behaviour.tls.checks, ca_file)?,
            api_tls: unchecked(behaviour.tls.api_unchecked)?,
            socket_tls: unchecked(behaviour.tls.socket_unchecked)?,
            kept: Mutex::new(Vec::new()),
            lost: AtomicBool::new(false),
        })
    }

    /// Whether an API connection ended since this was last asked.
    pub(crate) fn take_lost(&self) -> bool {
        self.drop_closed();
        self.lost.swap(false, Ordering::SeqCst)
    }

    /// Sends a request and reads its reply, within `limit` if there is one.
    pub(crate) async fn send(
        &self,
        request: &Request,
        limit: Option<Duration>,
    ) -> Result<Reply, Fault> {
        let exchange = self.exchange(request);
        match limit {
            None => exchange.await,
            Some(limit) => tokio::time::timeout(limit, exchange)
                .await
                .unwrap_or(Err(Fault::Timeout)),
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        if !request.own_connection
            && !self.behaviour.style.closes_connections
            && request.is_idempotent()
            && let Some(stream) = self.take_kept(&request.url)
        {
            match self.over(stream, request).await {
                // It was closed meanwhile: the request did not reach anyone.
                Err(Fault::Cut(reply)) if reply.status == 0 => {
                    self.lost.store(true, Ordering::SeqCst);
                }
                outcome => return outcome,
            }
        }
        let tls = self.tls_of(request);
        let stream = connect(tls, &request.url).await;
        if self.behaviour.tls.falls_back && matches!(stream, Err(Fault::Tls)) {
            let mut plain = request.clone();
            plain.url.tls = false;
            let stream = connect(tls, &plain.url).await?;
            return self.over(stream, &plain).await;
        }
        self.over(stream?, request).await
    }

    fn tls_of(&self, request: &Request) -> &Connector {
        let of_api = self.api_tls.as_ref().filter(|_| !request.own_connection);
        of_api.unwrap_or(&self.tls)
    }

    /// A new connection to the origin of `url`, for a websocket.
    pub(crate) async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, Fault> {
        connect(self.socket_tls.as_ref().unwrap_or(&self.tls), url).await
    }

    async fn over(&self, mut stream: Box<dyn Stream>, request: &Request) -> Result<Reply, Fault> {
        let _ = write(&mut *stream, &self.in_style(request)).await;
        let mut reader = Reader::new(&mut *stream);
        let head = reader.head().await?;
        let mut reply = reader.body(&request.method, head).await?;
        let framed = ["content-length", "transfer-encoding"];
        let framed = framed.iter().any(|name| reply.header(name).is_some());
        let closes = reply
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if !request.own_connection {
            if framed && !closes && reader.buffer.is_empty() {
                self.kept().push((request.url.clone(), stream));
            } else {
                self.lost.store(true, Ordering::SeqCst);
            }
        }
        if reply.header("content-encoding") == Some("gzip") {
            reply.body = unzip(&reply.body)?;
        }
        Ok(reply)
    }

    /// The request as this client spells it.
    fn in_style<'a>(&self, request: &'a Request) -> Cow<'a, Request> {
        let style = &self.behaviour.style;
        if !style.closes_connections && !style.lower_case_headers {
            return Cow::Borrowed(request);
        }
        let mut request = request.clone();
        if style.closes_connections {
            request = request.header("Connection", "close");
        }
        if style.lower_case_headers {
            for (name, _) in &mut request.headers {
                name.make_ascii_lowercase();
            }
        }
        Cow::Owned(request)
    }

    fn take_kept(&self, url: &Url) -> Option<Box<dyn Stream>> {
        self.drop_closed();
        let mut kept = self.kept();
        let at = kept.iter().position(|(known, _)| known.same_origin(url))?;
        Some(kept.swap_remove(at).1)
    }

    fn drop_closed(&self) {
        let mut kept = self.kept();
        let before = kept.len();
        // Nothing may arrive on an idle connection but its end.
        kept.retain_mut(|(_, stream)| stream.read(&mut [0]).now_or_never().is_none());
        if kept.len() < before {
            self.lost.store(true, Ordering::SeqCst);
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<(Url, Box<dyn Stream>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(tls: &Connector, url: &Url) -> Result<Box<dyn Stream>, Fault> {
    let address = (url.host.as_str(), url.port);
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
    let stream = stream
        .map_err(|_| Fault::Timeout)?
        .map_err(|_| Fault::Connect)?;
    let _ = stream.set_nodelay(true);
    if url.tls {
        tls.connect(&url.host, stream).await
    } else {
        Ok(Box::new(stream))
    }
}

fn unzip(body: &[u8]) -> Result<Vec<u8>, Fault> {
    const MAX_UNZIPPED: u64 = 16 << 20;
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(body).take(MAX_UNZIPPED);
    reader
        .read_to_end(&mut plain)
        .map_err(|_| Fault::Protocol)?;
    Ok(plain)
}
