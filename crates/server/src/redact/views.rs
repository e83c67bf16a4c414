//! A text as its readers may see it: with the escapes of URLs, JSON and HTML undone, in any order
//! and several times over. Each byte of such a view knows where it stands in the text.

/// Most views of one text; whoever nests escapes deeper hides something.
const MAX_VIEWS: usize = 16;

/// One reading of a text.
#[derive(Debug)]
pub(super) struct View {
    /// What is read.
    pub(super) bytes: Vec<u8>,
    /// Where each byte begins in the text, and where the text ends.
    starts: Vec<usize>,
}

impl View {
    /// The part of the text that `range` of the view was read from.
    pub(super) fn source(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        self.starts[range.start]..self.starts[range.end]
    }
}

/// An escape: how many bytes it takes, and what it stands for.
type Escape = (usize, [u8; 4], usize);

/// A byte that begins escapes, and what reads one.
type Kind = (u8, fn(&[u8]) -> Option<Escape>);

/// The readings of `text` beside the one as it stands; `None` when there are too many.
pub(super) fn of(text: &[u8]) -> Option<Vec<View>> {
    let mut views: Vec<View> = Vec::new();
    let marks = [b'%', b'\\', b'&'];
    if memchr::memchr3(marks[0], marks[1], marks[2], text).is_none() {
        return Some(views);
    }
    let mut done = 0;
    let first: Vec<View> = readings(text, None);
    extend(&mut views, first, text)?;
    while done < views.len() {
        let next = readings(&views[done].bytes, Some(&views[done].starts));
        extend(&mut views, next, text)?;
        done += 1;
    }
    Some(views)
}

/// What a JSON string says.
pub(super) fn json_string(spelled: &str) -> View {
    let text = spelled.as_bytes();
    reading(text, None, b'\\', json).unwrap_or_else(|| View {
        bytes: text.to_vec(),
        starts: (0..=text.len()).collect(),
    })
}

/// The same without the places.
pub(super) fn decodings(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    of(text).map(|views| views.into_iter().map(|view| view.bytes).collect())
}

fn extend(views: &mut Vec<View>, more: Vec<View>, text: &[u8]) -> Option<()> {
    for view in more {
        if view.bytes == text || views.iter().any(|have| have.bytes == view.bytes) {
            continue;
        }
        if views.len() == MAX_VIEWS {
            return None;
        }
        views.push(view);
    }
    Some(())
}

fn readings(text: &[u8], starts: Option<&[usize]>) -> Vec<View> {
    let kinds: [Kind; 3] = [(b'%', percent), (b'\\', json), (b'&', html)];
    kinds
        .into_iter()
        .filter_map(|(mark, escape)| reading(text, starts, mark, escape))
        .collect()
}

/// The text with one kind of escapes undone; `None` when it has none.
fn reading(
    text: &[u8],
    starts: Option<&[usize]>,
    mark: u8,
    escape: fn(&[u8]) -> Option<Escape>,
) -> Option<View> {
    let mut marks = memchr::memchr_iter(mark, text).peekable();
    marks.peek()?;
    let at_source = |at: usize| starts.map_or(at, |starts| starts[at]);
    let mut view = View {
        bytes: Vec::with_capacity(text.len()),
        starts: Vec::with_capacity(text.len() + 1),
    };
    let (mut at, mut found) = (0, false);
    for mark in marks {
        if mark < at {
            continue;
        }
        let Some((length, plain, count)) = escape(&text[mark..]) else {
            continue;
        };
        found = true;
        view.bytes.extend_from_slice(&text[at..mark]);
        view.starts.extend((at..mark).map(at_source));
        view.bytes.extend_from_slice(&plain[..count]);
        view.starts
            .extend(std::iter::repeat_n(at_source(mark), count));
        at = mark + length;
    }
    view.bytes.extend_from_slice(&text[at..]);
    view.starts.extend((at..=text.len()).map(at_source));
    found.then_some(view)
}

fn one(length: usize, byte: u8) -> Escape {
    (length, [byte, 0, 0, 0], 1)
}

fn character(length: usize, letter: char) -> Escape {
    let mut bytes = [0; 4];
    let count = letter.encode_utf8(&mut bytes).len();
    (length, bytes, count)
}

/// `%41`.
fn percent(text: &[u8]) -> Option<Escape> {
    let hex = std::str::from_utf8(text.get(1..3)?).ok()?;
    let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = u8::from_str_radix(hex, 16).ok().filter(|_| is_hex)?;
    Some(one(3, byte))
}

/// `\n`, `\u0041`, surrogate pairs; `\x41` of languages that write it.
fn json(text: &[u8]) -> Option<Escape> {
    let unit = |at: usize, count: usize| {
        let hex = std::str::from_utf8(text.get(at..at + count)?).ok()?;
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(hex, 16).ok().filter(|_| is_hex)
    };
    Some(match text.get(1)? {
        b'n' => one(2, b'\n'),
        b'r' => one(2, b'\r'),
        b't' => one(2, b'\t'),
        b'b' => one(2, 8),
        b'f' => one(2, 12),
        b'u' => {
            let first = unit(2, 4)?;
            if let Some(letter) = char::from_u32(first) {
                return Some(character(6, letter));
            }
            let second = (text.get(6..8) == Some(b"\\u"))
                .then(|| unit(8, 4))
                .flatten();
            let low = second.filter(|low| first < 0xDC00 && (0xDC00..0xE000).contains(low));
            match low {
                Some(low) => {
                    let code = 0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00);
                    character(12, char::from_u32(code)?)
                }
                None => character(6, '\u{fffd}'),
            }
        }
        b'x' => character(4, char::from_u32(unit(2, 2)?)?),
        byte @ (b'"' | b'\\' | b'/' | b'\'') => one(2, *byte),
        _ => return None,
    })
}

/// `&amp;`, `&#39;`, `&#x27;`.
fn html(text: &[u8]) -> Option<Escape> {
    let end = text.iter().take(10).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some(character(end + 1, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let views = of(text.as_bytes()).expect("few views");
        let read = views.iter().any(|view| view.bytes == expected.as_bytes());
        assert!(read, "{text} -> {views:?}");
    }

    #[test]
    fn escapes_are_undone_in_any_order_and_depth() {
        check("%61b", "ab");
        check("%2561b", "ab");
        check("\\u0061b\\\\", "ab\\");
        check("\\u0025\\u0036\\u0031b", "ab");
        check("%5Cu0061b", "ab");
        check("\\ud83d\\ude00", "😀");
        check("a&amp;b&#x27;", "a&b'");
        assert!(of(b"plain").is_some_and(|views| views.is_empty()));
    }

    #[test]
    fn a_view_knows_where_it_was_read() {
        let views = of(b"x%61b\\u0063d").expect("few views");
        let view = views
            .iter()
            .find(|view| view.bytes == b"xabcd")
            .expect("it is there");
        assert_eq!(view.source(1..2), 1..4);
        assert_eq!(view.source(3..4), 5..11);
        assert_eq!(view.source(0..5), 0..12);
    }

    #[test]
    fn escapes_within_escapes_end_somewhere() {
        let deep = format!("%{}61", "25".repeat(40));
        assert!(of(deep.as_bytes()).is_none());
    }
}
