//! How much of a token could be chance.

use std::collections::BTreeSet;

/// What values of one kind have in common and what not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// How many different ones there are.
    pub(super) values: usize,
    /// At how many positions they differ.
    pub(super) positions: usize,
    /// How many letters may stand there: the smallest of the usual alphabets with all that do.
    pub(super) alphabet: usize,
}

/// The room in `values`: an upper bound, since letters that differ need not be chance.
pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Room {
    let different: BTreeSet<&str> = values.collect();
    let letters: Vec<Vec<char>> = different
        .iter()
        .map(|value| value.chars().collect())
        .collect();
    let longest = letters.iter().map(Vec::len).max().unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut positions = 0;
    for at in 0..longest {
        let here: BTreeSet<Option<char>> =
            letters.iter().map(|value| value.get(at).copied()).collect();
        if here.len() > 1 {
            positions += 1;
            seen.extend(here.into_iter().flatten());
        }
    }
    Room {
        values: different.len(),
        positions,
        alphabet: alphabet(&seen),
    }
}

fn alphabet(seen: &BTreeSet<char>) -> usize {
    let all = |is_in: fn(&char) -> bool| seen.iter().all(is_in);
    if all(char::is_ascii_digit) {
        return 10;
    }
    if all(|letter| matches!(letter, '0'..='9' | 'a'..='f'))
        || all(|letter| matches!(letter, '0'..='9' | 'A'..='F'))
    {
        return 16;
    }
    if all(|letter| matches!(letter, '2'..='7' | 'A'..='Z')) {
        return 32;
    }
    if all(|letter| matches!(letter, '0'..='9' | 'a'..='z'))
        || all(|letter| matches!(letter, '0'..='9' | 'A'..='Z'))
    {
        return 36;
    }
    if all(char::is_ascii_alphanumeric) {
        return 62;
    }
    // Those of base64, in either alphabet, with what separates parts and pads.
    if all(|letter| letter.is_ascii_alphanumeric() || "+/-_=.~".contains(*letter)) {
        return 64;
    }
    seen.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], positions: usize, alphabet: usize) {
        let room = of(values.iter().copied());
        assert_eq!(
            (room.positions, room.alphabet),
            (positions, alphabet),
            "{values:?}"
        );
    }

    #[test]
    fn positions_that_differ_are_counted_with_their_alphabet() {
        check(&["token-0001", "token-0002"], 1, 10);
        check(&["token-0009", "token-0010", "token-0011"], 2, 10);
        check(&["a1f0", "b2e9"], 4, 16);
        check(&["x9", "y8"], 2, 36);
        check(&["xY", "zZ"], 2, 62);
        check(&["x-", "zZ"], 2, 64);
        check(&["same", "same"], 0, 10);
        check(&["ab", "abc"], 1, 16);
        check(&[], 0, 10);
    }
}
