//! Values and errors as the driver has them.

use crate::base::error::{DbError, DbFault, Error, Result};
use crate::db::{Param, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, ToSql};

/// The column's value.
pub fn value(row: &rusqlite::Row<'_>, column: usize) -> Result<Value> {
    Ok(match row.get_ref(column).map_err(failure)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Real(_) => return Err(Error::Internal(format!("column {column} holds a fraction"))),
        // Nearly all are sound: they are looked over the plain way first.
        ValueRef::Text(text) => {
            Value::Text(std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text).into_owned(), str::to_owned))
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Param::Null => ValueRef::Null,
            Param::Int(n) => ValueRef::Integer(n),
            Param::Text(text) => ValueRef::Text(text.as_bytes()),
            Param::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The driver's error by what can be done about it. The text names tables and columns, never values.
pub fn failure(error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error().map(|e| (e.code, e.extended_code)) {
        Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => DbFault::Busy,
        Some((
            ErrorCode::ConstraintViolation,
            rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        )) => DbFault::Duplicate,
        // SQLite tells a full disk from a quota (EDQUOT) and a file's size limit: those are errors of writing to it.
        Some((ErrorCode::DiskFull, _)) | Some((_, rusqlite::ffi::SQLITE_IOERR_WRITE | rusqlite::ffi::SQLITE_IOERR_SHMSIZE)) => {
            DbFault::Full
        }
        Some((ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _)) => DbFault::ReadOnly,
        Some((ErrorCode::CannotOpen, _)) => DbFault::Missing,
        Some((ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)) => DbFault::Corrupt,
        _ => DbFault::Other,
    };
    Error::Db(DbError { kind, text: error.to_string() })
}
