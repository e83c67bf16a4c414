//! Whom a request is for: by its host, or by the first segments of its path.

use std::sync::Arc;

use super::{Connection, ListenerScope};
use crate::Stages;
use crate::origin::Origin;
use crate::page::{self, PageFile};
use crate::record::Head;
use crate::stage::Stage;

/// Where a request is addressed to.
#[derive(Debug)]
pub(super) enum Address<'a> {
    /// The control API.
    Control(&'a axum::Router),
    /// A vendor on a stage.
    Vendor(VendorRoute),
    /// The root: the page for people, or a line for programs.
    Start,
    /// A file of the page.
    Page(&'static PageFile),
    /// Nobody: what to say, and a hint.
    Nobody(String, String),
}

/// A vendor on a stage, as one request addresses it.
#[derive(Debug)]
pub(super) struct VendorRoute {
    pub(super) stage: Arc<Stage>,
    pub(super) vendor: String,
    /// The target below the vendor's root.
    pub(super) target: String,
    /// The URL of that root.
    pub(super) base: String,
    /// What a proxy took off the path that the client sent, mostly nothing.
    pub(super) prefix: String,
}

/// Finds out whom a request is for, which came to the server as `origin` says.
pub(super) fn address<'a>(
    stages: &Arc<Stages>,
    connection: &'a Connection,
    head: &Head,
    origin: &Origin,
) -> Address<'a> {
    let control = match &connection.scope {
        ListenerScope::Main { control } => control,
        ListenerScope::Vendor { stage, vendor } => {
            let route = VendorRoute {
                stage: Arc::clone(stage),
                vendor: vendor.clone(),
                target: origin_form(&head.target).to_owned(),
                base: origin.url(""),
                prefix: origin.prefix.clone(),
            };
            return Address::Vendor(route);
        }
    };
    let target = origin_form(&head.target);
    let default = || stages.stage("default");
    if let (Some(vendor), Some(stage)) = (by_host(stages, connection, origin), default()) {
        return Address::Vendor(VendorRoute {
            stage,
            vendor,
            target: target.to_owned(),
            base: origin.url(""),
            prefix: origin.prefix.clone(),
        });
    }
    let public = stages.public_origin();
    let base = |path: &str| public.unwrap_or(origin).url(path);
    // Who names the public host came through the proxy.
    let came = public.filter(|public| public.authority.eq_ignore_ascii_case(&origin.authority));
    let prefix = &came.unwrap_or(origin).prefix;
    if let Some(file) = page::llms(&head.method, target) {
        return Address::Page(file);
    }
    let (first, rest) = segment(target);
    match first {
        "" => Address::Start,
        "_locum" => {
            page::file(&head.method, target).map_or(Address::Control(control), Address::Page)
        }
        "s" => {
            let (name, rest) = segment(rest);
            let Some(stage) = stages.stage(name) else {
                return Address::Nobody(
                    format!("no stage called `{name}`"),
                    "GET /_locum/stages lists them".to_owned(),
                );
            };
            let (vendor, rest) = segment(rest);
            let base = base(&format!("/s/{name}/{vendor}"));
            routed(stages, stage, vendor, rest, base, prefix)
        }
        vendor => match default() {
            Some(stage) => {
                let base = base(&format!("/{vendor}"));
                routed(stages, stage, vendor, rest, base, prefix)
            }
            None => Address::Nobody(
                "the stage `default` is gone".to_owned(),
                "POST /_locum/stages".to_owned(),
            ),
        },
    }
}

/// The vendor one of whose documented hosts the request names, or else the handshake did.
fn by_host(stages: &Stages, connection: &Connection, origin: &Origin) -> Option<String> {
    let host = origin.host();
    let named = |host: &str| {
        let mut vendors = stages.vendors().iter().map(|vendor| vendor.profile());
        let knows = |known: &String| known.eq_ignore_ascii_case(host);
        let found = vendors.find(|profile| profile.hosts.iter().any(knows))?;
        Some(found.vendor.clone())
    };
    named(host).or_else(|| named(connection.server_name()?))
}

fn routed(
    stages: &Stages,
    stage: Arc<Stage>,
    vendor: &str,
    rest: &str,
    base: String,
    prefix: &str,
) -> Address<'static> {
    if stages.vendor(vendor).is_none() {
        let known: Vec<&str> = stages
            .vendors()
            .iter()
            .map(|vendor| vendor.profile().vendor.as_str())
            .collect();
        let hint = locum_core::setting::nearest(vendor, known.iter().copied()).map_or_else(
            || format!("the vendors here: {}", known.join(", ")),
            |near| format!("did you mean `/{near}`?"),
        );
        return Address::Nobody(format!("no vendor called `{vendor}`"), hint);
    }
    let target = match rest {
        "" => "/".to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    Address::Vendor(VendorRoute {
        stage,
        vendor: vendor.to_owned(),
        target,
        base,
        prefix: prefix.to_owned(),
    })
}

/// The first segment of a path, and what follows it.
fn segment(target: &str) -> (&str, &str) {
    let path = target.strip_prefix('/').unwrap_or(target);
    let end = path.find(['/', '?']).unwrap_or(path.len());
    path.split_at(end)
}

/// Path and query of a target, whatever form it has (RFC 9112 §3.2).
fn origin_form(target: &str) -> &str {
    let after_scheme = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))
        .map(|(_, rest)| rest);
    match after_scheme {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_in_two_forms() {
        assert_eq!(origin_form("/a?b"), "/a?b");
        assert_eq!(origin_form("http://h:1/a?u=http://x/y"), "/a?u=http://x/y");
        assert_eq!(origin_form("/a?u=http://x/y"), "/a?u=http://x/y");
        assert_eq!(segment("/corti/realms?x"), ("corti", "/realms?x"));
        assert_eq!(segment("/corti?x"), ("corti", "?x"));
    }
}
