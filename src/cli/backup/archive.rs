//! Packing a copy, reading it back, unpacking it: gzip, streamed, so that a store of any size takes the same memory.

use super::draft::failed;
use crate::base::error::{Error, Result};
use crate::cli::progress;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use indicatif::ProgressBar;
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

/// Packs a file into another; answers the hash of what was packed.
pub fn pack(from: &Path, to: &Path) -> Result<Hash> {
    let source = File::open(from).map_err(failed(from))?;
    let bar = progress::bytes(source.metadata().map_err(failed(from))?.len(), "packing");
    let target = OpenOptions::new().write(true).truncate(true).open(to).map_err(failed(to))?;
    let mut packer = GzEncoder::new(target, Compression::default());
    let hash = pour(source, &mut packer, &bar).map_err(failed(to))?;
    packer.finish().and_then(|file| file.sync_all()).map_err(failed(to))?;
    bar.finish_and_clear();
    Ok(hash)
}

/// Reads a packed file back from the disk and compares what is in it.
///
/// # Errors
/// When it is not what was packed.
pub fn verify(packed: &Path, size: u64, hash: &Hash) -> Result<()> {
    let bar = progress::bytes(size, "reading back");
    let source = GzDecoder::new(BufReader::new(File::open(packed).map_err(failed(packed))?));
    let found = pour(source, &mut io::sink(), &bar).map_err(failed(packed))?;
    bar.finish_and_clear();
    if found == *hash { Ok(()) } else { Err(Error::NotReady(format!("{}: the disk gives back other bytes", packed.display()))) }
}

/// Unpacks a backup, or copies one that was unpacked already.
///
/// # Errors
/// When it is no backup, or ends too soon.
pub fn unpack(from: &Path, to: &Path) -> Result<()> {
    let mut file = BufReader::with_capacity(PIECE, File::open(from).map_err(failed(from))?);
    let bar = progress::bytes(file.get_ref().metadata().map_err(failed(from))?.len(), "unpacking");
    let mut target = OpenOptions::new().write(true).truncate(true).open(to).map_err(failed(to))?;
    let first = file.fill_buf().map_err(failed(from))?;
    let poured = match first {
        first if first.starts_with(&GZIP) => pour(GzDecoder::new(bar.wrap_read(file)), &mut target, &ProgressBar::hidden()),
        first if first.starts_with(SQLITE) => pour(file, &mut target, &bar),
        _ => return Err(Error::NotReady(format!("{} is no backup of Tandem", from.display()))),
    };
    bar.finish_and_clear();
    match poured.and_then(|_| target.sync_all()) {
        // What gzip calls a file that ends too soon, or whose check sum is wrong.
        Err(e) if matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
            Err(Error::NotReady(format!("{} is damaged, it cannot be read whole: {e}", from.display())))
        }
        done => done.map_err(failed(to)),
    }
}

/// Moves everything from one to the other; answers its hash.
fn pour(mut from: impl Read, to: &mut impl Write, bar: &ProgressBar) -> io::Result<Hash> {
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(hash.finalize().into()),
            count => {
                hash.update(&piece[..count]);
                to.write_all(&piece[..count])?;
                bar.inc(count as u64);
            }
        }
    }
}
