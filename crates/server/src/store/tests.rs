//! The store against a model, and its memory against its goals.

use locum_core::{TokenKind, TokenState};
use proptest::prelude::*;

use super::memory::KEPT_ENDED;
use super::*;
use crate::memory::Account;

/// One step of a history: what happens to which token, or to time.
#[derive(Clone, Debug)]
enum Step {
    Issue(u64),
    Refresh(usize, u64),
    Revoke(usize),
    RevokeLogin(usize),
    Expire(usize),
    Spend(usize),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1u64..100).prop_map(Step::Issue),
        (0usize..8, 1u64..100).prop_map(|(at, life)| Step::Refresh(at, life)),
        (0usize..8).prop_map(Step::Revoke),
        (0usize..8).prop_map(Step::RevokeLogin),
        (0usize..8).prop_map(Step::Expire),
        (0usize..8).prop_map(Step::Spend),
        (1u64..60).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 0..40)
}

fn token(login: u64, parent: Option<TokenId>, now: Timestamp, life: u64) -> Token {
    Token {
        id: TokenId(0),
        kind: TokenKind::Access,
        vendor: "v".into(),
        tenant: None,
        client: None,
        principal: "p".into(),
        login,
        parent,
        entry: None,
        scope: String::new(),
        issued: now,
        expires: Some(now.plus(std::time::Duration::from_secs(life))),
        revoked: false,
        spent: false,
        uses: 0,
        last_used: None,
        extra: serde_json::Map::new(),
    }
}

/// The model: what each token should be, kept as plainly as can be.
struct Model {
    login: u64,
    ends: Timestamp,
    revoked: bool,
    spent: bool,
}

impl Model {
    fn state(&self, now: Timestamp) -> TokenState {
        match self {
            Self { revoked: true, .. } => TokenState::Revoked,
            Self { spent: true, .. } => TokenState::Spent,
            Self { ends, .. } if now >= *ends => TokenState::Expired,
            _ => TokenState::Live,
        }
    }
}

async fn play(history: Vec<Step>) -> Result<(), TestCaseError> {
    let store = MemoryStore::new(&Account::new(usize::MAX));
    let (mut now, mut models): (_, Vec<Model>) = (Timestamp::from_seconds(1000), Vec::new());
    for step in history {
        let known = models.len();
        let id = |at: usize| TokenId(at as u64 + 1);
        match step {
            Step::Issue(life) => {
                let mut token = token(known as u64, None, now, life);
                store
                    .insert(digest_of(&format!("t{known}")), &mut token)
                    .await
                    .expect("it answers");
                let ends = now.plus(std::time::Duration::from_secs(life));
                models.push(Model {
                    login: known as u64,
                    ends,
                    revoked: false,
                    spent: false,
                });
            }
            Step::Refresh(at, life) if at < known && models[at].state(now) == TokenState::Live => {
                let login = models[at].login;
                let mut token = token(login, Some(id(at)), now, life);
                store
                    .insert(digest_of(&format!("t{known}")), &mut token)
                    .await
                    .expect("it answers");
                let ends = now.plus(std::time::Duration::from_secs(life));
                models.push(Model {
                    login,
                    ends,
                    revoked: false,
                    spent: false,
                });
            }
            Step::Revoke(at) if at < known => {
                store
                    .change(id(at), Change::Revoke, now)
                    .await
                    .expect("it answers");
                models[at].revoked = true;
            }
            Step::RevokeLogin(at) if at < known => {
                let login = models[at].login;
                for token in store
                    .list(TokenQuery {
                        login: Some(login),
                        ..TokenQuery::default()
                    })
                    .await
                    .expect("it answers")
                {
                    store
                        .change(token.id, Change::Revoke, now)
                        .await
                        .expect("it answers");
                }
                models
                    .iter_mut()
                    .filter(|model| model.login == login)
                    .for_each(|model| model.revoked = true);
            }
            Step::Expire(at) if at < known => {
                store
                    .change(id(at), Change::Expire(now), now)
                    .await
                    .expect("it answers");
                models[at].ends = now;
            }
            Step::Spend(at) if at < known => {
                let before = store
                    .change(id(at), Change::Spend, now)
                    .await
                    .expect("it answers")
                    .expect("it is known");
                prop_assert_eq!(
                    before.spent,
                    models[at].spent,
                    "one of two spenders sees it unspent"
                );
                models[at].spent = true;
            }
            Step::Pass(seconds) => now = now.plus(std::time::Duration::from_secs(seconds)),
            _ => {}
        }
        for (at, model) in models.iter().enumerate() {
            let found = store
                .find(digest_of(&format!("t{at}")))
                .await
                .expect("it answers")
                .expect("it is known");
            prop_assert_eq!((found.id, found.state(now)), (id(at), model.state(now)));
        }
    }
    prop_assert_eq!(
        store.stats().await.expect("it answers").tokens,
        models.len()
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_history_keeps_the_model(history in steps()) {
        futures_util::FutureExt::now_or_never(play(history)).expect("a store in memory never waits")?;
    }
}

/// What a future of a store in memory gives: it never waits.
fn now<T>(answer: Answer<'_, T>) -> T {
    futures_util::FutureExt::now_or_never(answer)
        .expect("a store in memory never waits")
        .expect("a store in memory always answers")
}

const START: Timestamp = Timestamp::from_seconds(1000);

fn at(seconds: u64) -> Timestamp {
    START.plus(std::time::Duration::from_secs(seconds))
}

fn issue(store: &MemoryStore, number: u64, life: u64) -> TokenId {
    put(store, &number.to_string(), token(number, None, START, life)).id
}

fn put(store: &MemoryStore, value: &str, mut token: Token) -> Token {
    now(store.insert(digest_of(value), &mut token));
    token
}

fn knows(store: &MemoryStore, id: TokenId) -> bool {
    now(store.get(id)).is_some()
}

/// Bytes a token among `count` that `extra` is remembered of.
fn bytes_per_token(count: usize, extra: &serde_json::Value) -> usize {
    let account = Account::new(usize::MAX);
    let store = MemoryStore::new(&account);
    for number in 0..count {
        let mut token = token(number as u64, Some(TokenId(1)), START, 3600);
        token.client = Some("client-a".to_owned());
        token.extra = extra.as_object().cloned().unwrap_or_default();
        put(&store, &number.to_string(), token);
    }
    assert_eq!(account.used(), now(store.stats()).bytes);
    account.used() / count
}

#[test]
fn a_token_takes_as_few_bytes_as_promised() {
    let login = serde_json::json!({"login": {
        "number": 123_456, "session": "8b3f1f1e-0d6f-4d0c-9a53-5d0a2f9f1c11", "client": "client-a",
        "user": "someone@example.com", "scope": {"openid": true, "words": ["openid", "email", "profile"]},
        "offline": false, "auth_time": 1_795_514_400, "nonce": "n-0S6_WzA2Mj"}});
    // The worst sizes for an index that doubles are those just behind a power of two.
    for count in [1000, 7200, 20_000] {
        let (opaque, jwt) = (
            bytes_per_token(count, &serde_json::Value::Null),
            bytes_per_token(count, &login),
        );
        assert!(opaque <= 256, "{opaque} bytes an opaque token of {count}");
        assert!(jwt <= 512, "{jwt} bytes a token with claims of {count}");
    }
}

#[test]
fn only_tokens_that_ended_are_forgotten_and_the_last_to_end_stay() {
    let store = MemoryStore::new(&Account::new(usize::MAX));
    let eternal = issue(&store, 0, 1_000_000);
    let count = 5 * KEPT_ENDED;
    let many = count as u64;
    // The later it was issued, the sooner it ends.
    let ids: Vec<TokenId> = (1..=many)
        .map(|number| issue(&store, number, many - number + 1))
        .collect();
    let late = token(0, None, at(many + 1), 10);
    for number in 0..many {
        put(&store, &format!("late {number}"), late.clone());
    }
    let stats = now(store.stats());
    assert!(stats.tokens < 2 * count, "{stats:?}");
    assert_eq!(stats.forgotten, 0, "none of them was live");
    assert!(knows(&store, eternal));
    assert!(knows(&store, ids[0]) && knows(&store, ids[KEPT_ENDED / 2]));
    assert!(!knows(&store, ids[ids.len() - 1]));
    let found = now(store.find(digest_of("1"))).expect("it ended last");
    assert_eq!(found.state(at(many + 1)), TokenState::Expired);
}

#[test]
fn a_revoked_token_counts_as_ended_from_its_revocation() {
    let store = MemoryStore::new(&Account::new(usize::MAX));
    let first = issue(&store, 0, 1_000_000);
    let second = issue(&store, 1, 1_000_000);
    now(store.change(first, Change::Revoke, at(5)));
    now(store.change(second, Change::Spend, at(9)));
    store.shed(1, at(7));
    assert!(!knows(&store, first) && knows(&store, second));
    assert_eq!(now(store.stats()).forgotten, 0);
}

#[test]
fn live_tokens_go_last_the_oldest_first_and_are_counted() {
    let account = Account::new(usize::MAX);
    let store = MemoryStore::new(&account);
    for number in 0..1000 {
        issue(&store, number, 1_000_000);
    }
    let before = account.used();
    let freed = store.shed(before / 4, at(1));
    assert_eq!(before - account.used(), freed);
    assert!(freed >= before / 5, "{freed} of {before}");
    let stats = now(store.stats());
    assert_eq!(stats.tokens as u64 + stats.forgotten, 1000);
    assert!(!knows(&store, TokenId(1)) && knows(&store, TokenId(1000)));
    now(store.clear());
    assert_eq!(account.used(), 0);
}

#[test]
fn a_record_gives_back_the_token_that_it_was_made_from() {
    let store = MemoryStore::new(&Account::new(usize::MAX));
    let mut whole = token(7, Some(TokenId(3)), START, 60);
    whole.tenant = Some("t".to_owned());
    whole.client = Some("c".to_owned());
    whole.scope = "openid email".to_owned();
    whole.entry = Some(EntryId(0));
    whole.extra.insert("nonce".into(), "n".into());
    let kept = put(&store, "whole", whole.clone());
    whole.id = kept.id;
    assert_eq!(
        (&kept, now(store.get(kept.id)).as_ref()),
        (&whole, Some(&whole))
    );
    now(store.change(kept.id, Change::Use(EntryId(4)), START));
    now(store.change(kept.id, Change::Extra("more".into(), 1.into()), START));
    let changed = now(store.get(kept.id)).expect("it is known");
    assert_eq!((changed.uses, changed.last_used), (1, Some(EntryId(4))));
    assert_eq!(changed.extra.len(), 2);
    let mut eternal = token(8, None, START, 1);
    eternal.expires = None;
    let kept = put(&store, "eternal", eternal);
    assert_eq!((kept.expires, kept.parent, kept.entry), (None, None, None));
}

#[test]
fn a_query_narrows_by_each_of_its_members() {
    let store = MemoryStore::new(&Account::new(usize::MAX));
    let mut other = token(1, None, START, 10);
    other.vendor = "w".to_owned();
    other.kind = TokenKind::Refresh;
    other.client = Some("c".to_owned());
    put(&store, "other", other);
    put(&store, "child", token(2, Some(TokenId(1)), START, 100));
    let any = TokenQuery::default;
    let check = |query: TokenQuery, expected: &[u64]| {
        let found = now(store.list(query.clone()));
        let ids: Vec<u64> = found.iter().map(|token| token.id.0).collect();
        assert_eq!(ids, expected, "{query:?}");
        assert!(found.iter().all(|token| query.fits(token)));
    };
    check(any(), &[1, 2]);
    check(
        TokenQuery {
            limit: Some(1),
            ..any()
        },
        &[1],
    );
    check(
        TokenQuery {
            after: Some(TokenId(1)),
            ..any()
        },
        &[2],
    );
    check(
        TokenQuery {
            id: Some(TokenId(1)),
            ..any()
        },
        &[1],
    );
    check(
        TokenQuery {
            vendor: Some("w".into()),
            ..any()
        },
        &[1],
    );
    check(
        TokenQuery {
            kinds: Some(vec![TokenKind::Refresh, TokenKind::Id]),
            ..any()
        },
        &[1],
    );
    check(
        TokenQuery {
            kinds: Some(Vec::new()),
            ..any()
        },
        &[],
    );
    check(
        TokenQuery {
            client: Some("c".into()),
            ..any()
        },
        &[1],
    );
    check(
        TokenQuery {
            principal: Some("p".into()),
            ..any()
        },
        &[1, 2],
    );
    check(
        TokenQuery {
            login: Some(2),
            ..any()
        },
        &[2],
    );
    check(
        TokenQuery {
            parent: Some(TokenId(1)),
            ..any()
        },
        &[2],
    );
    check(
        TokenQuery {
            state: Some((TokenState::Expired, at(50))),
            ..any()
        },
        &[1],
    );
    check(
        TokenQuery {
            ends_after: Some(at(50)),
            ..any()
        },
        &[2],
    );
    now(store.change(TokenId(2), Change::Revoke, START));
    check(
        TokenQuery {
            revoked: Some(false),
            ..any()
        },
        &[1],
    );
}
