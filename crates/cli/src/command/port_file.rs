//! The file that says which port was taken, for programs that wait for it.

use std::path::{Path, PathBuf};

use super::Failure;

/// A file that is there from the moment the server answers until it stops.
#[derive(Debug)]
pub(super) struct PortFile {
    path: PathBuf,
}

impl PortFile {
    /// Takes away what an earlier run may have left, so that nobody reads an old port.
    ///
    /// # Errors
    /// When there is such a file and it cannot be removed.
    pub(super) fn clear(path: &Path) -> Result<Self, Failure> {
        if path.is_file() {
            std::fs::remove_file(path).map_err(|error| failed(path, &error))?;
        }
        let path = path.to_owned();
        Ok(Self { path })
    }

    /// Writes the port: whoever sees the file sees all of it.
    ///
    /// # Errors
    /// When its folder cannot be written to.
    pub(super) fn write(&self, port: u16) -> Result<(), Failure> {
        // A pipe or a device cannot be renamed over.
        let result = if self.path.exists() {
            std::fs::write(&self.path, format!("{port}\n"))
        } else {
            let mut new = self.path.clone().into_os_string();
            new.push(format!(".{}", std::process::id()));
            std::fs::write(&new, format!("{port}\n"))
                .and_then(|()| std::fs::rename(&new, &self.path))
        };
        result.map_err(|error| failed(&self.path, &error))
    }
}

impl Drop for PortFile {
    fn drop(&mut self) {
        if self.path.is_file() {
            let _ = std::fs::remove_file(&self.path);
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
