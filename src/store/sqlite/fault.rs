//! What SQLite's errors mean for the caller.

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// The shared memory beside the file could not grow: the disk is full, though SQLite says input/output.
const SHARED_MEMORY_SIZE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = &error else {
            return StoreError::Damaged(error.to_string());
        };
        if failure.extended_code == SHARED_MEMORY_SIZE {
            return StoreError::Full(error.to_string());
        }
        match failure.code {
            ErrorCode::DiskFull => StoreError::Full(error.to_string()),
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::PermissionDenied
            | ErrorCode::OperationAborted
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::OperationInterrupted
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed => StoreError::Unavailable(error.to_string()),
            _ => StoreError::Damaged(error.to_string()),
        }
    }
}

/// At a commit, a disk that fails leaves it open whether the log of the file will be read back with it.
pub(super) fn at_commit(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => StoreError::Unknown(error.to_string()),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
    }

    #[test]
    fn a_full_disk_a_failing_one_and_a_damaged_file_are_told_apart() {
        use rusqlite::ffi;
        let full = [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE];
        assert!(full.iter().all(|code| matches!(failure(*code).into(), StoreError::Full(_))));
        let away = [ffi::SQLITE_BUSY, ffi::SQLITE_IOERR_READ, ffi::SQLITE_CANTOPEN, ffi::SQLITE_READONLY];
        assert!(away.iter().all(|code| matches!(failure(*code).into(), StoreError::Unavailable(_))));
        let damaged = [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_CONSTRAINT_UNIQUE];
        assert!(damaged.iter().all(|code| matches!(failure(*code).into(), StoreError::Damaged(_))));
    }

    #[test]
    fn a_failing_disk_at_a_commit_leaves_the_outcome_unknown() {
        let error = at_commit(failure(rusqlite::ffi::SQLITE_IOERR_FSYNC));
        assert!(matches!(error, StoreError::Unknown(_)));
    }
}
