//! The stage document: what a client is configured with. The only place, beside the principals,
//! where a secret is given out.

use std::collections::BTreeMap;
use std::sync::Arc;

use locum_core::template;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::ControlRequest;
use super::clock::{self, ClockView};
use crate::stage::Stage;
use crate::{Document, Mock, Vendor};

/// Address in the profile's `urls` -> the variable's name behind `LOCUM_`.
const URL_VARIABLES: &[(&str, &str)] = &[
    ("token", "TOKEN_URL"),
    // Where logins and their tokens come from, when there is no OAuth token endpoint.
    ("cognito", "TOKEN_URL"),
    ("api", "API_URL"),
    ("ws", "WS_URL"),
];

/// Parameter of the vendor's document -> the variable's name behind `LOCUM_`.
const PARAM_VARIABLES: &[(&str, &str)] = &[("group", "GROUP_ID")];

/// Addresses of this name are websockets.
const SOCKET: &str = "ws";

/// A stage as clients and people need it.
#[derive(Serialize, JsonSchema)]
pub(super) struct StageDocument {
    /// Its name.
    name: String,
    /// What its ids, keys and secrets are drawn from.
    seed: u64,
    /// Whether each vendor has a port of its own.
    listen: bool,
    /// Its clock.
    clock: ClockView,
    /// Settings that differ from the profiles.
    settings: BTreeMap<String, Value>,
    /// The evil twin in place, as `vendor/twin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<String>,
    /// What each vendor's client is configured with.
    vendors: BTreeMap<String, VendorDocument>,
}

/// A vendor on a stage as its clients need it.
#[derive(Serialize, JsonSchema)]
struct VendorDocument {
    /// The URL of its root.
    base: String,
    /// One URL for each address that a client is configured with.
    urls: Map<String, Value>,
    /// The first principal, flat.
    credentials: Map<String, Value>,
    /// All principals, in the vendor's own shape.
    principals: Value,
    /// The variables that point a client at it.
    env: Map<String, Value>,
    /// A path of its API that a live token may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<String>,
}

/// The document of `stage`.
pub(super) fn of(request: &ControlRequest, stage: &Arc<Stage>) -> StageDocument {
    let vendors = request
        .stages
        .vendors()
        .iter()
        .map(|vendor| {
            let slug = vendor.profile().vendor.clone();
            (slug, of_vendor(request, stage, vendor))
        })
        .collect();
    StageDocument {
        name: stage.name.clone(),
        seed: stage.seed,
        listen: stage.spec.listen,
        clock: clock::shown(stage),
        settings: stage.with_settings(|settings| settings.changes().clone()),
        twin: stage
            .twin()
            .map(|(vendor, twin)| format!("{vendor}/{twin}")),
        vendors,
    }
}

/// The vendor on the stage for a look at it, addressed by the host that the caller used.
pub(super) fn mock(request: &ControlRequest, stage: &Arc<Stage>, vendor: &Arc<dyn Vendor>) -> Mock {
    let slug = &vendor.profile().vendor;
    let host = &request.host;
    let base = match (stage.address(slug), stage.name.as_str()) {
        (Some(address), _) => format!("http://{}", with_port(host, address.port())),
        (None, "default") => format!("http://{host}/{slug}"),
        (None, name) => format!("http://{host}/s/{name}/{slug}"),
    };
    Mock::glimpse(Arc::clone(vendor), Arc::clone(stage), base)
}

/// The host of `authority` with another port.
fn with_port(authority: &str, port: u16) -> String {
    let host = match authority.rsplit_once(':') {
        Some((host, old)) if old.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    format!("{host}:{port}")
}

fn of_vendor(
    request: &ControlRequest,
    stage: &Arc<Stage>,
    vendor: &Arc<dyn Vendor>,
) -> VendorDocument {
    let mock = mock(request, stage, vendor);
    let document = vendor.document(&mock);
    let urls = urls(&mock, &document);
    let control = format!("http://{}/_locum/stages/{}", request.host, stage.name);
    let env = env(&mock.profile().vendor, &urls, &document, control);
    let sample = mock.profile().api.sample.as_ref();
    VendorDocument {
        sample: sample.map(|sample| from_params(sample, &document)),
        base: mock.base.clone(),
        urls,
        credentials: document.credentials,
        principals: document.principals,
        env,
    }
}

fn urls(mock: &Mock, document: &Document) -> Map<String, Value> {
    let url = |(name, path): (&String, &String)| {
        let mut url = mock.url(&template::fill(path, |name| {
            document.params.get(name).map(plain)
        }));
        if name == SOCKET {
            url = url.replacen("http", "ws", 1);
        }
        (name.clone(), url.into())
    };
    let mut urls: Map<String, Value> = mock.profile().urls.iter().map(url).collect();
    urls.extend(mock.vendor.named_urls(mock));
    urls
}

fn from_params(text: &str, document: &Document) -> String {
    template::fill(text, |name| document.params.get(name).map(plain))
}

/// The variables that point a client at the vendor: `LOCUM_X`, and the same as `LOCUM_VENDOR_X`
/// for those who talk to several.
fn env(
    vendor: &str,
    urls: &Map<String, Value>,
    document: &Document,
    control: String,
) -> Map<String, Value> {
    let mut own: Vec<(String, String)> = Vec::new();
    own.extend(named(URL_VARIABLES, urls));
    own.extend(
        document
            .credentials
            .iter()
            .map(|(name, value)| (name.to_ascii_uppercase(), plain(value))),
    );
    own.extend(named(PARAM_VARIABLES, &document.params));
    let slug = vendor.to_ascii_uppercase().replace('-', "_");
    let mut env = Map::new();
    env.insert("LOCUM_VENDOR".into(), vendor.into());
    env.insert("LOCUM_CONTROL_URL".into(), control.into());
    for (name, value) in &own {
        env.insert(format!("LOCUM_{name}"), value.clone().into());
    }
    for (name, value) in own {
        env.insert(format!("LOCUM_{slug}_{name}"), value.into());
    }
    env
}

fn named<'a>(
    table: &'a [(&str, &str)],
    values: &'a Map<String, Value>,
) -> impl Iterator<Item = (String, String)> + 'a {
    table
        .iter()
        .filter_map(|(key, name)| Some(((*name).to_owned(), plain(values.get(*key)?))))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
