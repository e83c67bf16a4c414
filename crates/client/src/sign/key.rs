//! The signing key: a chain of four HMACs that changes with the day, not with the request.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use aws_lc_rs::hmac;
use locum_core::Secret;

/// The most recently derived key.
#[derive(Default)]
pub(super) struct KeyCache(ArcSwapOption<Derived>);

struct Derived {
    secret: Secret,
    date: [u8; 8],
    key: hmac::Key,
}

impl KeyCache {
    /// Signs with the key for `secret` on `date` (`20261124`), derived if either has changed.
    pub(super) fn key(
        &self,
        secret: &Secret,
        date: [u8; 8],
        region: &str,
        service: &str,
        sign: impl FnOnce(&hmac::Key) -> hmac::Tag,
    ) -> hmac::Tag {
        let known = self.0.load();
        if let Some(known) = &*known
            && known.date == date
            && known.secret == *secret
        {
            return sign(&known.key);
        }
        let key = derive(secret, date, region, service);
        let tag = sign(&key);
        self.0.store(Some(Arc::new(Derived {
            secret: secret.clone(),
            date,
            key,
        })));
        tag
    }
}

fn derive(secret: &Secret, date: [u8; 8], region: &str, service: &str) -> hmac::Key {
    let first = Secret::new(format!("AWS4{}", secret.expose()));
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, first.expose().as_bytes());
    for step in [
        &date[..],
        region.as_bytes(),
        service.as_bytes(),
        b"aws4_request",
    ] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, step).as_ref());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign::canonical;

    #[test]
    fn the_key_signs_as_the_derivation_says_and_follows_secret_and_day() {
        let keys = KeyCache::default();
        let sign = |secret: &str, date: &[u8; 8]| {
            let tag = keys.key(
                &Secret::new(secret),
                *date,
                "eu-west-2",
                "execute-api",
                |key| hmac::sign(key, b"x"),
            );
            let mut hex = String::new();
            canonical::hex(&mut hex, tag.as_ref());
            hex
        };
        let first = sign("one", b"20261126");
        assert_eq!(first, sign("one", b"20261126"));
        assert_ne!(first, sign("one", b"20261127"));
        assert_ne!(first, sign("two", b"20261126"));
        assert_eq!(first, sign("one", b"20261126"));
    }
}
