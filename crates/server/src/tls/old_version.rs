//! A server that knows nothing newer than TLS 1.1, as far as its hello: what a client does with
//! that shows whether it still takes such a version. Nothing more is spoken.

use std::time::Duration;

use locum_core::HandshakeResult;
use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::HandshakeOutcome;

/// How long a client has to refuse. One that takes the version waits for a certificate.
pub(crate) const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// The bytes of version 1.1 (RFC 4346 §6.2.1).
const VERSION: [u8; 2] = [3, 2];

const ALERT: u8 = 0x15;
const HANDSHAKE: u8 = 0x16;

/// Suites of TLS 1.1, those that are offered most first (RFC 8422 §6, RFC 5246 §A.5).
const SUITES: [[u8; 2]; 8] = [
    [0xc0, 0x09],
    [0xc0, 0x13],
    [0xc0, 0x0a],
    [0xc0, 0x14],
    [0x00, 0x2f],
    [0x00, 0x35],
    [0xc0, 0x12],
    [0x00, 0x0a],
];

/// Stands for the extension below in a list of suites, and the extension (RFC 5746 §3.3, §3.2).
const RENEGOTIATION_SUITE: [u8; 2] = [0x00, 0xff];
const RENEGOTIATION: [u8; 2] = [0xff, 0x01];

/// Reads a client's hello, chooses TLS 1.1, and sees what the client says to that in this time.
pub(crate) async fn offer(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    timeout: Duration,
) -> HandshakeOutcome {
    match exchange(stream, timeout).await {
        Ok(outcome) => outcome,
        Err(error) => HandshakeOutcome::failed(&error),
    }
}

async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    timeout: Duration,
) -> std::io::Result<HandshakeOutcome> {
    let (_, hello) = record(stream).await?;
    let Some(hello) = ClientHello::parse(&hello) else {
        return Ok(HandshakeOutcome::failed("its hello cannot be read"));
    };
    let Some(suite) = SUITES.iter().find(|suite| hello.offers(**suite)) else {
        let alert = [
            ALERT,
            3,
            1,
            0,
            2,
            2,
            AlertDescription::HandshakeFailure.into(),
        ];
        stream.write_all(&alert).await?;
        let why = "it offers no cipher suite that TLS 1.1 has";
        return Ok(HandshakeOutcome {
            result: HandshakeResult::Refused,
            detail: Some(why.to_owned()),
        });
    };
    stream
        .write_all(&server_hello(*suite, hello.knows_renegotiation()))
        .await?;
    Ok(match tokio::time::timeout(timeout, record(stream)).await {
        Err(_) => HandshakeResult::WentOn.into(),
        Ok(Err(_)) => HandshakeResult::Closed.into(),
        Ok(Ok((ALERT, body))) => {
            let alert = body.get(1).copied().unwrap_or_default();
            HandshakeOutcome::refused(alert.into())
        }
        Ok(Ok(_)) => HandshakeOutcome::failed("it answered the hello with no alert"),
    })
}

/// One record: its type and what is in it.
async fn record(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).await?;
    let [kind, _, _, high, low] = head;
    let mut body = vec![0; usize::from(u16::from_be_bytes([high, low]))];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}

/// What of a client's hello matters here (RFC 5246 §7.4.1.2).
struct ClientHello<'a> {
    suites: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> ClientHello<'a> {
    fn parse(body: &'a [u8]) -> Option<Self> {
        // Type, length, version, random.
        let rest = body.strip_prefix(&[1])?.get(3 + 2 + 32..)?;
        let (_session, rest) = vector(rest, 1)?;
        let (suites, rest) = vector(rest, 2)?;
        let (_compression, rest) = vector(rest, 1)?;
        let extensions = vector(rest, 2).map_or(&[][..], |(extensions, _)| extensions);
        Some(Self { suites, extensions })
    }

    fn offers(&self, suite: [u8; 2]) -> bool {
        self.suites.chunks_exact(2).any(|offered| offered == suite)
    }

    fn knows_renegotiation(&self) -> bool {
        let mut rest = self.extensions;
        while let Some((name, after)) = rest.split_at_checked(2) {
            if name == RENEGOTIATION {
                return true;
            }
            let Some((_, next)) = vector(after, 2) else {
                break;
            };
            rest = next;
        }
        self.offers(RENEGOTIATION_SUITE)
    }
}

/// A list behind a length of so many bytes, and what follows it.
fn vector(bytes: &[u8], length_bytes: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(length_bytes)?;
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

/// The record with a server's hello that chooses TLS 1.1 and this suite (RFC 4346 §7.4.1.3).
fn server_hello(suite: [u8; 2], with_renegotiation: bool) -> Vec<u8> {
    let mut hello = VERSION.to_vec();
    hello.extend(rand::random::<[u8; 32]>());
    // No session.
    hello.push(0);
    hello.extend(suite);
    // No compression.
    hello.push(0);
    if with_renegotiation {
        hello.extend([0, 5]);
        hello.extend(RENEGOTIATION);
        hello.extend([0, 1, 0]);
    }
    let length = u8::try_from(hello.len()).expect("it has less than 50 bytes");
    let mut record = vec![HANDSHAKE, VERSION[0], VERSION[1], 0, length + 4];
    record.extend([2, 0, 0, length]);
    record.extend(hello);
    record
}

#[cfg(test)]
mod tests {
    use tokio::io::DuplexStream;

    use super::*;

    /// The hello of a client with these suites and the extension of RFC 5746 or none.
    fn client_hello(suites: &[[u8; 2]], extensions: &[u8]) -> Vec<u8> {
        let mut hello = vec![3, 3];
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend([0, 2 * u8::try_from(suites.len()).expect("few")]);
        hello.extend(suites.concat());
        hello.extend([1, 0]);
        hello.extend([0, u8::try_from(extensions.len()).expect("few")]);
        hello.extend(extensions);
        let length = u8::try_from(hello.len()).expect("short");
        let mut record = vec![HANDSHAKE, 3, 1, 0, length + 4, 1, 0, 0, length];
        record.extend(hello);
        record
    }

    /// Says hello, and returns the server's with both ends.
    async fn greeted(
        suites: &[[u8; 2]],
        extensions: &[u8],
        timeout: Duration,
    ) -> (DuplexStream, tokio::task::JoinHandle<HandshakeOutcome>) {
        let (mut client, mut server) = tokio::io::duplex(1024);
        let hello = client_hello(suites, extensions);
        client.write_all(&hello).await.expect("it fits");
        let offered = tokio::spawn(async move { offer(&mut server, timeout).await });
        (client, offered)
    }

    #[tokio::test]
    async fn a_client_that_refuses_the_version_says_so() {
        let (mut client, offered) = greeted(
            &[[0x13, 1], [0xc0, 0x13]],
            &[0xff, 1, 0, 1, 0],
            REFUSAL_TIMEOUT,
        )
        .await;
        let (kind, hello) = record(&mut client).await.expect("a hello");
        assert_eq!((kind, &hello[4..6]), (HANDSHAKE, &VERSION[..]));
        assert_eq!(hello[39..41], [0xc0, 0x13], "{hello:?}");
        assert!(hello.ends_with(&[0xff, 1, 0, 1, 0]));
        let alert = [
            ALERT,
            3,
            1,
            0,
            2,
            2,
            AlertDescription::ProtocolVersion.into(),
        ];
        client.write_all(&alert).await.expect("it listens");
        let outcome = offered.await.expect("no panic");
        assert_eq!(
            outcome,
            HandshakeOutcome::refused(AlertDescription::ProtocolVersion)
        );
    }

    #[tokio::test]
    async fn one_that_waits_for_a_certificate_takes_it() {
        let (mut client, offered) = greeted(&[[0x00, 0x2f]], &[], Duration::ZERO).await;
        let (_, hello) = record(&mut client).await.expect("a hello");
        assert_eq!(hello.last(), Some(&0), "no extension was asked for");
        let outcome = offered.await.expect("no panic");
        assert_eq!(outcome.result, HandshakeResult::WentOn);
    }

    #[tokio::test]
    async fn one_without_an_old_suite_cannot_take_it() {
        let (mut client, offered) = greeted(&[[0x13, 1]], &[], REFUSAL_TIMEOUT).await;
        let (kind, _) = record(&mut client).await.expect("an alert");
        assert_eq!(kind, ALERT);
        let outcome = offered.await.expect("no panic");
        assert_eq!(outcome.result, HandshakeResult::Refused);
    }

    #[tokio::test]
    async fn one_that_goes_away_or_talks_nonsense_is_told_apart() {
        let (client, offered) = greeted(&[[0xc0, 0x13]], &[], REFUSAL_TIMEOUT).await;
        drop(client);
        // Whether the hello could still be written is a matter of who is faster.
        let gone = offered.await.expect("no panic").result;
        assert!(matches!(
            gone,
            HandshakeResult::Closed | HandshakeResult::Failed
        ));
        let (mut client, mut server) = tokio::io::duplex(1024);
        let nonsense = [HANDSHAKE, 3, 1, 0, 3, 1, 0, 0];
        client.write_all(&nonsense).await.expect("it fits");
        assert_eq!(
            offer(&mut server, REFUSAL_TIMEOUT).await.result,
            HandshakeResult::Failed
        );
    }
}
