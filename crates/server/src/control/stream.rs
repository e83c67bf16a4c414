//! The journal as server-sent events: one for each completed entry, its id as the event's id.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use locum_core::{Entry, EntryId, Filter};

use super::call::{self, Ask, Outcome};
use super::refusal::Refusal;
use crate::stage::Stage;

/// What one reader has seen.
struct Reader {
    stage: Arc<Stage>,
    filter: Filter,
    after: EntryId,
    ready: VecDeque<Entry>,
}

/// Sends what fits from the entry after `Last-Event-ID` (or `after`) on, until the reader goes.
pub(super) fn stream(ask: &Ask) -> Outcome {
    let stage = ask.stage()?;
    let filter: Filter = ask.query()?;
    let last = ask
        .last_event_id
        .as_deref()
        .map(str::parse::<u64>)
        .transpose();
    let last =
        last.map_err(|_| Refusal::bad("Last-Event-ID is no entry's id").hint("a whole number"))?;
    let after = last.map(EntryId).or(filter.after).unwrap_or_default();
    let reader = Reader {
        stage,
        filter,
        after,
        ready: VecDeque::new(),
    };
    let events = stream::unfold(reader, |mut reader| async {
        let entry = reader.next().await;
        let data = serde_json::to_string(&entry).unwrap_or_default();
        let event = format!("id: {}\ndata: {data}\n\n", entry.id.0);
        Some((
            Ok::<_, std::convert::Infallible>(Bytes::from(event)),
            reader,
        ))
    });
    Ok(call::written(
        200,
        "text/event-stream",
        Body::from_stream(events),
    ))
}

impl Reader {
    /// The next completed entry, in order of arrival: one that is not complete holds back those
    /// behind it.
    async fn next(&mut self) -> Entry {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return entry;
            }
            let stage = Arc::clone(&self.stage);
            let written = stage.written.notified();
            tokio::pin!(written);
            written.as_mut().enable();
            let all = stage.find(&Filter {
                after: Some(self.after),
                ..Filter::default()
            });
            for entry in all.into_iter().take_while(|entry| entry.outcome.is_some()) {
                self.after = entry.id;
                if self.filter.fits(&entry) {
                    self.ready.push_back(entry);
                }
            }
            if self.ready.is_empty() {
                written.await;
            }
        }
    }
}
