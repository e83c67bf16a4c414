//! Bodies and messages: read for what they are, whatever their media type says, since a client that
//! mislabels one has put its password there all the same.

use std::ops::Range;

use super::plan::Plan;
use super::scan::shows_a_credential;
use super::{json, pairs, views};

/// How a body is kept.
#[derive(Debug)]
pub(super) enum Shape {
    /// As text, with these places replaced.
    Text(Plan),
    /// By its length alone.
    Length,
    /// By its length alone: it says or shows that it holds credentials, and cannot be read.
    Unreadable,
}

/// Texts within texts within texts are not read further.
const MAX_DEPTH: usize = 3;

/// How `text` of this media type is kept, of which no more than `limit` bytes are.
pub(super) fn shape(media_type: &str, text: &str, limit: usize) -> Shape {
    let is_plain_json = media_type == "application/json";
    let media_type = match is_plain_json {
        true => String::new(),
        false => media_type.to_ascii_lowercase(),
    };
    let has = |part: &str| media_type.contains(part);
    let start = text.len()
        - text
            .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
            .len();
    let claims_json = is_plain_json || has("json");
    if claims_json || text[start..].starts_with(['{', '[']) {
        let mut plan = Plan::default();
        let read = read_json(text, start, limit, &mut plan, 0);
        if read {
            return Shape::Text(plan);
        }
        return match claims_json && pairs::is_form(text) {
            true => form(text),
            false => Shape::Unreadable,
        };
    }
    let is_multipart = has("multipart/") || has_form_data(text);
    // A page's form may hold a credential in any of its fields.
    let is_page = has("text/html") && text.contains("<form");
    if is_multipart || is_page || has("audio/") {
        return Shape::Length;
    }
    let is_form = pairs::is_form(text);
    if has("x-www-form-urlencoded") {
        return match is_form {
            true => form(text),
            false => Shape::Unreadable,
        };
    }
    if is_form && text.contains('=') {
        return form(text);
    }
    match shows_a_credential(text) {
        true => Shape::Unreadable,
        false => Shape::Text(Plan::default()),
    }
}

fn has_form_data(text: &str) -> bool {
    text.len() > 10
        && memchr::memchr_iter(b';', text.as_bytes())
            .any(|at| at >= 9 && text.as_bytes()[at - 9..at].eq_ignore_ascii_case(b"form-data"))
}

fn form(text: &str) -> Shape {
    let mut plan = Plan::default();
    pairs::pairs(text, 0..text.len(), &mut plan);
    Shape::Text(plan)
}

fn read_json(text: &str, start: usize, limit: usize, plan: &mut Plan, depth: usize) -> bool {
    json::mark(text, start, limit, plan, &mut |range, has_escapes, plan| {
        content(text, range, has_escapes, depth, plan);
    })
    .is_ok()
}

/// Marks what an ordinary string holds: a URL, a form, JSON within JSON.
fn content(text: &str, range: Range<usize>, has_escapes: bool, depth: usize, plan: &mut Plan) {
    let spelled = &text[range.clone()];
    if !shows_a_credential(spelled) {
        return;
    }
    let whole = |plan: &mut Plan| plan.mask(range.clone(), spelled);
    if depth == MAX_DEPTH {
        return whole(plan);
    }
    let view = has_escapes.then(|| views::json_string(spelled));
    let inner = match &view {
        None => Some(spelled),
        Some(view) => std::str::from_utf8(&view.bytes).ok(),
    };
    let Some(inner) = inner else {
        return whole(plan);
    };
    let mut marks = Plan::default();
    let is_read = if inner.trim_start().starts_with(['{', '[']) {
        read_json(inner, 0, usize::MAX, &mut marks, depth + 1)
    } else if inner.contains("://") || inner.starts_with('/') {
        pairs::target(inner, &|_| false, &mut marks);
        !marks.marks.is_empty()
    } else if pairs::is_form(inner) {
        pairs::pairs(inner, 0..inner.len(), &mut marks);
        !marks.marks.is_empty()
    } else {
        false
    };
    if !is_read {
        return whole(plan);
    }
    for mut mark in marks.marks {
        let place = match &view {
            Some(view) => view.source(mark.range.clone()),
            None => mark.range.clone(),
        };
        mark.range = range.start + place.start..range.start + place.end;
        // Quotes within a string would end it.
        mark.quoted = false;
        plan.marks.push(mark);
    }
}
