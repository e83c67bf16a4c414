//! What the command prints, searched for secrets of the run while their stages live.

use std::sync::{Arc, Mutex, MutexGuard};

use locum_core::Entry;
use locum_harness::subject::OutputStream;
use locum_harness::traffic::{Happening, Traffic};
use locum_server::redact::Redactor;
use locum_server::{Mock, Stages};
use serde_json::Value;
use tokio::sync::mpsc;

use super::program::Line;

/// Most lines with secrets that are kept.
const MAX_LINES: usize = 200;

/// Longest piece of such a line that is kept, in bytes.
const MAX_LENGTH: usize = 2 << 10;

/// A line in which secrets of a stage stand, by their names.
#[derive(Clone, Debug)]
struct Leak {
    stage: String,
    stream: OutputStream,
    text: String,
}

/// The lines that held secrets.
#[derive(Debug, Default)]
pub(super) struct Output(Mutex<Vec<Leak>>);

impl Output {
    /// Searches each line that comes, until no more do.
    pub(super) async fn search(
        self: Arc<Self>,
        stages: Arc<Stages>,
        mut lines: mpsc::Receiver<Line>,
    ) {
        while let Some((stream, bytes)) = lines.recv().await {
            if bytes.is_empty() || self.lock().len() >= MAX_LINES {
                continue;
            }
            // Marks of the client's own would look like ours.
            let line = String::from_utf8_lossy(&bytes).replace('«', "‹");
            for stage in stages.all() {
                let Some(vendor) = stages.vendors().first() else {
                    return;
                };
                let mock = Mock::new(Arc::clone(vendor), Arc::clone(&stage), String::new());
                let text = Redactor::new(&stages, &mock).text(&line).await;
                if owners(&text).next().is_some() {
                    let text = text[..text.floor_char_boundary(MAX_LENGTH)].to_owned();
                    let stage = stage.name.clone();
                    self.lock().push(Leak {
                        stage,
                        stream,
                        text,
                    });
                }
            }
        }
    }

    /// Adds each line to the traffic of the vendor whose secret stands in it.
    pub(super) fn add_to(&self, traffic: &mut [Traffic], document: &Value) {
        for leak in self.lock().iter() {
            let here = |traffic: &&mut Traffic| traffic.stage == leak.stage;
            let of_owner = |traffic: &Traffic| {
                let principals = document["vendors"][&traffic.vendor]["principals"].to_string();
                let is_known = |owner: &str| principals.contains(owner) || is_seen(traffic, owner);
                owners(&leak.text).any(is_known)
            };
            let is_told = traffic
                .iter()
                .filter(|one| one.stage == leak.stage)
                .any(of_owner);
            for traffic in traffic.iter_mut().filter(here) {
                if !is_told || of_owner(traffic) {
                    let at = traffic
                        .events
                        .last()
                        .map_or_else(Default::default, |(at, _)| *at);
                    let line = Happening::Output(leak.stream, leak.text.clone());
                    traffic.events.push((at, line));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Leak>> {
        self.0
            .lock()
            .expect("no code panics while it holds the lines")
    }
}

/// Whose secrets stand in a text: `a` of `«access token 1 of a»`.
fn owners(text: &str) -> impl Iterator<Item = &str> {
    let names = text
        .split('«')
        .skip(1)
        .filter_map(|rest| rest.split_once('»'));
    let known = names.filter(|(name, _)| !name.starts_with("unknown"));
    known.map(|(name, _)| name.rsplit_once(" of ").map_or(name, |(_, owner)| owner))
}

fn is_seen(traffic: &Traffic, owner: &str) -> bool {
    let is_of = |entry: &Entry| entry.principal.as_deref() == Some(owner);
    let mut events = traffic.events.iter();
    events.any(|(_, event)| matches!(event, Happening::Exchange(entry) if is_of(entry)))
}
