//! Where a requirement comes from, by an address that anyone can open.

use std::sync::LazyLock;

use serde::Deserialize;

use super::contract_of;

/// The pages as they were written down.
const PAGES: &str = include_str!("../../catalogue/pages.toml");

static TABLE: LazyLock<Pages> =
    LazyLock::new(|| toml::from_str(PAGES).expect("a test parses the embedded table"));

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    page: Vec<Page>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    name: String,
    vendor: Option<String>,
    /// What it is called instead, where its name in the table says nothing to a reader.
    title: Option<String>,
    address: String,
}

/// One source of a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The page or RFC, and the sentence or section.
    pub text: String,
    /// Where it can be read, if it is public.
    pub address: Option<String>,
    /// The vendor whose page it is, if it is one's.
    pub vendor: Option<&'static str>,
}

/// The sources in a cell of the catalogue that bind `vendor`: its own pages, and what binds all.
/// Where only another vendor says it, the row is good practice here, and says so.
pub fn sources(cell: &str, vendor: &str) -> Vec<Source> {
    let contract = contract_of(vendor);
    let (mine, others): (Vec<Source>, Vec<Source>) = all(cell)
        .into_iter()
        .partition(|source| source.vendor.is_none_or(|of| of == contract));
    if !mine.is_empty() {
        return mine;
    }
    let practice = |other: Source| Source {
        text: format!(
            "good practice, which another vendor writes down: {}",
            other.text
        ),
        ..other
    };
    others.into_iter().map(practice).collect()
}

/// All sources in a cell of the catalogue.
pub fn all(cell: &str) -> Vec<Source> {
    parts(cell).into_iter().map(read).collect()
}

/// The cell with the address of each page in place of a name that nobody else knows it by.
pub fn addressed(cell: &str) -> String {
    let titled = TABLE.page.iter().filter(|page| page.title.is_some());
    titled.fold(cell.to_owned(), |text, page| {
        text.replace(&page.name, &page.address)
    })
}

fn read(part: &str) -> Source {
    let page = TABLE.page.iter().find(|page| part.starts_with(&page.name));
    let Some(page) = page else {
        return Source {
            text: part.to_owned(),
            address: rfc(part),
            vendor: None,
        };
    };
    let rest = &part[page.name.len()..];
    let text = match &page.title {
        Some(title) => format!("{title}:{rest}"),
        None => part.to_owned(),
    };
    let end = rest.find([',', ':', ' ', '“']).unwrap_or(rest.len());
    Source {
        text: text.trim_end_matches(':').to_owned(),
        address: Some(page.address.replace("{}", &rest[..end])),
        vendor: page.vendor.as_deref(),
    }
}

/// The address of the first section that `RFC 6749 §4.3.2, App. B` names.
fn rfc(part: &str) -> Option<String> {
    let rest = part.strip_prefix("RFC ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit());
    let (number, rest) = rest.split_at(digits.unwrap_or(rest.len()));
    if number.is_empty() {
        return None;
    }
    let anchor = |mark: &str, name: &str| {
        let (_, found) = rest.split_once(mark)?;
        let is_of_it = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = found.find(|c| !is_of_it(c)).unwrap_or(found.len());
        Some(format!("#{name}-{}", found[..end].trim_end_matches('.')))
    };
    let place = anchor("§", "section").or_else(|| anchor("App. ", "appendix"));
    let place = place.unwrap_or_default();
    Some(format!("https://www.rfc-editor.org/rfc/rfc{number}{place}"))
}

/// The parts between semicolons, of which a quoted sentence may have some of its own.
fn parts(cell: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_i32);
    for (at, c) in cell.char_indices() {
        match c {
            '“' => depth += 1,
            '”' => depth -= 1,
            ';' if depth <= 0 => {
                parts.push(&cell[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&cell[start..]);
    let parts = parts.into_iter().map(str::trim);
    parts
        .filter(|part| !part.is_empty() && *part != "-")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    fn check(cell: &str, vendor: &str, expected: &[(&str, Option<&str>)]) {
        let found = sources(cell, vendor);
        let found: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|source| (source.text.as_str(), source.address.as_deref()))
            .collect();
        assert_eq!(found, expected, "{cell}");
    }

    #[test]
    fn each_source_is_told_with_its_address() {
        check(
            "001_8c5ad44af460f482.txt “a; b”; RFC 6749 §3.2, §4; late 401",
            "pattern",
            &[
                (
                    "Pattern Health docs, authentication: “a; b”",
                    Some("https://docs.pattern.health/pattern-api/v1/authentication.html"),
                ),
                (
                    "RFC 6749 §3.2, §4",
                    Some("https://www.rfc-editor.org/rfc/rfc6749#section-3.2"),
                ),
                ("late 401", None),
            ],
        );
        check(
            "RFC 6749 App. B; RFC 8996",
            "corti",
            &[
                (
                    "RFC 6749 App. B",
                    Some("https://www.rfc-editor.org/rfc/rfc6749#appendix-B"),
                ),
                ("RFC 8996", Some("https://www.rfc-editor.org/rfc/rfc8996")),
            ],
        );
        check(
            "Pattern Health docs (docs.pattern.health), paging: nextPage is absolute",
            "pattern",
            &[(
                "Pattern Health docs (docs.pattern.health), paging: nextPage is absolute",
                Some("https://docs.pattern.health/pattern-api/v1/paging.html"),
            )],
        );
    }

    #[test]
    fn a_page_of_another_vendor_is_named_only_where_nobody_else_says_it() {
        let rfc = Some("https://www.rfc-editor.org/rfc/rfc8996");
        let cell = "001_8c5ad44af460f482.txt “a”; RFC 8996";
        check(cell, "corti", &[("RFC 8996", rfc)]);
        let page = Some("https://docs.pattern.health/pattern-api/v1/authentication.html");
        let text = "good practice, which another vendor writes down: Pattern Health docs, authentication: “a”";
        check("001_8c5ad44af460f482.txt “a”", "corti", &[(text, page)]);
    }

    #[test]
    fn no_row_names_a_page_that_only_we_know() {
        for row in catalogue().rows() {
            let told = addressed(&row.source);
            assert!(!told.contains(".txt"), "{}: {told}", row.id);
            let vendors = row.vendors.iter();
            let mut told = vendors.flat_map(|vendor| sources(&row.source, vendor));
            assert!(
                !told.any(|source| source.text.contains(".txt")),
                "{}",
                row.id
            );
            if row.source_kind == "rfc" {
                let mut all = sources(&row.source, &row.vendors[0]).into_iter();
                assert!(all.any(|source| source.address.is_some()), "{}", row.id);
            }
        }
    }
}
