//! Packing a copy, reading it back, unpacking it: gzip, streamed, so that a store of any size takes the same memory.

use super::label::Label;
use super::{Of, Progress, Told};
use crate::base::draft::failed;
use crate::base::error::{Error, Result};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;

/// What is read at once.
const PIECE: usize = 256 * 1024;
/// What a gzip file begins with (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What a SQLite database begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// A file's hash.
type Hash = [u8; 32];

/// What is read is told.
struct Watched<'p, 't, R> {
    from: R,
    progress: &'p mut Progress<'t>,
}

impl<R: Read> Read for Watched<'_, '_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(into)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

/// Packs a file into another, with a label; answers the hash of what was packed.
pub fn pack(from: &Path, to: &Path, label: &Label, told: Told<'_>) -> Result<Hash> {
    let source = File::open(from).map_err(failed(from))?;
    let mut progress = Progress::new(told, "packing", Of::Bytes(size(&source).map_err(failed(from))?));
    let target = OpenOptions::new().write(true).truncate(true).open(to).map_err(failed(to))?;
    let mut packer = GzBuilder::new().comment(label.to_string()).write(target, Compression::default());
    let hash = pour(Watched { from: source, progress: &mut progress }, &mut packer).map_err(failed(to))?;
    packer.finish().and_then(|file| file.sync_all()).map_err(failed(to))?;
    Ok(hash)
}

fn size(file: &File) -> io::Result<u64> {
    file.metadata().map(|meta| meta.len())
}

/// Reads a packed file back from the disk and compares what is in it.
///
/// # Errors
/// When it is not what was packed.
pub fn verify(packed: &Path, size: u64, hash: &Hash, told: Told<'_>) -> Result<()> {
    let mut progress = Progress::new(told, "reading back", Of::Bytes(size));
    let from = GzDecoder::new(BufReader::new(File::open(packed).map_err(failed(packed))?));
    let found = pour(Watched { from, progress: &mut progress }, &mut io::sink()).map_err(failed(packed))?;
    if found == *hash { Ok(()) } else { Err(Error::NotReady(format!("{}: the disk gives back other bytes", packed.display()))) }
}

/// Unpacks a backup, or copies one that was unpacked already.
///
/// # Errors
/// When it is no backup, or ends too soon.
pub fn unpack(from: &Path, to: &Path, told: Told<'_>) -> Result<()> {
    if from.is_dir() {
        return Err(no_backup(from));
    }
    let mut file = BufReader::with_capacity(PIECE, File::open(from).map_err(failed(from))?);
    let mut progress = Progress::new(told, "unpacking", Of::Bytes(size(file.get_ref()).map_err(failed(from))?));
    let mut target = OpenOptions::new().write(true).truncate(true).open(to).map_err(failed(to))?;
    let packed = file.fill_buf().map_err(failed(from))?.starts_with(&GZIP);
    let watched = Watched { from: file, progress: &mut progress };
    let mut plain: Box<dyn Read> = if packed { Box::new(GzDecoder::new(watched)) } else { Box::new(watched) };
    let mut first = Vec::new();
    let poured = match plain.by_ref().take(SQLITE.len() as u64).read_to_end(&mut first) {
        Ok(_) if first != SQLITE => return Err(no_backup(from)),
        Ok(_) => pour(first.chain(plain), &mut target),
        Err(error) => Err(error),
    };
    match poured.and_then(|_| target.sync_all()) {
        // What gzip calls a file that ends too soon, or whose check sum is wrong.
        Err(e) if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
            Err(Error::NotReady(format!("{} is damaged, it cannot be read whole: {e}", from.display())))
        }
        done => done.map_err(failed(to)),
    }
}

fn no_backup(file: &Path) -> Error {
    Error::NotReady(format!("{} is no backup of Tandem: `tandem restore --list` shows those that are there", file.display()))
}

/// What a backup says of itself; nothing where an older program made it, or something else.
pub fn label(file: &Path) -> Option<Label> {
    let mut packed = GzDecoder::new(BufReader::new(File::open(file).ok()?));
    // The header is read with the first byte.
    packed.read_exact(&mut [0]).ok()?;
    Label::parse(std::str::from_utf8(packed.header()?.comment()?).ok()?)
}

/// Moves everything from one to the other; answers its hash.
fn pour(mut from: impl Read, to: &mut impl Write) -> io::Result<Hash> {
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(hash.finalize().into()),
            count => {
                hash.update(&piece[..count]);
                to.write_all(&piece[..count])?;
            }
        }
    }
}
