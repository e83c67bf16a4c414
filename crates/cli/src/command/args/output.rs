//! What standard output gets.

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
        &[
            Self::Text,
            Self::Report(Format::Json),
            Self::Report(Format::Junit),
            Self::Report(Format::Tap),
            Self::Report(Format::Sarif),
            Self::Report(Format::Markdown),
            Self::Report(Format::Har),
            Self::Report(Format::Html),
            Self::Report(Format::Badge),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Text => ("text", "What a person reads"),
            Self::Report(format) => (format.name(), format.about()),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_but_the_evidence_can_be_asked_for() {
        let asked = Output::value_variants().iter();
        let asked: Vec<Format> = asked
            .filter_map(|output| match output {
                Output::Text => None,
                Output::Report(format) => Some(*format),
            })
            .collect();
        let all = Format::ALL.into_iter();
        let all: Vec<Format> = all.filter(|format| *format != Format::Events).collect();
        assert_eq!(asked, all);
    }
}
