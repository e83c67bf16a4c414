//! A member that was missed where it is read, and stands somewhere else in the same request: in
//! the query, in another kind of body, in a header or cookie, or under another spelling.

use locum_core::{Denial, Place};
use serde_json::Value;

use crate::Request;
use crate::request::{Form, basic};

/// How deep a JSON body is searched.
const MAX_DEPTH: usize = 4;

/// Names under which a bearer token travels when it is not in `Authorization` (RFC 6750 §2.2 and
/// §2.3 have `access_token`), without the signs that do not count.
const TOKEN_NAMES: &[&str] = &[
    "accesstoken",
    "authentication",
    "authorisation",
    "authorization",
    "authtoken",
    "bearer",
    "bearertoken",
    "idtoken",
    "jwt",
    "proxyauthorization",
    "token",
    "xaccesstoken",
    "xapikey",
    "xauthorization",
    "xauthtoken",
];

/// Where a member was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    /// As the request spells it, with the objects around it in JSON.
    spelling: String,
    place: Place,
    empty: bool,
}

/// Says where the members of `names`, which are read in `place`, stand instead.
pub(super) fn explain(request: &Request, place: Place, names: &[String], denial: &mut Denial) {
    let members = members(request);
    let found: Vec<(&String, &Found)> = names
        .iter()
        .filter_map(|name| Some((name, nearest(&members, name, place)?)))
        .collect();
    let foreign = foreign_body(request, place);
    if denial.got.is_none() {
        denial.got = Some(match (&foreign, found.first()) {
            // A body that says another media type is not read as a form at all.
            (Some(body), _) => body.clone(),
            (None, Some((_, found))) => found.words(),
            (None, None) => summary(request),
        });
    }
    let first = found
        .iter()
        .find(|(name, found)| found.place != place || found.spelling != **name || !found.empty)
        .map(|(name, found)| difference(name, found, place));
    denial.difference = first.or(denial.difference.take());
}

/// What the first one says beyond its place.
fn difference(name: &str, found: &Found, place: Place) -> String {
    let is_misspelled = found.spelling != name && !found.spelling.ends_with(&format!(".{name}"));
    let spelling = &found.spelling;
    match (found.place == place, is_misspelled) {
        (true, true) => format!("spelled `{spelling}`, read as `{name}`"),
        (true, false) => format!("`{spelling}` is read at another level"),
        (false, _) => format!(
            "`{spelling}` stands in {}, `{name}` is read from {}",
            found.place.phrase(),
            place.phrase()
        ),
    }
}

impl Found {
    fn words(&self) -> String {
        let empty = if self.empty { "an empty " } else { "" };
        format!("{empty}{} in {}", self.spelling, self.place.phrase())
    }
}

/// The member called `name`, or spelled nearly so, in the place that is likeliest meant.
fn nearest<'a>(members: &'a [Found], name: &str, place: Place) -> Option<&'a Found> {
    let wanted = folded(name);
    let fits = |found: &&Found| {
        let last = found.spelling.rsplit('.').next().unwrap_or_default();
        let have = folded(last);
        let is_token =
            [&wanted, &have].map(|name| TOKEN_NAMES.contains(&name.as_str())) == [true; 2];
        have == wanted || is_token || (found.place == Place::Header && have == format!("x{wanted}"))
    };
    let is_there = |found: &&Found| found.place == place && found.spelling == name && !found.empty;
    members
        .iter()
        .filter(|found| fits(found) && (place == Place::Json || !is_there(found)))
        .min_by_key(|found| (found.empty, found.place != place, found.place))
}

/// Letters and digits in lower case: `client_id`, `clientId` and `Client-ID` are one name.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Every named member of the request.
fn members(request: &Request) -> Vec<Found> {
    let mut members = Vec::new();
    of_form(&request.query(), Place::Query, &mut members);
    if let Ok(Value::Object(object)) = serde_json::from_slice(&request.body) {
        of_json(&object, "", 0, &mut members);
    } else if is_multipart(request) {
        of_multipart(&request.body, &mut members);
    } else {
        of_form(&request.form(), Place::Form, &mut members);
    }
    for (name, value) in &request.headers {
        let (name, text) = (name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        match name {
            "cookie" => {
                for pair in text.split(';') {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    push(&mut members, name.trim(), Place::Cookie, value.trim());
                }
            }
            "authorization" => match basic(&text) {
                Ok(Some(basic)) => {
                    for (name, half) in [("client_id", &basic.id), ("client_secret", &basic.secret)]
                    {
                        let half = String::from_utf8_lossy(half);
                        push(&mut members, name, Place::Basic, &half);
                    }
                }
                _ => push(&mut members, name, Place::Header, &text),
            },
            _ => push(&mut members, name, Place::Header, &text),
        }
    }
    members
}

fn push(members: &mut Vec<Found>, spelling: &str, place: Place, value: &str) {
    members.push(Found {
        spelling: spelling.to_owned(),
        place,
        empty: value.is_empty(),
    });
}

fn of_form(form: &Form, place: Place, members: &mut Vec<Found>) {
    for (name, value) in &form.pairs {
        members.push(Found {
            spelling: String::from_utf8_lossy(name).into_owned(),
            place,
            empty: value.is_empty(),
        });
    }
}

fn of_json(
    object: &serde_json::Map<String, Value>,
    around: &str,
    depth: usize,
    members: &mut Vec<Found>,
) {
    for (name, value) in object {
        let spelling = format!("{around}{name}");
        if let (Value::Object(inner), true) = (value, depth < MAX_DEPTH) {
            of_json(inner, &format!("{spelling}."), depth + 1, members);
        }
        members.push(Found {
            spelling,
            place: Place::Json,
            empty: value.is_null() || value == "",
        });
    }
}

/// The names of `Content-Disposition: form-data; name="…"` (RFC 7578 §4.2).
fn of_multipart(body: &[u8], members: &mut Vec<Found>) {
    let text = String::from_utf8_lossy(body);
    for part in text.split("name=\"").skip(1) {
        let name = part.split('"').next().unwrap_or_default();
        push(members, name, Place::Multipart, "?");
    }
}

fn is_multipart(request: &Request) -> bool {
    request.media_type() == "multipart/form-data"
}

/// The media type of a body that is not read where `place` is read; `None` where it is.
fn foreign_body(request: &Request, place: Place) -> Option<String> {
    let foreign = match place {
        Place::Form | Place::Multipart => !request.is_form() && !is_multipart(request),
        Place::Json => request.is_form() || is_multipart(request),
        Place::Query | Place::Basic | Place::Header | Place::Cookie => false,
    };
    (foreign && !request.body.is_empty()).then(|| content_type(request))
}

fn content_type(request: &Request) -> String {
    match request.media_type().as_str() {
        "" => "a body without a Content-Type".to_owned(),
        media_type => format!("Content-Type {media_type}"),
    }
}

/// What the body is, as far as can be told without its content.
pub(super) fn body_of(request: &Request) -> String {
    match request.body.len() {
        0 => "no body".to_owned(),
        length => format!("{length} bytes of body, {}", content_type(request)),
    }
}

/// What the request has in the place of the missing: how much, never what.
pub(super) fn summary(request: &Request) -> String {
    let count = members(request)
        .iter()
        .filter(|found| !matches!(found.place, Place::Header | Place::Cookie))
        .count();
    match (request.body.is_empty(), count) {
        (true, 0) => "neither a query nor a body".to_owned(),
        (_, 1) => format!("one other member, {}", body_of(request)),
        (_, count) => format!("{count} other members, {}", body_of(request)),
    }
}
