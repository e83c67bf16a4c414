//! How a client shows its id and secret: in Basic, and in which spelling.

use locum_core::spelling::{Alphabet, BasicSpelling, CredentialOrigin, PairSpelling};
use locum_core::{Place, Spelling};

use super::commands::asked;
use super::spelled::{difference, may_be_wrong_on_purpose};
use super::traffic::{Arrival, token_requests};
use super::{Fault, each_has_the_form, gone, unobserved};
use crate::rules::{Rule, View};
use crate::verdict::{Finding, Proof};

pub(super) const RULES: &[Rule] = &[
    Rule::client("BAS-02", encodes_the_halves).everywhere(),
    Rule::client("BAS-03", uses_the_header).everywhere(),
    Rule::client("BAS-05", uses_one_method).everywhere(),
    Rule::client("BAS-09", keeps_later_colons).everywhere(),
    Rule::client("BAS-11", writes_plain_base64).everywhere(),
    Rule::client("REQ-03", shows_id_and_secret).everywhere(),
];

/// A Basic value that is longer than this, decoded, is longer than a line of 76 characters.
const LINE: u64 = 57;

const NONE: &str = "no token request of a client for itself was looked at";
const NO_BASIC: &str = "no token request with a Basic header was looked at";

/// The token requests with a Basic value that the mock could look at.
fn basics<'a>(view: &View<'a>) -> impl Iterator<Item = (Arrival<'a>, BasicSpelling)> {
    token_requests(view).filter_map(|request| Some((request, request.spelling().basic?)))
}

/// Whether id and secret are form-encoded before they are joined: reported, neither good nor bad.
fn encodes_the_halves(view: &View<'_>) -> Finding {
    let told: Vec<_> = basics(view)
        .filter(|(request, basic)| basic.pair != PairSpelling::Either && request.was_looked_at())
        .collect();
    let Some(proof) = Proof::all(told.iter().map(|(request, _)| *request)) else {
        return unobserved(view, "no Basic header tells how id and secret are spelled")
            .or_not_applicable(|| shows_it_in_the_body(view));
    };
    let word = |(_, basic): &(Arrival<'_>, BasicSpelling)| match basic.pair {
        PairSpelling::Form => "form-encoded",
        PairSpelling::Neither => "neither raw nor form-encoded",
        PairSpelling::Raw | PairSpelling::Either => "raw",
    };
    let mut words: Vec<&str> = told.iter().map(word).collect();
    words.sort_unstable();
    words.dedup();
    let reason = format!("id and secret are {} in Basic", words.join(" and "));
    gone(view).unwrap_or_else(|| Finding::fact(reason, proof))
}

/// Id and secret travel in the header rather than in the body alone.
fn uses_the_header(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter(Arrival::is_client_credentials);
    let requests = requests.filter_map(|request| {
        let in_body = in_body(&request);
        let fault = match (request.has_basic(), in_body) {
            (true, _) => None,
            (false, true) => Some(Fault::broken(request, "id and secret in the body alone")),
            (false, false) => return None,
        };
        Some((request, fault))
    });
    each_has_the_form(view, "Authorization: Basic", NONE, requests)
}

fn in_body(request: &Arrival<'_>) -> bool {
    let secret = request.parameter("client_secret");
    secret.is_some_and(|secret| !secret.is_empty())
}

/// A token request uses one way of client authentication.
fn uses_one_method(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter_map(|request| {
        let (basic, body) = (request.has_basic(), in_body(&request));
        let fault = (basic && body).then(|| Fault::broken(request, "Basic and client_secret"));
        (basic || body).then_some((request, fault))
    });
    each_has_the_form(view, "either Basic or client_secret", NONE, requests)
}

/// What stands behind the first colon of a Basic value is the whole secret.
fn keeps_later_colons(view: &View<'_>) -> Finding {
    let requests = basics(view).filter_map(|(request, basic)| {
        let shown = request.spelling().credentials;
        let is_secret = |name: &str, place| name == "client_secret" && place == Place::Basic;
        let secret = shown
            .iter()
            .find(|shown| is_secret(&shown.name, shown.place))?;
        let fault = match &secret.origin {
            CredentialOrigin::Exact { .. } | CredentialOrigin::Other => None,
            CredentialOrigin::Differs { at } => Some(Fault::broken(request, at.clone())),
            CredentialOrigin::Foreign {} => return None,
        };
        basic.has_colon.then_some((request, fault))
    });
    let what = "no Basic header with a secret that has a colon was looked at";
    each_has_the_form(
        view,
        "the whole secret behind the first colon",
        what,
        requests,
    )
    .or_not_applicable(|| shows_it_in_the_body(view))
}

/// A Basic value is one line of padded base64 in the standard alphabet.
fn writes_plain_base64(view: &View<'_>) -> Finding {
    let requests =
        basics(view).filter(|(_, basic)| basic.bytes > LINE || basic.alphabet == Alphabet::Neither);
    let requests = requests.map(|(request, basic)| {
        let mut wrong = Vec::new();
        match basic.alphabet {
            Alphabet::Standard => {}
            Alphabet::UrlSafe => wrong.push("the url-safe alphabet"),
            Alphabet::Neither => wrong.push("no base64"),
        }
        if !basic.is_padded && basic.alphabet != Alphabet::Neither {
            wrong.push("wrong padding");
        }
        if basic.is_folded {
            wrong.push("a fold");
        }
        let fault = (!wrong.is_empty()).then(|| Fault::broken(request, wrong.join(", ")));
        (request, fault)
    });
    let what = "no Basic header of more than 57 bytes was looked at";
    each_has_the_form(
        view,
        "one line of padded base64 in the standard alphabet",
        what,
        requests,
    )
    .or_not_applicable(|| shows_it_in_the_body(view))
}

/// That the client logs in without Basic.
fn shows_it_in_the_body(view: &View<'_>) -> Option<Finding> {
    let mut requests = token_requests(view);
    let has_basic = token_requests(view).any(|request| request.has_basic());
    let served = requests.find(|request| request.is_served() && in_body(request))?;
    (!has_basic).then(|| Finding::not_applicable("the client shows its secret in the body", served))
}

/// A token request of a client for itself has Basic with its id and secret.
fn shows_id_and_secret(view: &View<'_>) -> Finding {
    let requests = token_requests(view).filter(Arrival::is_client_credentials);
    // One that is out of date is well spelled, and CACHE-05's matter.
    let asked = asked(view).into_iter();
    let renewed = asked
        .filter(|asked| asked.command.op() == "set_credentials")
        .map(|asked| asked.seq)
        .next();
    let requests = requests.filter(|request| !may_be_wrong_on_purpose(view, request));
    let requests = requests.filter_map(|request| {
        let spelling = request.spelling();
        let is_old = renewed.is_some_and(|renewed| renewed < request.seq);
        let seen = match spelling.basic {
            None if request.has_basic() => return None,
            Some(basic)
                if basic.pair == PairSpelling::Neither && is_old && is_outdated(&spelling) =>
            {
                return None;
            }
            None => Some("no Authorization: Basic".to_owned()),
            Some(basic) if basic.pair != PairSpelling::Neither => None,
            Some(_) => {
                let shown = spelling.credentials.iter();
                let shown = shown.filter(|shown| shown.place == Place::Basic);
                let wrong: Vec<String> = shown.filter_map(difference).collect();
                Some(match wrong.is_empty() {
                    true => "neither spelling of id and secret".to_owned(),
                    false => wrong.join(", "),
                })
            }
        };
        Some((request, seen.map(|seen| Fault::broken(request, seen))))
    });
    let what = if token_requests(view).next().is_some() {
        NO_BASIC
    } else {
        NONE
    };
    each_has_the_form(view, "base64 of id, colon and secret", what, requests)
}

/// Whether its Basic value has an id and a secret of the stage, byte for byte, that are not a pair any
/// more.
fn is_outdated(spelling: &Spelling) -> bool {
    let shown = spelling.credentials.iter();
    let mut shown = shown.filter(|shown| shown.place == Place::Basic).peekable();
    shown.peek().is_some()
        && shown.all(|shown| {
            matches!(
                shown.origin,
                CredentialOrigin::Exact { .. } | CredentialOrigin::Other
            )
        })
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use crate::rules::client::testing::{BASIC, FORM, check, login, noted, refused, spelled};
    use crate::rules::client::tests::Traffic;
    use crate::rules::testing::Log;
    use crate::verdict::Grade;

    pub(in crate::rules::client) const GOOD: &[(&str, Traffic)] = &[
        ("BAS-02", login),
        ("BAS-03", login),
        ("BAS-05", login),
        ("BAS-09", login),
        ("BAS-11", login),
        ("REQ-03", login),
    ];

    const CC: &str = "grant_type=client_credentials";
    const BOTH: &str = "grant_type=client_credentials&client_id=a&client_secret=«secret of a»";

    fn token(id: &str, headers: &[(&str, &str)], body: &str, note: &Value, expected: Grade) {
        check(
            &spelled(Log::with_tenants(), headers, body, note),
            id,
            expected,
        );
    }

    /// What is noted of a sound Basic header, with one thing changed.
    fn basic(member: &str, value: Value) -> Value {
        let mut note = noted();
        note["basic"][member] = value;
        note
    }

    #[test]
    fn the_spelling_of_the_pair_is_reported() {
        let pair = |word: &str| basic("pair", word.into());
        for word in ["raw", "form", "neither"] {
            token("BAS-02", &[FORM, BASIC], CC, &pair(word), Grade::Fact);
        }
        token(
            "BAS-02",
            &[FORM, BASIC],
            CC,
            &pair("either"),
            Grade::Unobserved,
        );
        for id in ["BAS-02", "BAS-09", "BAS-11"] {
            token(id, &[FORM], BOTH, &json!({}), Grade::NotApplicable);
            token(id, &[FORM], CC, &json!({}), Grade::Unobserved);
        }
    }

    #[test]
    fn the_header_goes_before_the_body_and_not_with_it() {
        token("BAS-03", &[FORM], BOTH, &json!({}), Grade::Broken);
        token("BAS-03", &[FORM, BASIC], BOTH, &noted(), Grade::Met);
        token("BAS-03", &[FORM], CC, &json!({}), Grade::Unobserved);
        token("BAS-05", &[FORM, BASIC], BOTH, &noted(), Grade::Broken);
        token("BAS-05", &[FORM], BOTH, &json!({}), Grade::Met);
        token("BAS-05", &[FORM], CC, &json!({}), Grade::Unobserved);
    }

    #[test]
    fn a_secret_does_not_end_at_its_colon() {
        let secret = |origin: Value| {
            let mut note = noted();
            note["credentials"][1]["origin"] = origin;
            note
        };
        let cut = secret(json!({"differs": {"at": "ends before `:`"}}));
        token("BAS-09", &[FORM, BASIC], CC, &cut, Grade::Broken);
        let foreign = secret(json!({"foreign": {}}));
        token("BAS-09", &[FORM, BASIC], CC, &foreign, Grade::Unobserved);
        let plain = basic("has_colon", false.into());
        token("BAS-09", &[FORM, BASIC], CC, &plain, Grade::Unobserved);
    }

    #[test]
    fn base64_is_plain() {
        let wrong = |member, value| {
            token(
                "BAS-11",
                &[FORM, BASIC],
                CC,
                &basic(member, value),
                Grade::Broken,
            );
        };
        wrong("alphabet", json!("url_safe"));
        wrong("alphabet", json!("neither"));
        wrong("is_padded", json!(false));
        wrong("is_folded", json!(true));
        token(
            "BAS-11",
            &[FORM, BASIC],
            CC,
            &basic("bytes", json!(57)),
            Grade::Unobserved,
        );
    }

    #[test]
    fn id_and_secret_stand_in_basic() {
        token(
            "REQ-03",
            &[FORM, BASIC],
            CC,
            &basic("pair", json!("form")),
            Grade::Met,
        );
        token(
            "REQ-03",
            &[FORM, BASIC],
            CC,
            &basic("pair", json!("neither")),
            Grade::Broken,
        );
        // A watched test that wants to see a wrong secret refused.
        let mut wrong = noted();
        wrong["basic"]["pair"] = json!("neither");
        let both = refused(login(Log::with_basic()), &[FORM, BASIC], CC, &wrong);
        check(&both, "REQ-03", Grade::Met);
        token("REQ-03", &[FORM], BOTH, &json!({}), Grade::Broken);
        token("REQ-03", &[FORM, BASIC], CC, &json!({}), Grade::Unobserved);
        token(
            "REQ-03",
            &[FORM],
            "grant_type=refresh_token",
            &json!({}),
            Grade::Unobserved,
        );
    }
}
