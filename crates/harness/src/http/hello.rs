//! A client's hello that offers what nobody should take any more, written by hand: no library offers
//! it. No more is spoken than that: a server that takes it answers with a hello of its own.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Url;
use crate::evidence::{TlsAnswer, TlsOffer};

/// How long a vendor has for its hello.
const TIMEOUT: Duration = Duration::from_secs(5);

const ALERT: u8 = 0x15;
const HANDSHAKE: u8 = 0x16;
const SERVER_HELLO: u8 = 2;

/// Suites that TLS 1.1 and older have, with and without forward secrecy (RFC 8422 §6, RFC 4346 §A.5).
const OLD_SUITES: &[u16] = &[
    0xc009, 0xc013, 0xc00a, 0xc014, 0x0033, 0x0039, 0x002f, 0x0035, 0xc008, 0xc012, 0x000a, 0x0005,
];

/// Suites without encryption, with RC4, or for export (RFC 5246 §A.5, RFC 4346 §A.5, RFC 8422 §6).
const BROKEN_SUITES: &[u16] = &[
    0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0x0004, 0x0005, 0xc007, 0xc011, 0x0003, 0x0006, 0x0008,
    0x0014,
];

/// Suites with a static RSA key exchange (RFC 5246 §A.5, RFC 5288 §3).
const STATIC_RSA_SUITES: &[u16] = &[0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003d];

/// Stands for a client that knows of safe renegotiation (RFC 5746 §3.3).
const RENEGOTIATION_SUITE: u16 = 0x00ff;

/// Says hello to the host of `url`, and hears what it says to this offer.
pub(crate) async fn greet(url: &Url, offer: TlsOffer) -> TlsAnswer {
    let exchange = async {
        let mut stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
        stream.write_all(&hello(offer, &url.host)).await?;
        Ok(answer(&mut stream).await)
    };
    match tokio::time::timeout(TIMEOUT, exchange).await {
        Ok(Ok(answer)) => answer,
        Ok(Err::<_, std::io::Error>(error)) => TlsAnswer::Unknown(error.kind().to_string()),
        Err(_) => TlsAnswer::Unknown(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

/// What a server says to a hello (RFC 5246 §7).
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> TlsAnswer {
    let mut head = [0; 5];
    if stream.read_exact(&mut head).await.is_err() {
        return TlsAnswer::Refused("the end of the connection".to_owned());
    }
    let mut body = [0; 2];
    let read = stream.read_exact(&mut body).await;
    match (head[0], read) {
        (ALERT, Ok(_)) => TlsAnswer::Refused(format!("alert {}", body[1])),
        (ALERT, Err(_)) => TlsAnswer::Refused("an alert".to_owned()),
        (HANDSHAKE, Ok(_)) if body[0] == SERVER_HELLO => TlsAnswer::Taken,
        _ => TlsAnswer::Unknown("what came is no TLS".to_owned()),
    }
}

/// A record with the hello of a client (RFC 5246 §7.4.1.2).
fn hello(offer: TlsOffer, host: &str) -> Vec<u8> {
    let (version, suites): (u8, &[u16]) = match offer {
        TlsOffer::Ssl3 => (0, OLD_SUITES),
        TlsOffer::Tls10 => (1, OLD_SUITES),
        TlsOffer::Tls11 => (2, OLD_SUITES),
        TlsOffer::BrokenSuites => (3, BROKEN_SUITES),
        TlsOffer::StaticRsa | TlsOffer::Modern => (3, STATIC_RSA_SUITES),
    };
    let mut body = vec![3, version];
    body.extend(rand::random::<[u8; 32]>());
    // No session.
    body.push(0);
    let suites = suites.iter().chain([&RENEGOTIATION_SUITE]);
    body.extend(list(
        2,
        &suites
            .flat_map(|suite| suite.to_be_bytes())
            .collect::<Vec<_>>(),
    ));
    // No compression.
    body.extend([1, 0]);
    if offer != TlsOffer::Ssl3 {
        body.extend(list(2, &extensions(version, host)));
    }
    let mut message = vec![1];
    message.extend(list(3, &body));
    // The version of the record is that of the oldest there is, as everybody writes it.
    let mut record = vec![HANDSHAKE, 3, version.min(1)];
    record.extend(list(2, &message));
    record
}

fn extensions(version: u8, host: &str) -> Vec<u8> {
    let extension = |number: u16, body: &[u8]| [&number.to_be_bytes(), &list(2, body)[..]].concat();
    let mut all = Vec::new();
    // The name of a host, not its address (RFC 6066 §3).
    if host.parse::<std::net::IpAddr>().is_err() {
        let name = [&[0], &list(2, host.as_bytes())[..]].concat();
        all.extend(extension(0, &list(2, &name)));
    }
    // The curves P-256, P-384, P-521 and X25519, uncompressed (RFC 8422 §5.1).
    all.extend(extension(10, &list(2, &[0, 23, 0, 24, 0, 25, 0, 29])));
    all.extend(extension(11, &list(1, &[0])));
    if version == 3 {
        // RSA and ECDSA with SHA-2 and SHA-1 (RFC 5246 §7.4.1.4.1).
        let algorithms = [4, 1, 5, 1, 6, 1, 4, 3, 5, 3, 6, 3, 2, 1, 2, 3];
        all.extend(extension(13, &list(2, &algorithms)));
    }
    all
}

/// A list behind its length in so many bytes.
fn list(length_bytes: usize, bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len().to_be_bytes();
    [&length[length.len() - length_bytes..], bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_says_what_it_offers() {
        let record = hello(TlsOffer::Tls10, "a.example");
        assert_eq!(record[..3], [HANDSHAKE, 3, 1]);
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        assert_eq!(record.len(), 5 + length);
        assert_eq!(record[5], 1);
        assert_eq!(record[9..11], [3, 1]);
        assert!(record.windows(9).any(|window| window == b"a.example"));
        let named = hello(TlsOffer::StaticRsa, "127.0.0.1");
        assert_eq!(named[9..11], [3, 3]);
        assert!(!named.windows(9).any(|window| window == b"127.0.0.1"));
        assert_eq!(hello(TlsOffer::Ssl3, "a.example")[..3], [HANDSHAKE, 3, 0]);
    }

    #[tokio::test]
    async fn an_answer_is_told() {
        let check = async |bytes: &[u8], expected: TlsAnswer| {
            assert_eq!(answer(&mut &*bytes).await, expected, "{bytes:?}");
        };
        check(&[22, 3, 1, 0, 70, 2, 0, 0], TlsAnswer::Taken).await;
        let refused = |words: &str| TlsAnswer::Refused(words.to_owned());
        check(&[21, 3, 1, 0, 2, 2, 70], refused("alert 70")).await;
        check(&[], refused("the end of the connection")).await;
        let unknown = TlsAnswer::Unknown("what came is no TLS".to_owned());
        check(b"HTTP/1.1 400 Bad Request", unknown).await;
    }
}
