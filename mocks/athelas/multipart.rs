//! A multipart body as the model's parser reads it (measured on python-multipart, which Starlette
//! uses): what comes before the first boundary must be blank lines, what breaks off is left out, what
//! follows the last boundary is passed over. A stricter library refuses what the model takes.

/// One part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The field's name.
    pub(super) name: String,
    /// The file's name, where it is a file.
    pub(super) filename: Option<String>,
    /// Header lines, names in lower case, values as Latin-1 text.
    pub(super) headers: Vec<(String, String)>,
    /// The content.
    pub(super) content: Vec<u8>,
}

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not follow the grammar.
    Grammar,
    /// A part has no name.
    NoName,
    /// A text is larger than a mebibyte.
    LargeText,
    /// There are more than a thousand fields, or files.
    TooMany(&'static str),
}

/// Starlette's own limits.
const MAX_TEXT: usize = 1 << 20;
const MAX_PARTS: usize = 1000;

/// The parameter `name` of a header's value, such as `boundary` of `Content-Type`.
pub(super) fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let key = key.rsplit(';').next().unwrap_or_default().trim();
        let (value, tail) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            quoted_string(quoted)
        } else {
            let end = after.find(';').unwrap_or(after.len());
            (after[..end].trim().to_owned(), &after[end..])
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = tail.strip_prefix(';').unwrap_or(tail);
    }
}

/// The content of a quoted string, and what follows it.
fn quoted_string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

/// The parts of `body`.
///
/// # Errors
/// The first fault.
pub(super) fn parts(body: &[u8], boundary: &str) -> Result<Vec<Part>, Fault> {
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    let start = body.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let Some(mut rest) = start.map(|at| &body[at..]) else {
        return Ok(Vec::new());
    };
    let mut parts = Vec::new();
    let opening = &delimiter[2..];
    let common = opening.len().min(rest.len());
    if rest[..common] != opening[..common] {
        return Err(Fault::Grammar);
    }
    rest = &rest[common..];
    match rest {
        [b'\r', b'\n', tail @ ..] => rest = tail,
        [] | [b'\r' | b'-'] | [b'-', b'-', ..] => return Ok(parts),
        _ => return Err(Fault::Grammar),
    }
    while let Some((headers, tail)) = headers(rest)? {
        let part = headed(&headers)?;
        let Some((content, tail, is_last)) = content(tail, &delimiter) else {
            if part.filename.is_none() && tail.len() > MAX_TEXT {
                return Err(Fault::LargeText);
            }
            break;
        };
        if part.filename.is_none() && content.len() > MAX_TEXT {
            return Err(Fault::LargeText);
        }
        parts.push(Part {
            content: content.to_vec(),
            ..part
        });
        let files = parts.iter().filter(|part| part.filename.is_some()).count();
        if files > MAX_PARTS {
            return Err(Fault::TooMany("files"));
        }
        if parts.len() - files > MAX_PARTS {
            return Err(Fault::TooMany("fields"));
        }
        if is_last {
            break;
        }
        rest = tail;
    }
    Ok(parts)
}

type Headers = Vec<(String, Vec<u8>)>;

/// The header lines of a part and what follows the empty line; `None` where they break off.
fn headers(mut rest: &[u8]) -> Result<Option<(Headers, &[u8])>, Fault> {
    let mut headers = Vec::new();
    loop {
        match rest {
            [] | [b'\r'] => return Ok(None),
            [b'\r', b'\n', tail @ ..] => return Ok(Some((headers, tail))),
            [b'\r', ..] => return Err(Fault::Grammar),
            _ => {}
        }
        let Some(end) = rest
            .iter()
            .position(|byte| matches!(byte, b':' | b'\r' | b'\n'))
        else {
            return match rest.iter().all(|byte| is_token(*byte)) {
                true => Ok(None),
                false => Err(Fault::Grammar),
            };
        };
        if rest[end] != b':' || end == 0 || !rest[..end].iter().all(|byte| is_token(*byte)) {
            return Err(Fault::Grammar);
        }
        let name = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
        let line = &rest[end + 1..];
        let Some(cr) = line.iter().position(|byte| *byte == b'\r') else {
            return Ok(None);
        };
        match line.get(cr + 1) {
            Some(b'\n') => {}
            Some(_) => return Err(Fault::Grammar),
            None => return Ok(None),
        }
        headers.push((name, line[..cr].trim_ascii_start().to_vec()));
        rest = &line[cr + 2..];
    }
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The part that these headers begin.
fn headed(headers: &[(String, Vec<u8>)]) -> Result<Part, Fault> {
    let latin: Vec<(String, String)> = headers
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                value.iter().copied().map(char::from).collect(),
            )
        })
        .collect();
    let disposition = headers
        .iter()
        .rev()
        .find(|(name, _)| name == "content-disposition")
        .map(|(_, value)| text(value))
        .unwrap_or_default();
    Ok(Part {
        name: parameter(&disposition, "name").ok_or(Fault::NoName)?,
        filename: parameter(&disposition, "filename"),
        headers: latin,
        content: Vec::new(),
    })
}

/// UTF-8, or Latin-1 where it is none.
pub(super) fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}

/// The content before the next boundary, what follows that, and whether it was the last one.
fn content<'a>(rest: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8], bool)> {
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(&rest[from..], delimiter)?;
        match &rest[at + delimiter.len()..] {
            [b'\r', b'\n', tail @ ..] => return Some((&rest[..at], tail, false)),
            [b'-', b'-', tail @ ..] => return Some((&rest[..at], tail, true)),
            [] | [b'\r' | b'-'] => return None,
            _ => from = at + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(body: &str) -> Result<Vec<String>, Fault> {
        let named =
            |part: Part| format!("{}={}", part.name, String::from_utf8_lossy(&part.content));
        parts(body.as_bytes(), "B").map(|parts| parts.into_iter().map(named).collect())
    }

    #[test]
    fn what_breaks_off_is_left_out_and_what_follows_is_passed_over() {
        let one = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let two = one.replace("\"a\"", "b").replace("\r\n1", "\r\n2");
        let both = Ok(vec!["a=1".to_owned(), "b=2".to_owned()]);
        assert_eq!(names(&format!("{one}{two}--B--\r\nrest")), both);
        assert_eq!(names(&format!("\r\n\r\n{one}{two}--B--")), both);
        assert_eq!(names(&format!("{one}{two}")), Ok(vec!["a=1".to_owned()]));
        assert_eq!(names(&format!("x{one}--B--")), Err(Fault::Grammar));
        assert_eq!(names(&one.replace("\r\n", "\n")), Err(Fault::Grammar));
        assert_eq!(names("--B\r\nX: y\r\n\r\n1\r\n--B--"), Err(Fault::NoName));
        assert_eq!(names("--B--\r\n"), Ok(Vec::new()));
        assert_eq!(names(""), Ok(Vec::new()));
    }

    #[test]
    fn parameters_may_be_quoted() {
        let disposition = r#"form-data; name="a \"b\""; filename=c.mp3; x"#;
        assert_eq!(parameter(disposition, "name").as_deref(), Some("a \"b\""));
        assert_eq!(parameter(disposition, "FILENAME").as_deref(), Some("c.mp3"));
        assert_eq!(
            parameter("multipart/form-data; boundary=", "boundary").as_deref(),
            Some("")
        );
        assert_eq!(parameter("multipart/form-data", "boundary"), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in "(--B|\r\n|Content-Disposition: form-data; name=|[a-z\":;=-]){0,30}") {
            let _ = parts(body.as_bytes(), "B");
            let _ = parameter(&body, "name");
        }
    }
}
