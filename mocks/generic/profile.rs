//! From a file to the facts that every vendor has.

use std::collections::BTreeMap;

use locum_core::Profile;
use locum_core::profile::{
    ApiFacts, Endpoint, ErrorTemplate, Grant as MainGrant, Proof as CoreProof, SecretIn,
    TokenFacts, TokenFormat,
};
use locum_core::setting::Setting;
use locum_core::template;
use locum_server::grant::client_auth::ClientAuth;
use serde_json::{Map, Value};

use super::file::{Format, Grant, Proof, VendorFile};

/// How refusals look unless the file says otherwise.
const DENIALS: &str = include_str!("denials.toml");

/// Reasons of the authorization endpoint, which answers with a page or a way back.
const BROWSER_REASONS: &[&str] = &[
    "access_denied",
    "login_required",
    "missing_challenge",
    "unknown_login_hint",
    "unregistered_client",
    "unregistered_redirect_uri",
    "unsupported_request_object",
    "unsupported_response_mode",
    "unsupported_response_type",
    "wrong_prompt",
];

/// The built-in table of refusals.
pub(super) fn denials() -> BTreeMap<String, ErrorTemplate> {
    toml::from_str(DENIALS).expect("its own test reads it")
}

/// The endpoints that a file has beside its resources: name, methods, path, and the keys at which
/// the file says so.
pub(super) fn own_endpoints(
    file: &VendorFile,
) -> Vec<(
    &'static str,
    &'static [&'static str],
    String,
    &'static [&'static str],
)> {
    let mut own: Vec<(
        &'static str,
        &'static [&'static str],
        String,
        &'static [&'static str],
    )> = Vec::new();
    if let Some(path) = &file.token.path {
        own.push(("token", &["POST"], path.clone(), &["token", "path"]));
    }
    if let Some(at) = &file.authorize {
        let place = &["authorize", "path"];
        own.push(("authorize", &["GET", "POST"], at.path.clone(), place));
    }
    if let Some(at) = &file.introspection {
        own.push((
            "introspect",
            &["POST"],
            at.path.clone(),
            &["introspection", "path"],
        ));
    }
    if let Some(at) = &file.revocation {
        own.push((
            "revoke",
            &["POST"],
            at.path.clone(),
            &["revocation", "path"],
        ));
    }
    if let Some(path) = file
        .openid
        .as_ref()
        .and_then(|openid| openid.userinfo.clone())
    {
        own.push(("userinfo", &["GET", "POST"], path, &["openid", "userinfo"]));
    }
    if let Some(discovery) = &file.discovery {
        for (name, path, place) in [
            (
                "openid_configuration",
                &discovery.openid,
                &["discovery", "openid"],
            ),
            ("oauth_metadata", &discovery.oauth, &["discovery", "oauth"]),
            ("jwks", &discovery.jwks, &["discovery", "jwks"]),
        ] {
            if !path.is_empty() {
                own.push((name, &["GET"], path.clone(), place));
            }
        }
    }
    own
}

/// The facts of a file.
pub(super) fn of(file: &VendorFile) -> Profile {
    let mut endpoints = file.endpoints.clone();
    for (name, methods, path, _) in own_endpoints(file) {
        endpoints.insert(name.to_owned(), endpoint(methods, &path));
    }
    for (name, resource) in &file.resources {
        endpoints.insert(
            name.clone(),
            endpoint(&[resource.method.as_str()], &resource.path),
        );
    }
    Profile {
        vendor: file.vendor.clone(),
        title: file.title.clone(),
        documents: file.documents.clone(),
        hosts: file.hosts.clone(),
        urls: urls(file, &endpoints),
        endpoints,
        token: token(file),
        api: api(file),
        socket: None,
        signature: None,
        headers: file.headers.clone(),
        date: file.date,
        denials: worded(file),
        // A table of the file's own may word fewer than are raised.
        reasons: denials()
            .into_keys()
            .chain(BROWSER_REASONS.iter().map(|&reason| reason.to_owned()))
            .collect(),
        settings: settings(file),
        judging: BTreeMap::new(),
        principals: principals(file),
    }
}

fn endpoint(methods: &[&str], path: &str) -> Endpoint {
    Endpoint {
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        path: path.to_owned(),
        also: Vec::new(),
        source: None,
        max_body: 1 << 20,
    }
}

/// What a client is configured with, unless the file says otherwise.
fn urls(file: &VendorFile, endpoints: &BTreeMap<String, Endpoint>) -> BTreeMap<String, String> {
    let mut urls = BTreeMap::from([("api".to_owned(), String::new())]);
    let named = [
        ("token", "token"),
        ("authorize", "authorize"),
        ("introspect", "introspect"),
        ("revoke", "revoke"),
        ("userinfo", "userinfo"),
        ("discovery", "oauth_metadata"),
        ("discovery", "openid_configuration"),
        ("jwks", "jwks"),
    ];
    for (name, endpoint) in named {
        if let Some(endpoint) = endpoints.get(endpoint) {
            urls.insert(name.to_owned(), endpoint.path.clone());
        }
    }
    urls.extend(file.urls.clone());
    urls
}

fn token(file: &VendorFile) -> TokenFacts {
    let grants = file.grants();
    let main = match grants.as_slice() {
        grants if grants.contains(&Grant::ClientCredentials) => MainGrant::ClientCredentials,
        grants if grants.contains(&Grant::Password) => MainGrant::Password,
        _ => MainGrant::AuthorizationCode,
    };
    let ways = file
        .principals
        .clients
        .first()
        .map(|client| client.ways(file));
    let ways = ways.unwrap_or_else(|| file.client_auth());
    let secret_in = if ways.contains(&ClientAuth::Basic) {
        SecretIn::Basic
    } else {
        SecretIn::Body
    };
    let mut headers = file.token.headers.clone();
    for (name, value) in [("cache-control", "no-store"), ("pragma", "no-cache")] {
        if !headers.keys().any(|have| have.eq_ignore_ascii_case(name)) {
            headers.insert(name.to_owned(), value.to_owned());
        }
    }
    TokenFacts {
        grant: main,
        sends_grant_type: file.token.sends_grant_type,
        secret_in,
        client_in: (main == MainGrant::Password).then_some(secret_in),
        scope: file.token.scope.clone(),
        accept: file.token.accept.clone(),
        expires_in: file.token.expires_in,
        lifetime_settings: vec!["access_ttl_s".to_owned()],
        credentials_lifetime_setting: None,
        lifetime_s: file.token.lifetime_s,
        refresh_lifetime_s: file.refresh().lifetime_s,
        token_type: file.token.token_type.clone(),
        format: match file.token.format {
            Format::Opaque => TokenFormat::Opaque,
            Format::Jwt | Format::Hs256 | Format::Rs256 => TokenFormat::Jwt,
        },
        headers,
    }
}

fn api(file: &VendorFile) -> ApiFacts {
    let api = &file.api;
    let fits = |path: &str, method: &str| method == "GET" && template::names(path).is_empty();
    let mut resources = file.resources.values().filter(|resource| !resource.public);
    let first = resources
        .find(|resource| fits(&resource.path, &resource.method))
        .map(|resource| resource.path.clone());
    let mut others = file.endpoints.iter().filter(|(name, _)| *name != "token");
    let other = others
        .find(|(_, endpoint)| {
            endpoint
                .methods
                .iter()
                .any(|method| fits(&endpoint.path, method))
        })
        .map(|(_, endpoint)| endpoint.path.clone());
    let below_api = |path: String| {
        let root = file.urls.get("api").map_or("", String::as_str);
        path.strip_prefix(root).map(str::to_owned)
    };
    ApiFacts {
        create: None,
        proof: match api.proof {
            Proof::Bearer => CoreProof::Bearer,
            Proof::Raw => CoreProof::Raw,
            Proof::Header => CoreProof::Header,
            Proof::Query => CoreProof::Query,
        },
        header: api.header.clone(),
        parameter: api.parameter.clone(),
        tenant_header: api.tenant_header.clone(),
        sample: api
            .sample
            .clone()
            .or_else(|| first.or(other).and_then(below_api)),
    }
}

/// The file's table of refusals, or the built-in one with the file's changes.
fn worded(file: &VendorFile) -> BTreeMap<String, ErrorTemplate> {
    if file.denials.contains_key("default") {
        return file.denials.clone();
    }
    let realm: String = file
        .title
        .chars()
        .filter(|one| !matches!(one, '"' | '\\'))
        .collect();
    let mut denials = denials();
    for template in denials.values_mut() {
        for value in template.headers.values_mut() {
            *value = value.replace("{realm}", &realm);
        }
    }
    denials.extend(file.denials.clone());
    denials
}

/// The settings of such a vendor, each with the file's value as its default.
pub(super) fn settings(file: &VendorFile) -> BTreeMap<String, Setting> {
    let setting = |default: Value, values: &[&str], reason: &str| Setting {
        default,
        values: values.iter().map(|&value| value.into()).collect(),
        reason: reason.to_owned(),
        source: None,
        assumed: false,
    };
    let refresh = file.refresh();
    let code = file
        .authorize
        .as_ref()
        .map_or(60, |authorize| authorize.code_lifetime_s);
    let mut settings = BTreeMap::from([
        (
            "access_ttl_s".to_owned(),
            setting(
                file.token.lifetime_s.into(),
                &[],
                "seconds that an access token lives: token.lifetime_s of the file",
            ),
        ),
        (
            "enforce_expiry".to_owned(),
            setting(
                true.into(),
                &[],
                "off, tokens go on working after their end, so that a client's own renewal shows",
            ),
        ),
        (
            "refresh_ttl_s".to_owned(),
            setting(
                refresh.lifetime_s.unwrap_or(0).into(),
                &[],
                "seconds that a refresh token lives, 0 for ever: refresh.lifetime_s of the file",
            ),
        ),
        (
            "code_ttl_s".to_owned(),
            setting(
                code.into(),
                &[],
                "seconds that a code lives: authorize.code_lifetime_s of the file",
            ),
        ),
        (
            "rotate_refresh".to_owned(),
            setting(
                refresh.rotate.into(),
                &[],
                "whether a refresh token works once: refresh.rotate of the file",
            ),
        ),
        (
            "token_format".to_owned(),
            setting(
                file.token.format.word().into(),
                &["opaque", "hs256", "rs256"],
                "what an access token is: token.format of the file",
            ),
        ),
    ]);
    for (name, changed) in &file.settings {
        settings.insert(name.clone(), changed.clone());
    }
    settings
}

fn principals(file: &VendorFile) -> Map<String, Value> {
    let principals = serde_json::to_value(&file.principals).expect("principals are JSON");
    principals.as_object().cloned().unwrap_or_default()
}
