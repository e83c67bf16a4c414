//! One request head, read strictly (RFC 9112 §§2, 3, 5, 6).

/// How the body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// By its length.
    Length(u64),
    /// By chunks.
    Chunked,
}

/// A request head as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// All bytes of it, or those that were received.
    pub raw: Vec<u8>,
    /// The method.
    pub method: String,
    /// The target as spelled; bytes outside UTF-8 are replaced.
    pub target: String,
    /// The header lines: names in their letter case, values trimmed of surrounding blanks.
    pub lines: Vec<(String, String)>,
    /// What is wrong with it, with the status that answers it.
    pub defect: Option<(u16, String)>,
    pub(super) body: Body,
}

/// Most header lines of one head.
const MAX_LINES: usize = 100;

/// Hardly a client sends more.
const USUAL_LINES: usize = 12;

impl Head {
    /// A head that cannot be read.
    pub(super) fn defective(raw: &[u8], status: u16, defect: &str) -> Self {
        let shown = &raw[..raw.len().min(4096)];
        Self {
            raw: shown.to_vec(),
            method: String::new(),
            target: String::new(),
            lines: Vec::new(),
            defect: Some((status, defect.to_owned())),
            body: Body::Length(0),
        }
    }

    /// Reads a head that ends in an empty line.
    pub(super) fn read(raw: &[u8]) -> Self {
        let mut head = Self {
            raw: raw.to_vec(),
            defect: None,
            ..Self::defective(&[], 400, "")
        };
        let text = match std::str::from_utf8(raw) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(raw),
        };
        if let Err((status, fault)) = head.fill(&text) {
            head.defect = Some((status, fault));
        }
        head
    }

    fn fill(&mut self, text: &str) -> Result<(), (u16, String)> {
        let mut lines = lines(text.trim_end_matches("\r\n"));
        let request_line = lines.next().unwrap_or_default();
        let minor = match self.request_line(request_line) {
            Ok(minor) => minor,
            Err(fault) => {
                // Refused, but whoever looks for what was meant may need to read the rest of it.
                let readable = lines.filter_map(|line| header_line(line).ok());
                self.lines.extend(readable.take(MAX_LINES));
                return Err(fault);
            }
        };
        self.lines.reserve(USUAL_LINES);
        for line in lines {
            if self.lines.len() == MAX_LINES {
                return Err((431, format!("more than {MAX_LINES} header lines")));
            }
            self.lines.push(header_line(line)?);
        }
        let hosts = self.values("host").count();
        if minor == 1 && hosts != 1 {
            return Err((400, format!("{hosts} Host headers instead of one")));
        }
        self.body = self.framing()?;
        if minor == 0 && self.body == Body::Chunked {
            // RFC 9112 §6.1: "a server or client that receives an HTTP/1.0 message containing a
            // Transfer-Encoding header field MUST treat the message as if the framing is faulty".
            return Err((400, "Transfer-Encoding in HTTP/1.0".to_owned()));
        }
        Ok(())
    }

    /// Reads `method SP target SP version`; returns the minor version.
    fn request_line(&mut self, line: &str) -> Result<u8, (u16, String)> {
        let mut parts = line.split(' ');
        let (method, version) = match (
            parts.next(),
            parts.next(),
            parts.next(),
            line.rsplit_once(' '),
        ) {
            (Some(method), Some(target), Some(version), _) if parts.next().is_none() => {
                target.clone_into(&mut self.target);
                (method, version)
            }
            (Some(method), Some(_), Some(_), Some((start, version)))
                if version.starts_with("HTTP/") =>
            {
                method.clone_into(&mut self.method);
                start[method.len() + 1..].clone_into(&mut self.target);
                return Err((400, "a raw space in the request target".to_owned()));
            }
            _ => {
                return Err((
                    400,
                    "a request line that is not `method target version`".to_owned(),
                ));
            }
        };
        method.clone_into(&mut self.method);
        if method.is_empty() || !method.bytes().all(is_token) {
            return Err((400, "a method that is not a valid token".to_owned()));
        }
        if self.target.is_empty()
            || self
                .target
                .bytes()
                .any(|byte| byte <= b' ' || matches!(byte, 0x7f | b'"' | b'<' | b'>'))
        {
            return Err((
                400,
                "a character in the request target that URIs do not have".to_owned(),
            ));
        }
        match version {
            "HTTP/1.1" => Ok(1),
            "HTTP/1.0" => Ok(0),
            // What stands there instead may be anything.
            other if is_version(other) => Err((400, format!("version {other:?}"))),
            _ => Err((400, "a version that is not HTTP/1.0 or HTTP/1.1".to_owned())),
        }
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines
            .iter()
            .filter(move |(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// How the body is framed. Both a length and chunks, or two different lengths, are how requests
    /// are smuggled (RFC 9112 §6.3): refused.
    fn framing(&self) -> Result<Body, (u16, String)> {
        if self.values("transfer-encoding").next().is_none()
            && self.values("content-length").next().is_none()
        {
            return Ok(Body::Length(0));
        }
        let mut lengths: Vec<&str> = self
            .values("content-length")
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        lengths.dedup();
        let encodings: Vec<String> = self
            .values("transfer-encoding")
            .map(str::to_ascii_lowercase)
            .collect();
        match (&lengths[..], &encodings[..]) {
            ([], []) => Ok(Body::Length(0)),
            ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => length
                .parse()
                .map(Body::Length)
                .map_err(|_| (400, "a Content-Length that is not a number".to_owned())),
            ([], [encoding]) if encoding == "chunked" => Ok(Body::Chunked),
            ([], _) => Err((501, "a Transfer-Encoding other than chunked".to_owned())),
            (_, []) => Err((
                400,
                "a Content-Length that is not a single number".to_owned(),
            )),
            _ => Err((
                400,
                "Content-Length and Transfer-Encoding together".to_owned(),
            )),
        }
    }
}

/// The parts of `text` between line ends.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let ends = memchr::memchr_iter(b'\n', bytes)
        .filter(|at| {
            at.checked_sub(1)
                .is_some_and(|before| bytes[before] == b'\r')
        })
        .map(|at| (at - 1, at + 1));
    let mut start = 0;
    ends.chain([(text.len(), text.len())])
        .map(move |(end, next)| {
            let line = &text[start..end];
            start = next;
            line
        })
}

/// Reads `name: value`.
pub(super) fn header_line(line: &str) -> Result<(String, String), (u16, String)> {
    if line.starts_with([' ', '\t']) {
        return Err((400, "a folded header line".to_owned()));
    }
    let Some(colon) = memchr::memchr(b':', line.as_bytes()) else {
        return Err((400, "a header line without a colon".to_owned()));
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.ends_with([' ', '\t']) {
        return Err((400, "a space before the colon of a header".to_owned()));
    }
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err((400, "a header name that is not a valid token".to_owned()));
    }
    if value
        .bytes()
        .any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f)
    {
        return Err((400, "a control character in a header value".to_owned()));
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// `HTTP/` and digits.
fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix("HTTP/");
    digits.is_some_and(|rest| {
        rest.len() <= 5
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// A character of a token (RFC 9110 §5.6.2).
const fn is_token(byte: u8) -> bool {
    TOKEN[byte as usize]
}

/// Each byte of each name is asked, so that a table pays.
const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = u8::MIN;
    loop {
        token[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            );
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    token
};

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(head: &str) -> Option<u16> {
        Head::read(format!("{head}\r\n\r\n").as_bytes())
            .defect
            .map(|(status, _)| status)
    }

    #[test]
    fn a_good_head_keeps_case_order_and_repetitions() {
        let head = Head::read(b"GET /a?b HTTP/1.1\r\nHost: x\r\nZeta: 1\r\nzeta:2 \r\n\r\n");
        let line = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(head.defect, None);
        assert_eq!(
            head.lines,
            [line("Host", "x"), line("Zeta", "1"), line("zeta", "2")]
        );
    }

    #[test]
    fn a_head_with_a_bad_first_line_keeps_the_lines_that_can_be_read() {
        let head = Head::read(b"GET /a?t=b c HTTP/1.1\r\nHost: x\r\n folded\r\nUpgrade: y\r\n\r\n");
        assert_eq!(head.target, "/a?t=b c");
        let names: Vec<&str> = head.lines.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Host", "Upgrade"]);
        assert!(head.defect.is_some());
    }

    #[test]
    fn each_defect_has_its_status() {
        assert_eq!(defect("GET /a b HTTP/1.1\r\nHost: x"), Some(400));
        assert_eq!(defect("GET /a HTTP/1.1"), Some(400));
        assert_eq!(defect("GET /a HTTP/1.0"), None);
        assert_eq!(defect("GET /a HTTP/1.1\r\nHost: x\r\nhost: y"), Some(400));
        assert_eq!(defect("GET /a HTTP/1.1\r\nHost : x"), Some(400));
        assert_eq!(defect("GET /a HTTP/1.1\r\nHost: x\r\n folded"), Some(400));
        assert_eq!(defect("GET /\"a HTTP/1.1\r\nHost: x"), Some(400));
        assert_eq!(defect("GET /a HTTP/2.0\r\nHost: x"), Some(400));
        assert_eq!(
            defect("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2"),
            Some(400)
        );
        assert_eq!(
            defect(
                "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"
            ),
            Some(400)
        );
        assert_eq!(
            defect("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip"),
            Some(501)
        );
        assert_eq!(
            defect(&format!(
                "GET /a HTTP/1.1\r\nHost: x{}",
                "\r\na: b".repeat(100)
            )),
            Some(431)
        );
    }
}
