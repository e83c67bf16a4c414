//! paging: `limit` and `offset` in, an envelope with links out.

use locum_core::{Denial, DenialKind};
use locum_server::{Form, Mock, Request};
use serde::Serialize;
use serde_json::Value;

/// "limit (1..200, default 200)".
const MAX_LIMIT: usize = 200;
const DEFAULT_LIMIT: i64 = 200;

/// One page of a list, in the order of the pages' examples.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a> {
    total_count: usize,
    limit: usize,
    offset: usize,
    results: Vec<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_page: Option<String>,
}

/// What a list was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    limit: usize,
    offset: usize,
    descending: bool,
}

/// "bad values: 422 accompanied by a more specific error message" (response_codes).
pub(super) fn invalid(message: impl Into<String>) -> Denial {
    let message = message.into();
    Denial::new(DenialKind::Invalid, "invalid")
        .got(message.clone())
        .param("message", message)
}

/// A query value as text.
pub(super) fn text(query: &Form, name: &str) -> Option<String> {
    query.text(name)
}

/// A query value that has to be one of `words`.
pub(super) fn one_of(query: &Form, name: &str, words: &[&str]) -> Result<Option<String>, Denial> {
    match query.text(name) {
        Some(word) if !words.contains(&word.as_str()) => Err(invalid(format!(
            "{name} must be one of {}",
            words.join(", ")
        ))),
        word => Ok(word),
    }
}

impl Window {
    /// Reads `limit`, `offset` and `sortDirection`.
    ///
    /// A `limit` above 200 is clamped by one page ("The limit value in the response will be
    /// different if the requested value was greater than the maximum allowed") and refused by
    /// another: the setting `limit_over_max` says which.
    pub(super) fn read(mock: &Mock, query: &Form) -> Result<Self, Denial> {
        let number = |name: &str| {
            query
                .text(name)
                .map(|text| {
                    text.parse::<i64>()
                        .map_err(|_| invalid(format!("{name} must be an integer")))
                })
                .transpose()
        };
        let limit = number("limit")?.unwrap_or(DEFAULT_LIMIT);
        let offset = number("offset")?.unwrap_or(0);
        if limit < 1 {
            return Err(invalid("limit must be at least 1"));
        }
        let limit = usize::try_from(limit).unwrap_or(MAX_LIMIT);
        if limit > MAX_LIMIT && mock.setting_is("limit_over_max", "422") {
            return Err(invalid(format!("limit must be at most {MAX_LIMIT}")));
        }
        let offset = usize::try_from(offset).map_err(|_| invalid("offset must not be negative"))?;
        let direction = one_of(query, "sortDirection", &["ASC", "DESC"])?;
        Ok(Self {
            limit: limit.min(MAX_LIMIT),
            offset,
            descending: direction.as_deref() == Some("DESC"),
        })
    }

    /// The envelope around one page of `items`; `nextPage` and `previousPage` are absent at the
    /// ends, not null.
    pub(super) fn envelope<'a>(
        &self,
        mock: &Mock,
        request: &Request,
        mut items: Vec<&'a Value>,
    ) -> Envelope<'a> {
        if self.descending {
            items.reverse();
        }
        let total_count = items.len();
        let results = items.into_iter().skip(self.offset).take(self.limit);
        let next = self.offset.saturating_add(self.limit);
        let previous = self.offset.saturating_sub(self.limit);
        Envelope {
            total_count,
            limit: self.limit,
            offset: self.offset,
            results: results.collect(),
            next_page: (next < total_count).then(|| self.link(mock, request, next)),
            previous_page: (self.offset > 0).then(|| self.link(mock, request, previous)),
        }
    }

    /// "nextPage":"https://API_HOSTNAME/…offset=20&limit=10"
    fn link(&self, mock: &Mock, request: &Request, offset: usize) -> String {
        let host = mock.setting_text("next_page_host");
        let root = if host == "same" {
            mock.base.clone()
        } else {
            host
        };
        let kept = request.raw_query().split('&').filter(|part| {
            !part.is_empty() && !part.starts_with("limit=") && !part.starts_with("offset=")
        });
        let mut query: Vec<String> = kept.map(str::to_owned).collect();
        query.push(format!("offset={offset}"));
        query.push(format!("limit={}", self.limit));
        format!("{root}{}?{}", request.path(), query.join("&"))
    }
}
