//! The operator's commands: a table, a file each.
