//! The journal as server-sent events.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bench::{Bench, SECRET};

/// A reader of a stream.
struct Reader {
    stream: TcpStream,
    text: String,
}

impl Reader {
    async fn open(bench: &Bench, path: &str, headers: &str) -> Self {
        let host = bench.host();
        let mut stream = TcpStream::connect(&host).await.expect("a connection");
        let head = format!("GET /_locum{path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let text = String::new();
        Self { stream, text }
    }

    /// Reads until `needle` has come.
    async fn until(&mut self, needle: &str) -> &str {
        while !self.text.contains(needle) {
            let mut bytes = [0; 4096];
            let length = self.stream.read(&mut bytes).await.expect("bytes");
            assert!(length > 0, "no `{needle}` in {}", self.text);
            self.text
                .push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        &self.text
    }

    /// The ids and kinds of the events so far.
    fn events(&self) -> Vec<String> {
        let lines = self.text.lines();
        let parts: Vec<&str> = lines
            .filter_map(|line| line.strip_prefix("id: ").or(line.strip_prefix("event: ")))
            .collect();
        parts.chunks(2).map(|event| event.join(" ")).collect()
    }
}

#[tokio::test]
async fn entries_come_as_they_complete_and_a_reader_resumes_where_it_was() {
    let bench = Bench::start().await;
    bench.token("/acme").await;
    let mut live = Reader::open(&bench, "/journal/stream", "").await;
    live.until("id: 1\nevent: completed\ndata: {").await;
    assert!(live.text.contains("content-type: text/event-stream"));
    bench.login("/acme", "wrong").await;
    live.until("id: 2\nevent: completed").await;
    assert!(!live.text.contains(SECRET));

    let mut resumed = Reader::open(&bench, "/journal/stream", "last-event-id: 1\r\n").await;
    resumed.until("id: 2\nevent: completed").await;
    assert_eq!(resumed.events(), ["2 completed"]);
}

#[tokio::test]
async fn an_open_entry_is_told_again_when_it_completes() {
    let bench = Bench::start().await;
    let fault = r#"{"when": {"once": true}, "then": {"hold": {"name": "gate"}}}"#;
    bench.done("POST /faults", fault, 201).await;
    let mut live = Reader::open(&bench, "/journal/stream", "").await;
    let held = bench.token("/acme");
    let other = async {
        live.until("id: 1;open=1\nevent: arrived").await;
        bench.token("/acme").await;
        live.until("id: 2;open=1\nevent: completed").await;
        let header = "last-event-id: 2;open=1\r\n";
        let mut resumed = Reader::open(&bench, "/journal/stream", header).await;
        bench.done("POST /barriers/gate/open", "", 200).await;
        resumed.until("id: 2\nevent: completed").await;
        assert_eq!(resumed.events(), ["2 completed"]);
        assert!(resumed.text.contains("data: {\"id\":1,"));
    };
    let ((), _) = tokio::join!(other, held);
}

#[tokio::test]
async fn a_filter_and_a_limit_apply() {
    let bench = Bench::start().await;
    bench.token("/acme").await;
    bench.login("/acme", "wrong").await;
    bench.login("/acme", "wrong").await;
    let mut reader = Reader::open(&bench, "/journal/stream?outcome=denied&limit=1", "").await;
    let text = reader.until("\r\n0\r\n").await;
    assert!(text.contains("id: 2\nevent: completed"), "{text}");
    assert!(
        !text.contains("id: 1\n") && !text.contains("id: 3\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stream_ends_with_its_stage() {
    let bench = Bench::start().await;
    bench
        .done("POST /stages", r#"{"name": "short"}"#, 201)
        .await;
    let mut reader = Reader::open(&bench, "/stages/short/journal/stream", "").await;
    reader.until("retry: 1000").await;
    bench.done("DELETE /stages/short", "", 200).await;
    reader.until("\r\n0\r\n").await;
}

#[tokio::test]
async fn a_position_that_is_none_is_refused() {
    let bench = Bench::start().await;
    let line = "GET /_locum/journal/stream";
    let answer = bench.raw(line, "last-event-id: x\r\n", "").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}
