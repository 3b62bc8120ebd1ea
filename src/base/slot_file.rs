//! Small files of slots beside the store, which every process shares: opened once, read by `pread` and never through a memory map.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// The file of this name in a folder: the one that is open, else it is opened, and made if it is not there.
pub fn opened<'f>(file: &'f mut Option<File>, folder: &Path, name: &str) -> io::Result<&'f File> {
    opened_at(file, &folder.join(name))
}

/// The same of a whole path.
pub fn opened_at<'f>(file: &'f mut Option<File>, path: &Path) -> io::Result<&'f File> {
    let open = match file.take() {
        Some(open) => open,
        None => OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?,
    };
    Ok(file.insert(open))
}

/// The file, if it is there.
pub fn there(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Fills the buffer; beyond the file's end it stays as it is.
pub fn fill(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(())
}
