//! Filters of lists: which entries they leave, and by which value one tells.

use std::time::Duration;

use locum_core::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A filter of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The parameter that asks for it.
    pub parameter: String,
    /// The member of an entry that it looks at, as a pointer.
    pub member: String,
    /// Which entries it leaves.
    pub keeps: Kept,
}

/// Which entries a filter leaves, by what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Those whose member is the same.
    Same,
    /// Those whose member is a list that holds it.
    Among,
    /// Those whose member is an object that has it, as `NAME:VALUE`.
    Pair,
    /// Those whose number lies between two, as `LEAST:MOST`.
    Between,
    /// Those whose date is the same or a later one.
    From,
    /// Those whose date is the same or an earlier one.
    Until,
    /// Those whose time lies on that day or later.
    FromDay,
    /// Those whose time lies on that day or earlier.
    UntilDay,
}

/// How far the zone that a vendor counts days in may lie behind UTC, and before it.
const ZONES: (Duration, Duration) = (
    Duration::from_secs(12 * 3600),
    Duration::from_secs(14 * 3600),
);

impl Filter {
    /// Whether an entry stays when `wanted` is asked for; `None` where the page leaves it open, such as
    /// the zone in which a day begins.
    pub fn keeps(&self, entry: &Value, wanted: &str) -> Option<bool> {
        let has = entry.pointer(&self.member);
        let text = has.and_then(Value::as_str);
        match self.keeps {
            Kept::Same => Some(text == Some(wanted)),
            Kept::Among => {
                let list = has.and_then(Value::as_array);
                Some(list.is_some_and(|list| list.iter().any(|one| one == wanted)))
            }
            Kept::Pair => {
                let (name, value) = wanted.split_once(':')?;
                Some(has.is_some_and(|object| object[name] == value))
            }
            Kept::Between => {
                let (least, most) = wanted.split_once(':')?;
                let (least, most): (f64, f64) = (least.parse().ok()?, most.parse().ok()?);
                Some(
                    has?.as_f64()
                        .is_some_and(|number| (least..=most).contains(&number)),
                )
            }
            // Dates as yyyy-MM-dd sort as text.
            Kept::From => Some(text.is_some_and(|date| date >= wanted)),
            Kept::Until => Some(text.is_some_and(|date| date <= wanted)),
            Kept::FromDay => by_day(text?, |day| day >= wanted),
            Kept::UntilDay => by_day(text?, |day| day <= wanted),
        }
    }

    /// What to ask for so that some of `entries` stay and others do not; else so that the first one
    /// stays that has anything to ask for.
    pub fn telling(&self, entries: &[Value]) -> Option<String> {
        let values: Vec<String> = match self.keeps {
            Kept::Between => self.ranges(entries),
            _ => entries
                .iter()
                .flat_map(|entry| self.values(entry))
                .collect(),
        };
        let tells = |wanted: &&String| {
            let comes_to = |kept| {
                entries
                    .iter()
                    .any(|entry| self.keeps(entry, wanted) == Some(kept))
            };
            comes_to(true) && comes_to(false)
        };
        values.iter().find(tells).or(values.first()).cloned()
    }

    /// What an entry stays for.
    fn values(&self, entry: &Value) -> Vec<String> {
        match (self.keeps, entry.pointer(&self.member)) {
            (Kept::Pair, Some(Value::Object(object))) => {
                let pairs = object.iter().filter(|(name, _)| !name.contains(':'));
                let pairs = pairs.filter_map(|(name, value)| Some((name, value.as_str()?)));
                pairs
                    .map(|(name, value)| format!("{name}:{value}"))
                    .collect()
            }
            (Kept::Among, Some(Value::Array(list))) => list
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            (Kept::FromDay | Kept::UntilDay, Some(Value::String(time))) => {
                time.get(..10).map(str::to_owned).into_iter().collect()
            }
            (Kept::Pair | Kept::Among | Kept::Between, _) => Vec::new(),
            (_, Some(Value::String(text))) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// A range around each number of the entries that holds no other one, nor begins or ends at one:
    /// whether its ends belong to it is not documented.
    fn ranges(&self, entries: &[Value]) -> Vec<String> {
        let numbers = entries
            .iter()
            .filter_map(|entry| entry.pointer(&self.member)?.as_f64());
        let mut numbers: Vec<f64> = numbers
            .filter(|number| (0.0..=1.0).contains(number))
            .collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        let middle = |at: usize| {
            let least = at.checked_sub(1).map_or(0.0, |before| numbers[before]);
            let most = numbers.get(at + 1).copied().unwrap_or(1.0);
            let number = numbers[at];
            // As it is written, which is as few digits as a person would write.
            let written = |one, other| format!("{:.4}", f64::midpoint(one, other));
            let (least, most) = (written(least, number), written(number, most));
            let ends: [f64; 2] = [least.parse().ok()?, most.parse().ok()?];
            let is_around = ends[0] < number && number < ends[1];
            let is_at_one = numbers.iter().any(|number| ends.contains(number));
            (is_around && !is_at_one).then(|| format!("{least}:{most}"))
        };
        (0..numbers.len()).filter_map(middle).collect()
    }
}

/// Whether a time lies on a day that `fits`, where that is so or not so in every zone.
fn by_day(time: &str, fits: impl Fn(&str) -> bool) -> Option<bool> {
    let time = Timestamp::parse_rfc3339(time)?;
    let (behind, before) = ZONES;
    let [first, last] = [time.minus(behind), time.plus(before)].map(Timestamp::rfc3339);
    let (first, last) = (fits(first.get(..10)?), fits(last.get(..10)?));
    (first == last).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filter(keeps: Kept) -> Filter {
        Filter {
            parameter: "p".to_owned(),
            member: "/m".to_owned(),
            keeps,
        }
    }

    #[test]
    fn the_value_that_is_asked_for_tells_entries_apart() {
        let telling = |keeps, values: Value| {
            let entries = values.as_array().expect("a list").iter();
            let entries: Vec<Value> = entries.map(|value| json!({"m": value})).collect();
            filter(keeps).telling(&entries)
        };
        for (keeps, values, expected) in [
            (Kept::Same, json!(["a", "b"]), Some("a")),
            (Kept::Same, json!([null, "a", "a"]), Some("a")),
            (
                Kept::Among,
                json!([[], ["x", "y"], ["x"], ["x"]]),
                Some("x"),
            ),
            (Kept::Among, json!([["x", "y"], ["x"]]), Some("y")),
            (
                Kept::Pair,
                json!([{"n": 1, "s": "a:b"}, {"s": "c"}]),
                Some("s:a:b"),
            ),
            (Kept::Between, json!([1, 0.5, 0]), Some("0.2500:0.7500")),
            (Kept::Between, json!([1, 0]), None),
            // Too near to one another for four digits.
            (Kept::Between, json!([0.5, 0.50001]), None),
            (
                Kept::From,
                json!(["2026-01-01", "2026-01-02"]),
                Some("2026-01-02"),
            ),
            (
                Kept::Until,
                json!(["2026-01-02", "2026-01-01"]),
                Some("2026-01-01"),
            ),
            (
                Kept::FromDay,
                json!(["2026-01-01T13:00:00Z", "2026-01-03T13:00:00Z"]),
                Some("2026-01-03"),
            ),
            (Kept::Same, json!([]), None),
        ] {
            assert_eq!(
                telling(keeps, values.clone()).as_deref(),
                expected,
                "{keeps:?} {values}"
            );
        }
    }

    #[test]
    fn a_day_begins_in_any_zone() {
        let keeps = |keeps, time: &str| filter(keeps).keeps(&json!({"m": time}), "2026-01-02");
        for (time, from, until) in [
            ("2026-01-02T13:00:00Z", Some(true), None),
            ("2026-01-02T09:00:00Z", None, Some(true)),
            ("2026-01-04T13:00:00Z", Some(true), Some(false)),
            ("2026-01-01T09:00:00Z", Some(false), Some(true)),
            ("yesterday", None, None),
        ] {
            assert_eq!(keeps(Kept::FromDay, time), from, "{time}");
            assert_eq!(keeps(Kept::UntilDay, time), until, "{time}");
        }
    }
}
