//! One line a problem, to a file outside the web root. No personal data: no path, no query, no body.
//!
//! Where that file cannot be written, the line goes to standard error, which is the web server's error log. Several
//! processes write to one file; the one that finds it full gives it another name, and the others notice.

use crate::base::error::Error;
use crate::feature::Settings;
use crate::http::Request;
use log::LevelFilter;
use rustix::fs::{FlockOperation, flock};
use simplelog::{ConfigBuilder, WriteLogger};
use std::any::Any;
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The log's name in the data folder.
pub const FILE: &str = "tandem.log";
/// The bytes of a full log: some ten thousand lines.
const FULL: u64 = 1024 * 1024;
/// How many full logs are kept, the newest as `tandem.log.1`.
const KEPT: usize = 4;

/// Where this process's log is: another folder after the configuration has changed.
static PLACE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// A log file that is opened by its first line: most requests never write one.
struct Lazy {
    path: PathBuf,
    file: Option<File>,
    /// What has come of a line: it is written at once, so that lines of several processes do not mix.
    line: Vec<u8>,
}

impl Lazy {
    fn file(&mut self) -> io::Result<&mut File> {
        // A folder that was moved away takes its log along: nobody would read it there.
        if !self.file.as_ref().is_some_and(|file| is_at(file, &self.path)) {
            self.file = Some(OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("no log file"))
    }

    fn put(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        if let Some(path) = PLACE.lock().ok().and_then(|place| place.clone()) {
            self.path = path;
        }
        self.append(&line).or_else(|_| elsewhere(&line))
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let path = self.path.clone();
        let file = self.file()?;
        if file.metadata()?.len() >= FULL {
            rotate(file, &path)?;
        }
        self.file()?.write_all(line)
    }
}

/// The most bytes that wait for the web server: some dozen lines of one request.
const MOST_WAITING: usize = 8 << 10;

/// Lines that found no file, in a process whose standard error nobody may read: a web server gets them with the answer.
static WAITING: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// Keeps lines that find no file for [`unwritten`]: under FastCGI the web server's error log is reached by the protocol alone.
pub fn hand_over() {
    if let Ok(mut waiting) = WAITING.lock() {
        waiting.get_or_insert_default();
    }
}

/// The lines that found no file since this was asked last.
pub fn unwritten() -> Vec<u8> {
    WAITING.lock().ok().and_then(|mut waiting| waiting.as_mut().map(std::mem::take)).unwrap_or_default()
}

fn elsewhere(line: &[u8]) -> io::Result<()> {
    let Ok(mut waiting) = WAITING.lock() else { return Ok(()) };
    match waiting.as_mut() {
        Some(lines) if lines.len() + line.len() <= MOST_WAITING => lines.extend_from_slice(line),
        Some(_) => {}
        None => return io::stderr().write_all(line),
    }
    Ok(())
}

/// Is the open file the one that has this name?
fn is_at(file: &File, path: &Path) -> bool {
    let place = |meta: fs::Metadata| (meta.dev(), meta.ino());
    file.metadata().map(place).ok() == fs::metadata(path).map(place).ok()
}

/// Gives a full log the name of the newest old one, unless another process is at it.
fn rotate(full: &File, path: &Path) -> io::Result<()> {
    if flock(full, FlockOperation::NonBlockingLockExclusive).is_err() || !is_at(full, path) {
        return Ok(());
    }
    for number in (1..KEPT).rev().filter(|number| old(path, *number).exists()) {
        fs::rename(old(path, number), old(path, number + 1))?;
    }
    fs::rename(path, old(path, 1))
}

/// The name of an old log, 1 the newest.
fn old(path: &Path, number: usize) -> PathBuf {
    path.with_extension(format!("log.{number}"))
}

/// The logs of a data folder that are there, oldest first.
pub fn files(settings: &Settings) -> Vec<PathBuf> {
    let path = settings.data.join(FILE);
    let all = (1..=KEPT).rev().map(|number| old(&path, number)).chain([path.clone()]);
    all.filter(|path| path.exists()).collect()
}

impl Write for Lazy {
    /// Takes a piece of a line, which is written once its end has come.
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let (text, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
        self.line.extend(text.iter().map(|byte| if byte.is_ascii_control() { b' ' } else { *byte }));
        if ends {
            self.line.push(b'\n');
            self.put()?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

/// Sends log lines to the data folder; a later call sends them to another.
pub fn start(settings: &Settings) {
    let path = settings.data.join(FILE);
    let config = ConfigBuilder::new().set_time_format_rfc3339().build();
    let lazy = Lazy { path: path.clone(), file: None, line: Vec::new() };
    // An error says that a logger is there already: it is told the place.
    if WriteLogger::init(LevelFilter::Info, config, lazy).is_err()
        && let Ok(mut place) = PLACE.lock()
    {
        *place = Some(path);
    }
}

/// Logs why a request failed, unless it was the caller's doing. Before the configuration was read, nothing says where
/// the log is: then the line goes to the web server's own.
pub fn failure(request: &Request<'_>, error: &Error) {
    if matches!(error, Error::Refused(_)) {
        return;
    }
    say(&format!("request {}: {error}", name(request)));
}

fn say(line: &str) {
    if log::max_level() == LevelFilter::Off {
        // There is nowhere left to say that this failed.
        let _ = elsewhere(format!("tandem: {line}\n").as_bytes());
    }
    log::error!("{line}");
}

fn name(request: &Request<'_>) -> String {
    format!("{} ({})", request.id, request.method.name())
}

thread_local! {
    /// The request that is being answered, for a panic's line.
    static CURRENT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Notes which request is being answered.
pub fn current(request: &Request<'_>) {
    CURRENT.with_borrow_mut(|current| *current = name(request));
}

/// Sends panics to the log, in the place of standard error: where, in which request, and what if that is no secret.
pub fn catch_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        let request = CURRENT.try_with(|current| current.try_borrow().map(|name| name.clone()).unwrap_or_default());
        say(&format!("request {}: panic at {place}: {}", request.unwrap_or_default(), words(panic.payload())));
    }));
}

/// The words of a panic, if they stand in the program. Words made for the occasion may hold what somebody wrote, as
/// those of a text that is cut in the middle of a character do.
fn words(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("a message that may be private")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lazy(folder: &Path) -> Lazy {
        Lazy { path: folder.join(FILE), file: None, line: Vec::new() }
    }

    #[test]
    fn a_full_log_gets_another_name_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        // Two processes, each with the file open.
        let (mut one, mut other) = (lazy(folder.path()), lazy(folder.path()));
        let text = "x".repeat(1_000);
        let lines = 7 * FULL / 1_000;
        for number in 0..lines {
            writeln!(if number % 2 == 0 { &mut one } else { &mut other }, "{number} {text}").unwrap();
        }
        let settings = Settings { data: folder.path().to_owned(), ..Settings::default() };
        let files = files(&settings);
        assert_eq!((files.len(), fs::read_dir(folder.path()).unwrap().count()), (KEPT + 1, KEPT + 1));
        let all: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let numbers: Vec<u64> = all.lines().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a + 1 == *b) && numbers.last() == Some(&(lines - 1)), "a line was lost");
        assert!(files.iter().all(|file| fs::metadata(file).unwrap().len() < FULL + 2_000));
    }

    #[test]
    fn a_message_stays_on_its_line() {
        let folder = tempfile::tempdir().unwrap();
        lazy(folder.path()).write_all(b"one\ntwo\x1b[31m\n").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), "one two [31m\n");
    }

    #[test]
    fn a_panic_tells_no_words_of_others() {
        assert_eq!(words(&"index out of bounds"), "index out of bounds");
        assert!(!words(&format!("byte index 1 is not a char boundary of `{}`", "Dear you")).contains("Dear"));
    }
}
