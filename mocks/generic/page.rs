//! The pages of the authorization endpoint: a form to log in and agree, and a word for what cannot
//! go back to the client.

use locum_core::{Denial, Outcome};
use locum_server::{Form, Mock, Reply};

use super::Facts;
use super::authorize::Asked;

/// Fields of the form itself, which it does not repeat.
const OWN: &[&str] = &["username", "password", "decision"];

/// Shows the form; with `denial`, again.
pub(super) fn login(
    mock: &Mock,
    facts: &Facts,
    asked: &Asked,
    form: &Form,
    denial: Option<Denial>,
) -> Reply {
    let text = |bytes: &[u8]| escaped(&String::from_utf8_lossy(bytes));
    let repeated: String = form
        .pairs
        .iter()
        .filter(|(name, _)| !OWN.iter().any(|own| own.as_bytes() == name.as_slice()))
        .map(|(name, value)| {
            let (name, value) = (text(name), text(value));
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
        })
        .collect();
    let authorize = facts.file.authorize.as_ref();
    let consent = if authorize.is_some_and(|authorize| authorize.consent) {
        let client = escaped(&asked.client.client_id);
        format!("<p>{client} asks for: {}</p>", escaped(&asked.scope))
    } else {
        String::new()
    };
    let message = match &denial {
        Some(_) => "<p role=\"alert\">Wrong name or password.</p>",
        None => "",
    };
    let path = authorize.map_or("", |authorize| authorize.path.as_str());
    let hint = form.text("login_hint").unwrap_or_default();
    let body = format!(
        "{message}<form method=\"post\" action=\"{}\">{repeated}\
         <label>Name <input name=\"username\" value=\"{}\" autocomplete=\"username\"></label>\
         <label>Password <input name=\"password\" type=\"password\"></label>{consent}\
         <button name=\"decision\" value=\"allow\">Log in</button>\
         <button name=\"decision\" value=\"deny\">Cancel</button></form>",
        escaped(&mock.url(path)),
        escaped(&hint),
    );
    let mut reply = page(mock, 200, &body);
    if denial.is_some() {
        reply.outcome = Some(Outcome::Denied);
    }
    reply.denial = denial;
    reply
}

/// Says what is wrong to the person, and sends nothing to the client.
pub(super) fn error(mock: &Mock, denial: Denial) -> Reply {
    let body = format!(
        "<p>The application's request cannot be answered: {}.</p>",
        escaped(&denial.reason.replace('_', " "))
    );
    let mut reply = page(mock, 400, &body);
    reply.outcome = Some(Outcome::Denied);
    reply.denial = Some(denial);
    reply
}

fn page(mock: &Mock, status: u16, body: &str) -> Reply {
    let title = escaped(&mock.profile().title);
    Reply::status(status)
        .header("content-type", "text/html; charset=utf-8")
        .header("cache-control", "no-store")
        .header("referrer-policy", "no-referrer")
        // RFC 6749 §10.13: the page must not be framed.
        .header("x-frame-options", "DENY")
        .header(
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        )
        .body(format!(
            "<!doctype html><html lang=\"en\"><head><title>{title}</title></head>\
             <body><h1>{title}</h1>{body}</body></html>"
        ))
}

/// Text inside HTML, attributes included.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
