//! One finding: the sentence and where it stands, what was expected and what was received, the
//! likely mistake, and how to see it again.

use locum_core::Entry;
use locum_core::requirement::Judge;

use super::layout::{Look, color, labelled, paint, shell, wrap};
use crate::catalogue::{catalogue, source};
use crate::evidence::{Event, Exchange, Record, RecordId};
use crate::report::{Report, curl, prose, symptom, wire};
use crate::subject::{ClientReply, OutputStream};
use crate::verdict::{EvidenceRef, Scenario, VerdictRow};

/// Most requests of one finding that are listed; alike ones are one line.
const MAX_LINES: usize = 4;

/// Most exchanges of one finding that are shown whole.
const MAX_EXCHANGES: usize = 2;

/// Most lines of a terminal for one reply.
const MAX_REPLY_LINES: usize = 4;

/// Tells one row at length.
pub(super) fn finding(out: &mut String, report: &Report, row: &VerdictRow, look: Look) {
    let known = catalogue().get(&row.id.0);
    let word = format!("{:<12}", row.verdict.word());
    let head = format!(
        "{} {:<9}{:<7}",
        paint(&word, color(row.verdict), look),
        row.id.0,
        row.level.word(),
    );
    let sentence = known.map_or("", |known| known.requirement.as_str());
    super::layout::headed(out, (&head, 13 + 16), sentence, look);
    let sources = known.map(|known| source::sources(&known.source, &row.vendor));
    let sources = sources.unwrap_or_default();
    for (at, source) in sources.iter().enumerate() {
        let label = if at == 0 { "source" } else { "" };
        labelled(out, label, &source.text, look);
        // Sentences of one page have its address behind the last of them.
        let next = sources.get(at + 1);
        let goes_on = next.is_some_and(|next| next.address == source.address);
        if let Some(address) = source.address.as_ref().filter(|_| !goes_on) {
            labelled(out, "", address, look);
        }
    }
    if let Some(expected) = &row.expected {
        labelled(out, "expected", expected, look);
    }
    let observed = row.observed.as_ref();
    labelled(out, "seen", observed.unwrap_or(&row.reason), look);
    if observed.is_some_and(|seen| *seen != row.reason) {
        labelled(out, "because", &row.reason, look);
    }
    match row.judge {
        Judge::Vendor => on_the_wire(out, report, row, look),
        Judge::Client => by_the_client(out, report, row, look),
    }
    if let Some(mend) = prose::mend(row) {
        labelled(out, "mend", mend, look);
    }
    if !row.needed_by.is_empty() {
        let ids: Vec<&str> = row.needed_by.iter().map(|id| id.0.as_str()).collect();
        let text = format!("was judged because {} needs it", ids.join(", "));
        labelled(out, "needed", &text, look);
    }
    let blocked = report.hidden_by(row);
    if blocked > 0 {
        let rows = if blocked == 1 { "row" } else { "rows" };
        let text = format!("{blocked} {rows} could not be judged because of it: mend it first");
        labelled(out, "first", &text, look);
    }
    labelled(out, "more", &format!("locum explain {}", row.id), look);
    out.push('\n');
}

/// The exchanges of our own that prove it, the accepted one beside them, and how to send it again.
fn on_the_wire(out: &mut String, report: &Report, row: &VerdictRow, look: Look) {
    let proof = row.evidence.iter();
    let proof: Vec<_> = proof
        .flat_map(|evidence| wire::exchanges(&report.scenarios, evidence))
        .collect();
    let mut shown: Vec<(String, String)> = Vec::new();
    for (_, exchange) in &proof {
        let pair = (wire::sent(exchange), wire::received(exchange));
        if shown.len() < MAX_EXCHANGES && !shown.contains(&pair) {
            labelled(out, "sent", &pair.0, look);
            received(out, exchange, look);
            shown.push(pair);
        }
    }
    if proof.len() > shown.len() {
        let more = format!("… and {} more", proof.len() - shown.len());
        labelled(out, "", &more, look);
    }
    let Some((scenario, exchange)) = proof.first() else {
        return;
    };
    if let Some((_, control)) = control(report, row, scenario, exchange) {
        labelled(out, "beside", &wire::sent(&control), look);
        received(out, &control, look);
    }
    let named = proof.iter().find_map(|(_, one)| symptom::symptom(one));
    if let Some(named) = named {
        labelled(out, "note", &named, look);
    }
    if let Some(words) = curl::words(scenario, exchange) {
        shell(out, "repeat", &words, look);
        if let Some(legend) = curl::legend(&words) {
            labelled(out, "", &legend, look);
        }
    }
}

fn received(out: &mut String, exchange: &Exchange<'_>, look: Look) {
    let text = wire::received(exchange);
    let lines = wrap(&text, 2 + super::layout::LABEL, look);
    let is_long = look.width.is_some() && lines.len() > MAX_REPLY_LINES;
    let shown = match is_long {
        true => format!("{} …", lines[..MAX_REPLY_LINES].join(" ")),
        false => text,
    };
    labelled(out, "received", &shown, look);
}

/// The accepted request beside the one that shows the finding: the rule's own, or the documented
/// one of the same operation in the same scenario.
fn control<'a>(
    report: &'a Report,
    row: &VerdictRow,
    scenario: &'a Scenario,
    finding: &Exchange<'_>,
) -> Option<(&'a Scenario, Exchange<'a>)> {
    let named = row.control.iter();
    let mut named = named.flat_map(|control| wire::exchanges(&report.scenarios, control));
    named.next().or_else(|| {
        let mut documented = scenario.evidence.documented(finding.operation);
        let beside = documented.find(|one| one.is_served() && one.seq != finding.seq)?;
        Some((scenario, beside))
    })
}

/// What the client sent and said that proves it, alike lines counted.
fn by_the_client(out: &mut String, report: &Report, row: &VerdictRow, look: Look) {
    for line in requests(report, &row.evidence) {
        labelled(out, "", &line, look);
    }
    let control: Vec<EvidenceRef> = row.control.iter().cloned().collect();
    for (at, line) in requests(report, &control).iter().enumerate() {
        labelled(out, if at == 0 { "beside" } else { "" }, line, look);
    }
}

fn requests(report: &Report, evidence: &[EvidenceRef]) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for proof in evidence {
        let mut scenarios = report.scenarios.iter();
        let scenario = scenarios.find(|scenario| scenario.key == proof.scenario);
        let records = scenario.map_or(&[][..], |scenario| scenario.evidence.records());
        let shown = proof.entries.iter().filter_map(|seq| find(records, *seq));
        for line in shown.filter_map(|record| line(&record.event)) {
            match lines.iter_mut().find(|(known, _)| *known == line) {
                Some((_, count)) => *count += 1,
                None => lines.push((line, 1)),
            }
        }
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    let counted = |(line, count): (String, usize)| match count {
        1 => line,
        count => format!("{line}  ×{count}"),
    };
    let mut shown: Vec<String> = lines.into_iter().take(MAX_LINES).map(counted).collect();
    if more > 0 {
        shown.push(format!("… and {more} more"));
    }
    shown
}

fn find(records: &[Record], seq: RecordId) -> Option<&Record> {
    records.iter().find(|record| record.seq == seq)
}

/// What a record says in a line; `None` where that is nothing for a person.
fn line(event: &Event) -> Option<String> {
    Some(match event {
        Event::Entry { entry } => exchange(entry),
        Event::Elsewhere { place, entry } => format!("{} (at {place})", exchange(entry)),
        Event::Output { stream, text } => match stream {
            OutputStream::Stdout => format!("stdout: {text}"),
            OutputStream::Stderr => format!("stderr: {text}"),
        },
        Event::Answer { message, .. } => format!("the client answered: {}", answer(message)),
        Event::Gone { gone, .. } => format!("the client went away: {}", gone.why),
        _ => return None,
    })
}

fn answer(reply: &ClientReply) -> String {
    serde_json::to_string(reply).unwrap_or_default()
}

/// A request in a line: method, target, status, why it was refused, and how it showed itself.
fn exchange(entry: &Entry) -> String {
    let status = match &entry.reply {
        Some(reply) => reply.status.to_string(),
        None => "no reply".to_owned(),
    };
    let mut line = format!("{} {} -> {status}", entry.method, entry.target);
    if let Some(denial) = &entry.denial {
        line += &format!(" {}", denial.reason.replace('_', " "));
    }
    let mut headers = entry.headers.iter();
    let shown = headers.find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if let Some((name, value)) = shown {
        line += &format!("  ({name}: {value})");
    }
    line
}
