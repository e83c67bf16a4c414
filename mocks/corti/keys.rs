//! The keys of a realm: one signs, one encrypts and is only shown, one is never shown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::{Denial, DenialKind, Timestamp};
use locum_server::keys::{HmacKey, RsaKey};
use locum_server::principal;
use locum_server::rotation::KeyRotations;
use locum_server::stage::rng_for;

use super::x509;

/// How many RSA keys sign from the start.
const POOL: usize = 8;

/// An RSA key as Keycloak names it.
#[derive(Debug)]
pub(super) struct NamedKey {
    /// base64url of SHA-256 over the DER public key.
    pub(super) kid: String,
    /// The public key as DER SubjectPublicKeyInfo.
    pub(super) public_der: Vec<u8>,
    pub(super) rsa: Arc<RsaKey>,
}

impl NamedKey {
    /// The pool's key number `index`, parsed once in the life of the process.
    pub(super) fn from_pool(index: usize) -> Arc<Self> {
        static PARSED: [OnceLock<Arc<NamedKey>>; POOL] = [const { OnceLock::new() }; POOL];
        let key = PARSED[index % POOL].get_or_init(|| {
            let rsa = RsaKey::from_pool((index % POOL) as u64);
            let public_der = x509::public_key_info(&rsa.public_der);
            let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, &public_der));
            Arc::new(Self {
                kid,
                public_der,
                rsa,
            })
        });
        Arc::clone(key)
    }

    /// The key that a rotation puts in the place of number `index`.
    fn rotated(index: usize, generation: u32) -> Arc<Self> {
        let rsa = RsaKey::of_generation(index as u64, generation);
        Arc::new(Self {
            kid: rsa.kid.clone(),
            public_der: x509::public_key_info(&rsa.public_der),
            rsa,
        })
    }
}

/// The keys of one realm.
#[derive(Debug)]
pub(super) struct RealmKeys {
    index: usize,
    rotations: Arc<KeyRotations>,
    /// Keys of later generations, each parsed once.
    rotated: Mutex<BTreeMap<u32, Arc<NamedKey>>>,
    /// Signs refresh tokens (HS512).
    pub(super) refresh: HmacKey,
    /// Names the refresh key; it is in no key set.
    pub(super) refresh_kid: String,
}

impl RealmKeys {
    /// The key whose `use` is `sig` and that signs.
    pub(super) fn signing(&self) -> Arc<NamedKey> {
        self.of_generation(self.rotations.current())
    }

    /// All keys of the set whose `use` is `sig`: the one that signs, then Keycloak's passive ones.
    pub(super) fn published(&self, now: Timestamp) -> Vec<Arc<NamedKey>> {
        let generations = self.rotations.published(now).into_iter();
        generations.map(|one| self.of_generation(one)).collect()
    }

    /// The key called `kid`, if the set has it at `now`.
    ///
    /// # Errors
    /// `bad_signature` for a key that is not there, or not any more.
    pub(super) fn verifying(
        &self,
        kid: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<NamedKey>, Denial> {
        let is_named = |one| kid == Some(&self.of_generation(one).kid);
        let found = self.rotations.find(now, is_named)?;
        found.map(|one| self.of_generation(one)).ok_or_else(|| {
            Denial::new(DenialKind::BadSignature, "bad_signature")
                .expected(format!("kid {}", self.signing().kid))
                .got(format!("kid {}", kid.unwrap_or("missing")))
        })
    }

    fn of_generation(&self, generation: u32) -> Arc<NamedKey> {
        if generation == 0 {
            return NamedKey::from_pool(self.index);
        }
        let mut rotated = self
            .rotated
            .lock()
            .expect("no code panics while it holds the keys");
        let key = rotated
            .entry(generation)
            .or_insert_with(|| NamedKey::rotated(self.index, generation));
        Arc::clone(key)
    }

    /// A key that is in no key set of this realm.
    pub(super) fn foreign(&self) -> Arc<NamedKey> {
        NamedKey::from_pool(self.index + 2)
    }

    /// The key whose `use` is `enc`.
    pub(super) fn encrypting(&self) -> Arc<NamedKey> {
        NamedKey::from_pool(self.index + 1)
    }

    /// Whether `certs` shows the signing key first: "order differs from realm to realm".
    pub(super) const fn signing_first(&self) -> bool {
        self.index.is_multiple_of(4)
    }
}

/// The keys of all realms of a stage. A realm gets its keys when it is first asked for and keeps
/// them, whatever becomes of the other realms.
#[derive(Debug)]
pub(super) struct KeyRing {
    seed: u64,
    rotations: Arc<KeyRotations>,
    given: Mutex<BTreeMap<String, Arc<RealmKeys>>>,
}

impl KeyRing {
    /// No keys yet.
    pub(super) const fn new(seed: u64, rotations: Arc<KeyRotations>) -> Self {
        Self {
            seed,
            rotations,
            given: Mutex::new(BTreeMap::new()),
        }
    }

    /// The keys of `realm`. The pool has pairs for four realms; a fifth signs with the first's.
    pub(super) fn of(&self, realm: &str) -> Arc<RealmKeys> {
        let mut given = self
            .given
            .lock()
            .expect("no code panics while it holds the keys");
        let number = given.len();
        let keys = given.entry(realm.to_owned()).or_insert_with(|| {
            let purpose = format!("corti {realm} refresh");
            Arc::new(RealmKeys {
                // The remainder of the seed is small enough for any machine.
                index: (usize::try_from(self.seed % 4).unwrap_or(0) + number) % 4 * 2,
                rotations: Arc::clone(&self.rotations),
                rotated: Mutex::default(),
                refresh: HmacKey::derive(self.seed, &purpose),
                refresh_kid: principal::uuid(&mut rng_for(self.seed, &purpose)),
            })
        });
        Arc::clone(keys)
    }
}
