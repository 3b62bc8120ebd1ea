//! Configuration: one table of settings; a TOML file outside the web root, and environment variables over it.
//!
//! With nothing configured everything works: the data folder is `tandem/data` in the home folder of the account.

mod place;

use super::home;
use crate::base::error::{Error, Result};
use crate::base::time::{DAY, MINUTE, SECOND};
use crate::db::Journal;
use crate::feature::{Rate, Settings};
use crate::http::peer::{self, Network};
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What is wrong with a value, in words that follow the setting's name.
type Outcome = std::result::Result<(), String>;

/// What a setting's value is, and where it goes.
pub enum Value {
    /// Text.
    Text(fn(&mut Loaded, String)),
    /// A list; in the environment separated by commas. The function says what is wrong with an entry.
    List(fn(&mut Loaded, &[String]) -> Outcome),
    /// A whole number in a range.
    Number(u32, u32, fn(&mut Loaded, u32)),
    /// One of these words; the function is given its place.
    Word(&'static [&'static str], fn(&mut Loaded, usize)),
    /// `N/SECONDS`, or `off`.
    Limit(fn(&mut Loaded, Option<Rate>)),
}

/// One setting. The environment variable is `TANDEM_` and the name in capitals, dots as underscores.
pub struct Setting {
    /// The name in the file: `cors_origins`, `limits.auth`.
    pub name: &'static str,
    /// What it is, with its unit.
    pub help: &'static str,
    /// What holds when it is not set, as the operator would write it.
    pub default: &'static str,
    /// Must its value stay hidden?
    pub secret: bool,
    /// How it is read.
    pub value: Value,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str, value: Value) -> Setting {
    Setting { name, help, default, secret: false, value }
}

/// What is off or on.
const SWITCH: &[&str] = &["off", "on"];

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    setting(
        "data",
        "tandem/data in the home folder",
        "The data folder, outside the web root.",
        Value::Text(|l, v| l.settings.data = v.into()),
    ),
    setting(
        "database_url",
        "sqlite:DATA/tandem.db",
        "Where the database is: sqlite:PATH, or mysql://USER:PASSWORD@HOST/DATABASE for MySQL and MariaDB.",
        Value::Text(|l, v| l.settings.database_url = v),
    ),
    setting(
        "read_url",
        "none",
        "A replica of that MySQL or MariaDB database, where polls are read as long as it answers: mysql://… as above.",
        Value::Text(|l, v| l.settings.read_url = Some(v)),
    ),
    setting(
        "site_url",
        "not known",
        "The API's address as phones know it, such as https://example.org/api: `tandem doctor` asks it from outside.",
        Value::Text(|l, v| l.settings.site_url = v.trim_end_matches('/').to_owned()),
    ),
    setting(
        "courier.program",
        "tandem/bin/tandem in the home folder",
        "The whole path of the operator's program, which requests start after their answers to do what waits for other servers.",
        Value::Text(|l, v| l.settings.courier_program = Some(v.into())),
    ),
    setting(
        "journal",
        "auto",
        "SQLite's journal: wal for FastCGI, rollback for CGI; auto leaves it as it is. `tandem migrate` sets it.",
        Value::Word(&["auto", "wal", "rollback"], |l, n| {
            l.settings.journal = [Journal::Auto, Journal::Wal, Journal::Rollback][n];
        }),
    ),
    Setting {
        secret: true,
        ..setting(
            "jwt_secret",
            "made on first use",
            "Signs tokens; at least 32 characters.",
            Value::Text(|l, v| l.secret = Some(v)),
        )
    },
    setting(
        "access_minutes",
        "60",
        "How long an access token is good, in minutes.",
        Value::Number(1, 1_440, |l, n| l.settings.access_ttl = i64::from(n) * MINUTE),
    ),
    setting(
        "refresh_days",
        "30",
        "How long a refresh token is good, in days.",
        Value::Number(1, 3_650, |l, n| l.settings.refresh_ttl = i64::from(n) * DAY),
    ),
    setting(
        "trusted_proxies",
        "none",
        "Proxies whose X-Forwarded-For is believed: addresses or networks such as 10.0.0.0/8.",
        Value::List(|l, v| {
            l.settings.trusted_proxies = v.iter().map(|entry| Network::parse(entry)).collect::<std::result::Result<_, _>>()?;
            Ok(())
        }),
    ),
    setting(
        "cors_origins",
        "none",
        "Origins whose pages may call the API, such as https://app.example or capacitor://localhost; * is any.",
        Value::List(|l, v| {
            l.settings.cors_origins = v.iter().map(|entry| peer::origin(entry)).collect::<std::result::Result<_, _>>()?;
            Ok(())
        }),
    ),
    setting(
        "limits.auth",
        "10/300",
        "Failed logins and refreshes, per account and address: N/SECONDS or off.",
        Value::Limit(|l, r| {
            (l.settings.limit_auth, l.settings.limit_codes) = (r, if r.is_none() { None } else { l.settings.limit_codes })
        }),
    ),
    setting(
        "limits.codes",
        "10/900",
        "Wrong invite codes, per user and address; off when limits.auth is.",
        Value::Limit(|l, r| l.settings.limit_codes = r),
    ),
    setting(
        "limits.requests",
        "1200/300",
        "Requests, per user; off switches off limits.polls too.",
        Value::Limit(|l, r| {
            (l.settings.limit_requests, l.settings.limit_polls) = (r, if r.is_none() { None } else { l.settings.limit_polls })
        }),
    ),
    setting("limits.polls", "600/300", "Polls of the feed, per user.", Value::Limit(|l, r| l.settings.limit_polls = r)),
    setting(
        "limits.uploads",
        "100/300",
        "Uploads of mobile sync and GraphQL, per user.",
        Value::Limit(|l, r| l.settings.limit_uploads = r),
    ),
    setting("limits.burst", "10/10", "Uploads in quick succession, per user.", Value::Limit(|l, r| l.settings.limit_burst = r)),
    setting(
        "limits.cost",
        "1000/300",
        "What uploads and GraphQL queries cost, in points, per user.",
        Value::Limit(|l, r| l.settings.limit_cost = r),
    ),
    setting(
        "graphql.depth",
        "10",
        "How deep one GraphQL operation may nest; 0 is no limit.",
        Value::Number(0, 100, |l, n| l.settings.graphql_depth = n),
    ),
    setting(
        "graphql.cost",
        "1000",
        "What one GraphQL operation may cost, in points; 0 is no limit.",
        Value::Number(0, u32::MAX, |l, n| l.settings.graphql_cost = n),
    ),
    setting(
        "graphql.introspection",
        "off",
        "May anybody ask GraphQL for its schema? On for development; `tandem schema` prints it at any time.",
        Value::Word(SWITCH, |l, n| l.settings.graphql_introspection = n == 1),
    ),
    setting(
        "graphql.page",
        "off",
        "A page to try queries at /api/graphql/; it is loaded from a public CDN.",
        Value::Word(SWITCH, |l, n| l.settings.graphiql = n == 1),
    ),
    setting(
        "tombstone_days",
        "30",
        "How long deletions stay in the feed, in days.",
        Value::Number(30, 3_650, |l, n| l.settings.tombstones = i64::from(n) * DAY),
    ),
    setting(
        "poll_active",
        "5",
        "Seconds between polls on an active screen.",
        Value::Number(1, 3_600, |l, n| l.settings.poll_active = n),
    ),
    setting("poll_idle", "30", "Seconds between polls of an idle app.", Value::Number(1, 3_600, |l, n| l.settings.poll_idle = n)),
    setting(
        "recycle_after",
        "100000",
        "Requests after which a FastCGI process starts anew; 0 is never.",
        Value::Number(0, u32::MAX, |l, n| l.settings.recycle_after = u64::from(n)),
    ),
];

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
    format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
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
        let Some(setting) = SETTINGS.iter().find(|s| variable(s.name) == *name) else {
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
        Value::Text(_) if text.is_empty() => return Err("is empty".to_owned()),
        Value::Text(set) => set(loaded, text.to_owned()),
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
