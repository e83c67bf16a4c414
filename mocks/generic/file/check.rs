//! From the text of a file to a vendor, or to everything that is wrong with it: syntax, shape, and
//! tables that contradict each other.

mod people;
mod resources;
mod syntax;

use locum_core::Profile;
use locum_core::profile::{ProfileError, ProfileFault};
use toml::de::{DeTable, DeValue};

use super::schema::{self, Fault};
use super::{Format, Grant, Proof, VendorFile};
use crate::generic::profile;
use syntax::is_scope;

/// Reads a file; `name` is named in errors only.
pub(in crate::generic) fn read(
    name: &str,
    text: &str,
) -> Result<(VendorFile, Profile), ProfileError> {
    faultless(text).map_err(|mut faults| {
        faults.sort_by_key(|fault| fault.at);
        faults.dedup();
        ProfileError {
            file: name.to_owned(),
            faults: faults
                .into_iter()
                .map(|fault| ProfileFault {
                    line: text.get(..fault.at).unwrap_or(text).matches('\n').count() + 1,
                    fault: fault.fault,
                    hint: fault.hint,
                })
                .collect(),
        }
    })
}

fn faultless(text: &str) -> Result<(VendorFile, Profile), Vec<Fault>> {
    let (document, broken) = DeTable::parse_recoverable(text);
    if !broken.is_empty() {
        return Err(broken.iter().map(of_toml).collect());
    }
    let document = document.get_ref();
    let schema = schemars::schema_for!(VendorFile);
    let shape = schema::faults(schema.as_value(), document);
    if !shape.is_empty() {
        return Err(shape);
    }
    // What the shape cannot say, such as an integer's width, serde does.
    let file: VendorFile = toml::from_str(text).map_err(|error| vec![of_toml(&error)])?;
    let made = profile::of(&file);
    let mut check = Check {
        file: &file,
        document,
        faults: Vec::new(),
    };
    check.all(&made);
    if check.faults.is_empty() {
        Ok((file, made))
    } else {
        Err(check.faults)
    }
}

fn of_toml(error: &toml::de::Error) -> Fault {
    let is_deep = error.message().contains("recursion limit");
    Fault {
        at: error.span().map_or(0, |span| span.start),
        fault: error.message().to_owned(),
        hint: is_deep
            .then(|| "nest fewer tables: no member of a profile lies that deep".to_owned()),
    }
}

struct Check<'a> {
    file: &'a VendorFile,
    document: &'a DeTable<'a>,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn unless(&mut self, holds: bool, path: &[&str], fault: impl Into<String>, hint: &str) {
        if !holds {
            self.faults.push(Fault {
                at: position(self.document, path),
                fault: fault.into(),
                hint: Some(hint.to_owned()),
            });
        }
    }

    fn all(&mut self, made: &Profile) {
        self.token();
        self.refresh();
        self.browser();
        self.client_auth();
        self.api();
        self.principals();
        self.resources();
        self.paths();
        self.words();
        self.values(made);
    }

    fn token(&mut self) {
        let token = &self.file.token;
        let endpoint = self.file.endpoints.contains_key("token");
        self.unless(
            token.path.is_some() || endpoint,
            &["token"],
            "there is no path of the token endpoint",
            "add `path = \"/oauth/token\"` to [token]",
        );
        self.unless(
            token.path.is_none() || !endpoint,
            &["endpoints", "token"],
            "the token endpoint has two paths",
            "keep `token.path` and remove [endpoints.token]",
        );
        self.unless(
            token.grant.is_none() || token.grants.is_empty(),
            &["token", "grant"],
            "`grant` and `grants` say the same",
            "keep `grants`",
        );
        self.unless(
            token.secret_in.is_none() || token.client_auth.is_empty(),
            &["token", "secret_in"],
            "`secret_in` and `client_auth` say the same",
            "keep `client_auth`",
        );
        self.unless(
            !self.file.grants().is_empty(),
            &["token"],
            "no grant is named",
            "add `grants = [\"client_credentials\"]` to [token]; it takes client_credentials, password, authorization_code, refresh_token",
        );
        self.unless(
            token.claims.is_empty() || token.format != Format::Opaque,
            &["token", "claims"],
            "an opaque token has no claims",
            "set `format = \"hs256\"` or `\"rs256\"`, or remove [token.claims]",
        );
        for scope in &token.scopes {
            self.unless(
                is_scope(scope),
                &["token", "scopes"],
                format!("`{scope}` is not a scope"),
                "visible characters without a space, `\"` and `\\` (RFC 6749 section 3.3), one scope an entry",
            );
        }
    }

    fn refresh(&mut self) {
        let has = self.file.has(Grant::RefreshToken);
        self.unless(
            has || self.file.refresh.is_none(),
            &["refresh"],
            "[refresh] is there and no client can refresh",
            "add \"refresh_token\" to `token.grants`",
        );
        let Some(refresh) = &self.file.refresh else {
            return self.first_refresh(has);
        };
        self.unless(
            refresh.lifetime_s != Some(0),
            &["refresh", "lifetime_s"],
            "the lifetime of a refresh token is 0",
            "in seconds, at least 1; leave it out for ever",
        );
        self.unless(
            refresh.lifetime_s.is_none() || self.file.token.refresh_lifetime_s.is_none(),
            &["token", "refresh_lifetime_s"],
            "the lifetime of a refresh token is said twice",
            "keep `refresh.lifetime_s`",
        );
        self.first_refresh(has);
    }

    /// A refresh token has to come from somewhere.
    fn first_refresh(&mut self, has: bool) {
        let from_user = self.file.has(Grant::Password) || self.file.has(Grant::AuthorizationCode);
        let from_client = self.file.refresh().for_client_credentials;
        self.unless(
            !has || from_user || from_client,
            &["token", "grants"],
            "no grant gives a first refresh token",
            "add \"password\" or \"authorization_code\" to `token.grants`, or set `refresh.for_client_credentials = true`",
        );
        let with_client = self.file.has(Grant::ClientCredentials);
        self.unless(
            !from_client || with_client,
            &["refresh", "for_client_credentials"],
            "there are no client credentials to refresh",
            "add \"client_credentials\" to `token.grants`, or remove this line",
        );
    }

    fn browser(&mut self) {
        let by_code = self.file.has(Grant::AuthorizationCode);
        self.unless(
            !by_code || self.file.authorize.is_some(),
            &["token", "grants"],
            "authorization_code needs an authorization endpoint",
            "add a table [authorize] with `path = \"/oauth/authorize\"`",
        );
        self.unless(
            by_code || self.file.authorize.is_none(),
            &["authorize"],
            "[authorize] is there and its codes buy nothing",
            "add \"authorization_code\" to `token.grants`",
        );
        if let Some(authorize) = &self.file.authorize {
            self.unless(
                authorize.code_lifetime_s > 0,
                &["authorize", "code_lifetime_s"],
                "the lifetime of a code is 0",
                "in seconds, at least 1; RFC 6749 section 4.1.2 recommends at most 600",
            );
            let clients = &self.file.principals.clients;
            let mut able = clients
                .iter()
                .filter(|client| client.may(self.file, Grant::AuthorizationCode));
            let reached = able.any(|client| !client.redirect_uris.is_empty());
            self.unless(
                reached,
                &["principals", "clients"],
                "no client has an address for its codes",
                "add `redirect_uris = [\"http://127.0.0.1:3000/callback\"]` to one that may use authorization_code",
            );
        }
        if self.file.openid.is_some() {
            self.unless(
                by_code || self.file.has(Grant::Password),
                &["openid"],
                "[openid] is there and no user can log in",
                "add \"authorization_code\" to `token.grants`",
            );
        }
    }

    fn api(&mut self) {
        let api = &self.file.api;
        for (is, name, given, example) in [
            (Proof::Header, "header", &api.header, "X-Api-Token"),
            (Proof::Query, "parameter", &api.parameter, "access_token"),
        ] {
            self.unless(
                api.proof != is || given.as_ref().is_some_and(|given| !given.is_empty()),
                &["api", "proof"],
                format!("`api.{name}` is missing: it names what holds the token"),
                &format!("add `{name} = \"{example}\"` to [api]"),
            );
            self.unless(
                api.proof == is || given.is_none(),
                &["api", name],
                format!("`api.{name}` is there and `proof` is another"),
                &format!(
                    "set `proof = \"{}\"`, or remove this line",
                    if is == Proof::Header {
                        "header"
                    } else {
                        "query"
                    }
                ),
            );
        }
        if let Some(header) = &api.header {
            self.unless(
                !header.eq_ignore_ascii_case("authorization"),
                &["api", "header"],
                "Authorization is not a header of the vendor's own",
                "set `proof = \"raw\"` and remove this line",
            );
            let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            self.unless(
                header.bytes().all(is_token),
                &["api", "header"],
                format!("`{header}` is not a header name"),
                "letters, digits, `-` and `_`",
            );
        }
    }

    /// What every profile is checked for, at the place where the file says it.
    fn values(&mut self, made: &Profile) {
        let own = profile::own_endpoints(self.file);
        for fault in made.faults() {
            let path: Vec<&str> = fault.path.iter().map(String::as_str).collect();
            let path = match path.as_slice() {
                ["endpoints", name, "path"] if !self.file.endpoints.contains_key(*name) => own
                    .iter()
                    .find(|(endpoint, ..)| endpoint == name)
                    .map_or_else(
                        || vec!["resources", name, "path"],
                        |(.., place)| place.to_vec(),
                    ),
                ["endpoints", name, "methods"] if !self.file.endpoints.contains_key(*name) => {
                    vec!["resources", name, "method"]
                }
                path => path.to_vec(),
            };
            let at = position(self.document, &path);
            // A wrong path is told once.
            if !self.faults.iter().any(|have| have.at == at) {
                let (fault, hint) = (fault.fault, fault.hint);
                self.faults.push(Fault { at, fault, hint });
            }
        }
    }
}

/// The byte of the last key of `path` that the file has; a number counts the entries of an array.
fn position(document: &DeTable<'_>, path: &[&str]) -> usize {
    let (mut at, mut table, mut array) = (0, Some(document), None);
    for key in path {
        let found = match (table, array) {
            (Some(table), _) => table
                .iter()
                .find(|(have, _)| have.get_ref().as_ref() == *key)
                .map(|(have, value): (_, &toml::Spanned<DeValue<'_>>)| (have.span().start, value)),
            (None, Some(items)) => {
                let items: &toml::de::DeArray<'_> = items;
                let nth: Option<usize> = key.parse().ok();
                nth.and_then(|nth| items.get(nth))
                    .map(|value| (value.span().start, value))
            }
            (None, None) => None,
        };
        let Some((start, value)) = found else {
            break;
        };
        at = start;
        (table, array) = match value.get_ref() {
            DeValue::Table(below) => (Some(below), None),
            DeValue::Array(items) => (None, Some(items)),
            _ => (None, None),
        };
    }
    at
}
