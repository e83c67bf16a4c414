//! Websockets that the harness opened, and URLs of them.

use locum_core::{Finding, Grade};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// What came of an opening.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// A reply other than 101.
    Refused(u16),
    /// 101, and then this answer to the configuration.
    Said(String),
    /// 101, and then a close with this code.
    Closed(String),
    /// 101, and then nothing.
    Silence,
}

impl Came {
    fn of(view: &View<'_>, open: &Exchange<'_>) -> Option<Self> {
        let reply = open.reply?;
        if reply.status != 101 {
            return Some(Self::Refused(reply.status));
        }
        let mut closed = None;
        for (_, opcode, text) in view.log.frames_of(open.seq) {
            if opcode == "close" {
                closed.get_or_insert_with(|| text.to_owned());
                continue;
            }
            let message: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            let word = message["type"].as_str().unwrap_or_default();
            if word.to_ascii_uppercase().starts_with("CONFIG") {
                return Some(Self::Said(word.to_owned()));
            }
        }
        Some(closed.map_or(Self::Silence, Self::Closed))
    }

    fn is_service(&self) -> bool {
        *self == Self::Said("CONFIG_ACCEPTED".to_owned())
    }

    fn words(&self) -> String {
        match self {
            Self::Refused(status) => format!("{status} before the upgrade"),
            Self::Said(word) => word.clone(),
            Self::Closed(code) => format!("a close {code}"),
            Self::Silence => "no answer to the configuration".to_owned(),
        }
    }
}

/// The answer to an upgrade holds the value that RFC 6455 §4.2.2 item 5.4 computes of its key.
pub fn accept_is_right(view: &View<'_>) -> Finding {
    let mut right = Vec::new();
    for open in view.log.acts("open", "") {
        if let Some(gone) = gone(&open) {
            return gone;
        }
        let Some(reply) = open.reply.filter(|reply| reply.status == 101) else {
            continue;
        };
        let mut headers = open.request.headers.iter();
        let key = headers.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
        let expected = key.map(|(_, key)| derive_accept_key(key.as_bytes()));
        let seen = reply.header("sec-websocket-accept").map(str::trim);
        if seen != expected.as_deref() {
            let seen = seen.unwrap_or("no Sec-WebSocket-Accept");
            return Finding::new(Grade::Broken, "the answer to the key is wrong")
                .because(expected.unwrap_or_default(), seen)
                .proved_by([open.seq]);
        }
        right.push(open.seq);
    }
    if right.is_empty() {
        return unobserved(view, "no upgrade was agreed to");
    }
    Finding::new(Grade::Met, "the answer to the key is right").proved_by(right)
}

/// Each socket opened as documented stays open and accepts its configuration.
pub fn serves(view: &View<'_>) -> Finding {
    let mut served = Vec::new();
    for open in view.log.acts("open", "") {
        if let Some(gone) = gone(&open) {
            return gone;
        }
        let Some(came) = Came::of(view, &open) else {
            continue;
        };
        if came.is_service() {
            served.push(open.seq);
            continue;
        }
        let grade = match came {
            Came::Said(_) => Grade::Tolerated,
            _ => Grade::Broken,
        };
        let seen = came.words();
        return Finding::new(grade, format!("a good token was answered with {seen}"))
            .because("CONFIG_ACCEPTED", seen)
            .proved_by([open.seq]);
    }
    if served.is_empty() {
        return unobserved(view, "no socket was opened");
    }
    Finding::new(Grade::Met, "CONFIG_ACCEPTED").proved_by(served)
}

/// None of the altered openings is served, beside one with a good token that is. How they are
/// refused is a fact of the vendor.
pub fn gives_no_service(view: &View<'_>) -> Finding {
    let altered = |open: &Exchange<'_>| open.act == "open" && !open.how.is_empty();
    let mut refused = Vec::new();
    let mut ways: Vec<String> = Vec::new();
    for open in view.log.exchanges().filter(altered) {
        if let Some(gone) = gone(&open) {
            return gone;
        }
        let Some(came) = Came::of(view, &open) else {
            continue;
        };
        if came.is_service() {
            let seen = format!("{}, then {}", sentence(&open), came.words());
            return Finding::new(Grade::Broken, seen.clone())
                .because("no service", seen)
                .proved_by([open.seq]);
        }
        refused.push(open.seq);
        if !ways.contains(&came.words()) {
            ways.push(came.words());
        }
    }
    let good = view.log.acts("open", "");
    let twin = good
        .filter(|open| Came::of(view, open).is_some_and(|came| came.is_service()))
        .map(|open| open.seq)
        .next();
    match (refused.is_empty(), twin) {
        (true, _) => unobserved(view, "no such socket was opened"),
        (false, None) => unobserved(view, "refused, but its accepted twin was never seen"),
        (false, Some(twin)) => Finding::new(Grade::Met, ways.join(", "))
            .proved_by(refused)
            .beside([twin]),
    }
}

/// The limited token opened the socket that it is for: without that, its refusal elsewhere says
/// nothing of its limits.
pub fn opened_its_own(view: &View<'_>) -> Finding {
    let served = view
        .log
        .acts("open", "")
        .find(|open| Came::of(view, open).is_some_and(|came| came.is_service()));
    match served {
        Some(open) => Finding::new(Grade::Met, "its own socket was opened").proved_by([open.seq]),
        None => unobserved(view, "the limited token did not open its own socket"),
    }
}

/// `member` of what was created is the URL of a websocket: with the caller's tenant as `parameter`,
/// and without a token.
pub fn url_names_the_tenant(view: &View<'_>, member: &str, parameter: &str) -> Finding {
    let Some(create) = view.log.acts("create", "").next() else {
        return unobserved(view, "nothing was created");
    };
    if let Some(gone) = gone(&create) {
        return gone;
    }
    let header = view
        .profile
        .api
        .tenant_header
        .as_deref()
        .unwrap_or_default();
    let mut headers = create.request.headers.iter();
    let tenant = headers.find(|(name, _)| name.eq_ignore_ascii_case(header));
    let tenant = tenant.map(|(_, value)| value.as_str()).unwrap_or_default();
    let body = create
        .reply
        .filter(|reply| reply.is_class(2))
        .map(crate::evidence::Message::json)
        .unwrap_or_default();
    let token = view.profile.socket.as_ref();
    let token = token.map_or("token", |facts| facts.token_parameter.as_str());
    let fault = match body[member].as_str() {
        None => Some(format!("{} without {member}", sentence(&create))),
        Some(url) => fault_of_url(url, (parameter, tenant), token),
    };
    match fault {
        None => Finding::new(Grade::Met, sentence(&create)).proved_by([create.seq]),
        Some(seen) => Finding::new(Grade::Broken, seen.clone())
            .because(format!("a ws URL with {parameter} and no token"), seen)
            .proved_by([create.seq]),
    }
}

fn fault_of_url(url: &str, (parameter, tenant): (&str, &str), token: &str) -> Option<String> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let values = |name: &str| -> Vec<String> {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| {
                percent_encoding::percent_decode_str(value)
                    .decode_utf8_lossy()
                    .into_owned()
            })
            .collect()
    };
    if !(address.starts_with("ws://") || address.starts_with("wss://")) {
        return Some("a URL that is no websocket's".to_owned());
    }
    if !values(token).is_empty() {
        return Some("a URL with a token in it".to_owned());
    }
    match values(parameter).as_slice() {
        [one] if one == tenant => None,
        [] => Some(format!("a URL without {parameter}")),
        _ => Some(format!("a URL with another {parameter}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    const ACCEPTED: (&str, &str) = ("text", r#"{"type":"CONFIG_ACCEPTED"}"#);
    const DENIED: (&str, &str) = ("text", r#"{"type":"CONFIG_DENIED"}"#);
    const CHATTER: (&str, &str) = ("text", r#"{"type":"hello"}"#);
    const CLOSED: (&str, &str) = ("close", "1008");

    fn open(log: Log, how: &str, status: u16, frames: &[(&'static str, &str)]) -> Log {
        log.opened(how, status, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", frames)
    }

    #[test]
    fn the_answer_to_the_key_is_computed() {
        let log = |accept: &str, status| Log::new().opened("", status, accept, &[]);
        let right = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        check(&log(right, 101), accept_is_right, Grade::Met);
        check(&log("AAAA", 101), accept_is_right, Grade::Broken);
        check(&log(right, 401), accept_is_right, Grade::Unobserved);
    }

    fn serve(status: u16, frames: &[(&'static str, &str)], expected: Grade) {
        check(&open(Log::new(), "", status, frames), serves, expected);
    }

    #[test]
    fn a_good_token_is_served() {
        serve(101, &[ACCEPTED], Grade::Met);
        serve(101, &[CHATTER, ACCEPTED], Grade::Met);
        serve(101, &[DENIED, CLOSED], Grade::Tolerated);
        serve(101, &[CLOSED], Grade::Broken);
        serve(101, &[], Grade::Broken);
        serve(401, &[], Grade::Broken);
        check(&Log::new(), serves, Grade::Unobserved);
    }

    #[test]
    fn a_limited_token_opens_its_own_socket() {
        let log = |frames| open(Log::new(), "", 101, frames);
        check(&log(&[ACCEPTED]), opened_its_own, Grade::Met);
        check(&log(&[CLOSED]), opened_its_own, Grade::Unobserved);
    }

    fn bad(status: u16, frames: &[(&'static str, &str)], expected: Grade) {
        let log = open(Log::new(), "without a token", status, frames);
        let log = open(log, "", 101, &[ACCEPTED]);
        check(&log, gives_no_service, expected);
    }

    #[test]
    fn a_bad_token_gets_no_service_in_whatever_way() {
        bad(401, &[], Grade::Met);
        bad(101, &[CLOSED], Grade::Met);
        bad(101, &[DENIED], Grade::Met);
        bad(101, &[CHATTER, ACCEPTED], Grade::Broken);
        let alone = open(Log::new(), "without a token", 401, &[]);
        check(&alone, gives_no_service, Grade::Unobserved);
        check(&Log::new(), gives_no_service, Grade::Unobserved);
    }

    fn url(url: &str, expected: Option<&str>) {
        let fault = fault_of_url(url, ("tenant-name", "t"), "token");
        assert_eq!(fault.as_deref(), expected, "{url}");
    }

    #[test]
    fn a_url_names_the_tenant_and_shows_no_token() {
        url("wss://h/s?tenant-name=t", None);
        url("ws://h/s?a=b&tenant-name=t", None);
        url(
            "https://h/s?tenant-name=t",
            Some("a URL that is no websocket's"),
        );
        url("wss://h/s", Some("a URL without tenant-name"));
        url(
            "wss://h/s?tenant-name=u",
            Some("a URL with another tenant-name"),
        );
        url(
            "wss://h/s?tenant-name=t&token=x",
            Some("a URL with a token in it"),
        );
    }
}
