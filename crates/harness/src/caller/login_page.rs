//! The login page of a vendor: its form, filled in as a person would.

/// A form of an HTML page that asks for a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoginForm {
    /// Where it is sent; empty for the page's own address.
    pub(super) action: String,
    /// The names of its fields with the values that they have already.
    pub(super) fields: Vec<(String, String)>,
    /// The field that takes the name, and the one that takes the password.
    pub(super) asks: (String, String),
}

impl LoginForm {
    /// The first form of a page that has a field for a password.
    pub(super) fn find(page: &str) -> Option<Self> {
        let forms = tags(page, "form");
        forms.into_iter().find_map(|(form, after)| {
            let end = after
                .to_ascii_lowercase()
                .find("</form")
                .unwrap_or(after.len());
            Self::read(form, &after[..end])
        })
    }

    fn read(form: &str, inside: &str) -> Option<Self> {
        let (mut fields, mut name, mut password) = (Vec::new(), None, None);
        for (input, _) in tags(inside, "input") {
            let Some(field) = attribute(input, "name") else {
                continue;
            };
            let kind = attribute(input, "type")
                .unwrap_or_default()
                .to_ascii_lowercase();
            match kind.as_str() {
                "password" => password = password.or(Some(field)),
                "" | "text" | "email" => name = name.or(Some(field)),
                "hidden" => fields.push((field, attribute(input, "value").unwrap_or_default())),
                // A box that nobody ticks and a button that nobody presses are not sent.
                _ => {}
            }
        }
        Some(Self {
            action: attribute(form, "action").unwrap_or_default(),
            fields,
            asks: (name?, password?),
        })
    }

    /// Its fields as a person fills them in.
    pub(super) fn filled(self, name: &str, password: &str) -> Vec<(String, String)> {
        let mut fields = self.fields;
        fields.push((self.asks.0, name.to_owned()));
        fields.push((self.asks.1, password.to_owned()));
        fields
    }
}

/// Each tag called `name`: its inside, and what comes after it.
fn tags<'a>(page: &'a str, name: &str) -> Vec<(&'a str, &'a str)> {
    let small = page.to_ascii_lowercase();
    let open = format!("<{name}");
    let starts = small.match_indices(&open).map(|(at, _)| at + open.len());
    starts
        .filter_map(|from| {
            let rest = &page[from..];
            let end = rest.find('>')?;
            rest.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/')
                .then(|| (&rest[..end], &rest[end + 1..]))
        })
        .collect()
}

/// The value of an attribute, its character references read.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let small = tag.to_ascii_lowercase();
    let at = small.match_indices(name).find_map(|(at, _)| {
        let is_whole = tag[..at].ends_with(|c: char| c.is_whitespace());
        let rest = tag[at + name.len()..].trim_start();
        (is_whole && rest.starts_with('=')).then(|| tag.len() - rest.len() + 1)
    })?;
    let value = tag[at..].trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(|c: char| c.is_whitespace()).next()?,
    };
    let plain = [
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    Some(
        plain
            .iter()
            .fold(value.to_owned(), |text, (reference, letter)| {
                text.replace(reference, letter)
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_for_a_password_is_found_and_filled() {
        let page = r#"<form action="/search"><input name="q"></form>
            <FORM id="login" method=post action="/go?a=1&amp;b=2">
            <input type="hidden" name="token" value="x&quot;y"/>
            <input tabindex=1 name='username' value=""><input type=password name=secret>
            <input type="checkbox" name="rememberMe"> <input type="submit" name="go"></form>"#;
        let form = LoginForm::find(page).expect("there is one");
        assert_eq!(form.action, "/go?a=1&b=2");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let filled = form.filled("ada", "p w");
        let expected = [
            pair("token", "x\"y"),
            pair("username", "ada"),
            pair("secret", "p w"),
        ];
        assert_eq!(filled, expected);
        assert_eq!(LoginForm::find("<form><input name=q></form>"), None);
        assert_eq!(LoginForm::find("<form action="), None);
    }
}
