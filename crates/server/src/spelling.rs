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

use locum_core::spelling::Spelling;
use serde_json::Value;

use crate::redact::Redactor;
use crate::{Mock, Request};
pub(crate) use bearer::is_exact as shows_token;
pub(crate) use compare::{Login, gather, remember};

/// How `request` spells what it carries; `head` are the bytes of its head, and `shows_token` says
/// that its `Authorization` is nothing but a bearer token of the stage.
pub(crate) async fn of(
    mock: &Mock,
    redactor: &Redactor,
    (head, shows_token): (&[u8], bool),
    request: &Request,
) -> Option<Box<Spelling>> {
    let mut spelling = credentials(mock, redactor, head, request);
    if !shows_token && spelling.basic.is_none() && request.endpoint != "token" {
        spelling.bearer = bearer::read(mock, request).await;
    }
    let repeated = spelling.form.as_mut();
    let repeated = repeated.and_then(|form| form.repeated.as_mut());
    let fields = spelling.multipart.iter_mut();
    let fields = fields.flat_map(|body| &mut body.fields);
    for name in repeated
        .into_iter()
        .chain(fields.map(|field| &mut field.name))
    {
        *name = redactor.text(name).await;
    }
    (!spelling.is_empty()).then(|| Box::new(spelling))
}

fn credentials(mock: &Mock, redactor: &Redactor, head: &[u8], request: &Request) -> Spelling {
    let vendor = &mock.profile().vendor;
    let logins: Vec<&Login> = redactor
        .logins()
        .iter()
        .filter(|login| login.vendor == *vendor)
        .collect();
    let mut spelling = Spelling::default();
    if let Some(value) = basic::value(request, head) {
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
