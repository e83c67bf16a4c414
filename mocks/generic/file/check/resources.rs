//! Resources, templates, paths and names that cannot be served.

use std::collections::BTreeMap;

use locum_core::setting::nearest;
use locum_core::{DenialKind, template};
use serde_json::Value;

use super::Check;
use super::syntax::{is_pattern, shape};
use crate::generic::file::VendorFile;
use crate::generic::profile;
use crate::generic::template as values;

impl Check<'_> {
    pub(super) fn resources(&mut self) {
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
    pub(super) fn paths(&mut self) {
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
    pub(super) fn words(&mut self) {
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
}
