//! What `locum resume` makes of a run whose rows are PENDING.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::manners::{drain, row, serve};
use super::served::Served;
use super::{command, folder};

/// A run at a mock that stands for the vendor's own endpoint, with a state folder of its own.
struct Run {
    served: Served,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Run {
    /// Judges `ids` of the mock of `vendor`, in the folder of the report; what was said on standard
    /// error.
    fn begin(name: &str, vendor: &str, ids: &str, more: &[&str]) -> (Self, String) {
        Self::begin_at(Served::start(&[]), (name, vendor), ids, more)
    }

    fn begin_at(
        served: Served,
        (name, vendor): (&str, &str),
        ids: &str,
        more: &[&str],
    ) -> (Self, String) {
        let document = served.document();
        let folder = folder(name);
        let mut environment: Vec<(String, String)> = super::tls::account(&document, vendor);
        let state = folder.join("state");
        let state = state.to_str().expect("UTF-8").to_owned();
        environment.push(("LOCUM_STATE_DIR".to_owned(), state));
        let run = Self {
            served,
            folder,
            environment,
        };
        let url = format!("http://{}/{vendor}", run.served.address);
        let arguments = [
            "check",
            vendor,
            "--url",
            &url,
            "--seed",
            "7",
            "--id",
            ids,
            "--report",
            run.path(),
        ];
        let (_, said) = run.call_in(&run.folder, &[&arguments, more].concat());
        (run, said)
    }

    fn path(&self) -> &str {
        self.folder.to_str().expect("UTF-8")
    }

    /// Exit code and standard error of the command.
    fn call(&self, arguments: &[&str]) -> (i32, String) {
        self.call_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments)
    }

    /// The same where the command runs in that folder.
    fn call_in(&self, folder: &Path, arguments: &[&str]) -> (i32, String) {
        let output = command(arguments)
            .current_dir(folder)
            .envs(self.environment.iter().cloned())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().expect("it ended"), said)
    }

    fn resume(&self, more: &[&str]) -> (i32, String) {
        let arguments = ["resume", self.path(), "--wait", "1s"];
        self.call(&[&arguments, more].concat())
    }

    /// The file that keeps what the scenarios hold.
    fn kept(&self) -> PathBuf {
        let mut files = std::fs::read_dir(self.folder.join("state")).expect("it is there");
        files
            .next()
            .expect("one file")
            .expect("it can be read")
            .path()
    }

    /// Changes that file.
    fn change_kept(&self, change: impl FnOnce(&mut Value)) {
        let text = std::fs::read_to_string(self.kept()).expect("a text");
        let mut state = serde_json::from_str(&text).expect("JSON");
        change(&mut state);
        std::fs::write(self.kept(), state.to_string()).expect("it is written");
    }

    /// Both clocks are two hours later; the evidence as it stood before.
    fn let_two_hours_pass(&self) -> String {
        self.let_pass(7200)
    }

    /// Both clocks are so many seconds later: the mock's is turned, and the run is said to have begun
    /// earlier. The evidence as it stood before.
    fn let_pass(&self, seconds: i64) -> String {
        let line = "POST /_locum/stages/default/clock";
        let change = json!({"advance_s": seconds}).to_string();
        let turned = self.served.connect().call(line, &change);
        assert_eq!(turned.0, 200);
        let events = self.folder.join("events.ndjson");
        let text = std::fs::read_to_string(&events).expect("a text");
        let first: Value =
            serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
        let started = first["run"]["started"].as_str().expect("a time").to_owned();
        let began = locum_core::Timestamp::parse_rfc3339(&started).expect("a time");
        let earlier =
            locum_core::Timestamp::from_millis(began.as_millis() - seconds * 1000).rfc3339();
        std::fs::write(&events, text.replacen(&started, &earlier, 1)).expect("it is written");
        text
    }

    /// Lets the run go on at a vendor that takes requests and says nothing.
    fn lead_to_silence(&self) {
        let (hangs, _) = serve(drain);
        self.change_kept(|state| {
            state["url"] = hangs.into();
            state["manners"]["reply_timeout"] = json!({"secs": 0, "nanos": 100_000_000});
        });
    }

    fn results(&self) -> Value {
        let results = std::fs::read_to_string(self.folder.join("results.json")).expect("a text");
        serde_json::from_str(&results).expect("JSON")
    }
}

#[test]
fn what_is_pending_is_finished_later() {
    let (run, said) = Run::begin("resumed", "pattern", "VEN-09", &[]);
    let path = run.path();
    let told = format!("`locum resume {path}` finishes rows that are PENDING, at 2");
    assert!(said.contains(&told), "{said}");
    let kept = run.kept();
    let mut token = String::new();
    run.change_kept(|state| {
        let value = &state["pending"][0]["held"]["tokens"][0]["token"]["value"];
        value.as_str().expect("a token").clone_into(&mut token);
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&kept)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    let (code, said) = run.resume(&[]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("no token of the run has ended yet") && said.contains("come back at 2"),
        "{said}"
    );

    let text = run.let_two_hours_pass();
    let (code, said) = run.resume(&[]);
    assert_eq!(code, 0, "{said}");
    let (verdict, reason) = row(&run.results(), "VEN-09");
    assert_eq!(verdict, "PASS", "{reason}");
    for name in ["events.ndjson", "report.html", "results.json"] {
        let text = std::fs::read_to_string(run.folder.join(name)).expect("a text");
        assert!(!text.contains(&token), "{name}");
    }
    assert!(!kept.exists());

    let (code, said) = run.resume(&[]);
    assert!(
        code == 2 && said.contains("can be resumed on this machine"),
        "{said}"
    );
    let events = run.folder.join("events.ndjson");
    std::fs::write(&events, text.replacen("sha256 ", "sha256 0", 1)).expect("it is written");
    let (code, said) = run.resume(&[]);
    assert!(code == 2 && said.contains("another version"), "{said}");
    let nowhere = run.folder.join("nowhere");
    let (code, said) = run.call(&["resume", nowhere.to_str().expect("UTF-8")]);
    assert!(code == 2 && said.contains("cannot read"), "{said}");
}

/// What a vendor that hung left unreached lost its evidence and its token.
#[test]
fn what_a_resumed_run_does_not_reach_stays_as_it_was() {
    let (run, said) = Run::begin("resumed-in-vain", "pattern", "VEN-09,VEN-26", &[]);
    assert!(said.contains("finishes rows that are PENDING"), "{said}");
    run.let_two_hours_pass();
    let before = std::fs::read_to_string(run.kept()).expect("a text");
    run.lead_to_silence();
    let (code, said) = run.resume(&[]);
    assert_eq!(code, 4, "{said}");
    assert_eq!(run.results()["exit_code"], 4);
    assert!(said.contains("did not go on: "), "{said}");
    for id in ["VEN-09", "VEN-26"] {
        let (verdict, reason) = row(&run.results(), id);
        assert_eq!(verdict, "PENDING", "{id}: {reason}");
    }

    std::fs::write(run.kept(), before).expect("it is written");
    let (code, said) = run.resume(&[]);
    assert_eq!(code, 0, "{said}");
    // Nobody watched the token of VEN-26 from before its end until after it.
    for (id, expected) in [("VEN-09", "PASS"), ("VEN-26", "INCONCLUSIVE")] {
        let (verdict, reason) = row(&run.results(), id);
        assert_eq!(verdict, expected, "{id}: {reason}");
    }
}

/// A scenario that got no reply behind its first wait, and had to wait again, was kept twice: both due,
/// they were taken for those of another run.
#[test]
fn a_scenario_that_waits_twice_is_kept_once() {
    let more = ["--wait", "1ms"];
    let (run, said) = Run::begin("resumed-twice", "pattern", "VEN-26", &more);
    assert!(said.contains("finishes rows that are PENDING"), "{said}");
    let seen = std::fs::read_to_string(run.folder.join("events.ndjson")).expect("a text");
    assert!(seen.contains("--wait is shorter than"), "used at once");
    let before = std::fs::read_to_string(run.kept()).expect("a text");
    let before: Value = serde_json::from_str(&before).expect("JSON");
    // Of an hour: 90 percent are over, the end and five minutes are not.
    run.let_pass(3400);
    run.lead_to_silence();
    let (code, said) = run.resume(&[]);
    assert!(code == 4 && said.contains("did not go on: "), "{said}");
    run.change_kept(|state| {
        assert_eq!(state["pending"].as_array().map(Vec::len), Some(1));
        state["url"] = before["url"].clone();
        state["manners"] = before["manners"].clone();
    });

    run.let_pass(3600);
    let (code, said) = run.resume(&[]);
    assert_eq!(code, 0, "{said}");
    assert_ne!(row(&run.results(), "VEN-26").0, "PENDING", "{said}");
}

/// What was kept went before the new evidence was written: where that failed, both were lost.
#[test]
fn what_cannot_be_written_can_be_resumed_again() {
    let (run, _) = Run::begin("resumed-unwritable", "pattern", "VEN-09", &[]);
    run.let_two_hours_pass();
    // Where the new evidence would stand until all of it is written.
    let in_its_way = run.folder.join("events.ndjson.part");
    std::fs::create_dir(&in_its_way).expect("a folder");
    let (code, said) = run.resume(&[]);
    assert!(code == 2 && said.contains("cannot write to"), "{said}");
    std::fs::remove_dir(&in_its_way).expect("it is empty");
    let (code, said) = run.resume(&[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(row(&run.results(), "VEN-09").0, "PASS", "{said}");
}

/// Findings that were accepted in the first run failed in the resumed one, or where it was resumed in
/// another folder.
#[test]
fn a_resumed_run_has_the_manners_and_the_baseline_of_the_first() {
    let more = [
        "--baseline",
        "accepted.toml",
        "--write-baseline",
        "-j",
        "3",
        "--max-requests",
        "77",
        "--rate",
        "33",
    ];
    let (run, _) = Run::begin("resumed-alike", "pattern", "VEN-09", &more);
    let baseline = run.folder.join("accepted.toml");
    run.change_kept(|state| {
        let manners = &state["manners"];
        let bounds = (&manners["max_requests"], &manners["rate"]);
        assert_eq!(bounds, (&json!(77), &json!(33)), "{state}");
        assert_eq!(state["jobs"], 3);
    });
    run.let_two_hours_pass();
    let written = std::fs::read_to_string(&baseline).expect("a text");
    std::fs::write(&baseline, "no baseline").expect("it is written");
    let (code, said) = run.resume(&[]);
    assert!(code == 2 && said.contains("accepted.toml"), "{said}");
    std::fs::write(&baseline, written).expect("it is written");
    let (code, said) = run.resume(&[]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(row(&run.results(), "VEN-09").0, "PASS", "{said}");
}

/// AWS credentials are kept, too, and sign later; a vendor that never ends them takes them.
#[test]
fn credentials_that_end_late_are_tried_when_they_have_ended() {
    for (is_enforced, expected) in [(true, "PASS"), (false, "FAIL")] {
        let name = format!("resumed-credentials-{is_enforced}");
        let served = Served::start(&[]);
        let settings = json!({"scribe.enforce_expiry": is_enforced}).to_string();
        let line = "PATCH /_locum/stages/default/settings";
        assert_eq!(served.connect().call(line, &settings).0, 200);
        let (run, said) = Run::begin_at(served, (&name, "scribe"), "SIG-17", &[]);
        assert!(said.contains("finishes rows that are PENDING"), "{said}");
        run.let_two_hours_pass();
        // The clock of the vendor was turned; that of this machine was not.
        run.change_kept(|state| state["pending"][0]["held"]["clock_ahead_ms"] = 7_200_000.into());
        let (_, said) = run.resume(&[]);
        let (verdict, reason) = row(&run.results(), "SIG-17");
        assert_eq!(verdict, expected, "{reason}: {said}");
    }
}
