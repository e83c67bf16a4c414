//! A writer that prints nothing: verdicts are ours, cucumber only runs the scenarios.

use cucumber::{Event, Writer, cli, event, parser, writer};

/// Keeps what no hook can see: features that could not be parsed, hooks that failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Silent {
    trouble: Vec<String>,
}

impl Silent {
    /// What went wrong outside of any scenario, if anything did.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.first().map(String::as_str)
    }
}

impl<World: 'static> Writer<World> for Silent {
    type Cli = cli::Empty;

    async fn handle_event(
        &mut self,
        event: parser::Result<Event<event::Cucumber<World>>>,
        _: &cli::Empty,
    ) {
        if let Err(error) = event {
            self.trouble.push(error.to_string());
        }
    }
}

impl writer::Normalized for Silent {}
impl writer::NonTransforming for Silent {}
