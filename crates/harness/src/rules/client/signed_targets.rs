//! Paths and queries at the edges of what is signed.

use locum_core::{DenialKind, Outcome};
use percent_encoding::percent_decode_str;

use super::commands::{calls, configured};
use super::signature::difference;
use super::traffic::{Arrival, api_requests};
use super::{Fault, met, unobserved};
use crate::rules::{Rule, View};
use crate::subject::ClientCommand;
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[Rule::client("SIG-03", signs_each_target)];

/// A target as segments and pairs, decoded; in a query a `+` is a space.
#[derive(Debug, PartialEq, Eq)]
struct Decoded {
    segments: Vec<Vec<u8>>,
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Decoded {
    fn of(target: &str) -> Self {
        let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let spaced = |text: &str| plain(&text.replace('+', " "));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self {
            segments: path.split('/').map(plain).collect(),
            pairs: pairs
                .map(|(name, value)| (spaced(name), spaced(value)))
                .collect(),
        }
    }

    /// Whether this is what `asked` says; a client may add parameters of its own.
    fn says(&self, asked: &Self) -> bool {
        let mut own = self.pairs.iter();
        self.segments == asked.segments
            && asked
                .pairs
                .iter()
                .all(|pair| own.any(|known| known == pair))
    }
}

/// What is wrong with a request for `asked`.
fn wrong(request: &Arrival<'_>, asked: &Decoded) -> Option<String> {
    let denial = request.entry.denial.as_ref();
    if let Some(denial) = denial.filter(|denial| denial.kind == DenialKind::BadSignature) {
        return Some(difference(denial));
    }
    let is_it = Decoded::of(&request.entry.target).says(asked);
    (is_verified(request) && !is_it).then(|| format!("another target: {}", request.entry.target))
}

/// Whether the vendor got as far as the thing that was asked for.
fn is_verified(request: &Arrival<'_>) -> bool {
    let denial = request.entry.denial.as_ref();
    let is_found = denial.is_none_or(|denial| denial.kind == DenialKind::NotFound);
    let outcome = request.entry.outcome;
    is_found
        && request.was_looked_at()
        && request.entry.notes.contains_key("signed_headers")
        && matches!(outcome, Some(Outcome::Admitted | Outcome::Denied))
}

/// Each signature verifies, and what arrives is what was asked for; else the simplest case is told.
fn signs_each_target(view: &View<'_>) -> Finding {
    let base = configured(view, "api_url").unwrap_or_default();
    let base = base.split_once("://").map_or(base, |(_, rest)| rest);
    let base = base.find('/').map_or("", |at| &base[at..]);
    let (mut good, mut cases, mut failing) = (Vec::new(), 0, Vec::new());
    for call in calls(view) {
        let ClientCommand::Call { path, .. } = call.command else {
            continue;
        };
        cases += 1;
        let asked = Decoded::of(&format!("{base}{path}"));
        let answered = call.answer.map(|(at, _)| at);
        let sent: Vec<_> = api_requests(view)
            .filter(|one| one.seq > call.seq && answered.is_none_or(|at| one.seq < at))
            .collect();
        let fault = sent
            .iter()
            .find_map(|one| Some((*one, wrong(one, &asked)?)));
        match fault {
            Some((one, seen)) => {
                let seen = format!("{path}: {seen}");
                failing.push((path.len(), Fault::broken(one, seen)));
            }
            None => good.extend(sent.into_iter().find(is_verified)),
        }
    }
    failing.sort_by_key(|(length, _)| *length);
    let n = failing.len();
    if let Some((_, fault)) = failing.into_iter().next() {
        let expected = "the signature of what was received, for what was asked for";
        return Finding::broken(expected, fault.seen, fault.arrival)
            .figure("cases", cases)
            .figure("failing", n);
    }
    // A client that cannot be asked for most of them shows little.
    let is_enough = good.len() * 2 >= cases;
    match Proof::all(good.iter().copied()) {
        Some(proof) if is_enough => {
            let seen = format!("{} of {cases} targets, each signed correctly", good.len());
            met(view, seen, proof)
        }
        _ => unobserved(view, "too few odd paths and queries were looked at"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::Decoded;
    use crate::rules::client::testing::check;
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[("SIG-03", |log| {
        read(log, "/things/a%20b", "/things/a%20b", None)
    })];

    fn read(log: Log, asked: &str, sent: &str, refused: Option<&str>) -> Log {
        log.call_to(asked, |log| log.signed_at(sent, refused))
    }

    #[test]
    fn a_target_may_be_spelled_otherwise() {
        let says = |sent: &str, asked: &str| Decoded::of(sent).says(&Decoded::of(asked));
        assert!(says("/a%3Bb?x=a+b", "/a;b?x=a%20b"));
        assert!(says("/a?own=1&x=2&y=3", "/a?x=2&y=3"));
        assert!(says("/%61?x", "/a?x="));
        assert!(!says("/a/b", "/a%2Fb"));
        assert!(!says("/a?x=a+b", "/a?x=a%2Bb"));
        assert!(!says("/a?y=3&x=2", "/a?x=2&y=3"));
        assert!(!says("/a", "/a/"));
    }

    #[test]
    fn the_simplest_failing_target_is_told() {
        let wrong = |log, path| read(log, path, path, Some("wrong_signature"));
        let log = wrong(wrong(Log::new(), "/things?x=a%2Bb&y=2"), "/things?x=a%2Bb");
        let finding = check(&log, "SIG-03", Grade::Broken);
        let seen = finding.observed().unwrap_or_default();
        assert!(seen.starts_with("/things?x=a%2Bb:"), "{seen}");
        let other = read(Log::new(), "/things?x=a%2Bb", "/things?x=a+b", None);
        check(&other, "SIG-03", Grade::Broken);
        check(&Log::new(), "SIG-03", Grade::Unobserved);
        let silent = Log::new().call(200, |log| log).call(200, |log| log);
        check(&silent, "SIG-03", Grade::Unobserved);
        let ended = read(Log::new(), "/things", "/things", Some("ended_credentials"));
        check(&ended, "SIG-03", Grade::Unobserved);
    }
}
