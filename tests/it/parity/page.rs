//! The page for people.

use std::fmt::Write as _;

use super::row::{EVIDENCE, Exception, Row};
use super::witness::split;

const LEGEND: &str = "\
Made from `parity.tsv` by `LOCUM_WRITE=1 cargo test -p locum --test it parity`; a test refuses a page that
differs, a row without a witness, and a witness that does not exist.

Evidence: SEED, the vendor's own authentication page; DOC, another page of the vendor, or of AWS for what AWS
serves; MEAS 26.7.3, a Keycloak 26.7.3 on loopback, byte for byte; MEAS, recorded by others against the real
service; RAN, a real client or framework on loopback. What no page says is a setting (`vendor.toml`), not a row.
";

/// The page of a vendor.
pub(super) fn render(title: &str, rows: &[Row]) -> String {
    let mut page =
        format!("# {title}: what the mock was built from, and what proves it\n\n{LEGEND}\n");
    page += "| evidence | rows | witnessed | not served | not about the mock |\n|---|--:|--:|--:|--:|\n";
    for kind in EVIDENCE {
        let of_kind: Vec<&Row> = rows
            .iter()
            .filter(|row| row.evidence.iter().any(|have| have == kind))
            .collect();
        if !of_kind.is_empty() {
            page += &counted(kind, &of_kind);
        }
    }
    page += &counted("all", &rows.iter().collect::<Vec<_>>());
    page += "\n| id | what is so | evidence | source | witness |\n|---|---|---|---|---|\n";
    for row in rows {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            row.id,
            cell(&row.claim),
            row.evidence.join(", "),
            cell(&row.source),
            witnesses(row)
        );
    }
    page
}

fn counted(kind: &str, rows: &[&Row]) -> String {
    let not_served = rows
        .iter()
        .filter(|row| matches!(row.exception, Some(Exception::NotServed(_))))
        .count();
    let others = rows
        .iter()
        .filter(|row| matches!(row.exception, Some(Exception::NotAboutTheMock(_))))
        .count();
    let witnessed = rows.len() - not_served - others;
    format!(
        "| {kind} | {} | {witnessed} | {not_served} | {others} |\n",
        rows.len()
    )
}

fn witnesses(row: &Row) -> String {
    match &row.exception {
        Some(Exception::NotServed(reason)) => format!("not served: {}", cell(reason)),
        Some(Exception::NotAboutTheMock(reason)) => format!("not about the mock: {}", cell(reason)),
        None => {
            let links: Vec<String> = row.witnesses.iter().map(|name| link(name)).collect();
            links.join("; ")
        }
    }
}

/// A link from the vendor's folder to the file of a witness.
fn link(witness: &str) -> String {
    let (file, name) = split(witness);
    format!("[{}](../../{file})", cell(name.unwrap_or(file)))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
