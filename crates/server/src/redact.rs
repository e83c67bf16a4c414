//! Names in place of secrets: whatever enters the journal goes through here first.
//!
//! It fails closed. What stands where credentials stand is replaced by its name when the stage knows
//! it, and by its length otherwise, so that a mistyped password does not reach the journal either. A
//! body that says or shows that it holds credentials and cannot be read is kept by its length alone.
//! And wherever they stand, in whatever spelling, the stage's secrets are replaced, those that the
//! exchange showed before, and what looks like a token.
//!
//! # Layout
//!
//! - `vocabulary`: the names of places that hold credentials
//! - `header`, `pairs`, `json`, `body`: the places of each kind of text
//! - `clean`: texts that were looked through before and hold nothing
//! - `views`: a text with its escapes undone; `runs`: what looks like a token; `known`: the stage's
//!   secrets; `scan`: all three, wherever they stand
//! - `plan`: what is replaced, and the text that comes of it

mod body;
mod clean;
mod header;
mod json;
mod known;
mod pairs;
mod plan;
mod runs;
mod scan;
#[cfg(test)]
mod tests;
mod views;
mod vocabulary;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use locum_core::{Denial, Secret};
use serde_json::Value;

use crate::spelling::Login;
use crate::stage::Stage;
use crate::store::digest_of;
use crate::{Mock, Stages, Vendor};

use body::Shape;
use clean::Kind;
use known::Known;
pub use known::StageSecrets;
use plan::{Plan, Treatment, unknown};
use scan::{Sought, scan};
pub use vocabulary::is_sensitive;

/// Bodies longer than this are cut in the journal.
const MAX_BODY: usize = 16 << 10;

/// How far behind the cut secrets are looked for that begin before it.
const LOOKAHEAD: usize = 8 << 10;

/// Most values of one exchange that are looked for in its reply.
const MAX_SEEN: usize = 64;

/// Who wrote a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client: what it shows as a credential is looked for in the reply.
    Client,
    /// The mock.
    Mock,
}

/// Redacts the texts of one exchange.
#[derive(Clone)]
pub struct Redactor {
    stage: Arc<Stage>,
    vendor: Arc<dyn Vendor>,
    known: Arc<Known>,
    /// What the client showed as credentials, with the names that stand for it.
    seen: Vec<(Secret, String)>,
    /// What it showed that may become a secret of the stage.
    lasting: Vec<Secret>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor")
            .field("seen", &self.seen.len())
            .finish_non_exhaustive()
    }
}

impl Redactor {
    /// A redactor for one exchange with `mock`.
    pub fn new(stages: &Stages, mock: &Mock) -> Self {
        let known = mock.stage.secrets.known(|| secrets(stages, &mock.stage));
        Self {
            stage: Arc::clone(&mock.stage),
            vendor: Arc::clone(&mock.vendor),
            known,
            seen: Vec::new(),
            lasting: Vec::new(),
        }
    }

    /// Takes in the secrets that the stage has come to know since, such as those of the reply.
    pub(crate) fn renew(&mut self, stages: &Stages) {
        let stage = &self.stage;
        self.known = stage.secrets.known(|| secrets(stages, stage));
    }

    /// Those who may log in at the stage's vendors.
    pub(crate) fn logins(&self) -> &[Login] {
        &self.known.logins
    }

    /// The stage that the exchange is on.
    pub(crate) fn stage(&self) -> Arc<Stage> {
        Arc::clone(&self.stage)
    }

    /// A target as the journal keeps it: the other bytes stay as they were spelled.
    pub async fn target(&mut self, text: &str) -> String {
        if self.is_clean(Kind::Target, "", text) {
            return text.to_owned();
        }
        let (plan, asked) = self.plan(|literal, plan| pairs::target(text, literal, plan));
        let (safe, is_clean) = self.redact(text, plan, usize::MAX, Side::Client).await;
        if is_clean && !asked {
            self.known.note_clean(Kind::Target, "", text);
        }
        safe
    }

    /// Header lines as the journal keeps them.
    pub async fn lines(&mut self, lines: &[(String, String)], side: Side) -> Vec<(String, String)> {
        let mut safe = Vec::with_capacity(lines.len());
        for (name, value) in lines {
            if self.is_clean(Kind::Line, name, value) {
                safe.push((name.clone(), value.clone()));
                continue;
            }
            let (plan, asked) = self.plan(|literal, plan| header::mark(name, value, literal, plan));
            let (safe_value, is_clean) = self.redact(value, plan, usize::MAX, side).await;
            let safe_name = match vocabulary::field(name) {
                Some(_) => name.clone(),
                None => self.text(name).await,
            };
            if is_clean && !asked && safe_name == *name {
                self.known.note_clean(Kind::Line, name, value);
            }
            safe.push((safe_name, safe_value));
        }
        safe
    }

    /// A body or message as the journal keeps it, cut to a bound; `None` when it is no text.
    pub async fn body(&mut self, media_type: &str, body: &[u8], side: Side) -> Option<String> {
        if body.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(body).ok()?;
        if self.is_clean(Kind::Body, media_type, text) {
            return Some(text.to_owned());
        }
        let (safe, is_clean) = self.bounded(media_type, text, MAX_BODY, side).await;
        if is_clean {
            self.known.note_clean(Kind::Body, media_type, text);
        }
        Some(safe)
    }

    /// A text message of a websocket, cut after about `limit` bytes.
    pub async fn message(&mut self, text: &str, limit: usize, side: Side) -> String {
        let (safe, _) = self.bounded("", text, limit, side).await;
        safe
    }

    /// The text as it is kept, and whether it stayed as it was.
    async fn bounded(
        &mut self,
        media_type: &str,
        text: &str,
        limit: usize,
        side: Side,
    ) -> (String, bool) {
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let length = text.len();
        match body::shape(media_type, text, limit) {
            Shape::Text(plan) => self.redact(text, plan, limit, side).await,
            Shape::Length => {
                let kind = self.kind(media_type).await;
                (format!("«{length} bytes of {kind}»"), false)
            }
            Shape::Unreadable => {
                let kind = self.kind(media_type).await;
                let safe = format!("«{length} bytes of {kind} that could not be parsed»");
                (safe, false)
            }
        }
    }

    /// What a body is called by its media type.
    async fn kind(&self, media_type: &str) -> String {
        match media_type.is_empty() || media_type.len() > 64 {
            true => "text".to_owned(),
            false => self.text(media_type).await,
        }
    }

    /// A text of the mock's own, such as a denial's, which may repeat what the client sent.
    pub async fn text(&self, text: &str) -> String {
        if self.is_clean(Kind::Words, "", text) {
            return text.to_owned();
        }
        let mut plan = Plan::default();
        scan(text, self.sought(), &mut plan);
        if plan.marks.is_empty() {
            self.known.note_clean(Kind::Words, "", text);
            return text.to_owned();
        }
        let names = self.names(&plan).await;
        plan.render(text, &names, usize::MAX)
    }

    /// A denial without what the vendor's reply repeats and the journal must not.
    pub async fn denial(&self, mut denial: Denial) -> Denial {
        let texts = [
            &mut denial.expected,
            &mut denial.got,
            &mut denial.difference,
        ];
        let params = denial.params.iter_mut().map(|(_, value)| value);
        for text in texts.into_iter().flatten().chain(params) {
            *text = self.text(text).await;
        }
        denial
    }

    /// Texts within a JSON value.
    pub async fn value(&self, value: &mut Value) {
        if let Value::String(text) = value {
            *text = self.text(text).await;
        }
    }

    /// The exchange succeeded: passwords that it set are secrets of the stage from now on.
    pub fn learn(&mut self, principal: Option<&str>) {
        for value in std::mem::take(&mut self.lasting) {
            let name = known::name_of(principal.unwrap_or("this stage"));
            self.stage.secrets.learn(value.expose(), name);
        }
    }

    /// Whether `text` was looked through before, and has nothing in it that this exchange showed, in
    /// any spelling.
    fn is_clean(&self, kind: Kind, name: &str, text: &str) -> bool {
        self.known.is_clean(kind, name, text)
            && !scan::shows_any(text, &self.seen)
            && !scan::shows_any(name, &self.seen)
    }

    /// What `mark` plans, and whether it asked for the vendor's own paths: then it holds for this
    /// vendor alone.
    fn plan(&self, mark: impl FnOnce(&dyn Fn(&str) -> bool, &mut Plan)) -> (Plan, bool) {
        let (mut plan, asked) = (Plan::default(), Cell::new(false));
        let literal = |segment: &str| {
            asked.set(true);
            self.is_literal(segment)
        };
        mark(&literal, &mut plan);
        (plan, asked.get())
    }

    /// Whether the vendor's own paths have this segment.
    fn is_literal(&self, segment: &str) -> bool {
        let endpoints = self.vendor.profile().endpoints.values();
        endpoints
            .flat_map(|endpoint| endpoint.also.iter().chain([&endpoint.path]))
            .any(|path| path.split('/').any(|part| part == segment))
    }

    fn sought(&self) -> Sought<'_> {
        Sought {
            known: &self.known,
            seen: &self.seen,
        }
    }

    /// The text with names in place of what `plan` and the scan mark, and whether there was nothing.
    async fn redact(
        &mut self,
        text: &str,
        mut plan: Plan,
        limit: usize,
        side: Side,
    ) -> (String, bool) {
        let window = text.floor_char_boundary(limit.saturating_add(LOOKAHEAD).min(text.len()));
        scan(&text[..window], self.sought(), &mut plan);
        if plan.marks.is_empty() && text.len() <= limit {
            return (text.to_owned(), true);
        }
        let names = self.names(&plan).await;
        if side == Side::Client {
            self.see(&plan, &names);
        }
        (plan.render(text, &names, limit), false)
    }

    /// What stands in place of each mark; `None` leaves it.
    async fn names(&self, plan: &Plan) -> Vec<Option<String>> {
        let mut names = Vec::with_capacity(plan.marks.len());
        for mark in &plan.marks {
            names.push(match &mark.treatment {
                Treatment::Replace(name) => Some(name.clone()),
                Treatment::Name(value, name) => {
                    let mut is_safe = true;
                    self.known
                        .find(name.as_bytes(), &mut |_, _| is_safe = false);
                    Some(match is_safe {
                        true => name.clone(),
                        false => unknown(value.expose().len()),
                    })
                }
                Treatment::Mask(value) => {
                    let value = value.expose();
                    Some(match self.known.name_of(value) {
                        Some(name) => name.to_owned(),
                        None => self
                            .token(value)
                            .await
                            .unwrap_or_else(|| unknown(value.len())),
                    })
                }
                Treatment::Candidate(value) => self.token(value.expose()).await,
            });
        }
        let breaks = |byte: u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\r');
        for name in names.iter_mut().flatten() {
            if name.bytes().any(breaks) {
                *name = name.replace(['"', '\\', '\n', '\r'], "_");
            }
        }
        names
    }

    /// The name of the token with this value, if it was issued on the stage; where the store cannot
    /// say, any value may be one.
    async fn token(&self, value: &str) -> Option<String> {
        match self.stage.store.name(digest_of(value)).await {
            Ok(name) => name,
            Err(_) => Some(unknown(value.len())),
        }
    }

    /// Notes what the client showed as credentials.
    fn see(&mut self, plan: &Plan, names: &[Option<String>]) {
        for (mark, name) in plan.marks.iter().zip(names) {
            let (Treatment::Mask(value) | Treatment::Name(value, _), Some(name)) =
                (&mark.treatment, name)
            else {
                continue;
            };
            if value.expose().is_empty() || self.known.name_of(value.expose()).is_some() {
                continue;
            }
            if mark.lasting {
                self.lasting.push(value.clone());
            }
            self.see_value(value.expose(), name);
            // A refusal may repeat a word of it.
            let words = value.expose().split([' ', '\t', ',', '"', '=']);
            for word in words.filter(|word| word.len() >= 4 && word.len() < value.expose().len()) {
                self.see_value(word, &unknown(word.len()));
            }
        }
    }

    /// Words of few letters, and those that name places, would be found in every text.
    fn see_value(&mut self, value: &str, name: &str) {
        if value.len() < known::MIN_LENGTH || vocabulary::is_name(value) {
            return;
        }
        let is_new = || self.seen.iter().all(|(have, _)| have.expose() != value);
        if self.seen.len() < MAX_SEEN && is_new() {
            self.seen.push((Secret::new(value), name.to_owned()));
        }
    }
}

/// The secrets of all principals on `stage` and the control API's token, and who may log in.
fn secrets(stages: &Stages, stage: &Arc<Stage>) -> (BTreeMap<String, String>, Vec<Login>) {
    let (mut secrets, mut logins) = (BTreeMap::new(), Vec::new());
    for vendor in stages.vendors() {
        let document = vendor.document(&Mock::glimpse(
            Arc::clone(vendor),
            Arc::clone(stage),
            String::new(),
        ));
        known::gather(&document.principals, &mut secrets);
        let name = &vendor.profile().vendor;
        crate::spelling::gather(name, &document.principals, &mut logins);
        known::gather(&Value::Object(document.credentials), &mut secrets);
    }
    if let Some(token) = &stages.config.control_token {
        let name = "«token of the control API»".to_owned();
        secrets.insert(token.expose().to_owned(), name);
    }
    (secrets, logins)
}
