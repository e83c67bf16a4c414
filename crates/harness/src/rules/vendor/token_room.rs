//! Whether opaque tokens have room enough that nobody guesses one (RFC 6749 §10.10).

use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade};

pub(super) const RULES: &[Rule] = &[Rule::vendor("RSP-24", has_room_for_chance)];

/// Fewer values than this tell nothing.
const MIN_VALUES: usize = 3;

/// Bits that a token has to have room for, and those below which it fails.
const BITS: (f64, f64) = (128.0, 64.0);

/// The worst of the kinds that were issued: positions that differ times the bits of the alphabet.
fn has_room_for_chance(view: &View<'_>) -> Finding {
    let mut worst: Option<Finding> = None;
    for (seq, kind, [values, positions, alphabet]) in view.evidence.rooms() {
        #[expect(clippy::cast_precision_loss, reason = "lengths of tokens are small")]
        let bits = positions as f64 * (alphabet as f64).log2();
        let seen = format!(
            "{values} values of {kind} differ at {positions} positions of {alphabet} letters: room for {bits:.0} bits at most"
        );
        let expected = format!("room for {} bits", BITS.0);
        let finding = match bits {
            _ if values < MIN_VALUES => unobserved(view, &format!("{values} values of {kind}")),
            bits if bits >= BITS.0 => Finding::met(seen, seq),
            bits if bits >= BITS.1 => Finding::deviation(Grade::Tolerated, expected, seen, seq),
            _ => Finding::broken(expected, seen, seq),
        };
        let heavier = |known: &Finding| finding.grade() > known.grade();
        if worst.as_ref().is_none_or(heavier) {
            worst = Some(finding);
        }
    }
    worst.unwrap_or_else(|| unobserved(view, "no opaque token was issued"))
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Log, check};
    use crate::verdict::Grade;

    #[test]
    fn tokens_have_room_or_not() {
        let log = |values: &[&str]| Log::new().room("access token", values);
        let long = ["x"; 30].concat();
        let other = ["Y"; 30].concat();
        let third = ["7"; 30].concat();
        check(&log(&[&long, &other, &third]), "RSP-24", Grade::Met);
        check(&log(&[&long, &other]), "RSP-24", Grade::Unobserved);
        check(
            &log(&[&long, &long, &long, &other]),
            "RSP-24",
            Grade::Unobserved,
        );
        let uuids = [
            "3f2b8a90-1c4d-4e5f-8a6b-7c8d9e0f1a2b",
            "a04c1db2-9e8f-4a7b-9c0d-1e2f3a4b5c6d",
            "58d7e6f1-2a3b-4c4d-ae5f-6a7b8c9d0e1f",
        ];
        check(&log(&uuids), "RSP-24", Grade::Tolerated);
        let counted = ["token-000001", "token-000002", "token-000003"];
        check(&log(&counted), "RSP-24", Grade::Broken);
        check(&Log::new(), "RSP-24", Grade::Unobserved);
    }
}
