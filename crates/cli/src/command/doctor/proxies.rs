//! Proxies of the environment that would be sent what is meant for this machine.

use locum_harness::http::Url;

use super::Finding;

/// The variables by which libraries find a proxy: some read the small letters alone, others both.
const PROXIES: [&str; 6] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// The variables that name what goes past it.
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// By what the mocks are called.
const HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];

const NAME: &str = "proxy";

/// One for each variable that names a proxy which this machine's own addresses do not go past.
pub(super) fn findings(variable: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let set: Vec<(&str, String)> = PROXIES
        .into_iter()
        .filter_map(|name| Some((name, variable(name)?)))
        .collect();
    if set.is_empty() {
        return vec![Finding::ok(NAME, "the environment names none")];
    }
    // A library reads one of the two: each that is set has to name them.
    let exceptions: Vec<(&str, String)> = EXCEPTIONS
        .into_iter()
        .filter_map(|name| Some((name, variable(name)?)))
        .collect();
    let swallowed: Vec<&str> = HOSTS
        .into_iter()
        .filter(|host| {
            exceptions.is_empty() || exceptions.iter().any(|(_, list)| !excepts(list, host))
        })
        .collect();
    let names: Vec<&str> = set.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    if swallowed.is_empty() {
        let past = format!("{names}: set, and this machine's own addresses go past it");
        return vec![Finding::ok(NAME, past)];
    }
    let through = set.iter().map(|(_, url)| shown(url)).collect::<Vec<_>>();
    let what = format!(
        "{names} would send what is meant for {} through {}",
        swallowed.join(" and "),
        through.first().map_or("it", String::as_str)
    );
    let cure = "export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1";
    vec![Finding::fail(NAME, what, cure)]
}

/// The proxy without the account that may stand in its address.
fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "it".to_owned(), |url| url.authority())
}

/// Whether a list of names and addresses lets `host` pass.
fn excepts(list: &str, host: &str) -> bool {
    let names = list.split([',', ' ']).map(str::trim);
    names.filter(|name| !name.is_empty()).any(|name| {
        let name = name.trim_start_matches('.').to_ascii_lowercase();
        let name = name
            .rsplit_once(':')
            .map_or(name.as_str(), |(name, _)| name);
        name == "*" || name == host || (host.starts_with("127.") && name.starts_with("127.0.0.0/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::State;

    fn state(variables: &[(&str, &str)]) -> State {
        let find = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        let findings = findings(find);
        assert_eq!(findings.len(), 1);
        assert!(!findings[0].what.contains("secret"), "{findings:?}");
        findings[0].state
    }

    #[test]
    fn a_proxy_swallows_what_no_exception_names() {
        let proxy = ("HTTP_PROXY", "http://user:secret@proxy.test:3128");
        for (exceptions, expected) in [
            (&[][..], State::Fail),
            (&[("NO_PROXY", "localhost,127.0.0.1")], State::Ok),
            (&[("no_proxy", "*")], State::Ok),
            (&[("NO_PROXY", "localhost, 127.0.0.0/8")], State::Ok),
            (&[("NO_PROXY", "localhost")], State::Fail),
            (&[("NO_PROXY", "127.0.0.1:4700 .localhost")], State::Ok),
            (
                &[("NO_PROXY", "*"), ("no_proxy", "example.test")],
                State::Fail,
            ),
        ] {
            let variables = [&[proxy], exceptions].concat();
            assert_eq!(state(&variables), expected, "{exceptions:?}");
        }
        assert_eq!(state(&[]), State::Ok);
    }
}
