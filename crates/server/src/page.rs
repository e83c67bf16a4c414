//! The page for people, at `/`: static files, for a browser that shows what the control API tells.
//!
//! Whoever asks gets the files, by whatever name: there is nothing in them to protect. What the page
//! shows, its script fetches from the control API, which lets it pass or not.

use axum::body::Body;
use http::HeaderName;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Where the page's files are.
const FOLDER: &str = "/_locum/page/";

/// Scripts and styles come from these files alone, and no text becomes markup but by lit-html's
/// templates, which are in them (CSP Level 3; Trusted Types).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// A file of the page.
#[derive(Debug)]
pub(crate) struct PageFile {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($media_type:ident $path:literal,)*) => {
        &[$(PageFile {
            path: $path,
            media_type: $media_type,
            text: include_str!(concat!("page/", $path)),
        },)*]
    };
}

/// What a browser is given at `/`.
const PAGE: PageFile = PageFile {
    path: "",
    media_type: HTML,
    text: include_str!("page/page.html"),
};

const FILES: &[PageFile] = files![
    STYLE "page.css",
    SCRIPT "page.js",
    SCRIPT "api.js",
    SCRIPT "bodies.js",
    SCRIPT "clock.js",
    SCRIPT "connect.js",
    SCRIPT "curl.js",
    SCRIPT "entries.js",
    SCRIPT "exchange.js",
    SCRIPT "faults.js",
    SCRIPT "format.js",
    SCRIPT "journal.js",
    SCRIPT "parts.js",
    SCRIPT "route.js",
    SCRIPT "settings.js",
    SCRIPT "stages.js",
    SCRIPT "stream.js",
    SCRIPT "tokens.js",
    SCRIPT "verdicts.js",
    SCRIPT "lit-html/lit-html.js",
    SCRIPT "lit-html/directive.js",
    SCRIPT "lit-html/directive-helpers.js",
    SCRIPT "lit-html/directives/repeat.js",
    TEXT "lit-html/LICENSE",
];

/// What a language model is told of the program (https://llmstxt.org), as the documentation has it.
const LLMS: PageFile = PageFile {
    path: "llms.txt",
    media_type: TEXT,
    text: include_str!("../../../docs/src/llms.txt"),
};

/// That text, for a request that reads `/llms.txt`.
pub(crate) fn llms(method: &str, target: &str) -> Option<&'static PageFile> {
    let path = target.split('?').next().unwrap_or_default();
    let name = path.strip_prefix('/')?;
    (name == LLMS.path && reads(method)).then_some(&LLMS)
}

/// The file that a request for `target` with this method asks for.
pub(crate) fn file(method: &str, target: &str) -> Option<&'static PageFile> {
    let path = target.split('?').next().unwrap_or_default();
    let name = path.strip_prefix(FOLDER)?;
    let found = FILES.iter().find(|file| file.path == name);
    found.filter(|_| reads(method))
}

/// The page, where who asks for `/` takes HTML; a program is told the addresses in a line.
pub(crate) fn start<'a>(
    method: &str,
    mut headers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<&'static PageFile> {
    let takes_html = headers.any(|(name, value)| {
        name.eq_ignore_ascii_case(ACCEPT.as_str())
            && value.to_ascii_lowercase().contains("text/html")
    });
    (takes_html && reads(method)).then_some(&PAGE)
}

fn reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

impl PageFile {
    /// The response with it.
    pub(crate) fn response(&self) -> http::Response<Body> {
        response(self.media_type, self.text)
    }
}

/// The line that a program gets at `/`.
pub(crate) fn line(text: String) -> http::Response<Body> {
    response(TEXT, text)
}

fn response(media_type: &'static str, body: impl Into<Body>) -> http::Response<Body> {
    let headers: [(HeaderName, &str); 9] = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let mut builder = http::Response::builder();
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder
        .body(body.into())
        .expect("all headers are constants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_the_folder_is_served() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/page"));
        let mut folders = vec![folder.to_owned()];
        let mut there = Vec::new();
        while let Some(at) = folders.pop() {
            for entry in std::fs::read_dir(at).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(folder).expect("below it");
                    there.push(name.to_str().expect("UTF-8").replace('\\', "/"));
                }
            }
        }
        there.retain(|name| name != "page.html" && name != "lit-html/README.md");
        there.sort();
        let mut served: Vec<&str> = FILES.iter().map(|file| file.path).collect();
        served.sort_unstable();
        assert_eq!(served, there);
    }

    /// The page asks nothing of the network, and takes nothing for markup.
    #[test]
    fn its_own_scripts_leave_the_traps_alone() {
        let own = |file: &&PageFile| !file.path.starts_with("lit-html/");
        for file in FILES.iter().chain([&PAGE]).filter(own) {
            for trap in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "unsafeHTML",
                "new Function",
                "http://",
                "style=\"",
                "onclick",
            ] {
                assert!(!file.text.contains(trap), "{trap} in {}", file.path);
            }
        }
    }

    #[test]
    fn a_file_is_read_and_nothing_else() {
        assert!(file("GET", "/_locum/page/page.js?x").is_some());
        assert!(file("HEAD", "/_locum/page/lit-html/LICENSE").is_some());
        for (method, target) in [
            ("POST", "/_locum/page/page.js"),
            ("GET", "/_locum/page/"),
            ("GET", "/_locum/page/../gate.rs"),
            ("GET", "/_locum/page/page.html"),
            ("GET", "/_locum/pages"),
            ("GET", "/"),
        ] {
            assert!(file(method, target).is_none(), "{method} {target}");
        }
    }
}
