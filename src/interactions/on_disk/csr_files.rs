//! The three arrays of a CSR matrix as files, written row after row.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::records::io;
use crate::error::Result;
use crate::interactions::build::Entries;

/// `indptr` (i64), `indices` (i32) and `values` (f32), little-endian, which get their names when they are complete.
pub(super) struct CsrFiles {
    files: [(PathBuf, BufWriter<File>); 3],
    pub(super) stored: usize,
}

impl CsrFiles {
    /// `NAME.indptr`, `NAME.indices` and `NAME.values`.
    pub(super) fn create(folder: &Path, name: &str) -> Result<Self> {
        let open = |array: &str| {
            let path = folder.join(format!("{name}.{array}"));
            let file = File::create(part(&path)).map_err(|error| io(&path, &error))?;
            Ok((path, BufWriter::with_capacity(1 << 20, file)))
        };
        let mut files = Self { files: [open("indptr")?, open("indices")?, open("values")?], stored: 0 };
        files.write(0, &0_i64.to_le_bytes())?;
        Ok(files)
    }

    /// The next rows.
    pub(super) fn append(&mut self, entries: &Entries) -> Result<()> {
        for end in &entries.indptr[1..] {
            self.write(0, &(self.stored as i64 + end).to_le_bytes())?;
        }
        for index in &entries.indices {
            self.write(1, &index.to_le_bytes())?;
        }
        for value in &entries.values {
            self.write(2, &value.to_le_bytes())?;
        }
        self.stored += entries.indices.len();
        Ok(())
    }

    fn write(&mut self, array: usize, bytes: &[u8]) -> Result<()> {
        let (path, file) = &mut self.files[array];
        file.write_all(bytes).map_err(|error| io(path, &error))
    }

    pub(super) fn finish(self) -> Result<()> {
        for (path, mut file) in self.files {
            let end = file.flush().and_then(|()| file.get_ref().sync_all());
            end.and_then(|()| fs::rename(part(&path), &path)).map_err(|error| io(&path, &error))?;
        }
        Ok(())
    }
}

fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".part");
    PathBuf::from(name)
}
