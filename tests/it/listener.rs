//! Servers of the tests' own: a listener that deals with each connection in its own thread, and what
//! is read from one.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Where a server listens on loopback that deals with each connection in this way; it ends with the
/// test.
pub(super) fn listen<T>(deal: impl Fn(TcpStream) -> T + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let deal = deal.clone();
            std::thread::spawn(move || drop(deal(stream)));
        }
    });
    address
}

/// The head of a message with the empty line behind it; `None` when it broke off.
pub(super) fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        if !matches!(stream.read(&mut byte), Ok(1)) {
            return None;
        }
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).ok()
}

/// A request with its body, as far as its head says that it has one; `None` when it broke off.
pub(super) fn request(stream: &mut TcpStream) -> Option<String> {
    let head = head(stream)?;
    let small = head.to_ascii_lowercase();
    let length = small
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0_usize)];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).ok()?)
}
