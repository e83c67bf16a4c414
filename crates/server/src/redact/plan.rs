//! What of a text is replaced, and by which names.

use std::ops::Range;

use locum_core::Secret;

use super::vocabulary;

/// How a place of a text is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It is a credential, this one: its name stands there, or its length.
    Mask(Secret),
    /// It is a credential, this one, and this stands there.
    Name(Secret, String),
    /// It may be a token: its name stands there when it was issued here, else it stays.
    Candidate(Secret),
    /// This stands there.
    Replace(String),
}

/// A place of a text.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) range: Range<usize>,
    pub(super) treatment: Treatment,
    /// Whether the replacement needs quotes to remain JSON.
    pub(super) quoted: bool,
    /// Whether it is a password or secret, which lives on when the request sets it.
    pub(super) lasting: bool,
}

/// The places of one text.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) marks: Vec<Mark>,
    /// Where what only looks like a token stays.
    pub(super) public: Vec<Range<usize>>,
}

/// What stands in place of a credential that nobody knows.
pub(super) fn unknown(length: usize) -> String {
    match length {
        1 => "«unknown, 1 byte»".to_owned(),
        length => format!("«unknown, {length} bytes»"),
    }
}

impl Plan {
    /// Masks `range`, which holds the credential `value`.
    pub(super) fn mask(&mut self, range: Range<usize>, value: impl Into<String>) {
        self.put(range, Treatment::Mask(Secret::new(value)));
    }

    /// The mark that was put last is a password or secret when its name says so.
    pub(super) fn named(&mut self, name: &str) {
        if let Some(mark) = self.marks.last_mut() {
            mark.lasting = vocabulary::is_lasting(name);
        }
    }

    /// Treats `range` so, unless it is empty.
    pub(super) fn put(&mut self, range: Range<usize>, treatment: Treatment) {
        if !range.is_empty() {
            self.marks.push(Mark {
                range,
                treatment,
                quoted: false,
                lasting: false,
            });
        }
    }

    /// Masks `range` with quotes around the name.
    pub(super) fn mask_quoted(&mut self, range: Range<usize>, value: &str) {
        self.marks.push(Mark {
            range,
            treatment: Treatment::Mask(Secret::new(value)),
            quoted: true,
            lasting: false,
        });
    }

    /// Whether `range` is masked already, as it stands.
    pub(super) fn has_masked(&self, range: &Range<usize>) -> bool {
        self.marks.iter().any(|mark| {
            mark.range == *range
                && matches!(mark.treatment, Treatment::Mask(_) | Treatment::Name(..))
        })
    }

    /// Whether `range` lies where tokens are public.
    pub(super) fn is_public(&self, range: &Range<usize>) -> bool {
        self.public
            .iter()
            .any(|public| public.start <= range.start && range.end <= public.end)
    }

    /// The text with `names` in place of the marks, cut after about `limit` bytes. A name that is
    /// `None` leaves its place as it is. Where marks overlap, the first that begins and then the
    /// longest names the whole.
    pub(super) fn render(&self, text: &str, names: &[Option<String>], limit: usize) -> String {
        let mut order: Vec<usize> = (0..self.marks.len())
            .filter(|at| names[*at].is_some())
            .collect();
        order.sort_by_key(|at| {
            let range = &self.marks[*at].range;
            (range.start, std::cmp::Reverse(range.end))
        });
        let mut safe = String::with_capacity(text.len().min(limit) + 16);
        let (mut done, mut order) = (0, order.into_iter().peekable());
        while let Some(at) = order.next() {
            let mark = &self.marks[at];
            let mut end = mark.range.end;
            while let Some(next) = order.next_if(|next| self.marks[*next].range.start < end) {
                end = end.max(self.marks[next].range.end);
            }
            if mark.range.start >= limit {
                break;
            }
            // A view may mark within a character.
            let start = text.floor_char_boundary(mark.range.start).max(done);
            safe.push_str(&text[done..start]);
            let name = names[at].as_deref().unwrap_or_default();
            if mark.quoted {
                safe.push('"');
            }
            safe.push_str(name);
            if mark.quoted {
                safe.push('"');
            }
            done = text.ceil_char_boundary(end).max(start);
        }
        if done < limit {
            let end = text.floor_char_boundary(limit.min(text.len()));
            safe.push_str(&text[done..end]);
            done = end;
        }
        if done < text.len() {
            safe.push('…');
        }
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_marks_become_one_and_the_cut_splits_none() {
        let mut plan = Plan::default();
        plan.mask(2..5, "x");
        plan.mask(4..8, "y");
        plan.put(9..10, Treatment::Candidate(Secret::new("z")));
        let names = [Some("«a»".to_owned()), Some("«b»".to_owned()), None];
        assert_eq!(plan.render("0123456789ä", &names, 100), "01«a»89ä");
        assert_eq!(plan.render("0123456789ä", &names, 11), "01«a»89…");
        assert_eq!(plan.render("0123456789", &names, 3), "01«a»…");
        assert_eq!(plan.render("0123456789", &names, 1), "0…");
    }
}
