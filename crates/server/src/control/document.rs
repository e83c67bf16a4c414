//! The stage document: what a client is configured with. The only place, beside the principals,
//! where a secret is given out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use locum_core::template;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::call::ControlRequest;
use super::clock::{self, ClockView};
use crate::origin::Origins;
use crate::stage::Stage;
use crate::{Document, Mock, Stages, Vendor};

/// Address in the profile's `urls` -> the variable's name behind `LOCUM_`.
const URL_VARIABLES: &[(&str, &str)] = &[
    ("token", "TOKEN_URL"),
    // Where logins and their tokens come from, when there is no OAuth token endpoint.
    ("cognito", "TOKEN_URL"),
    ("api", "API_URL"),
    ("ws", "WS_URL"),
];

/// Parameter of the vendor's document -> the variable's name behind `LOCUM_`.
const PARAM_VARIABLES: &[(&str, &str)] = &[("group", "GROUP_ID"), ("subgroup", "SUBGROUP_ID")];

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
    /// How TLS is spoken, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<TlsDocument>,
}

/// How TLS is spoken.
#[derive(Serialize, JsonSchema)]
struct TlsDocument {
    /// The URL of the port that all vendors share.
    base: String,
    /// Where the certificate of the authority is, unless the server's certificate is the user's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_pem: Option<&'static str>,
    /// The URLs of ports that show a bad certificate, each by what is wrong with it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bad: BTreeMap<&'static str, String>,
}

/// A vendor on a stage as its clients need it.
#[derive(Serialize, JsonSchema)]
struct VendorDocument {
    /// The URL of its root.
    base: String,
    /// One URL for each address that a client is configured with.
    urls: Map<String, Value>,
    /// The same over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_urls: Option<Map<String, Value>>,
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
        tls: tls(request),
    }
}

/// The vendor on the stage for a look at it, addressed as the caller addressed the server.
pub(super) fn mock(request: &ControlRequest, stage: &Arc<Stage>, vendor: &Arc<dyn Vendor>) -> Mock {
    let Origins { direct, seen } = &request.origins;
    let slug = &vendor.profile().vendor;
    let base = request.stages.root_at(slug, stage, direct, seen);
    Mock::glimpse(Arc::clone(vendor), Arc::clone(stage), base)
}

/// The same over TLS, whatever the caller used; `None` where the server does not speak it.
fn tls_mock(
    request: &ControlRequest,
    stage: &Arc<Stage>,
    vendor: &Arc<dyn Vendor>,
) -> Option<Mock> {
    let offer = request.stages.tls.as_ref()?;
    let (direct, slug) = (&request.origins.direct, &vendor.profile().vendor);
    let own = stage.ports(slug).and_then(|ports| ports.tls);
    let base = if let Some(own) = own {
        direct.with_port(true, own.port()).url("")
    } else {
        let main = direct.with_port(true, offer.address.port());
        main.url(&Stages::mount(slug, stage))
    };
    let (vendor, stage) = (Arc::clone(vendor), Arc::clone(stage));
    Some(Mock::glimpse(vendor, stage, base))
}

fn tls(request: &ControlRequest) -> Option<TlsDocument> {
    let offer = request.stages.tls.as_ref()?;
    let direct = &request.origins.direct;
    let at = |address: SocketAddr| direct.with_port(true, address.port()).url("");
    let bad = offer.bad.iter();
    let bad = bad.map(|(kind, address)| (kind.label(), at(*address)));
    Some(TlsDocument {
        base: at(offer.address),
        ca_pem: offer.tls.has_authority().then_some("/_locum/ca.pem"),
        bad: bad.collect(),
    })
}

fn of_vendor(
    request: &ControlRequest,
    stage: &Arc<Stage>,
    vendor: &Arc<dyn Vendor>,
) -> VendorDocument {
    let mock = mock(request, stage, vendor);
    let document = vendor.document(&mock);
    let urls = urls(&mock, &document);
    let seen = request.stages.public_origin();
    let seen = seen.unwrap_or(&request.origins.seen);
    let control = seen.url(&format!("/_locum/stages/{}", stage.name));
    let mut env = env(&mock.profile().vendor, &urls, &document, control);
    // Whoever stands in front of this server has a certificate of its own.
    let own = mock.base.starts_with("https://") && request.origins.direct.https;
    let offer = request.stages.tls.as_ref().filter(|_| own);
    if let Some(file) = offer.and_then(|offer| offer.tls.ca_file()) {
        let file = file.to_string_lossy().into_owned();
        env.insert("LOCUM_CA_FILE".into(), file.into());
    }
    let sample = mock.profile().api.sample.as_ref();
    VendorDocument {
        sample: sample.map(|sample| from_params(sample, &document)),
        base: mock.base.clone(),
        urls,
        tls_urls: tls_mock(request, stage, vendor)
            .map(|mock| self::urls(&mock, &vendor.document(&mock))),
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
