//! One line a problem, to a file outside the web root. No personal data: no path, no query, no body.
//!
//! Where that file cannot be written, the line goes to standard error, which is the web server's error log.

use crate::base::error::Error;
use crate::feature::Settings;
use crate::http::Request;
use log::LevelFilter;
use simplelog::{ConfigBuilder, WriteLogger};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// The log's name in the data folder.
pub const FILE: &str = "tandem.log";

/// A log file that is opened by its first line: most requests never write one.
struct Lazy {
    path: PathBuf,
    file: Option<File>,
}

impl Lazy {
    fn file(&mut self) -> io::Result<&mut File> {
        // A folder that was moved away takes its log along: nobody would read it there.
        if self.file.is_none() || !self.path.exists() {
            self.file = Some(OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("no log file"))
    }
}

impl Write for Lazy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().and_then(|file| file.write(bytes)).or_else(|_| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}

/// Sends log lines to the data folder. A second call changes nothing.
pub fn start(settings: &Settings) {
    let config = ConfigBuilder::new().set_time_format_rfc3339().build();
    let lazy = Lazy { path: settings.data.join(FILE), file: None };
    // An error says that a logger is there already.
    let _ = WriteLogger::init(LevelFilter::Info, config, lazy);
}

/// Logs why a request failed, unless it was the caller's doing. Before the configuration was read, nothing says where
/// the log is: then the line goes to the web server's own.
pub fn failure(request: &Request<'_>, error: &Error) {
    if matches!(error, Error::Refused(_)) {
        return;
    }
    let line = format!("request {} ({}): {error}", request.id, request.method.name());
    if log::max_level() == LevelFilter::Off {
        // There is nowhere left to say that this failed.
        let _ = writeln!(io::stderr(), "tandem: {line}");
    }
    log::error!("{line}");
}
