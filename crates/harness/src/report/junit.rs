//! `junit.xml`, as the schema of Apache Ant's reports has it: a suite for each vendor, a case for
//! each row. What is a warning stands in the suite's properties and output, for a case has neither.

use std::io::{self, Write};

use locum_core::Verdict;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Report, prose};
use crate::catalogue::area;
use crate::verdict::VerdictRow;

/// The file's text.
pub(super) fn text(report: &Report) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    document(&mut writer, report).expect("writing to memory cannot fail");
    let mut text = String::from_utf8(writer.into_inner()).expect("made of text");
    text.push('\n');
    text
}

fn document(writer: &mut Writer<Vec<u8>>, report: &Report) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer
        .create_element("testsuites")
        .write_inner_content(|writer| {
            for (at, vendor) in report.run.vendors.iter().enumerate() {
                suite(writer, report, (at, vendor))?;
            }
            Ok(())
        })?;
    Ok(())
}

/// How a case stands in JUnit's words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

fn kind(report: &Report, row: &VerdictRow) -> Kind {
    match row.verdict {
        Verdict::Error | Verdict::Harness if report.fails(row) => Kind::Error,
        _ if report.fails(row) => Kind::Failure,
        Verdict::Pass | Verdict::Info | Verdict::Warn => Kind::Passed,
        _ => Kind::Skipped,
    }
}

fn suite<W: Write>(
    writer: &mut Writer<W>,
    report: &Report,
    (at, vendor): (usize, &str),
) -> io::Result<()> {
    let all = report.verdicts.iter();
    let rows: Vec<&VerdictRow> = all.filter(|row| row.vendor == vendor).collect();
    let count = |wanted: Kind| {
        rows.iter()
            .filter(|row| kind(report, row) == wanted)
            .count()
    };
    let warnings = || rows.iter().filter(|row| row.verdict == Verdict::Warn);
    // The schema allows no zone.
    let started = report.run.started.rfc3339();
    let started = started.get(..19).unwrap_or_default();
    let seconds = format!(
        "{}.{:03}",
        report.run.duration.as_secs(),
        report.run.duration.subsec_millis()
    );
    writer
        .create_element("testsuite")
        .with_attribute(("id", at.to_string().as_str()))
        .with_attribute((
            "name",
            format!("locum {} {vendor}", report.run.command).as_str(),
        ))
        .with_attribute(("package", vendor))
        .with_attribute(("hostname", "localhost"))
        .with_attribute(("timestamp", started))
        .with_attribute(("tests", rows.len().to_string().as_str()))
        .with_attribute(("failures", count(Kind::Failure).to_string().as_str()))
        .with_attribute(("errors", count(Kind::Error).to_string().as_str()))
        .with_attribute(("skipped", count(Kind::Skipped).to_string().as_str()))
        .with_attribute(("time", seconds.as_str()))
        .write_inner_content(|writer| {
            writer
                .create_element("properties")
                .write_inner_content(|writer| {
                    property(writer, "seed", &report.run.seed.to_string())?;
                    for row in warnings() {
                        property(writer, &format!("WARN {}", row.id), &row.reason)?;
                    }
                    Ok(())
                })?;
            for row in &rows {
                case(writer, report, row)?;
            }
            let told: Vec<String> = warnings().map(|row| prose::finding(report, row)).collect();
            element(writer, "system-out", &told.join("\n"))?;
            element(writer, "system-err", "")
        })?;
    Ok(())
}

fn case<W: Write>(writer: &mut Writer<W>, report: &Report, row: &VerdictRow) -> io::Result<()> {
    let name = format!("{} {}", row.id, prose::sentence(row));
    let area = area::area_of(&row.id.0);
    let class = format!("locum.{}.{}.{area}", row.vendor, row.judge.word());
    let case = writer
        .create_element("testcase")
        .with_attribute(("name", clean(&name).as_str()))
        .with_attribute(("classname", class.as_str()))
        .with_attribute(("time", "0"));
    let why = prose::why(report, row);
    let message = clean(&format!("{}: {why}", row.verdict.word()));
    let told = |writer: &mut Writer<W>, element: &str| {
        writer
            .create_element(element)
            .with_attribute(("message", message.as_str()))
            .with_attribute(("type", row.verdict.word()))
            .write_text_content(BytesText::new(&clean(&prose::finding(report, row))))
            .map(|_| ())
    };
    match kind(report, row) {
        Kind::Passed => case.write_empty()?,
        Kind::Failure => case.write_inner_content(|writer| told(writer, "failure"))?,
        Kind::Error => case.write_inner_content(|writer| told(writer, "error"))?,
        Kind::Skipped => case.write_inner_content(|writer| {
            writer
                .create_element("skipped")
                .with_attribute(("message", message.as_str()))
                .write_empty()
                .map(|_| ())
        })?,
    };
    Ok(())
}

fn property<W: Write>(writer: &mut Writer<W>, name: &str, value: &str) -> io::Result<()> {
    writer
        .create_element("property")
        .with_attribute(("name", name))
        .with_attribute(("value", clean(value).as_str()))
        .write_empty()
        .map(|_| ())
}

fn element<W: Write>(writer: &mut Writer<W>, name: &str, text: &str) -> io::Result<()> {
    writer
        .create_element(name)
        .write_text_content(BytesText::new(&clean(text)))
        .map(|_| ())
}

/// Characters that XML 1.0 has no way to write become the replacement character.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => c,
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::report;

    #[test]
    fn a_suite_counts_what_its_cases_say() {
        let text = text(&report());
        for part in [
            "<testsuite id=\"0\" name=\"locum check pattern\" package=\"pattern\"",
            "timestamp=\"2026-11-24T10:00:00\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"1.000\"",
            "classname=\"locum.pattern.vendor.VEN\"",
            "<failure message=\"FAIL: call was answered with 200 304 s after its issue\" type=\"FAIL\">",
            "<skipped message=\"NOT_RUN: no scenario shows it\"/>",
            "<system-err></system-err>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        let mut report = report();
        report.verdicts[1].reason = "a\u{0}b <c> & \"d\"".to_owned();
        let text = text(&report);
        assert!(
            text.contains("a\u{fffd}b &lt;c&gt; &amp; &quot;d&quot;"),
            "{text}"
        );
    }
}
