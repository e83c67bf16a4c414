//! Lines of bytes from a stream, each within a limit.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// What came of reading one line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its line feed.
    Whole(Vec<u8>),
    /// The first bytes of a line that is longer than the limit; the rest of it is passed over.
    TooLong(Vec<u8>),
    /// What stood at the end without a line feed.
    Unended(Vec<u8>),
}

/// Reads lines.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of `reader`, of at most `limit` bytes each.
    pub(super) fn new(reader: R, limit: usize) -> Self {
        let reader = BufReader::new(reader);
        Self { reader, limit }
    }

    /// The next line; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut is_too_long) = (Vec::new(), false);
        loop {
            let read = self.reader.fill_buf().await?;
            if read.is_empty() {
                return Ok(match (is_too_long, line.is_empty()) {
                    (true, _) => Some(Line::TooLong(line)),
                    (false, true) => None,
                    (false, false) => Some(Line::Unended(line)),
                });
            }
            let end = read.iter().position(|byte| *byte == b'\n');
            let part = &read[..end.unwrap_or(read.len())];
            let room = self.limit.saturating_sub(line.len());
            is_too_long |= part.len() > room;
            line.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(read.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(match is_too_long {
                    true => Line::TooLong(line),
                    false => Line::Whole(line),
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(text: &str, expected: &[Line]) {
        let mut lines = Lines::new(text.as_bytes(), 4);
        let mut read = Vec::new();
        while let Some(line) = lines.next().await.expect("memory can be read") {
            read.push(line);
        }
        assert_eq!(read, expected, "{text:?}");
    }

    #[tokio::test]
    async fn lines_end_where_they_end() {
        let whole = |text: &str| Line::Whole(text.into());
        check("", &[]).await;
        check("a\nbc\n", &[whole("a"), whole("bc")]).await;
        check("\n\n", &[whole(""), whole("")]).await;
        check("abcd\n", &[whole("abcd")]).await;
        check("a\nb", &[whole("a"), Line::Unended("b".into())]).await;
        check("abcdefgh\ni\n", &[Line::TooLong("abcd".into()), whole("i")]).await;
        check("abcde", &[Line::TooLong("abcd".into())]).await;
    }
}
