//! The beginning of a connection: what it must be like, and what the host says of itself.

use super::{Outcome, hear, say};
use crate::db::Param;
use mysql::{Conn, Opts};

/// What a connection must be like, whatever the server's own settings. No-pad binary collation, as SQLite compares: the
/// two engines call it differently, and each skips the other's comment. Strict: what does not fit is refused, never cut.
/// Locks are waited for less long than a client waits for an answer. One snapshot a transaction, unless it says otherwise.
const SETUP: &str = "SET NAMES utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */, \
     SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', SESSION innodb_lock_wait_timeout = 10, \
     SESSION lock_wait_timeout = 10, SESSION autocommit = 1, SESSION foreign_key_checks = 1; \
     SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; SHOW VARIABLES WHERE Variable_name IN ('wsrep_on', 'max_allowed_packet')";
/// What a node of a cluster is told, too: from here on, wait for what the others have acknowledged. A node that is cut off
/// from most of the others refuses the transaction, and another host is tried.
const JOIN: &str = "START TRANSACTION; COMMIT; SET SESSION wsrep_sync_wait = 7";

/// A new connection that is like all others, and whether it is to a node of a cluster.
pub fn greet(options: Opts) -> Outcome<(Conn, Server)> {
    let mut line = Conn::new(options)?;
    let mut server = Server { clustered: false, packet: usize::MAX };
    hear(&mut line, SETUP, &mut |row| match (row.get::<String, _>(0).as_deref(), row.get::<String, _>(1)) {
        (Some("wsrep_on"), Some(value)) => server.clustered = value == "ON",
        (Some("max_allowed_packet"), Some(value)) => server.packet = value.parse().unwrap_or(usize::MAX),
        _ => {}
    })?;
    if server.clustered {
        say(&mut line, JOIN)?;
    }
    Ok((line, server))
}

/// What a host says of itself.
pub struct Server {
    /// Is it a node of a cluster?
    pub clustered: bool,
    /// The largest statement that it takes with its values, in bytes.
    pub packet: usize,
}

/// Bytes that stand around a statement's values, and around each: its number, types and lengths.
const AROUND: usize = 64;
const AROUND_EACH: usize = 16;

/// Does a server take a statement with these values? One that is too large it answers by closing the connection, which looks
/// like any other that broke, and would be tried again for ever.
pub fn fits(params: &[Param<'_>], packet: usize) -> bool {
    AROUND + weight(params) <= packet
}

/// What a row's values take of a packet, in bytes.
pub fn weight(params: &[Param<'_>]) -> usize {
    let size = |param: &Param<'_>| match param {
        Param::Text(text) => text.len(),
        Param::Bytes(bytes) => bytes.len(),
        Param::Null | Param::Int(_) => 0,
    };
    params.iter().map(|param| AROUND_EACH + size(param)).sum()
}
