//! Tokens: list them, follow their lineage, end them.

use std::sync::Arc;

use locum_core::{Clock, Token, TokenId, TokenState};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, Ask, Call, Outcome, text};
use super::refusal::Refusal;
use super::stages::unknown_vendor;
use crate::stage::Stage;
use crate::store::Change;

/// The calls of this section.
pub(super) const CALLS: &[Call] = &[
    Call::new("GET …/tokens", "lists what was issued", |ask| {
        Box::pin(list(ask))
    })
    .query(&[text("vendor"), text("client"), text("user"), text("state")]),
    Call::new(
        "GET …/tokens/{id}",
        "gives one token with its lineage",
        |ask| Box::pin(read(ask)),
    ),
    Call::new(
        "POST …/tokens/expire",
        "ends tokens as if their time were over",
        |ask| Box::pin(end(ask, |now| Change::Expire(now))),
    )
    .body(SELECTOR),
    Call::new("POST …/tokens/revoke", "revokes tokens", |ask| {
        Box::pin(end(ask, |_| Change::Revoke))
    })
    .body(SELECTOR),
];

const SELECTOR: &str = r#"{"vendor": "pattern", "client": "client-a"}"#;

/// Which tokens; an absent member fits all.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Filter {
    vendor: Option<String>,
    client: Option<String>,
    user: Option<String>,
    state: Option<TokenState>,
}

/// Which tokens are to end; it has to say something.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Selector {
    id: Option<TokenId>,
    vendor: Option<String>,
    client: Option<String>,
    user: Option<String>,
    all: Option<bool>,
}

fn is(want: Option<&String>, have: Option<&String>) -> bool {
    want.is_none_or(|want| Some(want) == have)
}

impl Filter {
    fn fits(&self, token: &Token, stage: &Stage) -> bool {
        is(self.vendor.as_ref(), Some(&token.vendor))
            && is(self.client.as_ref(), token.client.as_ref())
            && is(self.user.as_ref(), Some(&token.principal))
            && self
                .state
                .is_none_or(|state| state == token.state(stage.clock.now()))
    }
}

impl Selector {
    fn says_nothing(&self) -> bool {
        let named = [&self.vendor, &self.client, &self.user];
        self.id.is_none() && self.all != Some(true) && named.iter().all(|name| name.is_none())
    }

    fn fits(&self, token: &Token) -> bool {
        self.id.is_none_or(|id| id == token.id)
            && is(self.vendor.as_ref(), Some(&token.vendor))
            && is(self.client.as_ref(), token.client.as_ref())
            && is(self.user.as_ref(), Some(&token.principal))
    }
}

fn shown(token: &Token, stage: &Stage) -> Value {
    let mut value = serde_json::to_value(token).unwrap_or_default();
    value["name"] = token.name().into();
    value["state"] = json!(token.state(stage.clock.now()));
    value
}

async fn list(ask: Ask) -> Outcome {
    let stage = ask.stage()?;
    let filter: Filter = ask.query()?;
    known(&ask, filter.vendor.as_ref())?;
    let tokens = stage.store.list(&|token| filter.fits(token, &stage)).await;
    let tokens: Vec<Value> = tokens.iter().map(|token| shown(token, &stage)).collect();
    Ok(call::json(200, &json!({ "tokens": tokens })))
}

fn known(ask: &Ask, vendor: Option<&String>) -> Result<(), Refusal> {
    match vendor {
        Some(vendor) if ask.server.vendor(vendor).is_none() => Err(unknown_vendor(ask, vendor)),
        _ => Ok(()),
    }
}

async fn read(ask: Ask) -> Outcome {
    let stage = ask.stage()?;
    let id = TokenId(ask.id("token")?);
    let token = found(&stage, id).await?;
    let children = stage.store.list(&|other| other.parent == Some(id)).await;
    let mut value = shown(&token, &stage);
    value["children"] = children.iter().map(|child| json!(child.id)).collect();
    value["used_in"] = stage.with_journal(|journal| {
        let filter = locum_core::Filter {
            token: Some(id),
            ..locum_core::Filter::default()
        };
        let uses = journal
            .find(&filter)
            .filter(|entry| entry.presented == Some(id));
        uses.map(|entry| json!(entry.id)).collect()
    });
    Ok(call::json(200, &value))
}

async fn found(stage: &Arc<Stage>, id: TokenId) -> Result<Token, Refusal> {
    let token = stage.store.get(id).await;
    token
        .ok_or_else(|| Refusal::unknown("token", &id.0.to_string()).hint("GET …/tokens lists them"))
}

async fn end(ask: Ask, change: fn(locum_core::Timestamp) -> Change) -> Outcome {
    let stage = ask.stage()?;
    let selector: Selector = ask.body()?;
    if selector.says_nothing() {
        return Err(Refusal::bad("the body selects no token")
            .hint("one or more of id, vendor, client, user; or {\"all\": true}"));
    }
    known(&ask, selector.vendor.as_ref())?;
    if let Some(id) = selector.id {
        found(&stage, id).await?;
    }
    let tokens = stage.store.list(&|token| selector.fits(token)).await;
    let mut ended = Vec::new();
    for token in tokens
        .iter()
        .filter(|token| token.state(stage.clock.now()) == TokenState::Live)
    {
        stage
            .store
            .change(token.id, change(stage.clock.now()))
            .await;
        ended.push(json!(token.id));
    }
    Ok(call::json(200, &json!({ "ended": ended })))
}
