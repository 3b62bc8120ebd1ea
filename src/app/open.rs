//! Opens the house: the configuration, the secret, the database. A fresh data folder is made on first use.

use super::config::{self, Loaded};
use super::guard::transact::{read, write};
use super::inner::ask;
use super::store::made;
use super::{FEATURES, folder, lifecycle, log, warnings};
use crate::base::draft::{Draft, failed};
use crate::base::error::{DbError, DbFault, Error, Result};
use crate::base::id;
use crate::base::token::Keys;
use crate::db::migrate::{self, Migration, Standing};
use crate::db::{Address, Db, Journal, Mode};
use crate::feature::lifecycle::file::FILE as LIFECYCLE_FILE;
use crate::feature::{House, Lifecycle, Settings};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The secret's name in the data folder.
pub const SECRET_FILE: &str = "secret";
/// The fewest bytes of a secret: HS256 wants a key as long as its hash (RFC 7518 §3.2).
pub const MIN_SECRET: usize = 32;

/// Reads the configuration and makes what stays the same from request to request.
pub fn house() -> Result<House> {
    house_of(&mut |_| {})
}

/// The same. Each file that decides it, the configuration, the secret and what the operator deprecates, is shown to `look` before it is
/// read, there or not.
pub fn house_of(look: &mut dyn FnMut(PathBuf)) -> Result<House> {
    config::file().into_iter().for_each(&mut *look);
    let loaded = config::load()?;
    [SECRET_FILE, LIFECYCLE_FILE].into_iter().map(|name| loaded.settings.data.join(name)).for_each(&mut *look);
    log::start(&loaded.settings);
    warnings::tell(&loaded);
    folder::make(&loaded.settings.data)?;
    replica(&loaded.settings)?;
    let secret = match loaded.secret {
        Some(secret) => secret.into_bytes(),
        None => secret_file(&loaded.settings.data.join(SECRET_FILE))?,
    };
    if secret.len() < MIN_SECRET {
        return Err(Error::NotReady(format!("jwt_secret has {} characters; use at least {MIN_SECRET}", secret.len())));
    }
    let lifecycle = lifecycle::read(&loaded.settings.data);
    Ok(House { settings: loaded.settings, keys: Keys::new(&secret), secret, lifecycle, features: &FEATURES, read, write, ask })
}

/// The house without a configuration, for the doctor's page alone: the defaults, with the secret of the default data folder.
/// `None` where there is no such folder.
pub fn spare() -> Option<House> {
    let settings = config::defaults().ok().filter(|settings| settings.data.is_dir())?;
    log::start(&settings);
    let secret = secret_file(&settings.data.join(SECRET_FILE)).ok()?;
    let lifecycle = Lifecycle::default();
    Some(House { settings, keys: Keys::new(&secret), secret, lifecycle, features: &FEATURES, read, write, ask })
}

/// The secret as it is, where there is one; nothing is made.
pub fn secret_there(loaded: &Loaded) -> Option<Vec<u8>> {
    let configured = loaded.secret.clone().map(String::into_bytes);
    configured.or_else(|| Some(fs::read(loaded.settings.data.join(SECRET_FILE)).ok()?.trim_ascii().to_vec()))
}

/// The secret in the data folder; a random one of 256 bits is made where there is none.
fn secret_file(path: &Path) -> Result<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes.trim_ascii().to_vec()),
        Err(error) if error.kind() == ErrorKind::NotFound => make_secret(path),
        Err(error) => Err(Error::NotReady(format!("cannot read the secret {}: {error}", path.display()))),
    }
}

/// Written whole under another name and linked into place: of two processes, the first wins and both use its secret.
fn make_secret(path: &Path) -> Result<Vec<u8>> {
    let draft = Draft::of(path)?;
    draft.write(id::hex(&id::bytes::<32>()?).as_bytes())?;
    draft.name_new(path)?;
    fs::read(path).map_err(failed(path))
}

/// Where the configured database is.
pub fn address(settings: &Settings) -> Result<Address> {
    named("database_url", &settings.database_url)
}

/// Where the replica is, if there is one.
///
/// # Errors
/// What is wrong with its URL, for the operator.
pub fn replica(settings: &Settings) -> Result<Option<Address>> {
    let Some(url) = &settings.read_url else { return Ok(None) };
    let files = [named("database_url", &settings.database_url)?, named("read_url", url)?].map(|a| a.file().is_some());
    if files != [false, false] {
        return Err(Error::NotReady(
            "read_url: SQLite has no replicas; set it only where database_url and read_url are both mysql://…".into(),
        ));
    }
    Ok(Some(named("read_url", url)?.hasty()))
}

/// The address that a setting holds; an error names the setting, never its value.
fn named(setting: &str, url: &str) -> Result<Address> {
    Address::parse(url).map_err(|error| Error::NotReady(format!("{setting}: {error}")))
}

/// The open database, opened when it was not. A fresh one is made; an old schema is refused: a request never upgrades.
///
/// # Errors
/// What keeps it from being opened, for the operator.
pub fn database<'d>(slot: &'d mut Option<Db>, settings: &Settings) -> Result<&'d mut Db> {
    database_for(slot, settings, None)
}

/// The same for a transaction that begins next, where it is known: one that is opened now is looked at inside that transaction.
///
/// # Errors
/// As [`database`]; what keeps the transaction from beginning.
pub fn database_for<'d>(slot: &'d mut Option<Db>, settings: &Settings, next: Option<Mode>) -> Result<&'d mut Db> {
    if slot.is_none() {
        *slot = Some(connect_for(settings, next)?);
    }
    slot.as_mut().ok_or_else(|| Error::internal("no database"))
}

/// Opens the database, whatever its schema. Where there is no file, `may` is asked, one is made, and `progress` told of each
/// migration.
///
/// # Errors
/// What keeps it from being opened or made.
pub fn store(
    address: &Address,
    journal: Journal,
    may: &dyn Fn() -> Result<()>,
    progress: &mut dyn FnMut(&Migration),
) -> Result<Db> {
    match (Db::open(address), address.file()) {
        // What another process makes at the same moment, and says so, is never taken for lost: it is looked for again.
        (Err(Error::Db(DbError { kind: DbFault::Missing, .. })), Some(path)) => {
            if !path.exists()
                && let Err(lost) = may()
                && !path.exists()
            {
                return Err(lost);
            }
            if !path.exists() {
                make_database(path, journal, progress)?;
            }
            Db::open(address)
        }
        // A database is made whole: one without a byte was cut off, and to SQLite it would look like a new one.
        (Ok(_), Some(path)) if fs::metadata(path).is_ok_and(|file| file.len() == 0) => {
            Err(Error::Db(DbError { kind: DbFault::Corrupt, text: "the file is empty".to_owned() }))
        }
        (opened, _) => opened,
    }
}

/// Made whole under another name and linked into place: of two processes, the first wins and both use its file, and none
/// meets a schema that is half there. The file is made here, because SQLite would let the umask decide who may read it;
/// its journals take its mode.
fn make_database(path: &Path, journal: Journal, progress: &mut dyn FnMut(&Migration)) -> Result<()> {
    let draft = Draft::of(path)?;
    let mut db = Db::sqlite_create(draft.path(), journal)?;
    migrate::migrate(&mut db, progress)?;
    // Closing moves everything from the write-ahead log into the file.
    drop(db);
    draft.name_new(path).map(drop)
}

/// Opens the database and checks that its schema is this program's.
pub fn connect(settings: &Settings) -> Result<Db> {
    connect_for(settings, None)
}

fn connect_for(settings: &Settings, next: Option<Mode>) -> Result<Db> {
    let address = address(settings)?;
    ready(settings, &address, next).map_err(|error| match error {
        Error::Db(e) => Error::Db(DbError { text: format!("{address}: {}", e.text), ..e }),
        other => other,
    })
}

/// Asks whether a schema may be made in a database that has none.
///
/// # Errors
/// When it may not, and no other process has made it meanwhile.
pub fn may_fill(db: &mut Db, may: &dyn Fn() -> Result<()>) -> Result<()> {
    let is_empty = migrate::standing(db)? == Standing::Empty;
    match may() {
        Err(lost) if is_empty && migrate::standing(db)? == Standing::Empty => Err(lost),
        _ => Ok(()),
    }
}

fn ready(settings: &Settings, address: &Address, next: Option<Mode>) -> Result<Db> {
    let mut made = false;
    let may = || made::guard(settings, address);
    let mut db = store(address, settings.journal, &may, &mut |_| made = true)?;
    db.serve();
    if settings.hints {
        db.keep_hints();
    }
    next.map_or(Ok(()), |mode| db.begin_ahead(mode))?;
    let mut standing = migrate::standing(&mut db)?;
    if standing == Standing::Empty {
        // What others make meanwhile is not in a snapshot that was begun before.
        db.rollback();
        may_fill(&mut db, &may)?;
        migrate::migrate(&mut db, &mut |_| made = true)?;
        standing = migrate::standing(&mut db)?;
    }
    fitting(&mut db, standing)?;
    if made {
        made::note(settings, address)?;
    }
    Ok(db)
}

/// Refuses a store whose schema this program cannot use.
pub fn fits(db: &mut Db) -> Result<()> {
    let standing = migrate::standing(db)?;
    fitting(db, standing)
}

fn fitting(db: &mut Db, standing: Standing) -> Result<()> {
    let needed = migrate::newest();
    Err(Error::NotReady(match standing {
        Standing::Current | Standing::Ahead(_) => return Ok(()),
        Standing::Empty => format!("the database is empty, this program needs schema {needed}"),
        Standing::Old(version) => format!("the database has schema {version}, this program needs {needed}: run `tandem migrate`"),
        Standing::Newer(version) => migrate::newer(version),
        Standing::Unfinished => migrate::NOT_FINISHED.to_owned(),
        Standing::Moved => migrate::moved(db)?,
    }))
}
