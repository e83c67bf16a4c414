//! From the text of a file to a vendor, or to everything that is wrong with it: syntax, shape, and
//! tables that contradict each other.

use std::collections::BTreeMap;

use locum_core::profile::{ProfileError, ProfileFault};
use locum_core::setting::nearest;
use locum_core::{DenialKind, Profile, template};
use locum_server::grant::client_auth::ClientAuth;
use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::schema::{self, Fault};
use super::{Format, Grant, Proof, VendorFile};
use crate::generic::profile;
use crate::generic::template as values;

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
    Fault {
        at: error.span().map_or(0, |span| span.start),
        fault: error.message().to_owned(),
        hint: None,
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

    fn client_auth(&mut self) {
        let ways = self.file.client_auth();
        for (at, client) in self.file.principals.clients.iter().enumerate() {
            let at = at.to_string();
            let place = ["principals", "clients", at.as_str()];
            let id = &client.client_id;
            if let Some(way) = client.auth {
                self.unless(
                    self.file.token.client_auth.is_empty() || ways.contains(&way),
                    &[&place[..], &["auth"]].concat(),
                    format!(
                        "client `{id}` proves itself by a way that the token endpoint does not take"
                    ),
                    "add it to `token.client_auth`",
                );
                self.unless(
                    !client.public || way == ClientAuth::None,
                    &[&place[..], &["auth"]].concat(),
                    format!("client `{id}` is public and has nothing to prove itself with"),
                    "remove `public` or `auth`",
                );
                self.unless(
                    way != ClientAuth::None || client.public,
                    &[&place[..], &["auth"]].concat(),
                    format!("client `{id}` proves itself by nothing and is not public"),
                    "set `public = true`",
                );
            }
            self.unless(
                !client.public || client.client_secret.is_none(),
                &[&place[..], &["client_secret"]].concat(),
                format!("client `{id}` is public and has a secret"),
                "remove one of the two",
            );
            self.unless(
                client.auth != Some(ClientAuth::PrivateKeyJwt) || !client.jwks.is_empty(),
                &place,
                format!("client `{id}` proves itself by private_key_jwt and has no public key"),
                "add `jwks = [{ kty = \"RSA\", n = \"…\", e = \"AQAB\" }]`",
            );
            self.unless(
                client.keys().len() == client.jwks.len(),
                &[&place[..], &["jwks"]].concat(),
                format!("client `{id}` has a key that cannot be used"),
                "a JWK with kty RSA (n, e) or EC (crv P-256, x, y), public members only",
            );
        }
        let clients = &self.file.principals.clients;
        let has_keys = clients.iter().any(|client| !client.jwks.is_empty());
        let by_key = self
            .file
            .token
            .client_auth
            .contains(&ClientAuth::PrivateKeyJwt);
        self.unless(
            !by_key || has_keys,
            &["token", "client_auth"],
            "private_key_jwt is taken and no client has a key",
            "add `jwks` to a client of [[principals.clients]]",
        );
        let by_nothing = self.file.token.client_auth.contains(&ClientAuth::None);
        self.unless(
            !by_nothing || clients.iter().any(|client| client.public),
            &["token", "client_auth"],
            "none is taken and no client is public",
            "set `public = true` at a client of [[principals.clients]]",
        );
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

    fn principals(&mut self) {
        let people = &self.file.principals;
        self.unless(
            !people.clients.is_empty(),
            &["principals"],
            "there is no client, so nobody can log in",
            "add a table [[principals.clients]] with `client_id = \"my-client\"`; a secret is made for it",
        );
        let needs_users = self.file.has(Grant::Password) || self.file.has(Grant::AuthorizationCode);
        self.unless(
            !needs_users || !people.users.is_empty(),
            &["principals"],
            "there is no user, and users have to log in",
            "add a table [[principals.users]] with `username = \"ada\"`; a password is made for it",
        );
        let known = self.file.scopes();
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let mut seen: BTreeMap<(&str, &str), ()> = BTreeMap::new();
        for (at, client) in people.clients.iter().enumerate() {
            let at = at.to_string();
            let place = ["principals", "clients", at.as_str()];
            let id = client.client_id.as_str();
            self.unless(
                seen.insert(("client", id), ()).is_none(),
                &[&place[..], &["client_id"]].concat(),
                format!("client `{id}` is there twice"),
                "give it another client_id",
            );
            self.unless(
                !id.is_empty() && id.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                &[&place[..], &["client_id"]].concat(),
                format!("`{id}` is not a client id"),
                "visible ASCII characters (RFC 6749 appendix A.1)",
            );
            for grant in client.grants.iter().flatten() {
                self.unless(
                    self.file.has(*grant),
                    &[&place[..], &["grants"]].concat(),
                    format!(
                        "client `{id}` may use {}, which the token endpoint does not take",
                        grant.word()
                    ),
                    "add it to `token.grants`",
                );
            }
            for scope in client.scopes.iter().flatten() {
                let near = nearest(scope, known.iter().map(String::as_str));
                let hint = near.map_or_else(
                    || "add it to `token.scopes`".to_owned(),
                    |near| format!("did you mean `{near}`? Or add it to `token.scopes`"),
                );
                self.unless(
                    known.contains(scope),
                    &[&place[..], &["scopes"]].concat(),
                    format!("client `{id}` may ask for scope `{scope}`, which does not exist"),
                    &hint,
                );
            }
            for uri in &client.redirect_uris {
                self.unless(
                    is_redirect_uri(uri),
                    &[&place[..], &["redirect_uris"]].concat(),
                    format!("`{uri}` is not a redirect URI"),
                    "an absolute URI without a fragment, such as http://127.0.0.1:3000/callback (RFC 6749 section 3.1.2)",
                );
            }
        }
        for (at, user) in people.users.iter().enumerate() {
            let at = at.to_string();
            let name = user.username.as_str();
            self.unless(
                seen.insert(("user", name), ()).is_none(),
                &["principals", "users", &at, "username"],
                format!("user `{name}` is there twice"),
                "give it another username",
            );
        }
    }

    fn resources(&mut self) {
        let known: Vec<String> = self.file.scopes().into_iter().map(str::to_owned).collect();
        for (name, resource) in &self.file.resources {
            let place = ["resources", name.as_str()];
            self.unless(
                resource.body.is_none() || resource.json.is_none(),
                &[&place[..], &["body"]].concat(),
                format!("resource `{name}` has two bodies"),
                "keep `body` or `json`",
            );
            self.unless(
                (200..=599).contains(&resource.status),
                &[&place[..], &["status"]].concat(),
                format!("status {} cannot be a final reply", resource.status),
                "from 200 to 599 (RFC 9110 section 15)",
            );
            if let Some(scope) = &resource.scope {
                let near = nearest(scope, known.iter().map(String::as_str));
                let hint = near.map_or_else(
                    || "add it to `token.scopes`".to_owned(),
                    |near| format!("did you mean `{near}`? Or add it to `token.scopes`"),
                );
                self.unless(
                    known.contains(scope),
                    &[&place[..], &["scope"]].concat(),
                    format!("resource `{name}` needs scope `{scope}`, which does not exist"),
                    &hint,
                );
                self.unless(
                    !resource.public,
                    &[&place[..], &["scope"]].concat(),
                    format!("resource `{name}` is open to anybody and needs a scope"),
                    "remove `public` or `scope`",
                );
            }
            let mut own: Vec<&str> = template::names(&resource.path);
            own.extend(values::ALWAYS);
            if !resource.public {
                own.extend(values::OF_TOKEN);
            }
            let body = resource.body.iter().map(|body| Value::from(body.as_str()));
            for (key, value) in body
                .map(|body| ("body", body))
                .chain(resource.json.clone().map(|json| ("json", json)))
            {
                self.template(&[&place[..], &[key]].concat(), &value, &own);
            }
            for value in resource.headers.values() {
                let value = Value::from(value.as_str());
                self.template(&[&place[..], &["headers"]].concat(), &value, &own);
            }
        }
        let own = [values::ALWAYS, values::OF_TOKEN, values::OF_ISSUE].concat();
        for (path, members) in [
            (["token", "claims"], Some(&self.file.token.claims)),
            (["token", "reply"], Some(&self.file.token.reply)),
            (
                ["openid", "claims"],
                self.file.openid.as_ref().map(|openid| &openid.claims),
            ),
        ] {
            for (name, value) in members.into_iter().flatten() {
                self.template(&[&path[..], &[name.as_str()]].concat(), value, &own);
            }
        }
        let issuer = Value::from(self.file.token.issuer.as_str());
        self.template(&["token", "issuer"], &issuer, &["base"]);
    }

    /// Each name in braces has to be one that is filled.
    fn template(&mut self, path: &[&str], value: &Value, known: &[&str]) {
        for name in values::names_in(value) {
            let plain = name.strip_prefix("json:").unwrap_or(&name);
            let hint = nearest(plain, known.iter().copied()).map_or_else(
                || format!("known here: {}", known.join(", ")),
                |near| format!("did you mean `{{{near}}}`?"),
            );
            self.unless(
                known.contains(&plain) || values::is_attribute(plain),
                path,
                format!("nothing is known for `{{{name}}}`"),
                &hint,
            );
        }
    }

    /// No two endpoints take the same request, and none has the name of another kind.
    fn paths(&mut self) {
        let own = profile::own_endpoints(self.file);
        let mut all: Vec<(String, Vec<String>, String, Vec<&str>)> = Vec::new();
        for (name, methods, path, place) in &own {
            let methods = methods.iter().map(|&method| method.to_owned()).collect();
            all.push(((*name).to_owned(), methods, path.clone(), place.to_vec()));
        }
        for (name, endpoint) in &self.file.endpoints {
            let place = vec!["endpoints", name.as_str(), "path"];
            all.push((
                name.clone(),
                endpoint.methods.clone(),
                endpoint.path.clone(),
                place,
            ));
        }
        for (name, resource) in &self.file.resources {
            let place = vec!["resources", name.as_str(), "path"];
            all.push((
                name.clone(),
                vec![resource.method.clone()],
                resource.path.clone(),
                place,
            ));
        }
        for (at, (name, methods, path, place)) in all.iter().enumerate() {
            self.unless(
                is_pattern(path),
                place,
                format!("`{path}` is not a path of an endpoint"),
                "a path begins with `/`, has no query, and `{name}` stands for a whole segment",
            );
            for (other, their_methods, their_path, _) in &all[..at] {
                let table = place.first().copied().unwrap_or_default();
                self.unless(
                    name != other,
                    &[table, name.as_str()],
                    format!("`{name}` names two endpoints"),
                    "give this one another name",
                );
                let same = shape(path) == shape(their_path);
                self.unless(
                    !same
                        || (path == their_path
                            && !methods.iter().any(|one| their_methods.contains(one))),
                    place,
                    format!("`{path}` is the path of `{other}` too"),
                    "give one of them another path, or the same spelling and another method",
                );
            }
        }
    }

    /// Names of refusals and settings that somebody reads.
    fn words(&mut self) {
        let built_in = profile::denials();
        let kinds = DenialKind::ALL.map(DenialKind::as_str);
        for name in self.file.denials.keys() {
            let known = built_in.keys().map(String::as_str).chain(kinds);
            let known: Vec<&str> = known
                .chain(locum_core::denial::SHARED_REASONS.iter().copied())
                .collect();
            let inherited = self
                .file
                .denials
                .values()
                .any(|other| other.inherits.as_deref() == Some(name));
            let hint = nearest(name, known.iter().copied()).map_or_else(
                || "a reason such as wrong_secret, a kind such as expired, or default".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            self.unless(
                known.contains(&name.as_str()) || inherited,
                &["denials", name],
                format!("no refusal is called `{name}`"),
                &hint,
            );
        }
        let plain = VendorFile {
            settings: BTreeMap::new(),
            ..self.file.clone()
        };
        let known = profile::settings(&plain);
        for name in self.file.settings.keys() {
            let list: Vec<&str> = known.keys().map(String::as_str).collect();
            let hint = nearest(name, list.iter().copied()).map_or_else(
                || format!("it has {}", list.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.unless(
                known.contains_key(name),
                &["settings", name],
                format!("a vendor made of a file has no setting `{name}`"),
                &hint,
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

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope(text: &str) -> bool {
    let is_char = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.bytes().all(is_char)
}

fn is_redirect_uri(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme
        && uri.len() > scheme.len() + 1
        && !uri.contains('#')
        && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A path whose braces hold whole segments with names of their own.
fn is_pattern(path: &str) -> bool {
    let names = template::names(path);
    let unique = names
        .iter()
        .enumerate()
        .all(|(at, name)| !names[..at].contains(name));
    let whole = path.split('/').all(|segment| {
        !segment.contains(['{', '}', '*'])
            || (template::names(segment).len() == 1
                && segment.starts_with('{')
                && segment.ends_with('}'))
    });
    path.starts_with('/') && unique && whole && !path.contains(['?', '#'])
}

/// A path with its names taken out.
fn shape(path: &str) -> String {
    template::fill(path, |_| Some("{}".to_owned()))
}
