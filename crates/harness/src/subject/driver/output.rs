//! What a client under test prints besides its answers.

use crate::evidence::Event;
use crate::run::context::ScenarioContext;
use crate::subject::ClientOutput;

/// How many lines of a client's output are kept for one scenario.
const MAX_LINES: usize = 200;

/// How many of those that hold a secret.
const MAX_TELLING_LINES: usize = 400;

impl ScenarioContext {
    /// Calls that succeeded although nothing came here went elsewhere, or nowhere.
    pub(super) fn find_talk(&mut self) {
        let evidence = self.log.evidence();
        let records = || evidence.records().iter().map(|record| &record.event);
        let is_call = |wanted: u64| {
            records().any(|event| matches!(event, Event::Ask { id, message } if *id == wanted && message.op() == "call"))
        };
        let succeeded = |event: &Event| matches!(event, Event::Answer { id, message } if message.succeeded() && is_call(*id));
        let is_secure = |url: &String| url.starts_with("https:") || url.starts_with("wss:");
        if self.stage.is_some()
            && !self.target.urls.values().any(is_secure)
            && evidence.entries().next().is_none()
            && evidence.places().is_empty()
            && records().any(succeeded)
        {
            let fault = "shim fault: its calls succeeded, but no request reached the vendor: does it use the addresses in `config`?";
            self.shim_fault.get_or_insert_with(|| fault.to_owned());
        }
    }

    /// Writes down what the client printed so far.
    pub(super) async fn note_output(&mut self) {
        let subject = self
            .client
            .as_ref()
            .and_then(|client| client.subject.as_ref());
        let output = subject.map(|subject| subject.output());
        self.note(output.unwrap_or_default()).await;
    }

    /// Lines that hold a secret are kept longest: they are what somebody looks for.
    pub(super) async fn note(&mut self, output: Vec<ClientOutput>) {
        for output in output {
            match output {
                ClientOutput::ShimFault(fault) => {
                    let fault = self.named(fault).await;
                    self.shim_fault.get_or_insert(fault);
                }
                ClientOutput::Lost(lines) => self.output.dropped += lines,
                ClientOutput::Line { stream, text } => {
                    // Marks of the client's own would look like ours.
                    let shown = String::from_utf8_lossy(&text).replace('«', "‹");
                    let named = self.named(shown.clone()).await;
                    let is_telling = named != shown || self.log.holds_secret(&text);
                    let limit = if is_telling {
                        MAX_TELLING_LINES
                    } else {
                        MAX_LINES
                    };
                    if self.output.kept < limit {
                        self.output.kept += 1;
                        self.log.output(stream, named.as_bytes());
                    } else {
                        self.output.dropped += 1;
                    }
                }
            }
        }
    }

    /// The text with names in place of the mock's secrets.
    pub(super) async fn named(&self, text: String) -> String {
        match (&self.redact, &self.stage) {
            (Some(redact), Some(stage)) => {
                let (stage, vendor) = (stage.name().to_owned(), self.profile.vendor.clone());
                redact(stage, vendor, text).await
            }
            _ => text,
        }
    }
}
