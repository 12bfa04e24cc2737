//! What the errors of PostgreSQL and of the way to it mean for the caller.

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::store::StoreError;

/// How a statement failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was never sent.
    Unsent(String),
    /// It was sent, and its answer never came: it may have happened.
    Broken(String),
    /// It was sent, and its answer did not come in time: it may have happened, or still happen.
    Late,
    /// The server answered that it did not happen.
    Refused {
        /// The SQLSTATE.
        code: String,
        /// The server's words.
        message: String,
    },
    /// The answer can't be read.
    Unreadable(String),
}

/// A unique key is taken.
pub(super) const TAKEN: &str = "23505";

/// Two statements wait for each other, or would not have had the same effect one after the other.
const COLLISIONS: [&str; 2] = ["40001", "40P01"];

impl Fault {
    /// Whether the same statement may be sent again at once.
    pub fn is_collision(&self) -> bool {
        matches!(self, Fault::Refused { code, .. } if COLLISIONS.contains(&code.as_str()))
    }

    /// Whether a unique key was taken.
    pub fn is_taken(&self) -> bool {
        matches!(self, Fault::Refused { code, .. } if code == TAKEN)
    }

    /// Whether the connection can be used on. One to a server that only reads is better made anew: after a failover
    /// the address leads elsewhere.
    pub fn leaves_connection(&self) -> bool {
        match self {
            Fault::Refused { code, .. } => code != "25006",
            Fault::Unreadable(_) => true,
            Fault::Unsent(_) | Fault::Broken(_) | Fault::Late => false,
        }
    }

    /// As a failed read: nothing was written in any case.
    pub fn of_read(self) -> StoreError {
        match self {
            Fault::Broken(line) => StoreError::Unavailable(line),
            Fault::Late => StoreError::Unavailable("PostgreSQL takes too long".to_owned()),
            other => other.into(),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unsent(line) => StoreError::Unavailable(line),
            Fault::Broken(line) => StoreError::Unknown(line),
            Fault::Late => StoreError::Unknown("PostgreSQL takes too long".to_owned()),
            Fault::Refused { code, message } => refused(&code, message),
            Fault::Unreadable(line) => StoreError::Damaged(line),
        }
    }
}

fn refused(code: &str, message: String) -> StoreError {
    match code {
        "53100" => StoreError::Full(message),
        // Read-only transaction, cancelled (by the time limit), lock not to be had, a file that can't be read now.
        "25006" | "57014" | "55P03" | "58030" => StoreError::Unavailable(message),
        // Connection, authorisation, rollback, resources, operator.
        _ if ["08", "28", "40", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unavailable(message)
        }
        _ => StoreError::Damaged(format!("{message} ({code})")),
    }
}

/// A statement that was sent failed.
pub(super) fn sent(error: Error) -> Fault {
    match error {
        Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            // The server ends the session: its words need not be about the statement.
            Some(error) if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) => {
                Fault::Broken(error.message().to_owned())
            }
            Some(error) => {
                Fault::Refused { code: error.code().to_owned(), message: error.message().to_owned() }
            }
            None => Fault::Unreadable(error.message().to_owned()),
        },
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
            Fault::Broken(error.to_string())
        }
        // Arguments that can't be sent, columns that can't be read: faults of this binary.
        other => Fault::Unreadable(other.to_string()),
    }
}

/// The address can't be read. The words of the parser name no part of it.
pub(super) fn address(error: &Error) -> StoreError {
    let why = match error {
        Error::Configuration(source) => source.to_string(),
        _ => "it has a part that is unknown".to_owned(),
    };
    StoreError::Setup(format!("the address of the PostgreSQL store can't be read: {why}"))
}

/// The first connection failed: for a wrong address the one who starts the server can do something.
pub(super) fn at_open(error: Error) -> StoreError {
    let setup = |why: String| StoreError::Setup(format!("the PostgreSQL store can't be opened: {why}"));
    match error {
        Error::Database(error) => {
            let (code, message) = (error.code().unwrap_or_default(), error.message().to_owned());
            match code.as_ref() {
                // Wrong password or user, no such database, no right to it.
                "28P01" | "28000" | "3D000" | "42501" => setup(message),
                code => refused(code, message),
            }
        }
        Error::Configuration(_) | Error::Tls(_) => setup(error.to_string()),
        other => StoreError::Unavailable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str) -> StoreError {
        Fault::Refused { code: code.to_owned(), message: String::new() }.into()
    }

    #[test]
    fn what_the_server_says_is_told_apart() {
        assert!(matches!(refusal("53100"), StoreError::Full(_)));
        for code in ["57014", "25006", "53300", "57P03", "08006", "40001"] {
            assert!(matches!(refusal(code), StoreError::Unavailable(_)), "{code}");
        }
        for code in ["23505", "42P01", "XX001"] {
            assert!(matches!(refusal(code), StoreError::Damaged(_)), "{code}");
        }
    }

    #[test]
    fn only_a_statement_that_was_sent_leaves_the_outcome_unknown() {
        let line = String::new;
        assert!(matches!(StoreError::from(Fault::Unsent(line())), StoreError::Unavailable(_)));
        assert!(matches!(StoreError::from(Fault::Broken(line())), StoreError::Unknown(_)));
        assert!(matches!(Fault::Broken(line()).of_read(), StoreError::Unavailable(_)));
    }
}
