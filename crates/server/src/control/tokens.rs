//! Tokens: list, look at one with its lineage, end them.

use locum_core::{Clock, EntryId, Filter, Timestamp, Token, TokenId, TokenKind, TokenState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::{self, CallResult, ControlCall, ControlRequest, number, text};
use super::refusal::Refusal;
use super::stages::unknown_vendor;
use crate::mint::MintRequest;
use crate::mock::DEFECT;
use crate::stage::Stage;
use crate::store::{Change, TokenQuery};

/// How many tokens one answer lists unless `limit` says otherwise: a stage may hold a million.
const PAGE: usize = 1000;

const SELECTOR: &str = r#"{"id": 1, "vendor": "pattern", "client": "client-a", "user": "a@b.c", "kind": "access", "all": true}"#;

const MINT: &str = r#"{"vendor": "corti", "kind": "access", "client": "locum-client", "claims": {"scope": "openid"}, "lifetime_s": 60, "defect": "foreign_key"}"#;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[
    ControlCall::new(
        "GET …/tokens",
        "lists what was issued, in order; `more` says whether some are left",
        |request| Box::pin(list(request)),
    )
    .query::<Query>(&[
        text("vendor"),
        text("client"),
        text("user"),
        text("kind"),
        text("state"),
        number("after"),
        number("limit"),
    ])
    .returns::<TokenList>(),
    ControlCall::new(
        "POST …/tokens",
        "mints a token that nobody logged in for, good or with one thing wrong",
        |request| Box::pin(mint(request)),
    )
    .body::<MintRequest>(MINT)
    .returns::<MintedToken>()
    .status(201),
    ControlCall::new(
        "GET …/tokens/{id}",
        "returns a token with its lineage",
        |request| Box::pin(one(request)),
    )
    .returns::<TokenLineage>(),
    ControlCall::new(
        "POST …/tokens/expire",
        "expires the tokens that the selector matches",
        |request| Box::pin(end(request, End::Expire)),
    )
    .body::<Selector>(SELECTOR)
    .returns::<Changed>(),
    ControlCall::new(
        "POST …/tokens/revoke",
        "revokes the tokens that the selector matches",
        |request| Box::pin(end(request, End::Revoke)),
    )
    .body::<Selector>(SELECTOR)
    .returns::<Changed>(),
];

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Query {
    vendor: Option<String>,
    client: Option<String>,
    user: Option<String>,
    kind: Option<TokenKind>,
    state: Option<TokenState>,
    after: Option<TokenId>,
    limit: Option<usize>,
}

/// Which tokens are meant; members narrow each other.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Selector {
    id: Option<TokenId>,
    vendor: Option<String>,
    client: Option<String>,
    user: Option<String>,
    kind: Option<TokenKind>,
    all: bool,
}

/// Tokens of a stage.
#[derive(Serialize, JsonSchema)]
struct TokenList {
    /// In order of issue.
    tokens: Vec<TokenView>,
    /// Whether some are left.
    more: bool,
    /// How many the stage remembers, whatever was asked for.
    held: usize,
    /// The one that was issued last, also when it is forgotten; 0 before the first.
    newest: TokenId,
}

/// A token as the API shows it. Of what else the vendor remembers only the names are told: there
/// may be keys and nonces among the values.
#[derive(Serialize, JsonSchema)]
struct TokenView {
    #[serde(flatten)]
    token: Token,
    /// How the journal calls it.
    name: String,
    /// Whether it works.
    state: TokenState,
    /// What is wrong with it, where it was minted so.
    #[serde(skip_serializing_if = "Option::is_none")]
    defect: Option<String>,
    /// The names of what else the vendor remembers of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remembers: Vec<String>,
}

/// A token with its lineage: beside its `parent`, what was made from it and where it was shown.
#[derive(Serialize, JsonSchema)]
struct TokenLineage {
    #[serde(flatten)]
    token: TokenView,
    /// The tokens that were made from it.
    children: Vec<TokenId>,
    /// The requests that presented it, as far as the journal has them.
    used_in: Vec<EntryId>,
}

/// A minted token with its value, which is told here and never again.
#[derive(Serialize, JsonSchema)]
struct MintedToken {
    /// What a client shows.
    value: String,
    #[serde(flatten)]
    token: TokenView,
}

/// The tokens that were changed.
#[derive(Serialize, JsonSchema)]
struct Changed {
    /// How many.
    changed: usize,
    /// Which.
    tokens: Vec<TokenId>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Expire,
    Revoke,
}

impl Selector {
    fn says_nothing(&self) -> bool {
        let named = [&self.vendor, &self.client, &self.user];
        let other = self.id.is_some() || self.kind.is_some() || self.all;
        !other && named.iter().all(|member| member.is_none())
    }

    /// The same as the store is asked.
    fn query(self) -> TokenQuery {
        TokenQuery {
            id: self.id,
            vendor: self.vendor,
            kinds: self.kind.map(|kind| vec![kind]),
            client: self.client,
            principal: self.user,
            ..TokenQuery::default()
        }
    }
}

async fn list(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let query: Query = request.query()?;
    check_vendor(&request, query.vendor.as_ref())?;
    let now = stage.clock.now();
    let limit = query.limit.unwrap_or(PAGE);
    let query = TokenQuery {
        after: query.after,
        // One more than is shown tells whether some are left.
        limit: Some(limit.saturating_add(1)),
        vendor: query.vendor,
        kinds: query.kind.map(|kind| vec![kind]),
        client: query.client,
        principal: query.user,
        state: query.state.map(|state| (state, now)),
        ..TokenQuery::default()
    };
    let found = stage.store.list(query).await?;
    let stats = stage.store.stats().await?;
    let more = found.len() > limit;
    let shown = found.into_iter().take(limit);
    let tokens = shown.map(|token| TokenView::of(token, now)).collect();
    let list = TokenList {
        tokens,
        more,
        held: stats.tokens,
        newest: TokenId(stats.newest),
    };
    Ok(call::json(200, &list))
}

async fn mint(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let wanted: MintRequest = request.body()?;
    let Some(vendor) = request.stages.vendor(&wanted.vendor) else {
        return Err(unknown_vendor(&request, &wanted.vendor));
    };
    let mock = request.stages.mock(vendor, &stage);
    let minted = vendor
        .mint(&mock, &wanted)
        .map_err(|fault| Refusal::bad(fault.error).hint(fault.hint))?;
    let value = minted.value.clone();
    let token = mock.keep_minted(minted, wanted.defect).await?;
    let token = TokenView::of(token, stage.clock.now());
    Ok(call::json(201, &MintedToken { value, token }))
}

async fn one(request: ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let id = TokenId(request.id("token")?);
    let token = known(&stage, id).await?;
    let query = TokenQuery {
        parent: Some(id),
        ..TokenQuery::default()
    };
    let children = stage.store.list(query).await?;
    let children = children.iter().map(|child| child.id).collect();
    let filter = Filter {
        token: Some(id),
        ..Filter::default()
    };
    let used_in = stage.with_journal(|journal| {
        let entries = journal.find(&filter);
        let shows = entries.filter(|entry| entry.presented == Some(id));
        shows.map(|entry| entry.id).collect()
    });
    let lineage = TokenLineage {
        token: TokenView::of(token, stage.clock.now()),
        children,
        used_in,
    };
    Ok(call::json(200, &lineage))
}

async fn end(request: ControlRequest, how: End) -> CallResult {
    let stage = request.stage()?;
    let selector: Selector = request.body()?;
    if selector.says_nothing() {
        return Err(Refusal::bad("no selector")
            .hint("one or more of id, vendor, client, user, kind; or \"all\": true"));
    }
    check_vendor(&request, selector.vendor.as_ref())?;
    if let Some(id) = selector.id {
        known(&stage, id).await?;
    }
    let now = stage.clock.now();
    // What ended before stays as it is: a later end would make it live in between.
    let mut query = selector.query();
    match how {
        End::Expire => query.ends_after = Some(now),
        End::Revoke => query.revoked = Some(false),
    }
    let mut changed = Vec::new();
    for token in stage.store.list(query).await? {
        let change = match how {
            End::Expire => Change::Expire(now),
            End::Revoke => Change::Revoke,
        };
        stage.store.change(token.id, change, now).await?;
        changed.push(token.id);
    }
    let answer = Changed {
        changed: changed.len(),
        tokens: changed,
    };
    Ok(call::json(200, &answer))
}

async fn known(stage: &Stage, id: TokenId) -> Result<Token, Refusal> {
    let found = stage.store.get(id).await?;
    found.ok_or_else(|| {
        Refusal::unknown("token", &id.0.to_string()).hint("GET /_locum/tokens lists them")
    })
}

fn check_vendor(request: &ControlRequest, slug: Option<&String>) -> Result<(), Refusal> {
    match slug {
        Some(slug) if request.stages.vendor(slug).is_none() => Err(unknown_vendor(request, slug)),
        _ => Ok(()),
    }
}

impl TokenView {
    fn of(mut token: Token, now: Timestamp) -> Self {
        let mut remembers = std::mem::take(&mut token.extra);
        let defect = remembers.shift_remove(DEFECT);
        Self {
            defect: defect.and_then(|defect| defect.as_str().map(str::to_owned)),
            name: token.name(),
            state: token.state(now),
            remembers: remembers.into_iter().map(|(name, _)| name).collect(),
            token,
        }
    }
}
