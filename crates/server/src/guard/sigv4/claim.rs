//! What a request claims: who signed, when, for what, and which headers the signature covers.

use locum_core::{Denial, DenialKind, Timestamp};

use super::Signed;
use super::canonical::decode;

/// The only algorithm.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A request's claim; nothing of it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) access_key_id: String,
    pub(super) day: String,
    pub(super) region: String,
    pub(super) service: String,
    pub(super) terminator: String,
    /// The list of signed headers as it was received.
    pub(super) signed_list: String,
    /// Its names in lower case, sorted, each once.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    /// `20261124T100000Z`.
    pub(super) date: String,
    pub(super) at: Timestamp,
    pub(super) session_token: Option<String>,
    /// Whether it stands in the query, and then for how many seconds.
    pub(super) presigned: Option<u64>,
}

impl Claim {
    /// Reads the `Authorization` header, else the query.
    ///
    /// # Errors
    /// `no_signature`, `incomplete_signature`, `not_a_pair`.
    pub(super) fn read(request: &Signed<'_>) -> Result<Self, Denial> {
        let shown = request
            .lines
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"))
            .count();
        if shown > 1 {
            // No page of AWS's says which of two would count; one that is taken for the other
            // would admit what another hop refuses.
            return Err(Denial {
                kind: DenialKind::Repeated,
                ..unreadable("Authorization header is given more than once.".to_owned())
            }
            .expected("one Authorization header")
            .difference(format!("{shown} Authorization headers")));
        }
        match request
            .header("authorization")
            .filter(|value| !value.is_empty())
        {
            Some(value) => Self::from_header(request, value),
            None => Self::from_query(request),
        }
    }

    /// `day/region/service/aws4_request`.
    pub(super) fn scope(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.day, self.region, self.service, self.terminator
        )
    }

    fn from_header(request: &Signed<'_>, value: &str) -> Result<Self, Denial> {
        let (algorithm, rest) = value.split_once(' ').unwrap_or((value, ""));
        let parts = pairs(value, rest)?;
        let names = ["Credential", "Signature", "SignedHeaders"];
        let repeated = names
            .into_iter()
            .find(|name| parts.iter().filter(|(have, _)| have == name).count() > 1);
        if let Some(name) = repeated {
            return Err(Denial {
                kind: DenialKind::Repeated,
                ..unreadable(format!("Authorization header has '{name}' more than once."))
            });
        }
        let find = |name: &str| {
            let part = parts.iter().find(|(have, _)| *have == name);
            part.map(|(_, value)| *value)
                .filter(|value| name == "SignedHeaders" || !value.is_empty())
        };
        let date = match request.header("x-amz-date") {
            Some(date) => Some(date.to_owned()),
            None => request.header("date").map(|date| {
                Timestamp::parse_http_date(date)
                    .map_or_else(|| date.to_owned(), Timestamp::amz_date)
            }),
        };
        let shown = names.map(find);
        let ([Some(credential), Some(signature), Some(signed)], Some(date)) = (shown, date.clone())
        else {
            let absent = names.into_iter().filter(|name| find(name).is_none());
            let absent: Vec<&str> = absent.collect();
            return Err(incomplete(&absent, date.is_none(), value));
        };
        let at = instant(&date)?;
        if algorithm != ALGORITHM {
            return Err(unreadable(format!(
                "Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). "
            ))
            .expected(ALGORITHM));
        }
        let token = request.header("x-amz-security-token").map(str::to_owned);
        Self::of(credential, signed, signature, (date, at), token, None)
    }

    fn from_query(request: &Signed<'_>) -> Result<Self, Denial> {
        let find = |name: &str| {
            let part = request
                .query()
                .split('&')
                .find_map(|part| part.split_once('=').filter(|(have, _)| *have == name));
            part.map(|(_, value)| String::from_utf8_lossy(&decode(value, false)).into_owned())
        };
        let signed = [
            find("X-Amz-Algorithm"),
            find("X-Amz-Credential"),
            find("X-Amz-SignedHeaders"),
            find("X-Amz-Signature"),
        ];
        if signed.iter().all(Option::is_none) {
            return Err(Denial::new(DenialKind::Missing, "no_signature")
                .expected(format!("Authorization: {ALGORITHM}"))
                .got("no Authorization header and no X-Amz-Signature in the query"));
        }
        let names = [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
            "X-Amz-Date",
            "X-Amz-Expires",
        ];
        let missing: Vec<String> = names
            .into_iter()
            .filter(|name| find(name).is_none())
            .map(|name| format!("AWS query-string parameters must include '{name}'. "))
            .collect();
        if !missing.is_empty() {
            return Err(unreadable(format!(
                "{}Re-examine the query-string parameters.",
                missing.concat()
            )));
        }
        let expires = find("X-Amz-Expires").and_then(|seconds| seconds.parse().ok());
        // "The minimum value you can set is 1, and the maximum is 604800 (seven days)."
        let Some(expires) = expires.filter(|seconds| (1..=604_800).contains(seconds)) else {
            return Err(unreadable(
                "X-Amz-Expires must be between 1 and 604800 seconds.".to_owned(),
            ));
        };
        let [algorithm, credential, signed, signature] = signed.map(Option::unwrap_or_default);
        if algorithm != ALGORITHM {
            return Err(unreadable(format!(
                "X-Amz-Algorithm only supports '{ALGORITHM}'."
            )));
        }
        let date = find("X-Amz-Date").unwrap_or_default();
        let at = instant(&date)?;
        Self::of(
            &credential,
            &signed,
            &signature,
            (date, at),
            find("X-Amz-Security-Token"),
            Some(expires),
        )
    }

    fn of(
        credential: &str,
        signed: &str,
        signature: &str,
        (date, at): (String, Timestamp),
        session_token: Option<String>,
        presigned: Option<u64>,
    ) -> Result<Self, Denial> {
        // Slashes at the end are not counted.
        let parts: Vec<&str> = credential.trim_end_matches('/').split('/').collect();
        let [id, day, region, service, terminator] = parts[..] else {
            return Err(unreadable(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
            )));
        };
        Ok(Self {
            access_key_id: id.to_owned(),
            day: day.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            terminator: terminator.to_owned(),
            signed_list: signed.to_owned(),
            signed_headers: names_of(signed),
            signature: signature.to_owned(),
            date,
            at,
            session_token,
            presigned,
        })
    }
}

/// The names of a list of signed headers: in lower case, sorted, each once.
fn names_of(list: &str) -> Vec<String> {
    let mut names: Vec<String> = list
        .split(';')
        .filter(|name| !name.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// When the request says that it was signed.
fn instant(date: &str) -> Result<Timestamp, Denial> {
    Timestamp::parse_amz_date(date).ok_or_else(|| {
        unreadable(format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
        .expected("a date like 20261124T100000Z")
    })
}

/// The pairs after the scheme; the first word without an equal sign is named in the refusal.
fn pairs<'a>(value: &str, rest: &'a str) -> Result<Vec<(&'a str, &'a str)>, Denial> {
    let words = rest.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.split_once('=').ok_or_else(|| {
                Denial::new(DenialKind::Malformed, "not_a_pair")
                    .expected(format!(
                        "{ALGORITHM} Credential=…, SignedHeaders=…, Signature=…"
                    ))
                    .got("a word without an equal sign after the scheme")
                    .param("word", word)
                    .param("authorization", value)
            })
        })
        .collect()
}

/// One sentence for each part that is not there, as API Gateway words them.
fn incomplete(missing: &[&str], no_date: bool, value: &str) -> Denial {
    let mut sentences: Vec<String> = missing
        .iter()
        .map(|name| format!("Authorization header requires '{name}' parameter."))
        .collect();
    if no_date {
        sentences.push(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
                .to_owned(),
        );
    }
    let denial = unreadable(format!("{} Authorization={value}", sentences.join(" ")));
    let got = if sentences.len() == 4 {
        "a value that is not a signature".to_owned()
    } else {
        sentences.join(" ")
    };
    Denial {
        got: Some(got),
        ..denial
    }
    .expected(format!(
        "Authorization: {ALGORITHM} Credential=…, SignedHeaders=…, Signature=…, and a date header"
    ))
}

/// A claim that cannot be read; `message` is what API Gateway says.
fn unreadable(message: String) -> Denial {
    let got = message.clone();
    Denial::new(DenialKind::Malformed, "incomplete_signature")
        .got(got)
        .param("message", message)
}
