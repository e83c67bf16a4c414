//! The file that says which port was taken, for programs that wait for it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Failure;

/// A file that is there from the moment the server answers until it stops.
#[derive(Debug)]
pub(super) struct PortFile {
    path: PathBuf,
    /// What stood in it before.
    before: Option<String>,
    /// What this server wrote.
    own: OnceLock<String>,
}

impl PortFile {
    /// Takes away what an earlier run may have left, so that nobody reads an old port.
    ///
    /// # Errors
    /// When there is such a file and it cannot be removed.
    pub(super) fn clear(path: &Path) -> Result<Self, Failure> {
        let before = match path.is_file() {
            true => std::fs::read_to_string(path).ok(),
            false => None,
        };
        if path.is_file() {
            std::fs::remove_file(path).map_err(|error| failed(path, &error))?;
        }
        Ok(Self {
            path: path.to_owned(),
            before,
            own: OnceLock::new(),
        })
    }

    /// Writes the port: whoever sees the file sees all of it.
    ///
    /// # Errors
    /// When its folder cannot be written to.
    pub(super) fn write(&self, port: u16) -> Result<(), Failure> {
        let text = self.own.get_or_init(|| format!("{port}\n"));
        // A pipe or a device cannot be renamed over.
        let result = if self.path.exists() {
            std::fs::write(&self.path, text)
        } else {
            let mut new = self.path.clone().into_os_string();
            new.push(format!(".{}", std::process::id()));
            std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &self.path))
        };
        result.map_err(|error| failed(&self.path, &error))
    }
}

/// The file of another server, which may run on where this one did not start, stays as it was.
impl Drop for PortFile {
    fn drop(&mut self) {
        match (self.own.get(), &self.before) {
            (None, Some(before)) if !self.path.exists() => {
                let _ = std::fs::write(&self.path, before);
            }
            (Some(own), _)
                if self.path.is_file()
                    && std::fs::read_to_string(&self.path).is_ok_and(|text| text == *own) =>
            {
                let _ = std::fs::remove_file(&self.path);
            }
            _ => {}
        }
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!(
        "cannot write the port file {}: {error}",
        path.display()
    ))
    .hint("name a file in a folder that exists and can be written to")
}
