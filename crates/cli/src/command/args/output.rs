//! What standard output gets.

use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use locum_harness::report::format::Format;

/// What standard output gets: the text for a person, or a form of the report for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Output {
    /// What a person reads.
    Text,
    /// A form of the report; the text goes to standard error.
    Report(Format),
}

impl ValueEnum for Output {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: LazyLock<Vec<Output>> = LazyLock::new(|| {
            // The evidence alone is no report.
            let reports = Format::ALL.into_iter();
            let reports = reports.filter(|format| *format != Format::Events);
            let reports = reports.map(Output::Report);
            std::iter::once(Output::Text).chain(reports).collect()
        });
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Text => ("text", "What a person reads"),
            Self::Report(format) => (format.name(), format.about()),
        };
        Some(PossibleValue::new(name).help(help))
    }
}
