//! Lines of a terminal: colour, columns, wrapping.

use std::fmt::Write as _;

use locum_core::Verdict;

/// How wide the names before a text are.
pub(super) const LABEL: usize = 10;

/// How the text is to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Columns of the terminal, at which lines are wrapped; `None` where nothing is.
    pub width: Option<usize>,
    /// Whether verdicts are coloured.
    pub color: bool,
}

pub(super) const fn color(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "32",
        Verdict::Fail | Verdict::Error | Verdict::Harness => "31",
        Verdict::Warn => "33",
        Verdict::Info => "36",
        Verdict::Pending | Verdict::Inconclusive | Verdict::NotApplicable | Verdict::NotRun => "2",
    }
}

pub(super) fn paint(text: &str, code: &str, look: Look) -> String {
    if look.color {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// A text behind its name, wrapped.
pub(super) fn labelled(out: &mut String, label: &str, text: &str, look: Look) {
    for (at, line) in wrap(text, 2 + LABEL, look).iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {label:LABEL$}{line}");
    }
}

/// The same, with a mark at the end of each line that goes on, as shells want it.
pub(super) fn shell(out: &mut String, label: &str, words: &[String], look: Look) {
    let room = room(2 + LABEL + 2, look);
    let lines = fill(words.iter().map(String::as_str), room);
    let last = lines.len().saturating_sub(1);
    for (at, line) in lines.iter().enumerate() {
        let label = if at == 0 { label } else { "" };
        let mark = if at < last { " \\" } else { "" };
        let _ = writeln!(out, "  {label:LABEL$}{line}{mark}");
    }
}

/// A paragraph with this indentation.
pub(super) fn wrapped(out: &mut String, indent: usize, text: &str, look: Look) {
    for line in wrap(text, indent, look) {
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

/// A headed paragraph: what stands in `head` keeps its place, further lines are indented under it.
pub(super) fn headed(out: &mut String, head: (&str, usize), text: &str, look: Look) {
    let (head, width) = head;
    let lines = wrap(text, width, look);
    let _ = writeln!(out, "{head}{}", lines.first().map_or("", String::as_str));
    for line in lines.iter().skip(1) {
        let _ = writeln!(out, "{:width$}{line}", "");
    }
}

fn room(indent: usize, look: Look) -> usize {
    look.width
        .map_or(usize::MAX, |width| width.saturating_sub(indent).max(20))
}

/// The words of a text in lines that fit behind `indent`; a word that is longer than a line has one
/// to itself and is never cut.
pub(super) fn wrap(text: &str, indent: usize, look: Look) -> Vec<String> {
    fill(text.split_whitespace(), room(indent, look))
}

fn fill<'a>(words: impl Iterator<Item = &'a str>, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in words {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if used + 1 + length <= room => {
                line.push(' ');
                line.push_str(word);
                used += 1 + length;
            }
            _ => {
                lines.push(word.to_owned());
                used = length;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Look = Look {
        width: Some(24),
        color: false,
    };

    #[test]
    fn long_texts_are_wrapped_at_words_and_nothing_is_cut() {
        let text = "one two three four five six seven";
        assert_eq!(
            wrap(text, 4, NARROW),
            ["one two three four", "five six seven"]
        );
        assert_eq!(wrap(text, 4, Look::default()), [text]);
        assert_eq!(wrap("", 4, NARROW), [""; 0]);
        let word = "x".repeat(40);
        assert_eq!(wrap(&word, 0, NARROW), [word]);
    }

    #[test]
    fn a_line_of_a_shell_goes_on_behind_a_mark() {
        let words = ["curl", "-sS", "'an address that is long'", "-d x"].map(str::to_owned);
        let mut out = String::new();
        shell(&mut out, "repeat", &words, NARROW);
        assert_eq!(
            out,
            "  repeat    curl -sS \\\n            'an address that is long' \\\n            -d x\n"
        );
        let mut out = String::new();
        shell(&mut out, "repeat", &words, Look::default());
        assert_eq!(out, "  repeat    curl -sS 'an address that is long' -d x\n");
    }

    #[test]
    fn colour_is_only_around_what_is_painted() {
        let look = Look {
            color: true,
            ..NARROW
        };
        assert_eq!(paint("FAIL", "31", look), "\u{1b}[31mFAIL\u{1b}[0m");
        assert_eq!(paint("FAIL", "31", NARROW), "FAIL");
    }
}
