//! The journal as server-sent events.
//!
//! Each entry is sent as `arrived`, and again as `completed` when its reply is made (at once as
//! `completed` when it already is). Entries complete in any order and some never do, so the id of
//! an event is a whole position: the last entry that was sent, and those before it that were still
//! open, as in `9;open=4,6`. A reader that comes back with it in `Last-Event-ID` misses nothing
//! and reads nothing twice; a plain number is a position, too.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use locum_core::{Entry, EntryId, Filter};

use super::call::{self, Ask, Outcome};
use super::filter;
use super::refusal::Refusal;
use crate::Stages;
use crate::stage::Stage;

/// A comment is sent after so much silence, so that a reader notices a dead connection.
const SILENCE: Duration = Duration::from_secs(15);

/// Most events that are made ready at a time.
const BATCH: usize = 64;

/// How far a reader has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Position {
    last: u64,
    open: BTreeSet<u64>,
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let (last, open) = text.split_once(";open=").unwrap_or((text, ""));
        let ids = open.split(',').filter(|id| !id.is_empty());
        Some(Self {
            last: last.parse().ok()?,
            open: ids.map(|id| id.parse().ok()).collect::<Option<_>>()?,
        })
    }

    fn written(&self) -> String {
        if self.open.is_empty() {
            return self.last.to_string();
        }
        let open: Vec<String> = self.open.iter().map(u64::to_string).collect();
        format!("{};open={}", self.last, open.join(","))
    }

    /// The next event that is due, and the position after it.
    fn event(&mut self, entry: &Entry) -> String {
        let id = entry.id.0;
        let kind = if entry.completed.is_some() {
            self.open.remove(&id);
            "completed"
        } else {
            self.open.insert(id);
            "arrived"
        };
        self.last = self.last.max(id);
        let data = serde_json::to_string(entry).expect("an entry is JSON");
        format!("id: {}\nevent: {kind}\ndata: {data}\n\n", self.written())
    }
}

/// A reader of one stage's journal.
struct Reader {
    // Weak, so that an idle reader keeps neither stages nor stage alive once they are gone.
    stages: std::sync::Weak<Stages>,
    stage: std::sync::Weak<Stage>,
    filter: Filter,
    left: usize,
    position: Position,
    ready: VecDeque<String>,
}

/// Opens a stream at `Last-Event-ID`, else after the query's `after`, else at the oldest entry.
pub(super) fn open(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let mut filter = filter::of_query(ask)?;
    let position = match &ask.last_event_id {
        Some(text) => Position::parse(text).ok_or_else(|| {
            Refusal::bad(format!("`{text}` is no position"))
                .hint("Last-Event-ID is the id of an event, such as 9 or 9;open=4,6")
        })?,
        None => Position {
            last: filter.after.map_or(0, |after| after.0),
            open: BTreeSet::new(),
        },
    };
    filter.after = None;
    let reader = Reader {
        stages: Arc::downgrade(&ask.stages),
        stage: Arc::downgrade(&stage),
        left: filter.limit.take().unwrap_or(usize::MAX),
        filter,
        position,
        ready: VecDeque::new(),
    };
    let hello = "retry: 1000\n\n".to_owned();
    let reader = Reader {
        ready: VecDeque::from([hello]),
        ..reader
    };
    let body = Body::from_stream(stream::unfold(reader, next));
    Ok(call::written(200, "text/event-stream", body))
}

async fn next(mut reader: Reader) -> Option<(Result<Bytes, std::io::Error>, Reader)> {
    loop {
        if let Some(event) = reader.ready.pop_front() {
            return Some((Ok(event.into()), reader));
        }
        if reader.left == 0 {
            return None;
        }
        let (stages, stage) = (reader.stages.upgrade()?, reader.stage.upgrade()?);
        let written = stage.written.notified();
        tokio::pin!(written);
        written.as_mut().enable();
        reader.gather(&stage);
        if !reader.ready.is_empty() {
            continue;
        }
        if !stages.has(&stage) {
            return None;
        }
        drop(stages);
        if tokio::time::timeout(SILENCE, written).await.is_err() {
            reader.ready.push_back(": still here\n\n".to_owned());
        }
    }
}

impl Reader {
    /// Makes the next events ready: first entries that were open and are complete now, then new
    /// ones.
    fn gather(&mut self, stage: &Stage) {
        stage.with_journal(|journal| {
            let open: Vec<u64> = self.position.open.iter().copied().collect();
            for id in open {
                match journal.get(EntryId(id)) {
                    None => {
                        self.position.open.remove(&id);
                    }
                    Some(entry) if entry.completed.is_some() => self.send(entry),
                    Some(_) => {}
                }
            }
            let new = Filter {
                after: Some(EntryId(self.position.last)),
                limit: Some(BATCH),
                ..Filter::default()
            };
            for entry in journal.find(&new) {
                self.send(entry);
            }
        });
    }

    fn send(&mut self, entry: &Entry) {
        let fits = self.filter.fits(entry);
        // What does not fit yet may fit when it is complete: an outcome is known only then.
        let event = self.position.event(entry);
        if fits && self.left > 0 {
            self.left -= usize::from(entry.completed.is_some());
            self.ready.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(u64, &[u64])>) {
        let position = Position::parse(text);
        let expected = expected.map(|(last, open)| Position {
            last,
            open: open.iter().copied().collect(),
        });
        assert_eq!(position, expected, "{text}");
        if let Some(position) = position {
            assert_eq!(Position::parse(&position.written()), Some(position));
        }
    }

    #[test]
    fn a_position_is_written_and_read() {
        check("9", Some((9, &[])));
        check("9;open=4,6", Some((9, &[4, 6])));
        check("9;open=", Some((9, &[])));
        check("", None);
        check("x", None);
        check("9;open=x", None);
    }
}
