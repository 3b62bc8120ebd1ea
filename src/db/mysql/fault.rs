//! MySQL's errors by what can be done about them, in words without values: a row's content never reaches a log.

use crate::base::error::{DbError, DbFault};
use mysql::{DriverError, Error, MySqlError};
use std::error::Error as _;
use std::io::{self, ErrorKind};

/// Error numbers by what can be done (MySQL's and MariaDB's error references). Those not listed are [`DbFault::Other`].
const FAULTS: &[(DbFault, &[u16])] = &[
    // A deadlock, which is Galera's answer to a lost race, too; a lock not to be had in time; a row that another changed
    // since the snapshot; the savepoint of a transaction that was undone meanwhile.
    (DbFault::Retry, &[1213, 1205, 1020, 1305]),
    (DbFault::Duplicate, &[1062, 1586]),
    // Too many connections, of all or of this account.
    (DbFault::Busy, &[1040, 1203, 1226]),
    // A table, a disk, or the space for temporary files is full.
    (DbFault::Full, &[1114, 1021, 1041, 1030, 3]),
    // A statement or a result larger than max_allowed_packet; a value longer than its column, which our rules let pass only there.
    (DbFault::TooLarge, &[1153, 1301, 1406]),
    (DbFault::ReadOnly, &[1290, 1792, 1836]),
    (DbFault::Unreachable, &[NOT_PREPARED, 1044, 1045, 1049, 1129, 1130, 1698, 3118]),
    (DbFault::Corrupt, &[126, 127, 1034, 1194, 1195, 1712]),
];

/// After these the connection is of no use: the server shuts down, or closed it as idle or by command.
const LOST: &[u16] = &[1053, 1927, 4031, 1159, 1160, 1161];
/// Galera: this node is cut off from most of the others, or does not have yet what they have.
const NOT_PREPARED: u16 = 1047;
/// Making a table, an index, a column or a foreign key that is there already (a key is 1826, and 1005 on MariaDB); dropping one that
/// is gone.
const DONE_BEFORE: &[u16] = &[1050, 1060, 1061, 1091, 1051, 1826, 1005];
/// There is no such table.
const NO_TABLE: u16 = 1146;

/// Errors whose words quote names of accounts, tables and columns, never values.
const PLAIN: &[u16] = &[
    1044, 1045, 1048, 1049, 1050, 1051, 1054, 1060, 1061, 1064, 1071, 1091, 1142, 1146, 1193, 1227, 1231, 1264, 1273, 1364, 1406,
    1698, 4031,
];

/// Did the connection break, or will it not do any more?
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::MySqlError(said) => LOST.contains(&said.code) || said.code == NOT_PREPARED,
        other => other.is_connectivity_error(),
    }
}

/// Is this host no good, though it may let us in again? It is apart from its cluster, or was silent for too long.
pub fn is_apart(error: &Error) -> bool {
    let silent = |said: &io::Error| matches!(said.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    match error {
        Error::IoError(said) => silent(said),
        Error::CodecError(said) => said.source().and_then(|cause| cause.downcast_ref()).is_some_and(silent),
        other => code(other) == Some(NOT_PREPARED),
    }
}

/// Was the definition carried out before?
pub fn is_done(error: &Error) -> bool {
    code(error).is_some_and(|code| DONE_BEFORE.contains(&code))
}

/// Is the table missing?
pub fn is_no_table(error: &Error) -> bool {
    code(error) == Some(NO_TABLE)
}

fn code(error: &Error) -> Option<u16> {
    if let Error::MySqlError(said) = error { Some(said.code) } else { None }
}

/// The error for the caller.
pub fn of(error: &Error) -> DbError {
    let kind = match error {
        Error::MySqlError(said) => FAULTS.iter().find(|(_, codes)| codes.contains(&said.code)).map_or(DbFault::Other, |f| f.0),
        Error::DriverError(DriverError::PacketTooLarge) => DbFault::TooLarge,
        Error::IoError(_) | Error::CodecError(_) | Error::DriverError(_) | Error::TlsError(_) => DbFault::Unreachable,
        _ => DbFault::Other,
    };
    DbError { kind, text: words(error) }
}

fn words(error: &Error) -> String {
    match error {
        Error::MySqlError(said) => server_words(said),
        Error::IoError(said) => connection_words(said.to_string()),
        Error::CodecError(said) => connection_words(said.to_string()),
        Error::DriverError(DriverError::CouldNotConnect(Some((place, said, _)))) => format!("{place}: {said}"),
        Error::DriverError(DriverError::ConnectTimeout) => "the server does not accept in time".to_owned(),
        Error::DriverError(DriverError::TlsNotSupported) => {
            "the server does not encrypt: tls=off if that is safe there".to_owned()
        }
        other => other.to_string(),
    }
}

/// What became of the connection. A certificate is refused in the midst of reading.
fn connection_words(said: String) -> String {
    if said.contains("certificate") { format!("{said}: tls=trust if the server made its own") } else { said }
}

/// The server's words. What it quotes may be somebody's: then only what stands around it is kept.
fn server_words(said: &MySqlError) -> String {
    let message = match (said.message.find('\''), said.message.rfind('\'')) {
        (Some(from), Some(to)) if !PLAIN.contains(&said.code) => {
            format!("{}'…'{}", &said.message[..from], &said.message[to + 1..])
        }
        _ => said.message.clone(),
    };
    format!("error {} ({}): {message}", said.code, said.state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: u16, message: &str) -> DbError {
        of(&Error::MySqlError(MySqlError { state: "HY000".into(), message: message.into(), code }))
    }

    #[test]
    fn values_are_left_out() {
        let duplicate = said(1062, "Duplicate entry 'ann@example.org' for key 'email_key'");
        assert_eq!((duplicate.kind, duplicate.text.as_str()), (DbFault::Duplicate, "error 1062 (HY000): Duplicate entry '…'"));
        let text = said(1366, "Incorrect string value: 'it's mine' for column 'note' at row 1").text;
        assert_eq!(text, "error 1366 (HY000): Incorrect string value: '…' at row 1");
        let denied = said(1045, "Access denied for user 'ann'@'localhost' (using password: YES)");
        assert!(denied.kind == DbFault::Unreachable && denied.text.contains("'ann'"));
    }

    #[test]
    fn a_number_has_one_meaning() {
        let mut all: Vec<u16> = FAULTS.iter().flat_map(|(_, codes)| codes.iter().copied()).chain(LOST.iter().copied()).collect();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
