//! A listener of the harness: who is told to fetch a key from it, and does, is seen.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::forge::CERTIFICATE_PATH;
use crate::Error;

/// How much of a request is read.
const HEAD: usize = 4096;

/// Listens on loopback until it is dropped.
#[derive(Debug)]
pub(crate) struct OwnListener {
    authority: String,
    /// What each connection asked for, in the order in which they came.
    visits: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl OwnListener {
    /// Listens, and shows this key set and this certificate to whoever asks.
    pub(crate) async fn start(key_set: String, certificate: String) -> Result<Self, Error> {
        let lost = |error: std::io::Error| Error::Step(format!("a listener of our own: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(lost)?;
        let authority = listener.local_addr().map_err(lost)?.to_string();
        let visits: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&visits);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let at = note(&seen, "a connection");
                let answer = answer(stream, key_set.clone(), certificate.clone());
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    if let Some(line) = answer.await {
                        seen.lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)[at] = line;
                    }
                });
            }
        });
        Ok(Self {
            authority,
            visits,
            task,
        })
    }

    /// `host:port`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// What each connection asked for so far.
    pub(crate) fn visits(&self) -> Vec<String> {
        let visits = self.visits.lock();
        visits
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

impl Drop for OwnListener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Adds a visit; its place.
fn note(visits: &Mutex<Vec<String>>, what: &str) -> usize {
    let mut visits = visits
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    visits.push(what.to_owned());
    visits.len() - 1
}

/// Answers one request; its method and path, if it is one.
async fn answer(mut stream: TcpStream, key_set: String, certificate: String) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        let byte = stream.read_u8().await.ok()?;
        head.push(byte);
        // What does not begin like HTTP, such as the hello of TLS, gets no answer.
        if head.len() == 1 && !byte.is_ascii_uppercase() {
            return Some("a connection that is no HTTP".to_owned());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default();
    let line: Vec<&str> = line.split(' ').take(2).collect();
    let (media, body) = match line.get(1) {
        Some(&CERTIFICATE_PATH) => ("application/x-pem-file", certificate),
        _ => ("application/json", key_set),
    };
    let reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(reply.as_bytes()).await.ok()?;
    Some(line.join(" "))
}
