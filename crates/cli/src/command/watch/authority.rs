//! The file with the certificate of the run's authority, which lives as long as the run.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct AuthorityFile(PathBuf);

impl AuthorityFile {
    /// Writes `pem` to a new file of a name that nobody can know before.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(pem: &str) -> std::io::Result<Self> {
        let name = format!("locum-ca-{:016x}.pem", rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        let mut file = std::fs::File::create_new(&path)?;
        let written = Self(path);
        file.write_all(pem.as_bytes())?;
        Ok(written)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for AuthorityFile {
    fn drop(&mut self) {
        // Whoever removed it before has done the same.
        let _ = std::fs::remove_file(&self.0);
    }
}
