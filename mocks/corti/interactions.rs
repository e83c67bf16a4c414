//! Interactions: what the API keeps of them on a stage.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use locum_core::{Timestamp, Token, weight};
use locum_server::Mock;
use locum_server::memory::{Account, Bounded};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// How many bytes of them a stage keeps; the oldest fall out first.
const MAX_BYTES: usize = 8 << 20;

/// Everything but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One consultation.
#[derive(Clone, Debug)]
pub(super) struct Interaction {
    /// Counts from 1 in order of creation.
    pub(super) number: u64,
    pub(super) id: String,
    /// The realm it belongs to.
    pub(super) tenant: String,
    /// The client that created it.
    pub(super) client: String,
    pub(super) assigned_user: String,
    pub(super) encounter: Map<String, Value>,
    pub(super) patient: Option<Map<String, Value>>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
}

impl Interaction {
    /// A new one, made by the bearer of `token`.
    pub(super) fn new(mock: &Mock, token: &Token, encounter: Map<String, Value>) -> Self {
        Self {
            number: 0,
            id: mock.uuid(),
            tenant: token.tenant.clone().unwrap_or_default(),
            client: owner(token),
            assigned_user: mock.uuid(),
            encounter,
            patient: None,
            created: mock.now(),
            updated: mock.now(),
        }
    }

    /// Whether the bearer of `token` belongs to the same tenant.
    pub(super) fn is_in_tenant_of(&self, token: &Token) -> bool {
        token.tenant.as_deref() == Some(&self.tenant)
    }

    /// Whether the bearer of `token` is the client that created it.
    pub(super) fn is_own(&self, token: &Token) -> bool {
        self.is_in_tenant_of(token) && owner(token) == self.client
    }

    /// Bytes beside its own size, with its place among the ids.
    fn heap(&self) -> usize {
        let texts = [
            &self.id,
            &self.id,
            &self.tenant,
            &self.client,
            &self.assigned_user,
        ];
        let texts = texts.into_iter().map(|text| weight::text(text));
        texts.sum::<usize>()
            + 2 * size_of::<(String, u64)>()
            + weight::object(&self.encounter)
            + self.patient.as_ref().map_or(0, weight::object)
    }

    /// When it ended: the end of its encounter, or when that was completed.
    fn ended(&self) -> Value {
        let end = self
            .encounter
            .get("period")
            .and_then(|period| period.get("endedAt"));
        end.cloned().unwrap_or(Value::Null)
    }

    /// The members of the API's reply, in its order.
    pub(super) fn to_json(&self, mock: &Mock) -> Value {
        json!({
            "id": self.id,
            "assignedUserId": self.assigned_user,
            "encounter": self.encounter,
            "patient": self.patient,
            "endedAt": self.ended(),
            "createdAt": self.created.rfc3339(),
            "updatedAt": self.updated.rfc3339(),
            "websocketUrl": self.socket_url(mock),
            "lastUpdated": self.updated.rfc3339(),
        })
    }

    /// "the Tenant-Name already part of the url returned upon creating an interaction"
    pub(super) fn socket_url(&self, mock: &Mock) -> String {
        let profile = mock.profile();
        let path = profile
            .endpoint("streams")
            .map_or("", |endpoint| endpoint.path.as_str());
        let name = profile.api.tenant_header.as_deref().unwrap_or_default();
        // The server's own scheme: http becomes ws, https becomes wss (RFC 6455 §3).
        let root = mock.base.replacen("http", "ws", 1);
        format!(
            "{root}{}?{}={}",
            path.replace("{id}", &self.id),
            name.to_ascii_lowercase(),
            utf8_percent_encode(&self.tenant, RESERVED)
        )
    }
}

/// The client behind a token.
fn owner(token: &Token) -> String {
    token
        .client
        .clone()
        .unwrap_or_else(|| token.principal.clone())
}

/// The interactions of a stage.
#[derive(Debug)]
pub(super) struct Interactions {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    created: u64,
    by_number: Bounded<u64, Interaction>,
    numbers: HashMap<String, u64>,
}

impl Kept {
    fn put(&mut self, interaction: Interaction) {
        let heap = interaction.heap();
        for old in self.by_number.insert(interaction.number, interaction, heap) {
            self.numbers.remove(&old.id);
        }
    }
}

impl Interactions {
    /// None yet; their bytes count on `memory`.
    pub(super) fn new(memory: &Arc<Account>) -> Self {
        Self {
            kept: Mutex::new(Kept {
                created: 0,
                by_number: Bounded::new(MAX_BYTES, memory),
                numbers: HashMap::new(),
            }),
        }
    }

    /// Keeps a new one.
    pub(super) fn insert(&self, mut interaction: Interaction) {
        let mut kept = self.lock();
        kept.created += 1;
        let number = kept.created;
        interaction.number = number;
        kept.numbers.insert(interaction.id.clone(), number);
        kept.put(interaction);
    }

    /// The one of that id; UUIDs are compared without letter case (RFC 9562 §4).
    pub(super) fn get(&self, id: &str) -> Option<Interaction> {
        let kept = self.lock();
        let number = kept.numbers.get(&id.to_ascii_lowercase())?;
        kept.by_number.get(number).cloned()
    }

    /// Puts a changed one in its place; nothing happens when it is gone meanwhile.
    pub(super) fn replace(&self, interaction: Interaction) {
        let mut kept = self.lock();
        if kept.by_number.get(&interaction.number).is_some() {
            kept.put(interaction);
        }
    }

    /// Removes one.
    pub(super) fn remove(&self, interaction: &Interaction) {
        let mut kept = self.lock();
        kept.numbers.remove(&interaction.id);
        kept.by_number.remove(&interaction.number);
    }

    /// Those that `pick` takes, in order of creation.
    pub(super) fn list(&self, pick: impl Fn(&Interaction) -> bool) -> Vec<Interaction> {
        let kept = self.lock();
        kept.by_number
            .values()
            .filter(|one| pick(one))
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .expect("no code panics while it holds the interactions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_ones_push_the_oldest_out() {
        let memory = Account::new(usize::MAX);
        let all = Interactions::new(&memory);
        for number in 0..200 {
            let mut encounter = Map::new();
            encounter.insert("title".into(), "x".repeat(1 << 20).into());
            all.insert(Interaction {
                number: 0,
                id: format!("id-{number}"),
                tenant: "t".to_owned(),
                client: "c".to_owned(),
                assigned_user: "u".to_owned(),
                encounter,
                patient: None,
                created: Timestamp::default(),
                updated: Timestamp::default(),
            });
            assert!(memory.used() <= MAX_BYTES, "{} bytes", memory.used());
        }
        assert!(all.get("id-199").is_some() && all.get("id-0").is_none());
        let kept = all.list(|_| true).len();
        assert!((1..=8).contains(&kept), "{kept}");
        let newest = all.get("id-199").expect("it is kept");
        all.replace(Interaction {
            encounter: Map::new(),
            ..newest
        });
        assert_eq!(all.list(|_| true).len(), kept, "a change is no new one");
    }
}
