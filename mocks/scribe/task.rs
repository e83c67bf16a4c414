//! The tasks of a stage: a document is uploaded, and a model comes of it after a while.

use std::sync::Arc;
use std::time::Duration;

use locum_core::{Timestamp, weight};
use locum_server::memory::{Account, Bounded};
use serde_json::{Value, json};

/// How many bytes of tasks a stage keeps; the oldest fall out first.
const MAX_BYTES: usize = 2 << 20;

/// All tasks, oldest first.
#[derive(Debug)]
pub(super) struct Tasks {
    list: Bounded<u64, Task>,
    added: u64,
}

/// One task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) jobid: String,
    /// The user who made it.
    pub(super) owner: String,
    pub(super) company: Option<String>,
    pub(super) filename: Option<String>,
    pub(super) filetype: String,
    /// base64 of the MD5 that the client named.
    pub(super) md5: Option<String>,
    pub(super) submitted: Timestamp,
    pub(super) uploaded: Option<Timestamp>,
    pub(super) deleted: bool,
}

impl Tasks {
    /// No tasks; their bytes count on `memory`.
    pub(super) fn new(memory: &Arc<Account>) -> Self {
        Self {
            list: Bounded::new(MAX_BYTES, memory),
            added: 0,
        }
    }

    /// Adds a task.
    pub(super) fn add(&mut self, task: Task) {
        self.added += 1;
        let heap = task.heap();
        self.list.insert(self.added, task, heap);
    }

    /// The task of this id.
    pub(super) fn get(&mut self, jobid: &str) -> Option<&mut Task> {
        self.list.values_mut().find(|task| task.jobid == jobid)
    }

    /// The tasks of `owner` that are not deleted.
    pub(super) fn of<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a Task> {
        self.list
            .values()
            .filter(move |task| task.owner == owner && !task.deleted)
    }
}

impl Task {
    /// Bytes beside its own size.
    fn heap(&self) -> usize {
        let optional = [&self.company, &self.filename, &self.md5];
        let optional = optional
            .into_iter()
            .map(|text| weight::optional(text.as_ref()));
        weight::text(&self.jobid)
            + weight::text(&self.owner)
            + weight::text(&self.filetype)
            + optional.sum::<usize>()
    }

    /// SUCCESS, DELETED, PENDING_UPLOAD or PROCESSING, at `now`.
    pub(super) fn status(&self, now: Timestamp, processing: Duration) -> &'static str {
        match self.uploaded {
            _ if self.deleted => "DELETED",
            None => "PENDING_UPLOAD",
            Some(at) if now < at.plus(processing) => "PROCESSING",
            Some(_) => "SUCCESS",
        }
    }

    /// The task as the API shows it.
    pub(super) fn show(&self, status: &str, model_url: Option<String>) -> Value {
        let mut shown = json!({
            "jobid": self.jobid,
            "client": self.owner,
            "status": status,
            "submitted": self.submitted.as_seconds(),
        });
        let more = [
            ("companyName", self.company.clone()),
            ("clientFilename", self.filename.clone()),
            ("originalFilename", self.filename.clone()),
            (
                "clientModelFilename",
                model_url.as_ref().map(|_| format!("{}.json", self.jobid)),
            ),
            ("modelUrl", model_url),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                shown[name] = value.into();
            }
        }
        shown
    }

    /// The model made from it: the same bytes each time.
    pub(super) fn model(&self) -> Value {
        json!({
            "jobid": self.jobid,
            "company": self.company,
            "date": &self.submitted.rfc3339()[..10],
            "tables": [{"title": "document", "filetype": self.filetype, "rows": []}],
        })
    }
}
