//! What can go wrong between the server and the database.

use std::time::Duration;

/// An error of the store. None carries a value of a row: messages of the database are kept, details are dropped.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is out of reach, or refuses connections. Nothing happened; trying again may help.
    #[error("the database is out of reach: {0}")]
    Unavailable(String),
    /// The connection was lost while a change was under way: it may or may not have happened.
    #[error("the connection was lost during a change: {0}")]
    OutcomeUnknown(String),
    /// A constraint refused the change.
    #[error("constraint {name} refused the change")]
    Constraint {
        /// Name of the constraint.
        name: String,
    },
    /// The database chose this transaction to give way (serialisation failure or deadlock). Trying again helps.
    #[error("the database asked to try again")]
    Retry,
    /// A column holds what it cannot hold. A bug or a hand-edited row.
    #[error("column {table}.{column} holds what it cannot hold")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A sealed column could not be opened.
    #[error("a sealed column could not be opened: {0}")]
    Sealed(#[from] helpline_vault::VaultError),
    /// Anything else, by code and message.
    #[error("the database answered {code}: {message}")]
    Other {
        /// SQLSTATE, or the kind of the client's error.
        code: String,
        /// The message, without details.
        message: String,
    },
}

/// How long to wait before trying again after [`StoreError::Unavailable`].
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

impl StoreError {
    /// The name of the constraint that refused, if one did.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name } => Some(name),
            _ => None,
        }
    }

    /// Whether the connection that gave this error is of no more use.
    pub(crate) const fn breaks_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default().into_owned();
                match code.as_str() {
                    "40001" | "40P01" => Self::Retry,
                    // Shutting down, crashed, starting up, too many connections, read-only after a fail-over.
                    "57P01" | "57P02" | "57P03" | "53300" | "25006" => {
                        Self::Unavailable(database.message().to_owned())
                    }
                    _ => match database.constraint() {
                        Some(name) => Self::Constraint { name: name.to_owned() },
                        None => Self::Other { code, message: database.message().to_owned() },
                    },
                }
            }
            sqlx::Error::Io(io) => Self::OutcomeUnknown(io.kind().to_string()),
            sqlx::Error::Tls(_) => Self::Unavailable("TLS".to_owned()),
            sqlx::Error::Protocol(_) => Self::OutcomeUnknown("protocol".to_owned()),
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Other { code: "decode".to_owned(), message: format!("column {index}") }
            }
            other => Self::Other { code: "client".to_owned(), message: kind_of(&other).to_owned() },
        }
    }
}

/// A name for a client-side error, without the values it may carry.
fn kind_of(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::RowNotFound => "a row was expected",
        sqlx::Error::TypeNotFound { .. } => "a type of the schema is missing",
        sqlx::Error::ColumnNotFound(_) | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
            "a column of the schema is missing"
        }
        sqlx::Error::Encode(_) => "a parameter could not be encoded",
        sqlx::Error::Decode(_) => "a value could not be decoded",
        sqlx::Error::Configuration(_) => "the database URL cannot be read",
        _ => "an error of the database client",
    }
}
