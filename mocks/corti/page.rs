//! The pages for people: title, heading, message, and a form to log in with.

use locum_server::{Mock, Reply};

/// A page that says one thing; `family` gives it its headers.
pub(super) fn page(mock: &Mock, status: u16, realm: &str, heading: &str, message: &str) -> Reply {
    let message = escaped(message);
    render(
        mock,
        status,
        realm,
        heading,
        &format!("<p id=\"message\">{message}</p>"),
    )
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
    render(mock, 200, realm, "Sign in to your account", &form)
}

/// A page that posts `fields` to the client at once (`response_mode=form_post`).
pub(super) fn posting(
    mock: &Mock,
    realm: &str,
    action: &str,
    fields: &[(String, String)],
) -> Reply {
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escaped(name),
                escaped(value)
            )
        })
        .collect();
    let form = format!(
        "<form method=\"post\" action=\"{}\">{inputs}<noscript><button>CONTINUE</button></noscript></form>\
         <script>document.forms[0].submit()</script>",
        escaped(action)
    );
    render(mock, 200, realm, "OIDC Form_Post Response", &form)
}

fn render(mock: &Mock, status: u16, realm: &str, heading: &str, content: &str) -> Reply {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign in to {}</title></head>\
         <body><h1 id=\"kc-page-title\">{}</h1>{content}</body></html>",
        escaped(realm),
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
