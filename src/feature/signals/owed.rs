//! Hints that were held back, so that no channel is told of more than one write in a second: the courier publishes them a second
//! later. A small file of lines, one for each write, because a web program's process knows of no other.

use crate::base::time::{SECOND, Timestamp};
use crate::feature::Settings;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

/// The file's name in the data folder.
const FILE: &str = "hints-owed";
/// Its name while a courier works on it.
const TAKEN: &str = "hints-taken";
/// The most bytes of it: a thousand writes or two. What is beyond is a hint less.
const MOST: u64 = 64 * 1024;
/// How long the hint of a write is held back that follows another one, in milliseconds.
pub const PAUSE: i64 = SECOND;
/// How long those wait that save their battery, in milliseconds.
pub const SLOW_PAUSE: i64 = 30 * SECOND;

/// Hints of a tenant that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// The tenant.
    pub tenant: i64,
    /// The stamp before what is to be told.
    pub since: Timestamp,
    /// Are they for those who save their battery?
    pub slow: bool,
}

impl Owed {
    /// When they are due.
    pub fn due(&self) -> Timestamp {
        self.since.plus(if self.slow { SLOW_PAUSE } else { PAUSE })
    }
}

/// Holds hints back.
///
/// # Errors
/// The file's.
pub fn add(settings: &Settings, all: &[Owed]) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(settings.data.join(FILE))?;
    if file.metadata()?.len() > MOST {
        return Ok(());
    }
    let lines: String = all.iter().map(|owed| format!("{} {} {}\n", owed.tenant, owed.since.0, u8::from(owed.slow))).collect();
    file.write_all(lines.as_bytes())
}

/// Takes what was held back: of each tenant once, from the first of its writes on. What a courier had taken that was killed is taken
/// with it.
///
/// # Errors
/// The files'.
pub fn take(settings: &Settings) -> io::Result<Vec<Owed>> {
    let (file, taken) = (settings.data.join(FILE), settings.data.join(TAKEN));
    let mut all = Vec::new();
    for renamed in [false, true] {
        if renamed && fs::rename(&file, &taken).is_err() {
            break;
        }
        if let Ok(text) = fs::read_to_string(&taken) {
            text.lines().filter_map(read).for_each(|owed| join(&mut all, owed));
            fs::remove_file(&taken)?;
        }
    }
    Ok(all)
}

fn read(line: &str) -> Option<Owed> {
    let mut words = line.split(' ');
    let (tenant, since, slow) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
    Some(Owed { tenant, since: Timestamp(since), slow: slow == "1" })
}

fn join(all: &mut Vec<Owed>, owed: Owed) {
    match all.iter_mut().find(|known| (known.tenant, known.slow) == (owed.tenant, owed.slow)) {
        Some(known) => known.since = known.since.min(owed.since),
        None => all.push(owed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tenant_is_owed_once_from_its_first_write_on() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data: folder.path().to_owned(), ..Settings::default() };
        assert!(take(&settings).unwrap().is_empty());
        let owed = |tenant, since, slow| Owed { tenant, since: Timestamp(since), slow };
        add(&settings, &[owed(7, 20, false), owed(7, 20, true)]).unwrap();
        add(&settings, &[owed(7, 10, false), owed(8, 30, false)]).unwrap();
        assert_eq!(take(&settings).unwrap(), [owed(7, 10, false), owed(7, 20, true), owed(8, 30, false)]);
        assert!(take(&settings).unwrap().is_empty());
        fs::write(folder.path().join(TAKEN), "7 5 0\nspoilt\n").unwrap();
        add(&settings, &[owed(7, 9, false)]).unwrap();
        assert_eq!(take(&settings).unwrap(), [owed(7, 5, false)], "what a courier had taken that was killed");
    }
}
