//! Who has to notice a write: whose polls without news may be answered differently after it.

/// The tables that admission reads. What a statement changes in another one, no poll without news can tell: if it is news, the tenant's clock
/// moves with it, and that is in `tenants`.
pub const READ_BY_POLLS: [&str; 6] = ["facts", "members", "migrations", "sessions", "tenants", "users"];

/// Who has to notice a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Everybody: the rule, where a statement changes what admission reads.
    Everybody,
    /// The members of one tenant.
    Tenant(i64),
    /// Nobody: what is changed of a row is not what a poll is answered by, or makes it good for longer.
    Nobody,
}

impl Notice {
    /// Of a statement that does not say it; `None` where it only reads.
    pub fn of(sql: &str) -> Option<Notice> {
        let mut words = sql.split_ascii_whitespace();
        let table = match (words.next(), words.next(), words.next()) {
            (Some("SELECT"), ..) => return None,
            (Some("INSERT"), Some("INTO"), table) | (Some("DELETE"), Some("FROM"), table) | (Some("UPDATE"), table, _) => table,
            _ => None,
        };
        let is_read = |name: &str| READ_BY_POLLS.contains(&name.split('(').next().unwrap_or(name));
        Some(if table.is_none_or(is_read) { Notice::Everybody } else { Notice::Nobody })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_changes_is_told_from_its_text() {
        for (sql, notice) in [
            ("SELECT id FROM users", None),
            ("UPDATE users SET disabled = ?", Some(Notice::Everybody)),
            ("DELETE FROM sessions WHERE id = ?", Some(Notice::Everybody)),
            ("INSERT INTO members(user_id) VALUES (?)", Some(Notice::Everybody)),
            ("INSERT INTO goals (id) VALUES (?)", Some(Notice::Nobody)),
            ("UPDATE records SET data = ?", Some(Notice::Nobody)),
            ("WITH x AS (SELECT 1) DELETE FROM goals", Some(Notice::Everybody)),
            ("CREATE TABLE t (a)", Some(Notice::Everybody)),
        ] {
            assert_eq!(Notice::of(sql), notice, "{sql}");
        }
    }
}
