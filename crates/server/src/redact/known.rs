//! The secrets that a stage knows, found in any spelling of a text.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use locum_core::Secret;
use serde_json::Value;

use super::clean::{Clean, Kind};
use super::runs::is_base64;
use super::vocabulary;
use crate::memory::{Account, Charge};
use crate::spelling::Login;

/// Shorter secrets are looked for only where credentials stand: they would be found in every word.
pub(super) const MIN_LENGTH: usize = 4;

/// From this length on a secret is found within words, too.
const MIN_WITHIN: usize = 8;

/// What a client's `auth` may say: no secret, and found in every `client_secret_basic`.
const METHODS: [&str; 10] = [
    "basic",
    "body",
    "client_secret",
    "client_secret_basic",
    "client_secret_jwt",
    "client_secret_post",
    "none",
    "private_key_jwt",
    "public",
    "tls_client_auth",
];

/// Fewer characters of base64 are found by chance.
const MIN_BASE64: usize = 7;

/// So many characters of base64 are looked for: more would take memory and find no less.
const MAX_BASE64: usize = 12;

/// Longest secret that a stage learns in bytes, and how many it learns; beyond them the oldest goes.
const MAX_LEARNED: (usize, usize) = (256, 256);

/// How many of the secrets that a stage gave out beside tokens it knows: a storm of them drives out no
/// password.
const MAX_GIVEN: usize = 128;

/// How one pattern spells its secret.
#[derive(Clone, Copy, Debug)]
struct Spelling {
    secret: usize,
    is_base64: bool,
    /// Whether it counts only where no letter or digit stands beside it.
    alone: bool,
}

/// Secrets with the automaton that finds them all at once.
#[derive(Default)]
pub(super) struct Known {
    names: Vec<String>,
    spellings: Vec<Spelling>,
    automaton: Option<AhoCorasick>,
    beginnings: Beginnings,
    /// Whose secrets they are.
    pub(super) logins: Vec<Login>,
    /// Texts in which none of them is, nor anything else.
    clean: Option<Clean>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Known")
            .field("secrets", &self.names.len())
            .finish_non_exhaustive()
    }
}

impl Known {
    /// The automaton for `secrets`, each with what stands in its place.
    pub(super) fn of(secrets: &BTreeMap<String, String>) -> Self {
        let mut known = Self::default();
        let mut patterns: BTreeMap<Vec<u8>, Spelling> = BTreeMap::new();
        for (value, name) in secrets {
            if value.len() < MIN_LENGTH || vocabulary::is_name(value) {
                continue;
            }
            let secret = known.names.len();
            known.names.push(name.clone());
            for bytes in raw(value) {
                let alone = bytes.len() < MIN_WITHIN;
                for fragment in fragments(&bytes) {
                    patterns.entry(fragment).or_insert(Spelling {
                        secret,
                        is_base64: true,
                        alone: false,
                    });
                }
                let plain = Spelling {
                    secret,
                    is_base64: false,
                    alone,
                };
                patterns.insert(bytes, plain);
            }
        }
        if patterns.is_empty() {
            return known;
        }
        known.spellings = patterns.values().copied().collect();
        known.beginnings = Beginnings::of(patterns.keys());
        known.automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // Asked only where a pattern may begin.
            .start_kind(StartKind::Anchored)
            // A tenth of the memory of a DFA, which each stage would have.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .dense_depth(1)
            .build(patterns.keys())
            .ok();
        known
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        let automaton = self.automaton.as_ref();
        automaton.map_or(0, AhoCorasick::memory_usage)
            + self.spellings.len() * size_of::<Spelling>()
            + self
                .beginnings
                .0
                .as_ref()
                .map_or(0, |set| size_of_val(&**set))
            + self.names.iter().map(String::len).sum::<usize>()
    }

    /// Whether `text` is known to hold nothing that has to be replaced.
    pub(super) fn is_clean(&self, kind: Kind, name: &str, text: &str) -> bool {
        let clean = self.clean.as_ref();
        clean.is_some_and(|clean| clean.has(kind, name, text))
    }

    /// Remembers that `text` holds none of these secrets. What an exchange showed besides is looked for
    /// each time anew.
    pub(super) fn note_clean(&self, kind: Kind, name: &str, text: &str) {
        if let Some(clean) = &self.clean {
            clean.add(kind, name, text);
        }
    }

    /// The name of `value`, when it is one of them.
    pub(super) fn name_of(&self, value: &str) -> Option<&str> {
        let automaton = self.automaton.as_ref()?;
        let hit = automaton.find(Input::new(value).anchored(Anchored::Yes))?;
        let spelling = self.spellings[hit.pattern().as_usize()];
        (hit.len() == value.len() && !spelling.is_base64)
            .then(|| self.names[spelling.secret].as_str())
    }

    /// Calls `found` with each place of `text` where one stands, and its name.
    pub(super) fn find(&self, text: &[u8], found: &mut impl FnMut(Range<usize>, &str)) {
        let Some(automaton) = &self.automaton else {
            return;
        };
        let mut at = 0;
        while let Some(begins) = self.beginnings.next(text, at) {
            let rest = Input::new(text).range(begins..).anchored(Anchored::Yes);
            let Some(hit) = automaton.find(rest) else {
                at = begins + 1;
                continue;
            };
            at = hit.end();
            let spelling = self.spellings[hit.pattern().as_usize()];
            let (mut start, mut end) = (hit.start(), hit.end());
            if spelling.is_base64 {
                // What stands around is of the same encoding, and may hold the id.
                while start > 0 && is_base64(text[start - 1]) {
                    start -= 1;
                }
                while end < text.len() && is_base64(text[end]) {
                    end += 1;
                }
            } else if spelling.alone && !is_alone(text, &(start..end)) {
                continue;
            }
            found(start..end, &self.names[spelling.secret]);
        }
    }
}

/// The first bytes of all patterns, as a set that may take others for them: most places of a text
/// are passed by a look at it. Without a set a pattern may begin anywhere.
#[derive(Default)]
struct Beginnings(Option<Box<[u64]>>);

impl Beginnings {
    /// Bits of the set, as a power of two: few of them are taken.
    const BITS: u32 = 14;

    /// So many bytes count. A pattern in Latin-1 may be shorter.
    const LENGTH: usize = 4;

    fn of<'a>(mut patterns: impl Iterator<Item = &'a Vec<u8>>) -> Self {
        let mut set = vec![0; 1 << (Self::BITS - u64::BITS.ilog2())];
        let mut add = |first: &[u8; Self::LENGTH]| {
            let (word, bit) = Self::place(*first);
            set[word] |= bit;
        };
        let are_long = patterns.all(|pattern| pattern.first_chunk().map(&mut add).is_some());
        Self(are_long.then(|| set.into()))
    }

    /// The first place of `text` from `at` on where a pattern may begin.
    fn next(&self, text: &[u8], at: usize) -> Option<usize> {
        let Some(set) = &self.0 else {
            return (at < text.len()).then_some(at);
        };
        let mut windows = text.get(at..)?.windows(Self::LENGTH);
        let is_taken = |window: &[u8]| {
            window.first_chunk().is_some_and(|first| {
                let (word, bit) = Self::place(*first);
                set.get(word).is_some_and(|have| have & bit != 0)
            })
        };
        windows.position(is_taken).map(|passed| at + passed)
    }

    fn place(first: [u8; Self::LENGTH]) -> (usize, u64) {
        // Knuth's multiplicative hash: the upper bits depend on all four bytes.
        let hash =
            u32::from_le_bytes(first).wrapping_mul(2_654_435_769) >> (u32::BITS - Self::BITS);
        (hash as usize / 64, 1 << (hash % 64))
    }
}

/// Whether no letter or digit stands beside `range`.
pub(super) fn is_alone(text: &[u8], range: &Range<usize>) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    !is_part(range.start.checked_sub(1).and_then(|at| text.get(at)))
        && !is_part(text.get(range.end))
}

/// The bytes that a secret may travel as before any encoding that a view undoes: itself, with a
/// plus for each space, in Latin-1, and by form rules where those go into base64.
fn raw(value: &str) -> Vec<Vec<u8>> {
    let mut all = vec![value.as_bytes().to_vec()];
    if value.contains(' ') {
        all.push(value.replace(' ', "+").into_bytes());
    }
    if !value.is_ascii() && value.chars().all(|letter| u32::from(letter) < 256) {
        let latin = value
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'));
        all.push(latin.collect());
    }
    let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    if form != value {
        all.push(form.into_bytes());
    }
    all
}

/// What base64 of a text with `bytes` in it holds for certain, at each of three alignments and in
/// both alphabets.
fn fragments(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for before in 0..3_usize {
        let padded: Vec<u8> = std::iter::repeat_n(0, before)
            .chain(bytes.iter().copied())
            .collect();
        let text = STANDARD_NO_PAD.encode(&padded);
        // The first and last characters hold bits of the neighbours.
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        let sure = text.get(first..last).unwrap_or_default();
        if sure.len() < MIN_BASE64 {
            continue;
        }
        // The run around it is replaced, so that its beginning is enough.
        let sure = &sure[..sure.len().min(MAX_BASE64)];
        let url = sure.replace('+', "-").replace('/', "_");
        if url != sure {
            all.push(url.into_bytes());
        }
        all.push(sure.as_bytes().to_vec());
    }
    all
}

/// The secrets of one stage: its principals', and those that clients set since.
#[derive(Debug)]
pub struct StageSecrets {
    inner: Mutex<Inner>,
    account: Arc<Account>,
}

#[derive(Debug)]
struct Inner {
    made: Option<Arc<Known>>,
    /// How often what is known has changed: what was gathered before a change is not kept behind it.
    changes: u64,
    learned: Vec<(Secret, String)>,
    /// What was given out beside tokens.
    given: VecDeque<(Secret, String)>,
    /// Who could log in before the principals were changed.
    former: Vec<Login>,
    charge: Charge,
}

impl Inner {
    fn change(&mut self) {
        self.made = None;
        self.changes += 1;
    }

    /// What is known from now on: what was gathered of the principals, and what clients set.
    fn make(
        &mut self,
        (mut secrets, mut logins): (BTreeMap<String, String>, Vec<Login>),
        account: &Arc<Account>,
    ) -> Arc<Known> {
        crate::spelling::remember(&self.former, &mut logins);
        for (value, name) in self.learned.iter().chain(&self.given) {
            secrets
                .entry(value.expose().to_owned())
                .or_insert_with(|| name.clone());
        }
        let made = Arc::new(Known {
            logins,
            clean: Some(Clean::on(account)),
            ..Known::of(&secrets)
        });
        self.made = Some(Arc::clone(&made));
        let learned = self.learned.iter().chain(&self.given);
        let bytes = learned
            .map(|(value, name)| value.expose().len() + name.len() + 48)
            .chain(self.former.iter().map(Login::bytes))
            .sum::<usize>();
        self.charge.set(bytes + made.bytes());
        made
    }
}

impl StageSecrets {
    /// None yet; their bytes count on `account`.
    pub(crate) fn on(account: &Arc<Account>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                made: None,
                changes: 0,
                learned: Vec::new(),
                given: VecDeque::new(),
                former: Vec::new(),
                charge: Charge::on(account),
            }),
            account: Arc::clone(account),
        }
    }

    /// The secrets as they are; `gather` lists those of the principals when they have changed.
    pub(super) fn known(
        &self,
        gather: impl Fn() -> (BTreeMap<String, String>, Vec<Login>),
    ) -> Arc<Known> {
        loop {
            let changes = {
                let inner = self.lock();
                if let Some(made) = &inner.made {
                    return Arc::clone(made);
                }
                inner.changes
            };
            // Gathering asks the vendors, who hold locks of their own.
            let gathered = gather();
            let mut inner = self.lock();
            if inner.changes == changes {
                return inner.make(gathered, &self.account);
            }
        }
    }

    /// Remembers a secret that a client set or was given.
    pub(super) fn learn(&self, value: &str, name: String) {
        let (longest, most) = MAX_LEARNED;
        if value.len() < MIN_LENGTH || value.len() > longest {
            return;
        }
        let mut inner = self.lock();
        if inner.learned.iter().any(|(have, _)| have.expose() == value) {
            return;
        }
        if inner.learned.len() == most {
            inner.learned.remove(0);
        }
        inner.learned.push((Secret::new(value), name));
        inner.change();
    }

    /// Remembers a secret that was given out beside a token, by the name that stands for it.
    pub(crate) fn give(&self, value: &Secret, name: String) {
        let mut inner = self.lock();
        if inner.given.len() == MAX_GIVEN {
            inner.given.pop_front();
        }
        inner.given.push_back((value.clone(), name));
        inner.change();
    }

    /// The principals of `vendor` have changed from `before`: what they had may still be sent by whom
    /// it was given to.
    pub(crate) fn replace(&self, vendor: &str, before: &Value) {
        let mut secrets = BTreeMap::new();
        gather(before, &mut secrets);
        for (value, name) in secrets {
            self.learn(&value, name);
        }
        let mut inner = self.lock();
        crate::spelling::gather(vendor, before, &mut inner.former);
        let (longest, most) = MAX_LEARNED;
        inner.former.retain(|login| login.bytes() <= 4 * longest);
        let excess = inner.former.len().saturating_sub(most);
        inner.former.drain(..excess);
        inner.change();
    }

    /// The principals have changed.
    pub(crate) fn changed(&self) {
        self.lock().change();
    }

    /// Forgets what clients set: the stage begins anew.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.change();
        inner.learned.clear();
        inner.given.clear();
        inner.former.clear();
        inner.charge.set(0);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("no code panics while it holds the secrets")
    }
}

/// The secrets in a vendor's principals, each with what stands in its place.
pub(super) fn gather(principals: &Value, secrets: &mut BTreeMap<String, String>) {
    match principals {
        Value::Object(object) => {
            let owner = ["client_id", "username", "name", "id"]
                .iter()
                .find_map(|member| object.get(*member)?.as_str());
            for (name, member) in object {
                match member {
                    Value::String(text) if name == "auth" && METHODS.contains(&text.as_str()) => {}
                    Value::String(text) if vocabulary::is_sensitive(name) => {
                        secrets
                            .entry(text.clone())
                            .or_insert_with(|| name_of(owner.unwrap_or(name)));
                    }
                    _ => gather(member, secrets),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|item| gather(item, secrets)),
        _ => {}
    }
}

/// What stands in place of a secret of `owner`.
pub(super) fn name_of(owner: &str) -> String {
    format!("«secret of {owner}»")
}
