//! The operator's file of deprecations: read with the configuration, written whole by commands. A broken one refuses nobody.

use super::{FEATURES, warnings};
use crate::base::draft::Draft;
use crate::base::error::{Error, Result};
use crate::base::id;
use crate::feature::Lifecycle;
use crate::feature::lifecycle::file::{self, Declared, FILE, MAX_BYTES};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The file whose time says when a broken one was told last.
const MARK: &str = "warned-lifecycle";

/// What is to go, by the code and by the operator. Of a broken file nothing holds, and the log is told once a day.
pub fn read(data: &Path) -> Lifecycle {
    let lifecycle = look(data);
    if let Some(fault) = &lifecycle.fault {
        warnings::daily(data, MARK, || log::error!("{FILE} is not heeded: {fault}"));
    }
    lifecycle
}

/// The same, and the log is told nothing.
pub fn look(data: &Path) -> Lifecycle {
    match declared(data) {
        Ok(declared) => Lifecycle::of(&FEATURES, declared),
        Err(fault) => Lifecycle { fault: Some(fault), ..Lifecycle::of(&FEATURES, Declared::default()) },
    }
}

/// What the operator declares; nothing where there is no such file.
///
/// # Errors
/// What is wrong with the file, for the operator.
pub fn declared(data: &Path) -> std::result::Result<Declared, String> {
    let path = data.join(FILE);
    match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Declared::default()),
        // To open a pipe would wait for a writer.
        Ok(found) if !found.is_file() => return Err("it is no file".to_owned()),
        _ => {}
    }
    let mut text = Vec::new();
    let opened = File::open(path).map_err(|error| error.to_string())?;
    // A byte more than may be tells that there is more.
    opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    file::parse(&text)
}

/// Under which name the store remembers the file that a command wrote last: on several hosts each has one of its own.
pub const WRITTEN: &str = "lifecycle_file";

/// What the store remembers the file by; nothing where there is none.
pub fn mark(data: &Path) -> Option<String> {
    let text = fs::read(data.join(FILE)).ok()?;
    Some(id::hex(Sha256::digest(text).first_chunk::<16>()?))
}

/// Writes the operator's file, whole or not at all.
///
/// # Errors
/// When it would not be read again; the system's.
pub fn write(data: &Path, declared: &Declared) -> Result<()> {
    let text = file::write(declared).map_err(|fault| Error::NotReady(format!("{FILE} stays as it was: {fault}")))?;
    let path = data.join(FILE);
    let draft = Draft::of(&path)?;
    draft.write(text.as_bytes())?;
    draft.name(&path)
}
