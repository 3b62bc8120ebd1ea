//! By which configuration a program goes, compared without being told: names with hashes that nobody can compute or undo who does
//! not know the site's secret. Passwords are left out before.
//!
//! The web program and the operator's read the same file, each with variables of its own. Where these differ, one writes into a
//! store that the other never opens.

use super::Finding;
use crate::base::id;
use crate::base::token::derive;
use crate::db::{Address, Journal};
use crate::feature::Settings;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The check's name, and why it matters.
pub const NAME_AND_WHY: (&str, &str) = (
    "web configuration",
    "a web program and a `tandem` that go by different settings look after two stores, and one is never backed up",
);

/// Bytes of a hash that are told: two settings that differ must not look alike, and more tells nothing more.
const TOLD: usize = 16;
/// What the hashes' key is derived for.
const PURPOSE: &str = "configuration";

/// The hashes, by the names of what they stand for.
pub type Prints = BTreeMap<String, String>;

/// What is compared: its name, does another store follow from another value, and the value as text.
type Part = (&'static str, bool, fn(&Settings) -> String);

const PARTS: &[Part] = &[
    ("data", true, |settings| real(&settings.data)),
    ("database_url", true, |settings| database(&settings.database_url)),
    ("read_url", false, |settings| settings.read_url.as_deref().map(database).unwrap_or_default()),
    ("site_url", false, |settings| settings.site_url.clone()),
    ("other settings", false, others),
];

/// A path with its links followed, as far as it is there.
fn real(path: &Path) -> String {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// Where a database is, without the password; a URL that is not understood says nothing.
fn database(url: &str) -> String {
    let address = Address::parse(url);
    address.map(|address| address.file().map_or_else(|| address.to_string(), real)).unwrap_or_default()
}

/// Every setting that is not named above. CGI decides the journal, and only the web program starts a courier.
fn others(settings: &Settings) -> String {
    let (data, database_url, site_url) = Default::default();
    let rest = Settings {
        data,
        database_url,
        site_url,
        read_url: None,
        courier_program: None,
        journal: Journal::Auto,
        ..settings.clone()
    };
    format!("{rest:?}")
}

/// The hashes of a program's settings.
pub fn prints(settings: &Settings, secret: &[u8]) -> Prints {
    let key = derive(secret, PURPOSE);
    let hash = |name: &str, value: &str| {
        let parts = [name, value].map(|part| Sha256::digest(part.as_bytes()));
        let hash = parts.iter().fold(Sha256::new().chain_update(key), |hash, part| hash.chain_update(part)).finalize();
        id::hex(&hash[..TOLD])
    };
    PARTS.iter().map(|(name, _, value)| ((*name).to_owned(), hash(name, &value(settings)))).collect()
}

/// Which differ; `None` when none does.
pub fn differ(here: &Prints, there: &Prints) -> Option<Difference> {
    let parts: Vec<&Part> = PARTS.iter().filter(|(name, ..)| here.get(*name) != there.get(*name)).collect();
    let names: Vec<&str> = parts.iter().map(|(name, ..)| *name).collect();
    (!names.is_empty()).then(|| Difference { names: names.join(", "), other_store: parts.iter().any(|(_, store, _)| *store) })
}

/// In what two programs differ.
pub struct Difference {
    /// The names of the settings.
    pub names: String,
    /// Does one of them lead to another store?
    pub other_store: bool,
}

impl Difference {
    /// A problem where the store is another one; else worth knowing.
    pub fn finding(&self, saw: &str, todo: &str) -> Finding {
        let saw = format!("{saw}: {}", self.names);
        if self.other_store { Finding::problem(saw, todo) } else { Finding::note(saw, todo) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn settings(database_url: &str) -> Settings {
        Settings { data: "/srv/data".into(), database_url: database_url.to_owned(), ..Settings::default() }
    }

    #[test]
    fn what_differs_is_named_and_a_password_is_nothing_of_it() {
        let here = prints(&settings("mysql://u:one@localhost/t"), SECRET);
        assert!(differ(&here, &prints(&settings("mysql://u:two@localhost/t"), SECRET)).is_none());
        let other = differ(&here, &prints(&settings("mysql://u:one@localhost/x"), SECRET)).unwrap();
        assert_eq!((other.names.as_str(), other.other_store), ("database_url", true));
        let idle = Settings { poll_idle: 9, ..settings("mysql://u:one@localhost/t") };
        let other = differ(&here, &prints(&idle, SECRET)).unwrap();
        assert_eq!((other.names.as_str(), other.other_store), ("other settings", false));
    }

    #[test]
    fn who_does_not_know_the_secret_can_compute_nothing() {
        let settings = settings("sqlite:/srv/data/tandem.db");
        let (ours, others) = (prints(&settings, SECRET), prints(&settings, b"another secret"));
        assert!(ours.iter().all(|(name, hash)| others[name] != *hash && hash.len() == 2 * TOLD));
    }
}
