//! The pages for people: title, heading, message, and a form to log in with.

use locum_core::{Denial, Outcome};
use locum_server::{Mock, Reply};

/// A page that says one thing; `family` gives it its headers.
pub(super) fn page(mock: &Mock, status: u16, realm: &str, heading: &str, message: &str) -> Reply {
    let message = escaped(message);
    let title = format!("Sign in to {realm}");
    let content = format!("<p id=\"message\">{message}</p>");
    render(mock, status, &title, heading, &content)
}

/// The page that asks whether to log out.
pub(super) fn logging_out(mock: &Mock, realm: &str, code: &str) -> Reply {
    let action = format!(
        "{}/realms/{realm}/protocol/openid-connect/logout/logout-confirm",
        mock.mount()
    );
    let content = format!(
        "<p id=\"message\">Do you want to log out?</p>\
         <form action=\"{}\" method=\"post\"><input type=\"hidden\" name=\"session_code\" value=\"{}\">\
         <button name=\"confirmLogout\" id=\"kc-logout\" type=\"submit\">Logout</button></form>",
        escaped(&action),
        escaped(code)
    );
    render(mock, 200, "Logging out", "Logging out", &content)
}

/// The page of a fault that the client cannot be told.
pub(super) fn sorry(mock: &Mock, realm: &str, denial: Denial, message: &str) -> Reply {
    let mut reply = page(mock, 400, realm, "We are sorry...", message);
    reply.denial = Some(denial);
    reply.outcome(Outcome::Denied)
}

/// The login form, which posts to `action`.
pub(super) fn login(mock: &Mock, realm: &str, action: &str, message: Option<&str>) -> Reply {
    let message = message.map_or_else(String::new, |text| {
        format!("<span id=\"input-error\">{}</span>", escaped(text))
    });
    let form = format!(
        "{message}<form id=\"kc-form-login\" action=\"{}\" method=\"post\">\
         <label for=\"username\">Username or email</label><input id=\"username\" name=\"username\" autocomplete=\"username\">\
         <label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\">\
         <button id=\"kc-login\" type=\"submit\">Sign In</button></form>",
        escaped(action)
    );
    let title = format!("Sign in to {realm}");
    render(mock, 200, &title, "Sign in to your account", &form)
}

/// A page that posts `fields` to the client at once (`response_mode=form_post`). These are
/// Keycloak's bytes: clients without a browser look for its inputs.
pub(super) fn posting(action: &str, fields: &[(String, String)]) -> Reply {
    let mut fields: Vec<&(String, String)> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| bucket(name));
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "  <INPUT TYPE=\"HIDDEN\" NAME=\"{name}\" VALUE=\"{}\" />",
                escaped(value)
            )
        })
        .collect();
    let body = format!(
        "<HTML>  <HEAD>    <TITLE>OIDC Form_Post Response</TITLE>  </HEAD>  \
         <BODY Onload=\"document.forms[0].submit()\">    <FORM METHOD=\"POST\" ACTION=\"{}\">{inputs}      \
         <NOSCRIPT>        <P>JavaScript is disabled. We strongly recommend to enable it. Click the button below to continue .</P>        \
         <INPUT name=\"continue\" TYPE=\"SUBMIT\" VALUE=\"CONTINUE\" />      </NOSCRIPT>    </FORM>  </BODY></HTML>",
        escaped(action)
    );
    Reply::status(200).body(body)
}

/// The place of a name in the hash map that Keycloak keeps the fields in.
pub(super) fn bucket(name: &str) -> u32 {
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(unit.into())
    });
    (hash ^ (hash >> 16)) % 16
}

fn render(mock: &Mock, status: u16, title: &str, heading: &str, content: &str) -> Reply {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
         <body><h1 id=\"kc-page-title\">{}</h1>{content}</body></html>",
        escaped(title),
        escaped(heading)
    );
    Reply::status(status)
        .body(body)
        .with_headers_of(mock.profile(), "html", &[])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
