//! How requests spell what they carry, noted before the journal has names in place of it.
//!
//! # Layout
//!
//! - `compare`: a value beside the stage's credentials
//! - `basic`: `Authorization: Basic`, read leniently
//! - `login`: the credentials of a login in a form, in JSON or in Basic
//! - `multipart`: the boundary and the fields of a multipart body
//! - `bearer`: an `Authorization` that is not exactly a bearer token of the stage

mod basic;
mod bearer;
mod compare;
mod login;
mod multipart;

use locum_core::spelling::{NOTE, Spelling};
use serde_json::Value;

use crate::redact::Redactor;
use crate::{Mock, Request};
pub(crate) use bearer::is_exact as shows_token;
pub(crate) use compare::{Login, gather};

/// Notes how `request` spells what it carries; `head` are the bytes of its head, and
/// `shows_token` says that its `Authorization` is nothing but a bearer token of the stage.
pub(crate) async fn note(
    mock: &Mock,
    redactor: &Redactor,
    (head, shows_token): (&[u8], bool),
    request: &Request,
) {
    let mut spelling = of(mock, redactor, head, request);
    if !shows_token && spelling.basic.is_none() && request.endpoint != "token" {
        spelling.bearer = bearer::read(mock, request).await;
    }
    if spelling.is_empty() {
        return;
    }
    let Ok(note) = serde_json::to_value(&spelling) else {
        return;
    };
    mock.stage.complete(request.entry, |entry| {
        entry.notes.insert(NOTE.to_owned(), note);
    });
}

fn of(mock: &Mock, redactor: &Redactor, head: &[u8], request: &Request) -> Spelling {
    let vendor = &mock.profile().vendor;
    let logins: Vec<&Login> = redactor
        .logins()
        .iter()
        .filter(|login| login.vendor == *vendor)
        .collect();
    let mut spelling = Spelling::default();
    if let Some(value) = basic::value(head) {
        let (basic, shown) = basic::read(&value, &logins);
        spelling.basic = Some(basic);
        spelling.credentials = shown;
    }
    if request.media_type().starts_with("multipart/") {
        spelling.multipart = Some(multipart::read(request));
    } else if !request.body.is_empty() {
        let (form, shown) = login::read(request, &logins);
        spelling.form = form;
        spelling.credentials.extend(shown);
    }
    spelling
}

/// The text of a JSON member, by its path.
fn text<'a>(json: &'a Value, path: &[&str]) -> Option<&'a str> {
    let mut at = json;
    for name in path {
        at = at.get(name)?;
    }
    at.as_str()
}
