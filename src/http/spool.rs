//! A content on its way into an answer: in memory while it is small, and then in a file without a name, which is gone with the
//! process. So an answer may be larger than the memory that a shared account has, and is complete before its first byte is sent.

use super::etag::Tagger;
use crate::base::draft::Draft;
use crate::base::error::{DbError, DbFault, Error, Result};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes that are kept in memory: nearly every content is smaller, and costs no file.
const IN_MEMORY: usize = 1024 * 1024;

/// A content in the making.
pub struct Spool {
    folder: PathBuf,
    /// What is not in the file yet.
    memory: Vec<u8>,
    file: Option<File>,
    size: u64,
    tagger: Tagger,
}

/// A content in a file without a name.
#[derive(Debug, Clone)]
pub struct Spooled {
    /// The file; it is read from its beginning.
    pub file: Arc<File>,
    /// Its size in bytes.
    pub size: u64,
    /// The content's entity tag.
    pub tag: String,
}

/// A finished content.
pub enum Content {
    /// In memory.
    Small(Vec<u8>),
    /// In a file.
    Large(Spooled),
}

impl Spool {
    /// An empty content, which may take a file in this folder.
    pub fn new(folder: &Path) -> Spool {
        Spool { folder: folder.to_owned(), memory: Vec::new(), file: None, size: 0, tagger: Tagger::default() }
    }

    /// Adds to it.
    ///
    /// # Errors
    /// [`DbFault::Full`] when the disk has no room for it, and the system's.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.tagger.add(bytes);
        self.size += bytes.len() as u64;
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > IN_MEMORY { self.flush() } else { Ok(()) }
    }

    /// Moves what is in memory into the file.
    fn flush(&mut self) -> Result<()> {
        let mut file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Draft::new(&self.folder)?.nameless()?),
        };
        file.write_all(&self.memory).map_err(|error| failed(&error))?;
        self.memory.clear();
        Ok(())
    }

    /// The whole content.
    ///
    /// # Errors
    /// As [`Spool::put`].
    pub fn finish(mut self) -> Result<Content> {
        if self.file.is_some() {
            self.flush()?;
        }
        let Spool { memory, file, size, tagger, .. } = self;
        Ok(match file {
            None => Content::Small(memory),
            Some(file) => Content::Large(Spooled { file: Arc::new(file), size, tag: tagger.tag() }),
        })
    }
}

fn failed(error: &io::Error) -> Error {
    let kind =
        if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) { DbFault::Full } else { DbFault::Other };
    Error::Db(DbError { kind, text: format!("an answer cannot be kept in the data folder: {error}") })
}

impl Spooled {
    /// Calls `visit` with one piece after the other, of at most `most` bytes, and whether it is the last.
    ///
    /// # Errors
    /// Those of reading, and `visit`'s.
    pub fn pieces(&self, most: usize, visit: &mut dyn FnMut(&[u8], bool) -> io::Result<()>) -> io::Result<()> {
        let mut piece = vec![0; most];
        let mut done = 0;
        while done < self.size {
            let wanted = usize::try_from(self.size - done).unwrap_or(most).min(most);
            std::os::unix::fs::FileExt::read_exact_at(&*self.file, &mut piece[..wanted], done)?;
            done += wanted as u64;
            visit(&piece[..wanted], done == self.size)?;
        }
        Ok(())
    }
}

impl PartialEq for Spooled {
    fn eq(&self, other: &Spooled) -> bool {
        self.tag == other.tag
    }
}

impl Eq for Spooled {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::etag;

    fn spooled(parts: usize, part: &[u8]) -> Content {
        let folder = tempfile::TempDir::new().unwrap();
        let mut spool = Spool::new(folder.path());
        for _ in 0..parts {
            spool.put(part).unwrap();
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        spool.finish().unwrap()
    }

    #[test]
    fn a_small_content_stays_in_memory() {
        assert!(matches!(spooled(2, b"ab"), Content::Small(bytes) if bytes == b"abab"));
    }

    #[test]
    fn a_large_content_comes_back_from_its_file_with_its_tag() {
        let part: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        let Content::Large(spooled) = spooled(5, &part) else { panic!("it is in memory") };
        let (mut whole, mut ends) = (Vec::new(), Vec::new());
        let mut keep = |piece: &[u8], last: bool| {
            whole.extend_from_slice(piece);
            ends.push(last);
            Ok(())
        };
        spooled.pieces(65_528, &mut keep).unwrap();
        assert!(whole == part.repeat(5) && spooled.size == whole.len() as u64);
        assert_eq!(ends.iter().position(|last| *last), Some(ends.len() - 1));
        assert_eq!(spooled.tag, etag::of(&whole));
    }
}
