//! Which files are taken, and what is said of the others.

use std::fs;
use std::path::{Path, PathBuf};

use locum_core::{Clock as _, SystemClock, Timestamp};

use crate::tls::authority::Authority;
use crate::tls::{Identity, Tls, TlsError, files};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("locum-tls-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn now() -> Timestamp {
    SystemClock::new().now()
}

/// A self-signed certificate and its key in PEM.
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("made");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn a_folder_keeps_one_authority_between_starts() {
    let folder = Folder::new("kept");
    let below = folder.0.join("new");
    let first = Authority::keep(&below, now())
        .expect("made")
        .pem()
        .to_owned();
    let second = Authority::keep(&below, now())
        .expect("read")
        .pem()
        .to_owned();
    assert_eq!(first, second);
    assert_eq!(
        fs::read_to_string(below.join("ca.pem")).expect("kept"),
        first
    );
    let mut names: Vec<_> = fs::read_dir(&below)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["ca-key.pem", "ca.pem"], "nothing is left over");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_key_of_an_authority() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("mode");
    Authority::keep(&folder.0, now()).expect("made");
    let key = fs::metadata(folder.0.join("ca-key.pem")).expect("kept");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_start_that_was_cut_short_is_made_up_for() {
    let folder = Folder::new("cut");
    Authority::keep(&folder.0, now()).expect("made");
    fs::remove_file(folder.0.join("ca.pem")).expect("there");
    Authority::keep(&folder.0, now()).expect("the key is enough");
}

#[test]
fn what_is_wrong_with_a_kept_authority_is_said() {
    let folder = Folder::new("wrong");
    let check = |file: &str, part: &str| {
        let error = Authority::keep(&folder.0, now()).expect_err(part);
        assert!(error.path.ends_with(file), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint.contains("remove ca.pem and ca-key.pem"));
    };
    let (certificate, key) = pair();
    folder.write("ca.pem", &certificate);
    check("ca.pem", "its key ca-key.pem is missing");
    folder.write("ca-key.pem", &key);
    check("ca.pem", "clients would not accept");
    check(
        "ca.pem",
        "it is not an authority's certificate for that key",
    );
    let junk = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    folder.write("ca-key.pem", junk);
    check("ca-key.pem", "it holds no private key that can be read");
    folder.write("ca-key.pem", &key);
    folder.write("ca.pem", &junk.replace("PRIVATE KEY", "CERTIFICATE"));
    check("ca.pem", "it is damaged");
    folder.write("ca.pem", &certificate);
    folder.write("ca-key.pem", "nothing");
    check("ca-key.pem", "no private key");
    folder.write("ca-key.pem", &key);
    folder.write("ca.pem", "nothing");
    check("ca.pem", "no certificate");

    // One that has ended, and one whose key is another's.
    let other = Folder::new("other");
    let past = now().minus(std::time::Duration::from_hours(24 * 4000));
    Authority::keep(&other.0, past).expect("made");
    for name in ["ca.pem", "ca-key.pem"] {
        fs::copy(other.0.join(name), folder.0.join(name)).expect("copied");
    }
    check("ca.pem", "clients would not accept");
    fs::remove_file(folder.0.join("ca.pem")).expect("there");
    Authority::keep(&folder.0, now()).expect("made anew for the key");
    folder.write("ca-key.pem", &key);
    check("ca.pem", "clients would not accept");
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let folder = Folder::new("file");
    let file = folder.write("plain", "x");
    let error = Tls::new(&Identity::Kept(file.clone()), Vec::new()).expect_err("no folder");
    assert_eq!(error.path, file);
    assert!(error.hint.contains("--ca-dir"));
}

#[test]
fn faulty_files_are_named_with_their_cure() {
    let folder = Folder::new("own");
    let (certificate, key) = pair();
    let (_, other) = pair();
    let cert = folder.write("cert.pem", &certificate);
    let good = folder.write("key.pem", &key);
    let read = |cert: &Path, key: &Path| files::read(cert, key);
    read(&cert, &good).expect("they belong together");
    let check = |found: Result<_, TlsError>, path: &Path, part: &str, flag: &str| {
        let error = found
            .map(|_: rustls::sign::CertifiedKey| ())
            .expect_err(part);
        assert_eq!(error.path, path, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint.contains(flag), "{error}");
        assert!(
            !error.to_string().contains(&key[40..60]),
            "no word of the key"
        );
    };
    let wrong = folder.write("other.pem", &other);
    check(
        read(&cert, &wrong),
        &wrong,
        "not the key of the certificate",
        "--tls-key",
    );
    let none = folder.0.join("none.pem");
    check(read(&none, &good), &none, "No such file", "--tls-cert");
    check(read(&cert, &none), &none, "No such file", "--tls-key");
    check(read(&good, &good), &good, "no certificate", "--tls-cert");
    check(read(&cert, &cert), &cert, "no private key", "--tls-key");
    let cut = folder.write("cut.pem", &key[..key.len() - 40]);
    check(read(&cert, &cut), &cut, "no end line", "--tls-key");
    let text = folder.write("text.pem", &certificate.replace("MII", "M!!"));
    check(read(&text, &good), &text, "not base64", "--tls-cert");
    let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let broken = folder.write("broken.pem", broken);
    let kinds = "RSA from 2048 bits, ECDSA on P-256, P-384 or P-521, and Ed25519";
    check(read(&cert, &broken), &broken, kinds, "supported kind");
    let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let junk = folder.write("junk.pem", junk);
    check(read(&junk, &good), &junk, "cannot be read", "--tls-cert");
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let encrypted = folder.write("encrypted.pem", &encrypted);
    check(
        read(&cert, &encrypted),
        &encrypted,
        "not encrypted",
        "--tls-key",
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_before_it_is_read() {
    let folder = Folder::new("pipe");
    let (certificate, key) = pair();
    let cert = folder.write("cert.pem", &certificate);
    let good = folder.write("key.pem", &key);
    let pipe = |name: &str| {
        let path = folder.0.join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo is there").success());
        path
    };
    let own = pipe("pipe");
    let kept = pipe("ca-key.pem");
    for (path, found) in [
        (&own, files::read(&own, &good).map(drop)),
        (&own, files::read(&cert, &own).map(drop)),
        (&kept, Authority::keep(&folder.0, now()).map(drop)),
    ] {
        let error = found.expect_err("a pipe");
        assert_eq!(&error.path, path);
        assert!(error.what.contains("not a regular file"), "{error}");
    }
}

#[test]
fn the_kinds_of_keys_that_are_called_supported_are_taken() {
    let folder = Folder::new("kinds");
    for kind in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
    ] {
        let key = rcgen::KeyPair::generate_for(kind).expect("a key");
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        let cert = folder.write("cert.pem", &certificate.pem());
        let key = folder.write("key.pem", &key.serialize_pem());
        files::read(&cert, &key).expect("a supported kind");
    }
}
