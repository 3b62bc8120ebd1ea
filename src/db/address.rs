//! Where a database is: a `database_url`, understood.

#[cfg(feature = "mysql")]
use super::mysql;
use crate::base::error::{Error, Result};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a database is.
#[derive(Clone)]
pub enum Address {
    /// SQLite, in this file.
    Sqlite(PathBuf),
    /// MySQL or MariaDB, on these hosts.
    #[cfg(feature = "mysql")]
    Mysql(Box<mysql::Hosts>),
}

impl Address {
    /// Understands `sqlite:PATH` and `mysql://…`.
    ///
    /// # Errors
    /// What is wrong with the URL, for the operator; never the URL itself, which may hold a password.
    pub fn parse(url: &str) -> Result<Address> {
        match url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Address::Sqlite(path.strip_prefix("//").unwrap_or(path).into())),
            #[cfg(feature = "mysql")]
            Some(("mysql", rest)) => Ok(Address::Mysql(Box::new(mysql::Hosts::parse(rest)?))),
            #[cfg(not(feature = "mysql"))]
            Some(("mysql", _)) => {
                Err(Error::NotReady("this program was built without MySQL: use one with it, or sqlite:".into()))
            }
            _ => Err(Error::NotReady(
                "the URL of a database must look like sqlite:/path/to/tandem.db or mysql://user:password@localhost/database"
                    .into(),
            )),
        }
    }

    /// The same place, for a caller who can ask another one and does not wait long.
    #[must_use]
    pub fn hasty(self) -> Address {
        match self {
            #[cfg(feature = "mysql")]
            Address::Mysql(hosts) => Address::Mysql(Box::new(hosts.hasty())),
            file => file,
        }
    }

    /// The file that holds the whole database, if one does.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Address::Sqlite(path) => Some(path),
            #[cfg(feature = "mysql")]
            Address::Mysql(_) => None,
        }
    }
}

/// As a URL again, without its password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            #[cfg(feature = "mysql")]
            Address::Mysql(hosts) => hosts.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_with_and_without_slashes() {
        for url in ["sqlite:/a/b.db", "sqlite:///a/b.db"] {
            assert_eq!(Address::parse(url).unwrap().file(), Some(Path::new("/a/b.db")));
        }
        for url in ["", "sqlite:", "/a/b.db", "postgres://a/b"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }
}
