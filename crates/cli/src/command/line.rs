//! A line for each exchange: status, vendor, endpoint, who, and for a refusal the reason and where
//! the journal tells more.

use locum_core::Entry;

/// Describes the exchange of `entry` on `stage` in a line or two; in colour when `color` is set.
pub(super) fn of(stage: &str, entry: &Entry, color: bool) -> String {
    let status = entry.reply.as_ref().map_or(0, |reply| reply.status);
    let paint = |code: u8, text: &str| {
        if color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    let tint = match status {
        500.. => 35,
        400.. => 31,
        300.. => 33,
        _ => 32,
    };
    let vendor = if stage == "default" {
        entry.vendor.clone()
    } else {
        format!("{}@{stage}", entry.vendor)
    };
    let path = entry.target.split('?').next().unwrap_or_default();
    let endpoint = if entry.endpoint.is_empty() {
        "-"
    } else {
        &entry.endpoint
    };
    let mut line = format!(
        "{} {vendor:<8} {endpoint:<12} {:<6} {}  {}",
        paint(tint, &status.to_string()),
        entry.method,
        printable(path),
        printable(entry.principal.as_deref().unwrap_or("anonymous")),
    );
    if let Some(fault) = entry.fault {
        line.push_str(&format!("  fault {}", fault.0));
    }
    if let Some(denial) = &entry.denial {
        let journal = match stage {
            "default" => format!("/_locum/journal/{}", entry.id.0),
            name => format!("/_locum/stages/{name}/journal/{}", entry.id.0),
        };
        line.push_str(&format!(
            "\n    {}  {}",
            printable(&denial.sentence()),
            paint(2, &journal)
        ));
    }
    line
}

/// `text` without characters that a terminal obeys: a client chooses its name itself.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// Says that `count` lines are missing at this place.
pub(super) fn dropped(count: u64) -> String {
    let lines = if count == 1 { "line" } else { "lines" };
    format!("... {count} {lines} dropped: the reader is slow\n")
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\nc é"), "a\\u{1b}[2Jb\\nc é");
    }
}
