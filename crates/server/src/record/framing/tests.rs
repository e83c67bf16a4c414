//! Our framing and the library's, over the same bytes: they agree, or the connection ends.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Empty};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// What the framing found in `input`, fed in pieces of `size` bytes: the request lines, whether all
/// of it could be read, and what the library sees.
fn fed(input: &[u8], size: usize) -> (Vec<String>, bool, Vec<u8>) {
    let (mut framing, mut inbox, mut ready) = (Framing::Head, BytesMut::new(), BytesMut::new());
    let mut heads = Vec::new();
    for piece in input.chunks(size) {
        inbox.extend_from_slice(piece);
        loop {
            match framing.step(&mut inbox, &mut ready) {
                Step::Starved => break,
                Step::Moved => {}
                Step::Head(head) if head.defect.is_some() => {}
                Step::Head(head) => heads.push(format!("{} {}", head.method, head.target)),
            }
        }
    }
    (
        heads,
        framing == Framing::Head && inbox.is_empty(),
        ready.to_vec(),
    )
}

const TWO: &[u8] =
    b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\nHost: x\r\n\
    Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /c HTTP/1.1\r\nhost: x\r\n\r\n";

/// The requests whose bodies the library read to their ends, and whether one broke off.
async fn delivered(bytes: &[u8]) -> (Vec<String>, bool) {
    let seen = Arc::new(Mutex::new((Vec::new(), false)));
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let noted = Arc::clone(&seen);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let seen = Arc::clone(&noted);
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let body = request.into_body().collect().await;
            let mut seen = seen.lock().expect("nobody panics with it");
            match body {
                Ok(_) => seen.0.push(line),
                Err(_) => seen.1 = true,
            }
            Ok::<_, Infallible>(hyper::Response::new(Empty::<bytes::Bytes>::new()))
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .max_buf_size(512 << 10)
        .serve_connection(TokioIo::new(theirs), service);
    let write = async {
        ours.write_all(bytes).await.expect("it takes bytes");
        ours.shutdown().await.expect("it ends");
        let _ = ours.read_to_end(&mut Vec::new()).await;
    };
    let (_, ()) = tokio::join!(connection, write);
    let seen = seen.lock().expect("nobody panics with it");
    (seen.0.clone(), seen.1)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Both read the same requests; one that ours refuses, the library does not deliver whole.
fn check(input: &[u8], size: usize) -> Result<(), TestCaseError> {
    let (heads, is_whole, ready) = fed(input, size);
    let (read, broke) = run(delivered(&ready));
    let shown = String::from_utf8_lossy(input);
    if is_whole {
        prop_assert_eq!(&heads, &read, "{}", shown);
        prop_assert!(!broke, "{}", shown);
    } else {
        // The stand-in is no request of the client's.
        let read: Vec<&String> = read.iter().filter(|line| *line != "GET /").collect();
        let last = heads.len().saturating_sub(1);
        prop_assert!(
            read.len() <= heads.len() && read.len() >= last,
            "{} {:?} {:?}",
            shown,
            heads,
            read
        );
        prop_assert!(
            heads
                .iter()
                .zip(&read)
                .all(|(ours, theirs)| &ours == theirs),
            "{}",
            shown
        );
    }
    Ok(())
}

/// What a body may hold to be taken for a request.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

fn line_end() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just("\r\r\n"), 1 => Just(" \r\n")]
}

fn chunk() -> impl Strategy<Value = String> {
    let data = prop_oneof![Just(HIDDEN.to_owned()), "[a-z\r\n0]{1,20}"];
    let size = prop_oneof![
        12 => Just(None),
        1 => Just(Some("+5")), 1 => Just(Some("0x5")), 1 => Just(Some("-1")), 1 => Just(Some("")),
        1 => Just(Some("ffffffffffffffff")), 1 => Just(Some("10000000000000000")), 1 => Just(Some("5 5")),
        1 => Just(Some(" 5")), 1 => Just(Some("00")),
    ];
    let extension = prop_oneof![6 => Just(""), 1 => Just(";a=b"), 1 => Just(" ; a"), 1 => Just(";a\nb"), 1 => Just("\t")];
    (data, size, extension, line_end(), line_end()).prop_map(
        |(data, size, extension, first, last)| {
            let size = size.map_or_else(|| format!("{:x}", data.len()), str::to_owned);
            format!("{size}{extension}{first}{data}{last}")
        },
    )
}

fn trailers() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("X-Sum: 1"),
        Just("x"),
        Just(": x"),
        Just("X : 1"),
        Just("GET /hidden HTTP/1.1"),
        Just("Host: x\n"),
        Just("A: b\nc: d"),
        Just(" folded"),
        Just("Content-Length: 5"),
    ];
    proptest::collection::vec((line, line_end()), 0..3).prop_map(|lines| {
        lines
            .iter()
            .map(|(line, end)| format!("{line}{end}"))
            .collect()
    })
}

fn message() -> impl Strategy<Value = String> {
    let chunked = (proptest::collection::vec(chunk(), 0..3), line_end(), trailers(), line_end()).prop_map(
        |(chunks, first, trailers, last)| {
            format!(
                "POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}0{first}{trailers}{last}",
                chunks.concat()
            )
        },
    );
    let sized = (
        "[a-z\r\n]{0,20}",
        prop_oneof![8 => Just(""), 1 => Just("+"), 1 => Just("0"), 1 => Just("x")],
    )
        .prop_map(|(body, sign)| {
            let length = body.len();
            format!(
                "POST /sized HTTP/1.1\r\nHost: x\r\nContent-Length: {sign}{length}\r\n\r\n{body}"
            )
        });
    let smuggled = prop_oneof![
        Just("Content-Length: 4\r\nTransfer-Encoding: chunked"),
        Just("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
        Just("Transfer-Encoding : chunked"),
        Just("Transfer-Encoding: xchunked"),
        Just("Transfer-Encoding:\x0bchunked"),
        Just("Content-Length: 4\r\nContent-Length: 5"),
        Just("Content-Length: 4, 5"),
        Just(" Content-Length: 4"),
        Just("X: y\nTransfer-Encoding: chunked"),
        Just("Content-Length: 4\r\nContent-Length: 4"),
    ]
    .prop_map(|lines| {
        format!("POST /smuggled HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n0\r\n\r\n{HIDDEN}")
    });
    let plain = Just("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n".to_owned());
    prop_oneof![6 => chunked, 3 => sized, 1 => smuggled, 2 => plain]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn ours_and_the_librarys_framing_agree(messages in proptest::collection::vec(message(), 1..4), size in 1usize..200) {
        check(messages.concat().as_bytes(), size)?;
    }
}

proptest! {
    #[test]
    fn heads_are_found_however_the_bytes_arrive(size in 1usize..200) {
        let (heads, is_whole, seen) = fed(TWO, size);
        prop_assert_eq!(heads, ["POST /a", "POST /b", "GET /c"]);
        prop_assert!(is_whole);
        prop_assert_eq!(seen, TWO);
    }

    #[test]
    fn no_bytes_make_it_panic(input in proptest::collection::vec(any::<u8>(), 0..400), size in 1usize..50) {
        fed(&input, size);
    }
}

/// The case that two framings read differently: a trailer that ends in a bare line feed.
#[test]
fn a_trailer_with_a_bare_line_feed_ends_the_connection() {
    let body = format!("0\r\nX: y\n\r\n{HIDDEN}\r\n\r\n");
    let input = format!("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let (heads, is_whole, ready) = fed(input.as_bytes(), 1000);
    assert_eq!((heads, is_whole), (vec!["POST /a".to_owned()], false));
    assert_eq!(run(delivered(&ready)), (Vec::new(), true));
}

#[test]
fn hyper_sees_a_stand_in_for_a_defective_head() {
    assert_eq!(
        fed(
            b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\n\r\n",
            7
        )
        .2,
        STAND_IN
    );
}
