//! What is heard in the sound: invented sentences, the same for the same bytes.

use locum_core::Timestamp;
use serde_json::{Value, json};

use super::Kind;
use super::config::Config;

/// Bytes of a second of sound, as if it were 16 bits at 16 kHz in one channel.
const BYTES_A_SECOND: u64 = 32_000;

/// A facts message follows after so many transcripts.
const TRANSCRIPTS_A_FACT: u64 = 4;

const SENTENCES: [&str; 8] = [
    "Good morning, what brings you here today?",
    "I have had a cough for about two weeks.",
    "Do you bring anything up when you cough?",
    "A little, mostly in the morning.",
    "Any fever or shortness of breath?",
    "No fever, but I get tired on the stairs.",
    "Then I would like to listen to your chest.",
    "Thank you, that is what I hoped for.",
];

const FACTS: [(&str, &str); 4] = [
    ("history-of-present-illness", "Cough for two weeks"),
    (
        "history-of-present-illness",
        "Productive cough in the morning",
    ),
    ("history-of-present-illness", "Exertional fatigue, no fever"),
    ("plan", "Auscultation of the chest"),
];

/// The sound of one session.
#[derive(Debug)]
pub(super) struct Speech {
    kind: Kind,
    config: Config,
    /// The interaction, for transcripts of /streams.
    interaction: String,
    /// Bytes that a transcript is made of.
    step: u64,
    /// Bytes received so far.
    heard: u64,
    /// Bytes that transcripts were made of.
    told: u64,
    transcripts: u64,
    facts: u64,
}

impl Speech {
    /// No sound yet.
    pub(super) fn new(kind: Kind, config: Config, interaction: String, step: u64) -> Self {
        Self {
            kind,
            config,
            interaction,
            step: step.max(1),
            heard: 0,
            told: 0,
            transcripts: 0,
            facts: 0,
        }
    }

    /// Takes `length` bytes and says what was heard meanwhile.
    pub(super) fn hear(&mut self, length: usize, note: &mut Note<'_>) -> Vec<Value> {
        self.heard += length as u64;
        let mut messages = Vec::new();
        while self.heard - self.told >= self.step {
            self.tell(self.told + self.step, &mut messages);
            if self.transcripts.is_multiple_of(TRANSCRIPTS_A_FACT) {
                messages.extend(self.fact(note));
            }
        }
        messages
    }

    /// Says what is left, at a flush or at the end.
    pub(super) fn rest(&mut self, note: &mut Note<'_>) -> Vec<Value> {
        let mut messages = Vec::new();
        if self.heard > self.told {
            self.tell(self.heard, &mut messages);
        }
        if self.transcripts.div_ceil(TRANSCRIPTS_A_FACT) > self.facts {
            messages.extend(self.fact(note));
        }
        messages
    }

    /// A tenth of a credit for each minute begun.
    pub(super) fn tenths(&self) -> u32 {
        u32::try_from(self.heard.div_ceil(60 * BYTES_A_SECOND)).unwrap_or(u32::MAX)
    }

    fn tell(&mut self, until: u64, messages: &mut Vec<Value>) {
        let (start, end) = (seconds(self.told), seconds(until));
        let text = turn(&SENTENCES, self.transcripts);
        match self.kind {
            Kind::Streams => messages.push(self.segment(text, start, end)),
            Kind::Transcribe => {
                if self.config.interim {
                    messages.push(result(first_words(text), start, end, false));
                }
                messages.push(result(text, start, end, true));
            }
        }
        self.told = until;
        self.transcripts += 1;
    }

    fn segment(&self, text: &str, start: f64, end: f64) -> Value {
        let speaker = match self.config.diarized {
            true => i64::from(!self.transcripts.is_multiple_of(2)),
            // "Speaker identifier (-1 if diarization is off)"
            false => -1,
        };
        json!({"type": "transcript", "data": [{
            "id": self.interaction,
            "transcript": text,
            "final": true,
            "speakerId": speaker,
            "participant": {"channel": self.config.channel},
            "time": {"start": start, "end": end},
        }]})
    }

    fn fact(&mut self, note: &mut Note<'_>) -> Option<Value> {
        if self.kind != Kind::Streams || !self.config.facts {
            return None;
        }
        let (group, text) = turn(&FACTS, self.facts);
        self.facts += 1;
        let fact = json!({
            "id": (note.id)(),
            "text": text,
            "group": group,
            "groupId": (note.id)(),
            "isDiscarded": false,
            "source": "core",
            "createdAt": note.now.rfc3339(),
        });
        let mut message = json!({ "type": "facts" });
        message[note.key] = Value::Array(vec![fact]);
        Some(message)
    }
}

/// What a fact needs beside its words.
pub(super) struct Note<'a> {
    /// Makes an id.
    pub(super) id: &'a mut dyn FnMut() -> String,
    /// The stage's time.
    pub(super) now: Timestamp,
    /// The member that holds the facts.
    pub(super) key: &'a str,
}

fn result(text: &str, start: f64, end: f64, is_final: bool) -> Value {
    json!({"type": "transcript", "data": {
        "text": text,
        "rawTranscriptText": text.to_lowercase().replace(['.', ',', '?'], ""),
        "start": start,
        "end": end,
        "isFinal": is_final,
    }})
}

fn first_words(text: &str) -> &str {
    text.match_indices(' ')
        .nth(2)
        .map_or(text, |(at, _)| &text[..at])
}

fn turn<T: Copy>(list: &[T], number: u64) -> T {
    let length = list.len() as u64;
    // The remainder is smaller than the list.
    list[usize::try_from(number % length).unwrap_or(0)]
}

fn seconds(bytes: u64) -> f64 {
    // Whole milliseconds; a session of 49 days is longer than any clock of a test.
    f64::from(u32::try_from(bytes * 1000 / BYTES_A_SECOND).unwrap_or(u32::MAX)) / 1000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config(facts: bool) -> Config {
        Config {
            sent: Value::Null,
            facts,
            diarized: true,
            interim: true,
            channel: 0,
        }
    }

    fn said(kind: Kind, pieces: &[usize]) -> Vec<Value> {
        let mut speech = Speech::new(kind, config(true), "i".to_owned(), 8000);
        let mut id = || "id".to_owned();
        let mut note = Note {
            id: &mut id,
            now: Timestamp::from_seconds(0),
            key: "fact",
        };
        let mut all: Vec<Value> = pieces
            .iter()
            .flat_map(|&piece| speech.hear(piece, &mut note))
            .collect();
        all.extend(speech.rest(&mut note));
        all
    }

    #[test]
    fn a_quarter_of_a_second_is_a_sentence() {
        let all = said(Kind::Streams, &[8000, 8000, 100]);
        let types: Vec<_> = all
            .iter()
            .map(|message| message["type"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(types, ["transcript", "transcript", "transcript", "facts"]);
        assert_eq!(
            all[1]["data"][0]["time"],
            json!({"start": 0.25, "end": 0.5})
        );
        assert_eq!(all[1]["data"][0]["speakerId"], 1);
        let all = said(Kind::Transcribe, &[8000]);
        assert_eq!(all[0]["data"]["isFinal"], false);
        assert_eq!(all[1]["data"]["isFinal"], true);
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn silence_says_nothing_and_costs_nothing() {
        assert!(said(Kind::Streams, &[]).is_empty());
        let mut speech = Speech::new(Kind::Streams, config(false), String::new(), 8000);
        assert_eq!(speech.tenths(), 0);
        speech.heard = 1;
        assert_eq!(speech.tenths(), 1);
        speech.heard = 60 * BYTES_A_SECOND + 1;
        assert_eq!(speech.tenths(), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// How the sound is cut into frames changes nothing.
        #[test]
        fn the_same_sound_says_the_same(pieces in proptest::collection::vec(0usize..20_000, 0..8)) {
            let whole: usize = pieces.iter().sum();
            prop_assert_eq!(said(Kind::Streams, &pieces), said(Kind::Streams, &[whole]));
            prop_assert_eq!(said(Kind::Transcribe, &pieces), said(Kind::Transcribe, &[whole]));
        }
    }
}
