//! The token request.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::behaviour::AuthMethod;
use crate::client::Client;
use crate::failure::Failure;
use crate::http::{Body, Request, Url};
use crate::vendor::Grant;

/// Name and value, decoded.
type Parameters = Vec<(String, String)>;

/// The first grant.
pub(super) fn login(client: &Client) -> Result<Request, Failure> {
    let (config, switches) = (client.config(), &client.behaviour.login);
    let mut parameters = Parameters::new();
    let mut add = |name: &str, value: &str| parameters.push((name.to_owned(), value.to_owned()));
    match client.vendor.grant {
        Grant::ClientCredentials(_) => {
            let grant = switches.grant.as_deref().unwrap_or("client_credentials");
            add("grant_type", grant);
        }
        Grant::Password | Grant::Cognito => {
            add(
                &switches.name_parameter,
                config.username.as_deref().unwrap_or_default(),
            );
            add("password", config.password.as_deref().unwrap_or_default());
        }
    }
    let scope = client.vendor.scope;
    let scopes = switches.scopes.unwrap_or(u8::from(scope.is_some()));
    for _ in 0..scopes {
        add("scope", scope.unwrap_or("members:read"));
    }
    request(client, parameters, true)
}

/// RFC 6749 §6.
pub(super) fn refresh(client: &Client, token: &str) -> Result<Request, Failure> {
    let switches = &client.behaviour.refresh;
    let mut parameters = vec![
        ("grant_type".to_owned(), "refresh_token".to_owned()),
        ("refresh_token".to_owned(), token.to_owned()),
    ];
    if let Some(scope) = &switches.scope {
        parameters.push(("scope".to_owned(), scope.clone()));
    }
    request(client, parameters, switches.authenticated)
}

fn request(
    client: &Client,
    mut parameters: Parameters,
    authenticated: bool,
) -> Result<Request, Failure> {
    let (config, switches) = (client.config(), &client.behaviour.login);
    let mut request = Request::new(&switches.verb, token_url(client)?);
    request.own_connection = true;
    let mut secret = config.client_secret();
    if switches.cuts_secret_at_colon {
        secret = secret.split(':').next().unwrap_or_default();
    }
    if let Grant::ClientCredentials(documented) = client.vendor.grant {
        let method = switches.method.unwrap_or(documented);
        if method != AuthMethod::Body && authenticated {
            let pair = match client.behaviour.style.form_encodes_basic {
                true => format!("{}:{}", form_value(config.client_id()), form_value(secret)),
                false => format!("{}:{secret}", config.client_id()),
            };
            let engine = if switches.url_safe_basic {
                URL_SAFE_NO_PAD
            } else {
                STANDARD
            };
            request = request.header("Authorization", format!("Basic {}", engine.encode(pair)));
        }
        if method != AuthMethod::Basic {
            if switches.sends_client_id {
                parameters.push(("client_id".to_owned(), config.client_id().to_owned()));
            }
            if authenticated {
                parameters.push(("client_secret".to_owned(), secret.to_owned()));
            }
        }
    }
    let accept = match client.behaviour.style.accepts_anything_too {
        true => format!("{}, text/plain, */*", switches.accept),
        false => switches.accept.clone(),
    };
    let agent = if switches.secret_in_user_agent {
        format!("locum-demo/0.1 ({secret})")
    } else {
        "locum-demo/0.1".to_owned()
    };
    request = request
        .header("Accept", accept)
        .header("Accept-Encoding", "gzip")
        .header("User-Agent", agent);
    if let Some(origin) = &switches.origin {
        request = request.header("Origin", origin);
    }
    let (media_type, body) = if switches.json {
        let members = parameters.into_iter();
        let object: Map<String, Value> =
            members.map(|(name, value)| (name, value.into())).collect();
        ("application/json", Value::Object(object).to_string())
    } else {
        let style = &client.behaviour.style;
        let mut form = encode(&parameters, switches.encodes_values);
        if style.percent_encodes_spaces {
            form = with_other_escapes(&form);
        }
        let media_type = match style.names_charset {
            true => "application/x-www-form-urlencoded;charset=UTF-8",
            false => "application/x-www-form-urlencoded",
        };
        (media_type, form)
    };
    request.body = Body::Bytes(body.into_bytes());
    Ok(request.header("Content-Type", media_type))
}

fn token_url(client: &Client) -> Result<Url, Failure> {
    let (config, switches) = (client.config(), &client.behaviour.login);
    let mut url = Url::parse(&config.token_url)?;
    if !switches.keeps_query {
        url.target = url.path().to_owned();
    }
    if switches.extra_slash {
        let path = url.path().to_owned();
        url.target = url.target.replacen(&path, &format!("{path}/"), 1);
    }
    if switches.secret_in_query {
        let secret = encode(
            &[(
                "client_secret".to_owned(),
                config.client_secret().to_owned(),
            )],
            true,
        );
        url.add_query(&secret);
    }
    if switches.plain_http {
        url.tls = false;
    }
    Ok(url)
}

fn form_value(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The same form with `%20` for a space and hexadecimal digits in lower case.
fn with_other_escapes(form: &str) -> String {
    let mut parts = form.split('%');
    let mut other = parts.next().unwrap_or_default().replace('+', "%20");
    for part in parts {
        let (digits, rest) = part.split_at(2.min(part.len()));
        other.push('%');
        other.push_str(&digits.to_ascii_lowercase());
        other.push_str(&rest.replace('+', "%20"));
    }
    other
}

/// application/x-www-form-urlencoded.
pub(crate) fn encode(parameters: &[(String, String)], values_too: bool) -> String {
    if values_too {
        let mut form = form_urlencoded::Serializer::new(String::new());
        return form.extend_pairs(parameters).finish();
    }
    let pairs = parameters.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}
