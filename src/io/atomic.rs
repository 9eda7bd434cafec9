//! Files that are written as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The error for what went wrong with a file.
pub(crate) fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Io { path: path.to_path_buf(), kind: error.kind(), reason: error.to_string() }
}

/// Writes a file as a whole or not at all: into one beside it first, which then takes its place.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        // A link stays a link: what it leads to is replaced.
        let beside = |link: PathBuf| path.parent().map_or_else(|| link.clone(), |parent| parent.join(&link));
        let target = fs::canonicalize(path)
            .or_else(|_| fs::read_link(path).map(beside))
            .unwrap_or_else(|_| path.to_path_buf());
        let old = fs::metadata(&target).ok();
        if old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir()) {
            // A pipe or a device is written to.
            return fs::write(&target, bytes);
        }
        let folder = match target.parent() {
            Some(parent) if parent != Path::new("") => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let mut temporary = new_file(&folder)?;
        temporary.write_all(bytes)?;
        if let Some(old) = old.filter(fs::Metadata::is_file) {
            temporary.as_file().set_permissions(old.permissions())?;
        }
        temporary.as_file().sync_all()?;
        temporary.persist(&target).map_err(|error| error.error)?;
        // So that the new name survives a power failure; not every system can do it.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    };
    write().map_err(|error: io::Error| failed(path, &error))
}

/// A file without a lasting name that others may read as they may any new file.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".penchant-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_replaces_all_or_nothing() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("model");
        assert!(write_atomically(&path, b"old").is_ok());
        assert!(write_atomically(&path, b"new").is_ok());
        assert_eq!(fs::read(&path)?, b"new");
        assert!(matches!(write_atomically(&path.join("below"), b"x"), Err(Error::Io { .. })));
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }
}
