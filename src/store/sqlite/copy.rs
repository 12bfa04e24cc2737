//! A whole copy of a store's file, made while others write it: how a backup is taken, and how one is put back.
//!
//! `VACUUM INTO` and not SQLite's backup interface: that one begins again whenever another connection has written between
//! two of its steps, so beside a busy server it would end never, or have to copy everything in one step. `VACUUM INTO`
//! reads one snapshot, which in the write-ahead log holds nobody up, walks every row on the way, and leaves a file
//! without the free pages, and without a log beside it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{Sqlite, audit, connection, migrate};
use crate::store::{Result, StoreError};

/// A copy that stands beside its place as `….part` until it is kept; dropped before, it is taken away.
pub struct SafeCopy {
    part: PathBuf,
    to: PathBuf,
}

impl SafeCopy {
    /// Copies the store in a file to a place where nothing is, and has SQLite check the copy. Blocks.
    ///
    /// # Errors
    /// `Setup` where the one can't be read or is no store of Osier's, or the other can't be written or is taken; `Newer`;
    /// `Damaged` where SQLite finds the copy, and so the original, broken; `Full`.
    pub fn make(from: &Path, to: &Path) -> Result<SafeCopy> {
        refuse_taken(to)?;
        let source = open(from)?;
        migrate::expect_known(&source, from)?;
        SafeCopy::of(&source, to)?.checked()
    }

    /// The same of a store of this osier or an older one; the copy gets this binary's schema. Blocks.
    ///
    /// # Errors
    /// As `make`.
    pub fn make_current(from: &Path, to: &Path) -> Result<SafeCopy> {
        refuse_taken(to)?;
        let source = open(from)?;
        migrate::expect_store(&source, from)?;
        let copy = SafeCopy::of(&source, to)?;
        migrate::run_missing(&mut open(&copy.part)?, &copy.part)?;
        copy.checked()
    }

    fn of(source: &Connection, to: &Path) -> Result<SafeCopy> {
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let copy = SafeCopy { part: PathBuf::from(part), to: to.to_owned() };
        // SQLite takes an empty file that is there, so the copy is its owner's alone from the start.
        let mut make = OpenOptions::new();
        make.write(true).create_new(true).mode(0o600);
        if let Err(error) = make.open(&copy.part) {
            let part = copy.part.clone();
            // Another's, perhaps one that is under way.
            std::mem::forget(copy);
            return Err(at(&part, &error));
        }
        let name = copy.part.to_str().ok_or_else(|| unusable(&copy.part, "its name is not UTF-8"))?;
        source.execute("VACUUM INTO ?1", [name])?;
        Ok(copy)
    }

    fn checked(self) -> Result<SafeCopy> {
        audit::must_be_whole(&open(&self.part)?)?;
        Ok(self)
    }

    /// The copy as a store to be read.
    ///
    /// # Errors
    /// As `Sqlite::look`.
    pub fn store(&self) -> Result<Sqlite> {
        Sqlite::look(&self.part)
    }

    /// Makes the copy durable and gives it its name.
    ///
    /// # Errors
    /// `Setup` where the place was taken meanwhile or the disk fails.
    pub fn keep(self) -> Result<()> {
        let synced =
            |path: &Path| File::open(path).and_then(|file| file.sync_all()).map_err(|e| at(path, &e));
        synced(&self.part)?;
        refuse_taken(&self.to)?;
        fs::rename(&self.part, &self.to).map_err(|error| at(&self.to, &error))?;
        let parent = self.to.parent().filter(|parent| !parent.as_os_str().is_empty());
        synced(parent.unwrap_or(Path::new(".")))
    }
}

impl Drop for SafeCopy {
    fn drop(&mut self) {
        // Kept, it has gone from here already.
        let _ = fs::remove_file(&self.part);
    }
}

fn refuse_taken(to: &Path) -> Result<()> {
    match to.symlink_metadata() {
        Ok(_) => Err(unusable(to, "it is there already")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(to, &error)),
    }
}

/// A file that is there: nothing is made where nothing is.
fn open(path: &Path) -> Result<Connection> {
    File::open(path).map_err(|error| at(path, &error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(connection::wait))?;
    Ok(connection)
}

fn at(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full(format!("{}: {error}", path.display())),
        io::ErrorKind::AlreadyExists => unusable(
            path,
            "it is there already: another copy is under way, or one was cut off; then remove it",
        ),
        _ => unusable(path, &error.to_string()),
    }
}

fn unusable(path: &Path, why: &str) -> StoreError {
    StoreError::Setup(format!("{}: {why}", path.display()))
}
