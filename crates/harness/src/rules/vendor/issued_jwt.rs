//! What issued tokens say of themselves, and what their text is.

use std::collections::{BTreeMap, BTreeSet};

use locum_core::profile::Grant;
use serde_json::Value;

use super::deviation::Deviations;
use super::login::issued;
use super::refusal::login_of;
use super::token_age::told_lifetime;
use crate::evidence::{EXAMINED, Evidence, Exchange, Jwt, Operation, RecordId};
use crate::rules::{Rule, View, unobserved};
use crate::verdict::{Finding, Grade, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::vendor("BCP-03", is_bound_to_its_sender),
    Rule::vendor("BRR-17", lives_an_hour_at_most),
    Rule::vendor("BRR-18", is_restricted),
    Rule::vendor("JWT-01", is_three_parts_of_base64url),
    Rule::vendor("JWT-11", times_are_seconds),
    Rule::vendor("JWT-27", id_token_has_its_claims),
    Rule::vendor("JWT-29", no_two_share_an_id),
];

/// The first second of the year 9999 (RFC 7519 §2 counts seconds).
const YEAR_9999: f64 = 253_370_764_800.0;

/// The longest lifetime that RFC 6750 §5.3 recommends, in seconds.
const AN_HOUR: f64 = 3600.0;

/// What the text of an issued token showed.
#[derive(Clone, Copy)]
pub(super) struct Examined<'a> {
    /// The record that says so.
    pub(super) seq: RecordId,
    /// The member of the reply that held it.
    pub(super) member: &'a str,
    /// What was seen.
    pub(super) facts: &'a Value,
    /// The request that got it.
    pub(super) login: Exchange<'a>,
}

/// Each issued token whose text was examined.
pub(super) fn examined<'a>(view: &View<'a>) -> Vec<Examined<'a>> {
    let evidence: &'a Evidence = view.evidence;
    let controls = evidence.controls();
    controls
        .filter(|(_, call, _)| *call == EXAMINED)
        .filter_map(|(seq, _, facts)| {
            let number = facts["request"].as_u64()?;
            let mut requests = evidence.exchanges();
            let login = requests.find(|request| request.seq.number() == number)?;
            let member = facts["member"].as_str()?;
            Some(Examined {
                seq,
                member,
                facts,
                login,
            })
        })
        .collect()
}

/// The JWTs that logins and refreshes gave.
pub(super) fn jwts<'a>(view: &View<'a>) -> Vec<Jwt<'a>> {
    let evidence: &'a Evidence = view.evidence;
    evidence
        .exchanges()
        .filter(|exchange| {
            exchange.operation == login_of(view)
                || matches!(exchange.operation, Operation::Refresh | Operation::Renew)
        })
        .flat_map(|exchange| evidence.jwts_of(exchange.seq))
        .filter(|jwt| !is_refresh(jwt.member))
        .collect()
}

fn is_refresh(member: &str) -> bool {
    member.to_ascii_lowercase().starts_with("refresh")
}

fn is_access(member: &str) -> bool {
    matches!(member, "access_token" | "AccessToken")
}

/// Each token that the vendor documents as a JWT is one. An id token always is (OpenID Connect Core
/// §2); what an access token is, the page says.
fn is_three_parts_of_base64url(view: &View<'_>) -> Finding {
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    for token in examined(view) {
        let told = view.expected.members.contains_key(token.member);
        match token.facts["is_jwt"] == true {
            true => good.push(token),
            false if told => wrong.add(
                "three parts of base64url without padding",
                format!("the {} is something else", token.member),
                Proof::from(token.login).and(token.seq),
            ),
            false => {}
        }
    }
    met_or(view, wrong.broken(), &good, "no JWT was issued", |token| {
        token.member.to_owned()
    })
}

/// `exp`, `iat` and `nbf` are dates before the year 9999.
fn times_are_seconds(view: &View<'_>) -> Finding {
    let (mut wrong, mut good) = (Deviations::default(), None::<Proof>);
    for jwt in jwts(view) {
        for name in ["exp", "iat", "nbf"] {
            match jwt.claims[name].as_f64() {
                Some(time) if time < YEAR_9999 => {
                    good = Some(match good {
                        Some(known) => known.and(&jwt),
                        None => Proof::from(&jwt),
                    });
                }
                Some(time) => {
                    wrong.add(
                        "seconds",
                        format!("{name} {time} of the {}", jwt.member),
                        &jwt,
                    );
                }
                None if jwt.claims[name].is_null() => {}
                None => {
                    let seen = format!("{name} {} of the {}", jwt.claims[name], jwt.member);
                    wrong.add("a number of seconds", seen, &jwt);
                }
            }
        }
    }
    match (wrong.broken(), good) {
        (Some(broken), _) => broken,
        (None, Some(proof)) => Finding::met("each time of each token is in seconds", proof),
        (None, None) => unobserved(view, "no JWT with a time was issued"),
    }
}

/// Two tokens of one kind have two `jti`, and so should the tokens of one reply.
fn no_two_share_an_id(view: &View<'_>) -> Finding {
    let tokens = jwts(view);
    let id = |jwt: &Jwt<'_>| match &jwt.claims["jti"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let mut kinds: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let (mut wrong, mut shared) = (Deviations::default(), Deviations::default());
    for (at, jwt) in tokens.iter().enumerate() {
        let Some(own) = id(jwt) else { continue };
        let text = jwt.claims.to_string();
        kinds.entry(jwt.member).or_default().insert(text);
        let others = tokens[..at].iter();
        for other in others.filter(|other| id(other).as_ref() == Some(&own)) {
            let proof = || Proof::from(jwt).and(other.seq);
            if other.member == jwt.member {
                // The same token handed out again is no second token.
                if other.claims != jwt.claims {
                    let seen = format!("two of member {} have the jti {own}", jwt.member);
                    wrong.add("a jti of its own for each token", seen, proof());
                }
            } else if other.request == jwt.request {
                let seen = format!(
                    "{} and {} of one reply share a jti",
                    other.member, jwt.member
                );
                shared.add("a jti of its own for each token", seen, proof());
            }
        }
    }
    if let Some(finding) = wrong.broken().or_else(|| shared.finding(Grade::Tolerated)) {
        return finding;
    }
    let different = kinds.values().any(|tokens| tokens.len() > 1);
    let proof = tokens.iter().map(Proof::from).reduce(|all, one| {
        let records = one.records().to_vec();
        records.into_iter().fold(all, Proof::and)
    });
    match proof.filter(|_| different) {
        Some(proof) => Finding::met("each token has a jti of its own", proof),
        None => unobserved(view, "no two tokens of one kind with a jti were issued"),
    }
}

/// The claims that an id token needs, with the client in `aud`, and `at_hash` right where it is.
fn id_token_has_its_claims(view: &View<'_>) -> Finding {
    let (mut wrong, mut good) = (Deviations::default(), Vec::new());
    for token in examined(view) {
        if !matches!(token.member, "id_token" | "IdToken") {
            continue;
        }
        let mut of_reply = view.evidence.jwts_of(token.login.seq);
        let Some(jwt) = of_reply.find(|jwt| jwt.member == token.member) else {
            continue;
        };
        let faults = faults_of_id_token(view, &token, &jwt);
        if faults.is_empty() {
            good.push(token);
        }
        for (expected, seen) in faults {
            wrong.add(expected, seen, Proof::from(&jwt).and(token.seq));
        }
    }
    met_or(
        view,
        wrong.broken(),
        &good,
        "no id token was issued",
        |_| "iss, sub, exp, iat and aud as they should be".to_owned(),
    )
}

fn faults_of_id_token(
    view: &View<'_>,
    token: &Examined<'_>,
    jwt: &Jwt<'_>,
) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let claim = |name: &str| &jwt.claims[name];
    for name in ["iss", "sub"] {
        if !claim(name).is_string() {
            faults.push((format!("{name} as text"), format!("{name} {}", claim(name))));
        }
    }
    for name in ["exp", "iat"] {
        if !claim(name).is_number() {
            faults.push((
                format!("{name} as number"),
                format!("{name} {}", claim(name)),
            ));
        }
    }
    if let (Some(end), Some(issued)) = (claim("exp").as_f64(), claim("iat").as_f64())
        && end <= issued
    {
        let expected = "an exp behind iat".to_owned();
        faults.push((expected, format!("exp {end}, iat {issued}")));
    }
    let Some(client) = asking_client(view, &token.login) else {
        return faults;
    };
    let is_for_client = match claim("aud") {
        Value::Array(words) => words.contains(&client.clone().into()),
        one => *one == *client,
    };
    if !is_for_client {
        faults.push((
            format!("an aud with {client}"),
            format!("aud {}", claim("aud")),
        ));
    }
    let hash = claim("at_hash");
    let right = &token.facts["at_hash"];
    if !hash.is_null() && !right.is_null() && hash != right {
        let expected = "at_hash of the access token".to_owned();
        faults.push((expected, "at_hash of something else".to_owned()));
    }
    if let Some(issuer) = token.facts["issuer"].as_str()
        && claim("iss") != issuer
    {
        faults.push((format!("iss {issuer}"), format!("iss {}", claim("iss"))));
    }
    faults
}

/// The client id that a login showed.
pub(super) fn asking_client(view: &View<'_>, login: &Exchange<'_>) -> Option<String> {
    if view.profile.token.grant == Grant::Cognito {
        let body: Value = serde_json::from_str(&login.request.body).ok()?;
        return body["ClientId"].as_str().map(str::to_owned);
    }
    let body = &login.request.body;
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == "client_id")?;
    let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    Some(value.into_owned())
}

/// How long a bearer token lives: by its claims, by its reply, or by the page.
fn lives_an_hour_at_most(view: &View<'_>) -> Finding {
    let (mut long, mut good) = (Deviations::default(), Vec::new());
    let documented = view.profile.token.lifetime().as_secs_f64();
    for login in issued(view) {
        let claims = view
            .evidence
            .jwt_of(login.seq)
            .and_then(|(_, claims)| Some(claims["exp"].as_f64()? - claims["iat"].as_f64()?));
        let told = told_lifetime(&login, view.profile.token.expires_in);
        let lifetime = claims.or(told).unwrap_or(documented);
        match lifetime > AN_HOUR {
            true => long.add("3600 s at most", format!("{lifetime} s"), login),
            false => good.push((login, lifetime)),
        }
    }
    let grade = match documented > AN_HOUR {
        true => Grade::Fact,
        false => Grade::Broken,
    };
    let proof = Proof::all(good.iter().map(|(login, _)| login));
    match (long.finding(grade), proof) {
        (Some(finding), _) => finding,
        (None, Some(proof)) => {
            let longest = good
                .iter()
                .map(|(_, lifetime)| *lifetime)
                .fold(0.0, f64::max);
            Finding::met(format!("{longest} s"), proof)
        }
        (None, None) => unobserved(view, "no token was issued"),
    }
}

/// An access token names an audience or a scope. One that cannot be read may have both.
fn is_restricted(view: &View<'_>) -> Finding {
    let (mut wrong, mut good) = (Deviations::default(), None::<(Proof, String)>);
    for jwt in jwts(view).iter().filter(|jwt| is_access(jwt.member)) {
        let says = ["aud", "scope", "scp"];
        let named = says.into_iter().find(|name| !jwt.claims[*name].is_null());
        match named {
            Some(name) => good = Some((jwt.into(), format!("{name} {}", jwt.claims[name]))),
            None => wrong.add(
                "an aud or a scope",
                "a token without aud, scope and scp",
                jwt,
            ),
        }
    }
    let grade = match view.expected.deviation_documented {
        true => Grade::Fact,
        false => Grade::Broken,
    };
    match (wrong.finding(grade), good) {
        (Some(broken), _) => broken,
        (None, Some((proof, said))) => Finding::met(said, proof),
        (None, None) => unobserved(view, "no access token could be read"),
    }
}

/// Whether tokens are bound to who got them, or can be: nobody documents it, so that this is a fact.
fn is_bound_to_its_sender(view: &View<'_>) -> Finding {
    let metadata: Vec<_> = view
        .evidence
        .documented(Operation::Metadata)
        .filter(Exchange::is_served)
        .collect();
    let bound = jwts(view)
        .into_iter()
        .find(|jwt| !jwt.claims["cnf"].is_null());
    if let Some(jwt) = bound {
        return Finding::met(format!("cnf {}", jwt.claims["cnf"]), &jwt);
    }
    let offers = |document: &&Exchange<'_>| {
        let body = document.json();
        let methods = body["token_endpoint_auth_methods_supported"].to_string();
        !body["dpop_signing_alg_values_supported"].is_null()
            || body["tls_client_certificate_bound_access_tokens"] == true
            || methods.contains("tls_client_auth")
    };
    if let Some(document) = metadata.iter().find(offers) {
        return Finding::met(
            "the metadata offers DPoP or TLS client certificates",
            document,
        );
    }
    let logins: Vec<_> = issued(view).collect();
    let proof = Proof::all(logins.iter().chain(&metadata));
    match proof {
        Some(proof) => Finding::deviation(
            Grade::Fact,
            "tokens that are bound to their sender",
            "neither a cnf claim nor an offer of DPoP or mTLS",
            proof,
        ),
        None => unobserved(view, "neither a token nor a metadata document was received"),
    }
}

/// What was wrong, else what was good, else that nothing was seen.
pub(super) fn met_or(
    view: &View<'_>,
    wrong: Option<Finding>,
    good: &[Examined<'_>],
    none: &str,
    words: impl Fn(&Examined<'_>) -> String,
) -> Finding {
    let mut said: Vec<String> = good.iter().map(words).collect();
    said.dedup();
    let proof = good
        .iter()
        .map(|token| Proof::from(token.login).and(token.seq))
        .reduce(|all, one| {
            one.records()
                .iter()
                .fold(all, |all, record| all.and(*record))
        });
    match (wrong, proof) {
        (Some(wrong), _) => wrong,
        (None, Some(proof)) => Finding::met(said.join(", "), proof),
        (None, None) => unobserved(view, none),
    }
}

#[cfg(test)]
#[path = "issued_jwt_tests.rs"]
mod tests;
