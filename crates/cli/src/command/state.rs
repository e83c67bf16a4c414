//! What `check` keeps for `resume`: what the scenarios hold that would have had to wait, tokens above
//! all, in a file of the user's state folder. No report ever holds them. On Unix the file is for its
//! owner alone from its first byte on; on Windows it is as private as its folder, which is one of the
//! user's profile unless `LOCUM_STATE_DIR` names another.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use locum_harness::run::{Manners, PendingScenario};
use serde::{Deserialize, Serialize};

/// The version of the file's shape.
const VERSION: u32 = 3;

/// What is kept of one run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// What stands before the vendor's documented paths.
    pub(super) url: String,
    /// How the endpoint was treated.
    pub(super) manners: Manners,
    /// How many scenarios were to run side by side; `None` where nothing was said.
    pub(super) jobs: Option<u16>,
    /// The file of accepted findings, by its absolute path.
    pub(super) baseline: Option<String>,
    /// The file to which alerts are pinned.
    pub(super) sarif_anchor: Option<String>,
    /// The scenarios that are not over.
    pub(super) pending: Vec<PendingScenario>,
}

impl State {
    /// What is kept of a run at `url`, where nothing is pending and no finding accepted.
    pub(super) const fn new(url: String, manners: Manners) -> Self {
        Self {
            version: VERSION,
            url,
            manners,
            jobs: None,
            baseline: None,
            sarif_anchor: None,
            pending: Vec::new(),
        }
    }

    /// Reads what was kept of the run `id`; `None` where nothing is.
    pub(super) fn read(id: &str) -> Option<Self> {
        let text = fs::read_to_string(file(id)?).ok()?;
        let state: Self = serde_json::from_str(&text).ok()?;
        (state.version == VERSION).then_some(state)
    }

    /// Writes it, or takes the file away where nothing is left to keep.
    pub(super) fn write(&self, id: &str) -> Result<(), String> {
        let path = file(id);
        if self.pending.is_empty() {
            // A file that was never there need not go.
            drop(path.map(fs::remove_file));
            return Ok(());
        }
        let path = path.ok_or("no folder for it: set LOCUM_STATE_DIR")?;
        let text = serde_json::to_string(self).map_err(|error| error.to_string())?;
        private(&path, &text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// `LOCUM_STATE_DIR`, else the folder that the system has for it.
pub(super) fn folder() -> Option<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let below = |name: &str, path: &str| Some(PathBuf::from(given(name)?).join(path));
    given("LOCUM_STATE_DIR")
        .map(PathBuf::from)
        .or_else(|| below("XDG_STATE_HOME", "locum"))
        .or_else(|| below("HOME", ".local/state/locum"))
        .or_else(|| below("LOCALAPPDATA", "locum"))
}

fn file(id: &str) -> Option<PathBuf> {
    // The id of a run comes from a file: it names no other place.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_plain = !id.is_empty() && id.chars().all(plain);
    is_plain
        .then(folder)
        .flatten()
        .map(|folder| folder.join(format!("{id}.json")))
}

/// Writes a file that on Unix its owner alone can read, from its first byte on.
fn private(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = path.with_extension("part");
    let _ = fs::remove_file(&part);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&part)?.write_all(text.as_bytes())?;
    fs::rename(&part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run with nothing pending said that it could not be resumed.
    #[test]
    fn nothing_pending_needs_no_folder() {
        let state = State::new("http://h".to_owned(), Manners::default());
        assert_eq!(state.write("../x"), Ok(()));
    }

    #[test]
    fn the_id_of_a_run_leads_nowhere_else() {
        for odd in ["", "..", "../x", "a/b", "a.json"] {
            assert_eq!(file(odd), None, "{odd}");
        }
    }
}
