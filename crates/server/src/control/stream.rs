//! The journal as server-sent events.
//!
//! Each entry is sent as `arrived`, and again as `completed` when its reply is made (at once as
//! `completed` when it already is). Entries complete in any order and some never do, so the id of
//! an event is a whole position: the last entry that was sent, and those before it that were still
//! open, as in `9;open=4,6-8`. A reader that comes back with it in `Last-Event-ID` misses nothing
//! and reads nothing twice; a plain number is a position, too.
//!
//! The journal is what a slow reader is read from, and the journal is bounded: what fell out of it
//! before the reader came to it is told as one event `dropped` with its count.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use locum_core::{Entry, EntryId, Filter, Journal};

use super::call::{self, CallResult, ControlRequest};
use super::filter;
use super::refusal::Refusal;
use crate::Stages;
use crate::stage::Stage;

/// A comment is sent after so much silence, so that a reader notices a dead connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Most events that are made ready at a time.
const BATCH: usize = 64;

/// Most open entries of a position: as many as a journal keeps.
const MAX_OPEN: usize = 10_000;

/// How far a reader has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Position {
    last: u64,
    open: BTreeSet<u64>,
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let (last, open) = text.split_once(";open=").unwrap_or((text, ""));
        let mut position = Self {
            last: last.parse().ok()?,
            open: BTreeSet::new(),
        };
        for run in open.split(',').filter(|run| !run.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            let length = usize::try_from(last.checked_sub(first)?).ok()?;
            if length >= MAX_OPEN - position.open.len().min(MAX_OPEN) {
                return None;
            }
            position.open.extend(first..=last);
        }
        Some(position)
    }

    fn written(&self) -> String {
        let mut text = self.last.to_string();
        let mut ids = self.open.iter().copied().peekable();
        let mut separator = ";open=";
        while let Some(first) = ids.next() {
            let mut last = first;
            while let Some(next) = ids.next_if_eq(&(last + 1)) {
                last = next;
            }
            text.push_str(separator);
            text.push_str(&first.to_string());
            if last > first {
                text.push_str(&format!("-{last}"));
            }
            separator = ",";
        }
        text
    }

    /// Passes over what is gone, and says so.
    fn gap(&mut self, count: u64, last: u64) -> String {
        self.last = self.last.max(last);
        let id = self.written();
        format!("id: {id}\nevent: dropped\ndata: {{\"count\":{count}}}\n\n")
    }

    /// Passes an entry that is new or was open; returns what an event of it is called.
    fn pass(&mut self, entry: &Entry) -> &'static str {
        let id = entry.id.0;
        self.last = self.last.max(id);
        if entry.completed.is_some() {
            self.open.remove(&id);
            "completed"
        } else {
            self.open.insert(id);
            "arrived"
        }
    }
}

/// A reader of one stage's journal.
struct Reader {
    // Weak, so that an idle reader keeps neither stages nor stage alive once they are gone.
    stages: std::sync::Weak<Stages>,
    stage: std::sync::Weak<Stage>,
    filter: Filter,
    left: usize,
    /// `None` until there is an oldest entry to begin with.
    position: Option<Position>,
    ready: VecDeque<String>,
}

/// Opens a stream at `Last-Event-ID`, else after the query's `after`, else at the oldest entry.
pub(super) fn open(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let mut filter = filter::of_query(request)?;
    let after = |id: EntryId| Position {
        last: id.0,
        open: BTreeSet::new(),
    };
    let position = match &request.last_event_id {
        Some(text) => Some(Position::parse(text).ok_or_else(|| {
            Refusal::bad(format!("`{text}` is not a position"))
                .hint("Last-Event-ID is the id of an event, such as 9 or 9;open=4,6-8")
        })?),
        None => filter.after.map(after),
    };
    filter.after = None;
    let reader = Reader {
        stages: Arc::downgrade(&request.stages),
        stage: Arc::downgrade(&stage),
        left: filter.limit.take().unwrap_or(usize::MAX),
        filter,
        position,
        ready: VecDeque::from(["retry: 1000\n\n".to_owned()]),
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
        let missed = stage.with_journal(|journal| reader.gather(journal));
        stages.missed_events.fetch_add(missed, Ordering::Relaxed);
        if !reader.ready.is_empty() {
            continue;
        }
        if !stages.has(&stage) {
            return None;
        }
        drop(stages);
        if tokio::time::timeout(KEEP_ALIVE, written).await.is_err() {
            reader.ready.push_back(": still here\n\n".to_owned());
        }
    }
}

impl Reader {
    /// Makes the next events ready: first entries that were open and are complete now, then new
    /// ones. Returns how many are gone that should have been among them.
    fn gather(&mut self, journal: &Journal) -> u64 {
        let first = Filter {
            limit: Some(1),
            ..Filter::default()
        };
        let oldest = journal.find(&first).next().map(|entry| entry.id.0);
        if oldest.is_none() && self.position.is_none() {
            return 0;
        }
        let position = self.position.get_or_insert_with(|| Position {
            last: oldest.map_or(0, |oldest| oldest - 1),
            open: BTreeSet::new(),
        });
        let open = position.open.len();
        // What is older than all has fallen out.
        position.open =
            oldest.map_or_else(BTreeSet::new, |oldest| position.open.split_off(&oldest));
        let mut gone = (open - position.open.len()) as u64;
        let mut last = position.last;
        if let Some(oldest) = oldest.filter(|oldest| *oldest > last + 1) {
            gone += oldest - 1 - last;
            last = oldest - 1;
        }
        if gone > 0 {
            self.ready.push_back(position.gap(gone, last));
        }
        let open: Vec<u64> = position.open.iter().copied().collect();
        let new = last + 1..;
        for id in open.into_iter().chain(new) {
            if self.ready.len() >= BATCH || self.left == 0 {
                break;
            }
            match journal.get(EntryId(id)) {
                None => break,
                Some(entry) if id > last || entry.completed.is_some() => self.send(entry),
                Some(_) => {}
            }
        }
        gone
    }

    fn send(&mut self, entry: &Entry) {
        let position = self.position.get_or_insert_default();
        // What does not fit yet may fit when it is complete: an outcome is known only then.
        let kind = position.pass(entry);
        if self.filter.fits(entry) {
            self.left -= usize::from(entry.completed.is_some());
            let id = position.written();
            let data = serde_json::to_string(entry).expect("an entry is JSON");
            let event = format!("id: {id}\nevent: {kind}\ndata: {data}\n\n");
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
    fn runs_of_ids_are_written_short() {
        let position = Position {
            last: 20,
            open: [1, 2, 3, 5, 7, 8].into(),
        };
        assert_eq!(position.written(), "20;open=1-3,5,7-8");
    }

    fn entry(completed: bool) -> Entry {
        serde_json::from_value(serde_json::json!({
            "id": 0, "connection": 1, "vendor": "acme", "arrived": "2026-11-24T10:00:00Z",
            "completed": completed.then_some("2026-11-24T10:00:00Z"),
            "method": "GET", "target": "/", "headers": [],
        }))
        .expect("an entry")
    }

    fn reader(position: Option<&str>, filter: Filter) -> Reader {
        Reader {
            stages: std::sync::Weak::new(),
            stage: std::sync::Weak::new(),
            filter,
            left: usize::MAX,
            position: position.map(|text| Position::parse(text).expect("a position")),
            ready: VecDeque::new(),
        }
    }

    /// First lines of the events that are made ready.
    fn gathered(reader: &mut Reader, journal: &Journal) -> (u64, Vec<String>) {
        let gone = reader.gather(journal);
        let words = |event: String| {
            let mut lines = event.lines();
            let id = lines.next().and_then(|line| line.strip_prefix("id: "));
            let kind = lines.next().and_then(|line| line.strip_prefix("event: "));
            format!("{} {}", id.expect("an id"), kind.expect("a kind"))
        };
        (gone, reader.ready.drain(..).map(words).collect())
    }

    #[test]
    fn what_fell_out_of_the_journal_is_counted() {
        let mut journal = Journal::bounded(3, usize::MAX);
        let mut fresh = reader(None, Filter::default());
        let mut slow = reader(Some("2;open=1"), Filter::default());
        assert_eq!(gathered(&mut fresh, &journal), (0, vec![]));
        for _ in 0..3 {
            journal.arrive(entry(true));
        }
        journal.clear();
        for _ in 0..3 {
            journal.arrive(entry(true));
        }
        let events = |ids: [u64; 3]| ids.map(|id| format!("{id} completed")).to_vec();
        assert_eq!(gathered(&mut fresh, &journal), (0, events([4, 5, 6])));
        let (gone, told) = gathered(&mut slow, &journal);
        // Entry 1, which was open, and entry 3.
        assert_eq!((gone, told[0].as_str()), (2, "3 dropped"));
        assert_eq!(told[1..], events([4, 5, 6]));
        assert_eq!(gathered(&mut slow, &journal), (0, vec![]));
    }

    #[test]
    fn a_batch_is_bounded_and_a_filter_does_not_end_it() {
        let mut journal = Journal::bounded(1000, usize::MAX);
        for _ in 0..200 {
            journal.arrive(entry(true));
        }
        let path = Some("/x".to_owned());
        let target = Filter {
            path,
            ..Filter::default()
        };
        let mut wanted = entry(true);
        wanted.target = "/x".to_owned();
        journal.arrive(wanted);
        let (_, told) = gathered(&mut reader(None, target), &journal);
        assert_eq!(told, ["201 completed"]);
        let mut all = reader(None, Filter::default());
        let mut sizes = Vec::new();
        while let (_, told) = gathered(&mut all, &journal)
            && !told.is_empty()
        {
            sizes.push(told.len());
        }
        assert_eq!(sizes, [64, 64, 64, 9]);
    }

    #[test]
    fn a_position_is_written_and_read() {
        check("9", Some((9, &[])));
        check("9;open=4,6", Some((9, &[4, 6])));
        check("9;open=4-6,8", Some((9, &[4, 5, 6, 8])));
        check("9;open=", Some((9, &[])));
        check("", None);
        check("x", None);
        check("9;open=x", None);
        check("9;open=6-4", None);
        check("9;open=1-18446744073709551615", None);
        check("9;open=0-9998,9999-10000", None);
    }
}
