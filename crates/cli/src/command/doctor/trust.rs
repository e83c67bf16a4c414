//! Files of trusted authorities that variables name: one that is not there breaks every https client.

use super::Finding;

/// The variables of published clients, and ours.
const FILES: [&str; 7] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "AWS_CA_BUNDLE",
    "LOCUM_CA_FILE",
    "LOCUM_CA",
];

const NAME: &str = "trust";

/// One for each variable whose file cannot be read.
pub(super) fn findings(variable: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in FILES {
        let Some(path) = variable(name) else {
            continue;
        };
        // Some of them may name a folder.
        let read = std::fs::metadata(&path).and_then(|what| match what.is_dir() {
            true => Ok(()),
            false => std::fs::File::open(&path).map(drop),
        });
        if let Err(error) = read {
            findings.push(Finding::fail(
                NAME,
                format!("{name} names {path}, which cannot be read: {error}"),
                format!("unset {name}, or name a file with certificates in PEM"),
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            NAME,
            "each file of authorities that a variable names is there",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::State;

    #[test]
    fn a_file_that_is_not_there_is_told_with_its_variable() {
        let gone = |name: &str| (name == "SSL_CERT_FILE").then(|| "/no/such.pem".to_owned());
        let findings = findings(gone);
        assert_eq!(findings[0].state, State::Fail);
        assert!(
            findings[0]
                .what
                .contains("SSL_CERT_FILE names /no/such.pem")
        );
    }
}
