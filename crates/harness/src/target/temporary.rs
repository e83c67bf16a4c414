//! What a run lays down for the clients that it judges, and takes away when it ends.

use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The file with the certificate of the run's authority. It is removed when it is dropped.
#[derive(Debug)]
pub struct AuthorityFile(PathBuf);

impl AuthorityFile {
    /// Writes `pem` to a new file.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(pem: &str) -> Result<Self> {
        let (path, mut file) = fresh("ca", ".pem", |path| std::fs::File::create_new(path))?;
        let written = Self(path);
        file.write_all(pem.as_bytes())?;
        Ok(written)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for AuthorityFile {
    fn drop(&mut self) {
        // Whoever removed it before has done the same.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A folder of a scenario whose clients store tokens, for the user's eyes alone. It is removed with
/// all that is in it when it is dropped.
#[derive(Debug)]
pub struct StorageFolder(PathBuf);

impl StorageFolder {
    /// Makes a new one.
    ///
    /// # Errors
    /// What the system says.
    pub fn make() -> Result<Self> {
        let (path, ()) = fresh("store", "", |path| {
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path)
        })?;
        Ok(Self(path))
    }

    /// The file in which tokens may be kept; there is none at first.
    pub fn file(&self) -> PathBuf {
        self.0.join("tokens")
    }
}

impl Drop for StorageFolder {
    fn drop(&mut self) {
        // What is left of it costs room and no verdict.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes what nobody has made before, whatever stands there already: the system refuses a name that
/// is taken, also one that somebody guessed.
fn fresh<T>(kind: &str, end: &str, make: impl Fn(&Path) -> Result<T>) -> Result<(PathBuf, T)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("locum-{kind}-{}-{number}{end}", std::process::id());
        let path = std::env::temp_dir().join(name);
        match make(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|made| (path, made)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_its_own_is_there_as_long_as_it_is_needed() {
        let [one, other] = [(); 2].map(|()| AuthorityFile::write("pem").expect("written"));
        let path = one.path().to_owned();
        assert_ne!(path, other.path());
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "pem");
        drop(one);
        let folder = StorageFolder::make().expect("made");
        std::fs::write(folder.file(), "t").expect("it is writable");
        let kept = folder.file();
        drop(folder);
        assert!(!kept.exists());
        assert!(!path.exists() && other.path().exists());
    }
}
