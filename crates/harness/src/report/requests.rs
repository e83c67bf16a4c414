//! What a run would send, told before anything is sent: the requests of a rehearsal, with the
//! addresses of the vendor in place of the rehearsal's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use locum_core::{RequirementId, Verdict};

use super::terminal::{self, Look};
use super::{Report, curl};
use crate::evidence::{Exchange, Operation};
use crate::run::WAIT;
use crate::verdict::{Scenario, VerdictRow};

/// How the addresses of a rehearsal read at the vendor that it is for.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// The vendor's addresses by their names: `token`, `api`, …
    pub urls: BTreeMap<String, String>,
    /// What stands before the documented paths: the rehearsal's, and the vendor's.
    pub base: (String, String),
    /// The path of the sample call: the rehearsal's, and the vendor's.
    pub sample: Option<(String, String)>,
    /// Segments of paths, such as the id of a group: the rehearsal's, and the vendor's.
    pub words: BTreeMap<String, String>,
}

impl Addresses {
    /// The address, without its query, to which a request of the rehearsal would go.
    fn of(&self, scenario: &Scenario, exchange: &Exchange<'_>) -> String {
        let target = exchange.request.target.split(['?', '#']).next();
        let target = target.unwrap_or_default();
        let origin = curl::origin(scenario, exchange).unwrap_or_default();
        let url = format!("{origin}{target}");
        let names = scenario.urls.iter();
        let named = names.filter_map(|(name, own)| Some((own, self.urls.get(name)?)));
        let known = named.chain([(&self.base.0, &self.base.1)]);
        let known = known.filter_map(|(own, theirs)| {
            let own = own.split('?').next()?.trim_end_matches('/');
            let plain = own.replacen("ws", "http", usize::from(own.starts_with("ws")));
            let rest = url.strip_prefix(&plain).filter(|_| !plain.is_empty())?;
            let theirs = theirs.split('?').next()?;
            Some((plain.len(), theirs.trim_end_matches('/'), rest))
        });
        let nearest = known.max_by_key(|(length, ..)| *length);
        let (front, path) = nearest.map_or((&*origin, target), |(_, theirs, rest)| (theirs, rest));
        // A call of an endpoint by its name is not the sample, wherever it goes.
        let is_sample = exchange.operation == Operation::Call && exchange.endpoint.is_none();
        format!("{front}{}", self.path(path, is_sample))
    }

    /// How a path behind an address reads; `is_sample` where it may be that of the sample call.
    fn path(&self, path: &str, is_sample: bool) -> String {
        if let Some((own, theirs)) = self.sample.as_ref().filter(|_| is_sample)
            && let Some(rest) = path.strip_prefix(own.as_str())
            && (rest.is_empty() || rest.starts_with(['/', '-']))
        {
            return format!("{theirs}{rest}");
        }
        let word = |segment| self.words.get(segment).map_or(segment, String::as_str);
        path.split('/').map(word).collect::<Vec<&str>>().join("/")
    }
}

/// Alike requests to one address.
#[derive(Default)]
struct Line {
    count: usize,
    rows: Vec<RequirementId>,
}

/// The text: each address with what is sent there, as whom and for which rows; then what is waited
/// for, and which rows are left out and why.
pub fn text(report: &Report, addresses: &Addresses, look: Look) -> String {
    let mut places: Vec<(String, BTreeMap<String, Line>)> = Vec::new();
    let mut waits: BTreeMap<u64, Vec<RequirementId>> = BTreeMap::new();
    let mut all = 0;
    for scenario in &report.scenarios {
        for exchange in scenario.evidence.exchanges() {
            all += 1;
            let method = &exchange.request.method;
            let place = format!("{method} {}", addresses.of(scenario, &exchange));
            let at = places.iter().position(|(known, _)| *known == place);
            let at = at.unwrap_or_else(|| {
                places.push((place, BTreeMap::new()));
                places.len() - 1
            });
            let line = places[at].1.entry(what(&exchange)).or_default();
            line.count += 1;
            add(&mut line.rows, &scenario.ids);
        }
        for (_, _, body) in scenario
            .evidence
            .controls()
            .filter(|(_, call, _)| *call == WAIT)
        {
            let seconds = body["wait_s"].as_u64().unwrap_or_default();
            add(waits.entry(seconds).or_default(), &scenario.ids);
        }
    }
    let mut out = format!(
        "{all} requests would be sent; nothing is sent now. They are those of a rehearsal against the \
         built-in mock: a vendor that answers otherwise gets a few more or fewer.\n\n"
    );
    places.sort_by(|(a, _), (b, _)| {
        a.split_once(' ')
            .map(|x| x.1)
            .cmp(&b.split_once(' ').map(|x| x.1))
    });
    for (place, lines) in &places {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{place}");
        for (what, line) in lines {
            let text = format!("{what} (for {})", ids(&line.rows));
            terminal::line(&mut out, &format!("  {:>4}  ", line.count), &text, look);
        }
    }
    if !waits.is_empty() {
        out += "\nwaits for the end of a token\n";
    }
    for (seconds, rows) in &waits {
        let text = format!("for {}", ids(rows));
        terminal::line(&mut out, &format!("  {seconds:>3}s  "), &text, look);
    }
    out.push('\n');
    let of = |verdict| {
        let rows = report.verdicts.iter();
        rows.filter(move |row| row.verdict == verdict)
            .collect::<Vec<&VerdictRow>>()
    };
    terminal::left_out(
        &mut out,
        (&of(Verdict::Pending), &of(Verdict::NotApplicable)),
        look,
    );
    out
}

fn add(rows: &mut Vec<RequirementId>, more: &[RequirementId]) {
    for id in more {
        if !rows.contains(id) {
            rows.push(id.clone());
        }
    }
}

fn ids(rows: &[RequirementId]) -> String {
    let ids: Vec<&str> = rows.iter().map(|id| id.0.as_str()).collect();
    ids.join(" ")
}

/// `login with a wrong secret, showing client id and wrong secret`.
fn what(exchange: &Exchange<'_>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for text in exchange.texts() {
        let marked = text.split('«').skip(1);
        for name in marked.filter_map(|rest| rest.split_once('»')) {
            // Tokens are numbered as they come.
            let name = name
                .0
                .trim_end_matches(|c: char| c.is_ascii_digit())
                .trim_end();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    match names.as_slice() {
        [] => exchange.words(),
        names => format!("{}, showing {}", exchange.words(), names.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    fn check_path(path: &str, expected: &str) {
        let word = |own: &str, theirs: &str| (own.to_owned(), theirs.to_owned());
        let addresses = Addresses {
            sample: Some(word("/things/7", "/scribe/9")),
            words: [word("acme", "north"), word("north", "south")].into(),
            ..Addresses::default()
        };
        assert_eq!(addresses.path(path, true), expected, "{path}");
        let is_sample = expected.starts_with("/scribe");
        assert_eq!(
            addresses.path(path, false) == expected,
            !is_sample,
            "{path}"
        );
    }

    /// A word was replaced wherever it stood, in the host and in what had taken the place of another.
    #[test]
    fn whole_segments_are_replaced_once() {
        check_path("/realms/acme/token", "/realms/north/token");
        check_path("/north/acme-2", "/south/acme-2");
        check_path("/things/7", "/scribe/9");
        check_path("/things/7/x-locum", "/scribe/9/x-locum");
        check_path("/things/77", "/things/77");
        check_path("", "");
    }

    #[test]
    fn requests_are_told_by_address_with_rows_and_without_secrets() {
        let addresses = Addresses {
            urls: [(
                "token".to_owned(),
                "https://api.example/oauth/token".to_owned(),
            )]
            .into(),
            ..Addresses::default()
        };
        let told = text(&testing::report(), &addresses, Look::default());
        assert!(
            told.starts_with("2 requests would be sent; nothing is sent now."),
            "{told}"
        );
        let expected = "POST https://api.example/oauth/token\n     2  login, showing client secret (for VEN-16)\n";
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("t0p"), "{told}");
    }
}
