//! Values as the driver has them.

use super::Found;
use crate::base::error::{Error, Result};
use crate::db::{Param, Value};
use mysql::Params;
use mysql::consts::ColumnType;

/// The number of the character set `binary`, by which bytes are told from text (MySQL's protocol, column definition).
const BINARY: u16 = 63;

/// A statement's values.
pub fn bound(params: &[Param<'_>]) -> Params {
    if params.is_empty() {
        return Params::Empty;
    }
    Params::Positional(params.iter().map(of).collect())
}

/// A bound value as the driver has it.
pub fn of(param: &Param<'_>) -> mysql::Value {
    match *param {
        Param::Null => mysql::Value::NULL,
        Param::Int(n) => mysql::Value::Int(n),
        Param::Text(text) => mysql::Value::Bytes(text.as_bytes().to_vec()),
        Param::Bytes(bytes) => mysql::Value::Bytes(bytes.to_vec()),
    }
}

/// The column's value.
pub fn value(row: &Found, column: usize) -> Result<Value> {
    let found = row.as_ref(column).ok_or_else(|| Error::Internal(format!("no column {column}")))?;
    Ok(match found {
        mysql::Value::NULL => Value::Null,
        mysql::Value::Int(n) => Value::Int(*n),
        mysql::Value::UInt(n) => Value::Int(i64::try_from(*n).map_err(Error::internal)?),
        mysql::Value::Bytes(bytes) if is_text(row, column) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        mysql::Value::Bytes(bytes) => Value::Bytes(bytes.clone()),
        _ => return Err(Error::Internal(format!("column {column} holds a fraction or a time"))),
    })
}

fn is_text(row: &Found, column: usize) -> bool {
    let decimal = |kind| matches!(kind, ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL);
    row.columns_ref().get(column).is_some_and(|c| c.character_set() != BINARY && !decimal(c.column_type()))
}
