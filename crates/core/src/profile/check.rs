//! What a profile's values must be for a server to use them as they are.

use std::collections::BTreeMap;
use std::fmt;

use super::{Endpoint, ErrorTemplate, Profile};
use crate::setting::{Setting, nearest};

/// First path segments that the server keeps for itself.
const RESERVED: [&str; 2] = ["_locum", "s"];

/// The longest slug, in bytes; a DNS label may be no longer (RFC 1035 §2.3.4).
const MAX_SLUG: usize = 63;

/// A value that cannot be what it is meant for, and the keys that lead to its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueFault {
    /// The keys from the file's top to the value.
    pub path: Vec<String>,
    /// What is wrong there, a lowercase fragment.
    pub fault: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// All that is wrong with the profile's values.
pub(super) fn check(profile: &Profile) -> Vec<ValueFault> {
    let mut faults = Faults(Vec::new());
    faults.slug(&profile.vendor);
    for host in &profile.hosts {
        faults.unless(
            is_host(host),
            &["hosts"],
            format_args!("`{host}` is not a host name"),
            "letters, digits, `-`, `_` and dots, without scheme, port and path",
        );
    }
    for (name, path) in &profile.urls {
        faults.unless(
            path.is_empty() || is_path(path),
            &["urls", name],
            format_args!("`{path}` is not a path"),
            "a path begins with `/`; the vendor's root is the empty text",
        );
    }
    faults.unless(
        !profile.endpoints.is_empty(),
        &["endpoints"],
        format_args!("no endpoint is defined"),
        "add a table such as [endpoints.token]",
    );
    for (name, endpoint) in &profile.endpoints {
        faults.endpoint(name, endpoint);
    }
    faults.unless(
        profile.token.lifetime_s > 0,
        &["token", "lifetime_s"],
        format_args!("the lifetime of a token is 0"),
        "in seconds, at least 1",
    );
    faults.headers(&["token", "headers"], &profile.token.headers);
    faults.headers(&["headers"], &profile.headers);
    if let Some(name) = &profile.api.tenant_header {
        faults.header_name(&["api", "tenant_header"], name);
    }
    if let Some(path) = &profile.api.sample {
        faults.unless(
            is_path(path),
            &["api", "sample"],
            format_args!("`{path}` is not a path"),
            "a path begins with `/`",
        );
    }
    faults.unless(
        profile.denials.contains_key("default"),
        &["denials"],
        format_args!("there is no [denials.default]"),
        "add it: a refusal that no other table is for looks so",
    );
    for (name, template) in &profile.denials {
        faults.template(name, template, &profile.denials);
    }
    for (name, setting) in &profile.settings {
        faults.setting(name, setting);
    }
    for (name, value) in &profile.judging {
        let setting = profile.settings.get(name);
        faults.unless(
            setting.is_some_and(|setting| setting.takes(value)),
            &["judging", name],
            format_args!("there is no setting `{name}` that takes {value}"),
            "name a table of [settings], and a value that it takes",
        );
    }
    let credentials = &profile.token.credentials_lifetime_setting;
    for name in profile.token.lifetime_settings.iter().chain(credentials) {
        faults.unless(
            profile.settings.contains_key(name),
            &["token", "lifetime_settings"],
            format_args!("there is no setting `{name}`"),
            "name a table of [settings]",
        );
    }
    faults.0
}

struct Faults(Vec<ValueFault>);

impl Faults {
    fn unless(&mut self, holds: bool, path: &[&str], fault: fmt::Arguments<'_>, hint: &str) {
        if !holds {
            self.0.push(ValueFault {
                path: path.iter().map(|key| (*key).to_owned()).collect(),
                fault: fault.to_string(),
                hint: Some(hint.to_owned()),
            });
        }
    }

    fn slug(&mut self, slug: &str) {
        let is_slug = slug.len() <= MAX_SLUG
            && slug.starts_with(|first: char| first.is_ascii_lowercase())
            && slug
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        self.unless(
            is_slug,
            &["vendor"],
            format_args!("`{slug}` cannot be a vendor's slug"),
            "it is a path segment: a lowercase letter, then lowercase letters, digits and `-`, at most 63",
        );
        self.unless(
            !RESERVED.contains(&slug),
            &["vendor"],
            format_args!("the slug `{slug}` is reserved"),
            "take another: the server has this path for itself",
        );
    }

    fn endpoint(&mut self, name: &str, endpoint: &Endpoint) {
        self.unless(
            !endpoint.methods.is_empty(),
            &["endpoints", name, "methods"],
            format_args!("no method is named"),
            "such as [\"GET\"]",
        );
        for method in &endpoint.methods {
            self.unless(
                is_token(method) && !method.bytes().any(|byte| byte.is_ascii_lowercase()),
                &["endpoints", name, "methods"],
                format_args!("`{method}` is not a method"),
                "methods are case-sensitive tokens, such as GET (RFC 9110 section 9.1)",
            );
        }
        for (key, path) in std::iter::once(("path", &endpoint.path))
            .chain(endpoint.also.iter().map(|path| ("also", path)))
        {
            self.unless(
                is_path(path) && !path.contains(['?', '#']),
                &["endpoints", name, key],
                format_args!("`{path}` is not a path"),
                "a path begins with `/`, has no query, and `{name}` stands for a segment",
            );
        }
    }

    fn headers(&mut self, path: &[&str], headers: &BTreeMap<String, String>) {
        for (name, value) in headers {
            let place = [path, &[name.as_str()]].concat();
            self.header_name(&place, name);
            self.unless(
                is_field_value(value),
                &place,
                format_args!("the value of header `{name}` cannot be sent"),
                "visible characters, spaces and tabs, none of them at an end (RFC 9110 section 5.5)",
            );
        }
    }

    fn header_name(&mut self, path: &[&str], name: &str) {
        self.unless(
            is_token(name),
            path,
            format_args!("`{name}` is not a header name"),
            "letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.1)",
        );
    }

    fn template(
        &mut self,
        name: &str,
        template: &ErrorTemplate,
        denials: &BTreeMap<String, ErrorTemplate>,
    ) {
        self.unless(
            (200..=599).contains(&template.status),
            &["denials", name, "status"],
            format_args!("status {} cannot be a final reply", template.status),
            "from 200 to 599 (RFC 9110 section 15)",
        );
        self.headers(&["denials", name, "headers"], &template.headers);
        let Some(head) = &template.inherits else {
            return;
        };
        let place = ["denials", name, "inherits"];
        match denials.get(head) {
            None => {
                let hint = match nearest(head, denials.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name another table of [denials]".to_owned(),
                };
                let fault = format_args!("there is no [denials.{head}]");
                self.unless(false, &place, fault, &hint);
            }
            Some(head_template) => self.unless(
                head_template.inherits.is_none(),
                &place,
                format_args!("`{head}` inherits from another itself"),
                "one step only: name the head of the family",
            ),
        }
    }

    fn setting(&mut self, name: &str, setting: &Setting) {
        self.unless(
            setting.takes(&setting.default),
            &["settings", name, "default"],
            format_args!("the default {} is none of `values`", setting.default),
            "list it among them",
        );
    }
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_char)
}

/// RFC 9110 §5.5, without bytes above ASCII.
fn is_field_value(text: &str) -> bool {
    text.trim_matches([' ', '\t']) == text
        && text
            .bytes()
            .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

/// A host name as `Host` has it: RFC 1123 labels, and the underscore of placeholder names.
fn is_host(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

/// A path with `{name}` for what is filled in: visible ASCII, braces in pairs.
fn is_path(text: &str) -> bool {
    let mut open = false;
    let paired = text.bytes().all(|byte| match byte {
        b'{' => !std::mem::replace(&mut open, true),
        b'}' => std::mem::replace(&mut open, false),
        byte => byte.is_ascii_graphic(),
    });
    text.starts_with('/') && paired && !open
}
