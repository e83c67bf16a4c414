//! Spellings of secrets, each found, and what is left alone.

use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::*;

fn known(secret: &str) -> Known {
    Known::of(&BTreeMap::from([(secret.to_owned(), "«s»".to_owned())]))
}

fn finds(known: &Known, text: &str) -> bool {
    let mut any = false;
    known.find(text.as_bytes(), &mut |_, _| any = true);
    any
}

/// What was gathered before a change was kept behind it, so that the new secrets were not known.
#[test]
fn what_changes_while_it_is_gathered_is_gathered_anew() {
    let secrets = StageSecrets::on(&crate::memory::Account::new(1 << 20));
    let gathered = std::cell::Cell::new(0);
    let gather = || {
        gathered.set(gathered.get() + 1);
        let value = match gathered.get() {
            1 => {
                secrets.changed();
                "0ld-s3cr?t"
            }
            _ => "n3w-s3cr?t",
        };
        let named = BTreeMap::from([(value.to_owned(), "«s»".to_owned())]);
        (named, Vec::new())
    };
    assert!(finds(&secrets.known(gather), "n3w-s3cr?t"));
    assert!(finds(&secrets.known(gather), "n3w-s3cr?t"));
    assert_eq!(gathered.get(), 2);
}

/// A secret key of AWS may look like a path; a storm of them leaves what clients set.
#[test]
fn what_was_given_out_is_known_whatever_it_looks_like() {
    let secrets = StageSecrets::on(&crate::memory::Account::new(1 << 20));
    let known = || secrets.known(|| (BTreeMap::new(), Vec::new()));
    secrets.learn("s3cr?t-that-was-set", "«set»".to_owned());
    for number in 0..=MAX_GIVEN {
        let key = Secret::new(format!("/wJalrXUtn//FEMIK7MDENGbPxRfiCYEXAMPL{number:03}"));
        secrets.give(&key, "«aws credentials»".to_owned());
    }
    let last = "printed /wJalrXUtn//FEMIK7MDENGbPxRfiCYEXAMPL128";
    assert!(finds(&known(), last));
    assert!(finds(&known(), &last.replace('/', "%2F")));
    assert!(!finds(&known(), "/wJalrXUtn//FEMIK7MDENGbPxRfiCYEXAMPL000"));
    assert!(finds(&known(), "s3cr?t-that-was-set"));
}

#[test]
fn base64_is_found_at_each_alignment() {
    let secret = "s3cr?t~ÿ>>??";
    let known = known(secret);
    for before in ["", "a", "ab", "abc", "client:"] {
        for after in ["", "z", ":zz"] {
            let text = format!("{before}{secret}{after}");
            assert!(finds(&known, &STANDARD.encode(&text)), "{text}");
            assert!(finds(&known, &URL_SAFE.encode(&text)), "{text}");
        }
    }
    assert!(finds(&known, &format!("x{secret}y")));
    assert!(!finds(&known, "s3cr?t~"));
}

/// Where the longest of `patterns` stand in a text that is searched place by place.
fn plainly(patterns: &[&str], text: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let here = patterns
            .iter()
            .filter(|one| text.as_bytes()[at..].starts_with(one.as_bytes()));
        match here.map(|one| one.len()).max() {
            Some(length) => {
                found.push(at..at + length);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

proptest::proptest! {
    #[test]
    fn no_place_is_passed_where_a_secret_stands(pieces in proptest::collection::vec(0..6_usize, 0..12)) {
        let secrets = ["abcdabcd", "abcdabcdab", "bcdabcda", "dddddddd"];
        let all = ["abcdabcd", "abcdabcdab", "bcdabcda", "dddddddd", "a", "x"];
        let text: String = pieces.iter().map(|piece| all[*piece]).collect();
        let names = secrets.map(|secret| (secret.to_owned(), "«s»".to_owned()));
        let known = Known::of(&BTreeMap::from(names));
        let mut found = Vec::new();
        known.find(text.as_bytes(), &mut |range, _| found.push(range));
        proptest::prop_assert_eq!(found, plainly(&secrets, &text));
    }
}

#[test]
fn the_way_a_client_proves_itself_is_no_secret() {
    let mut secrets = BTreeMap::new();
    let client = |auth: &str| serde_json::json!({"client_id": "m", "auth": auth});
    for method in METHODS {
        gather(&client(method), &mut secrets);
    }
    assert_eq!(secrets, BTreeMap::new());
    gather(&client("s3cr3t-value"), &mut secrets);
    assert_eq!(secrets["s3cr3t-value"], "«secret of m»");
}

#[test]
fn a_secret_is_found_that_latin_1_makes_shorter_than_any() {
    let known = known("éé");
    let mut found = Vec::new();
    known.find(b"a=\xe9\xe9", &mut |range, _| found.push(range));
    assert_eq!((found.len(), found[0].clone()), (1, 2..4));
}

#[test]
fn a_short_secret_counts_only_where_it_stands_alone() {
    let short = known("abcd");
    assert!(finds(&short, "x=abcd&"));
    assert!(!finds(&short, "xabcdx"));
    assert!(!finds(&known("abc"), "abc"));
    assert!(!finds(&known("password"), "password=x"));
    assert!(!finds(&known("client_secret"), "client_secret=x"));
    // What only ends as they do is a secret.
    for secret in [
        "my-client-secret",
        "acme.password",
        "hunter-secret",
        "my!secret",
    ] {
        assert!(finds(&known(secret), &format!("say {secret}")), "{secret}");
    }
}
