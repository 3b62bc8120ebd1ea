//! Configuration: one table of settings; a TOML file outside the web root, and environment variables over it.
//!
//! With nothing configured everything works: the data folder is `tandem/data` in the home folder of the account.

mod grip;
mod mail;
mod place;
mod push;
mod setting;
mod table;

pub use setting::{Setting, Value};
pub use table::SETTINGS;

use super::home;
use crate::base::error::{Error, Result};
use crate::base::time::SECOND;
use crate::feature::{Rate, Settings};
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The variable that names the configuration file.
pub const FILE_VARIABLE: &str = "TANDEM_CONFIG";
/// The configuration's name in the `tandem` folder.
pub const FILE: &str = "tandem.toml";
/// The database's name in the data folder.
const DATABASE_FILE: &str = "tandem.db";
/// What the environment variables begin with.
const PREFIX: &str = "TANDEM_";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
}

/// The configuration as it was read.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The effective settings.
    pub settings: Settings,
    /// The secret, if one is configured.
    pub secret: Option<String>,
    /// What was set, by setting: the value as it was written, and its source.
    pub written: BTreeMap<&'static str, (String, Option<PathBuf>)>,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// What is strange, and no reason to refuse everybody: variables that no setting has.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// Where a setting's value came from.
    pub fn source(&self, setting: &Setting) -> Source {
        match self.written.get(setting.name) {
            None => Source::Default,
            Some((_, Some(file))) => Source::File(file.clone()),
            Some((_, None)) => Source::Environment(variable(setting.name)),
        }
    }
}

/// The environment variable of a setting.
pub fn variable(name: &str) -> String {
    PREFIX.chars().chain(spelled(name)).collect()
}

/// A setting's name as it stands behind the prefix.
fn spelled(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| if c == '.' { '_' } else { c.to_ascii_uppercase() })
}

/// Reads the configuration of this process.
///
/// # Errors
/// An unknown name, with the nearest known one; a value that does not fit.
pub fn load() -> Result<Loaded> {
    let environment: BTreeMap<String, OsString> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(n, _)| n.starts_with(PREFIX))
        .collect();
    load_from(&environment, home::folder())
}

/// Reads the configuration from these variables, for this home folder.
pub fn load_from(environment: &BTreeMap<String, OsString>, home: Option<PathBuf>) -> Result<Loaded> {
    let mut loaded = Loaded::default();
    let named = environment.get(FILE_VARIABLE).map(PathBuf::from);
    let file = named.clone().or_else(|| default_file(home.as_deref()));
    if let Some(file) = file.filter(|f| named.is_some() || f.is_file()) {
        read_file(&mut loaded, &file)?;
    }
    read_environment(&mut loaded, environment)?;
    settle(&mut loaded, home)?;
    Ok(loaded)
}

/// The configuration file of this process, whether or not it is there.
pub fn file() -> Option<PathBuf> {
    env::var_os(FILE_VARIABLE).map(PathBuf::from).or_else(|| default_file(home::folder().as_deref()))
}

fn default_file(home: Option<&Path>) -> Option<PathBuf> {
    Some(home?.join("tandem").join(FILE))
}

/// The settings where nothing is set, for this account.
///
/// # Errors
/// When there is no home folder.
pub fn defaults() -> Result<Settings> {
    let mut loaded = Loaded::default();
    settle(&mut loaded, home::folder())?;
    Ok(loaded.settings)
}

/// Fills in what depends on the place, and refuses a place where a web server serves files.
fn settle(loaded: &mut Loaded, home: Option<PathBuf>) -> Result<()> {
    let settings = &mut loaded.settings;
    let home = home.as_deref();
    if settings.data.as_os_str().is_empty() {
        settings.data = place::home(home)?.join("tandem").join("data");
    } else {
        settings.data = place::private("data", &settings.data, home)?;
    }
    if settings.database_url.is_empty() {
        settings.database_url = format!("sqlite:{}", settings.data.join(DATABASE_FILE).display());
    } else if let Some(path) = settings.database_url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        settings.database_url = format!("sqlite:{}", place::private("database_url", Path::new(path), home)?.display());
    }
    if settings.courier_program.as_ref().is_some_and(|program| !program.is_absolute()) {
        return Err(Error::NotReady("courier.program must be a whole path, from / on: nothing is looked for elsewhere".into()));
    }
    Ok(())
}

fn read_file(loaded: &mut Loaded, file: &Path) -> Result<()> {
    let wrong = |what: String| Error::NotReady(format!("{}: {what}", file.display()));
    let text = fs::read_to_string(file).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| wrong(place::of(&e, &text)))?;
    let mut flat = BTreeMap::new();
    flatten("", &table, &mut flat);
    for (name, value) in flat {
        let setting = find(&name).ok_or_else(|| wrong(unknown(&name, SETTINGS.iter().map(|s| s.name.to_owned()))))?;
        apply(loaded, setting, &value).map_err(|what| wrong(format!("{name}: {what}")))?;
        loaded.written.insert(setting.name, (value, Some(file.to_owned())));
    }
    loaded.file = Some(file.to_owned());
    Ok(())
}

/// Every value as the text that the environment would have: lists joined by commas.
fn flatten(prefix: &str, table: &toml::Table, flat: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, flat),
            toml::Value::Array(items) => {
                let items: Vec<String> = items.iter().map(plain).collect();
                flat.insert(name, items.join(","));
            }
            other => {
                flat.insert(name, plain(other));
            }
        }
    }
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read_environment(loaded: &mut Loaded, environment: &BTreeMap<String, OsString>) -> Result<()> {
    for (name, value) in environment.iter().filter(|(name, _)| *name != FILE_VARIABLE) {
        // A host or a script may set variables of its own by such names; in our own file an unknown name is an error.
        // Compared without being made: as CGI each process asks it of every setting.
        let bare = name.strip_prefix(PREFIX).unwrap_or_default();
        let Some(setting) = SETTINGS.iter().find(|s| bare.chars().eq(spelled(s.name))) else {
            loaded.warnings.push(unknown(name, SETTINGS.iter().map(|s| variable(s.name))));
            continue;
        };
        let value = value.to_str().ok_or_else(|| Error::NotReady(format!("{name}: not UTF-8")))?;
        apply(loaded, setting, value).map_err(|what| Error::NotReady(format!("{name}: {what}")))?;
        loaded.written.insert(setting.name, (value.to_owned(), None));
    }
    Ok(())
}

fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.name == name)
}

fn unknown(name: &str, known: impl Iterator<Item = String>) -> String {
    let nearest = known.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    format!("there is no setting {name}; did you mean {}?", nearest.unwrap_or_default())
}

fn apply(loaded: &mut Loaded, setting: &Setting, text: &str) -> std::result::Result<(), String> {
    let text = text.trim();
    match &setting.value {
        Value::Text(_) | Value::Checked(_) if text.is_empty() => return Err("is empty".to_owned()),
        Value::Text(set) => set(loaded, text.to_owned()),
        Value::Checked(set) => return set(loaded, text),
        Value::List(set) => {
            let entries: Vec<String> = text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect();
            return set(loaded, &entries);
        }
        Value::Number(from, to, set) => set(loaded, number(text, *from, *to)?),
        Value::Word(words, set) => set(loaded, word(text, words)?),
        Value::Limit(set) => set(loaded, rate(text)?),
    }
    Ok(())
}

fn number(text: &str, from: u32, to: u32) -> std::result::Result<u32, String> {
    text.parse().ok().filter(|n| (from..=to).contains(n)).ok_or_else(|| format!("must be a number from {from} to {to}"))
}

fn word(text: &str, words: &[&str]) -> std::result::Result<usize, String> {
    words.iter().position(|word| word.eq_ignore_ascii_case(text)).ok_or_else(|| format!("must be one of {}", words.join(", ")))
}

fn rate(text: &str) -> std::result::Result<Option<Rate>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let parts =
        text.split_once('/').and_then(|(n, seconds)| Some((n.trim().parse::<u32>().ok()?, seconds.trim().parse::<u32>().ok()?)));
    match parts {
        Some((count, seconds)) if count > 0 && seconds > 0 => Ok(Some(Rate { count, window: i64::from(seconds) * SECOND })),
        _ => Err("must look like 100/300 (how many in how many seconds), or be off".to_owned()),
    }
}

#[cfg(test)]
mod tests;
