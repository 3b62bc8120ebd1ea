//! Proofs: what admitted a session when it polled last.

use super::page::Page;
use super::{PROOFS_AT, sum};
use crate::db::Value;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes of a proof: a row of admission has some 250. A longer one is not kept.
const BYTES: usize = 512;
/// Bytes of its head: sum, generation, slot, schema, the session's hash, the length of the rest.
const HEAD: usize = 48;
/// Proofs in the file: 1 MiB, of which the disk has what was written. A proof that is lost to another session costs a poll.
const PROOFS: u64 = 2_048;

/// What admitted a session, and under which numbers of the page.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    generation: u64,
    slot: u64,
    schema: u64,
    session: u64,
}

impl Head {
    fn of(page: &Page, tenant: i64, schema: i64, session: &str) -> Head {
        let (generation, slot) = (page.generation(), page.slot(tenant));
        Head { generation, slot, schema: schema.cast_unsigned(), session: sum(session.as_bytes()) }
    }

    fn bytes(&self) -> Vec<u8> {
        [self.generation, self.slot, self.schema, self.session].iter().flat_map(|number| number.to_le_bytes()).collect()
    }
}

/// A proof as it lies in the file, not yet compared with a page.
pub struct Kept {
    head: Vec<u8>,
    row: Vec<Value>,
}

impl Kept {
    /// The row, if the page says that it still holds for this tenant.
    pub fn row(self, page: &Page, tenant: i64, schema: i64, session: &str) -> Option<Vec<Value>> {
        (self.head == Head::of(page, tenant, schema, session).bytes()).then_some(self.row)
    }

    /// A number of the row.
    pub fn number(&self, column: usize) -> Option<i64> {
        if let Some(Value::Int(number)) = self.row.get(column) { Some(*number) } else { None }
    }
}

fn place(session: &str) -> u64 {
    PROOFS_AT + sum(session.as_bytes()) % PROOFS * BYTES as u64
}

/// The proof in a session's place, whoever's, if it is whole.
pub fn read(file: &File, session: &str) -> Option<Kept> {
    let mut bytes = [0; BYTES];
    file.read_exact_at(&mut bytes, place(session)).ok()?;
    let number = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes);
    let length = usize::try_from(number(HEAD - 8)?).ok()?;
    let whole = number(0)? == sum(bytes.get(8..HEAD.checked_add(length)?)?);
    whole.then(|| Some(Kept { head: bytes.get(8..HEAD - 8)?.to_vec(), row: values(bytes.get(HEAD..HEAD + length)?)? }))?
}

/// Keeps a proof.
pub fn write(file: &File, page: &Page, tenant: i64, schema: i64, session: &str, row: &[Value]) -> Option<()> {
    let row = encoded(row)?;
    let mut bytes = vec![0; 8];
    bytes.extend(Head::of(page, tenant, schema, session).bytes());
    bytes.extend(u64::try_from(row.len()).ok()?.to_le_bytes());
    bytes.extend(row);
    let summed = sum(bytes.get(8..)?);
    bytes.get_mut(..8)?.copy_from_slice(&summed.to_le_bytes());
    // The whole place, so that the last proof of the file can be read as the others are.
    let fits = bytes.len() <= BYTES;
    bytes.resize(BYTES, 0);
    if fits { file.write_all_at(&bytes, place(session)).ok() } else { None }
}

/// Values, one behind the other: a letter, then eight bytes of a number, or two of a text's length and the text. Bytes are in no row of admission.
fn encoded(row: &[Value]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(BYTES);
    for value in row {
        match value {
            Value::Null => bytes.push(b'n'),
            Value::Int(number) => {
                bytes.push(b'i');
                bytes.extend(number.to_le_bytes());
            }
            Value::Text(text) => {
                bytes.push(b't');
                bytes.extend(u16::try_from(text.len()).ok()?.to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            Value::Bytes(_) => return None,
        }
    }
    Some(bytes)
}

fn values(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut row = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        let (value, rest) = match kind {
            b'n' => (Value::Null, rest),
            b'i' => {
                let (number, rest) = rest.split_first_chunk()?;
                (Value::Int(i64::from_le_bytes(*number)), rest)
            }
            b't' => {
                let (length, rest) = rest.split_first_chunk()?;
                let (text, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
                (Value::Text(String::from_utf8(text.to_vec()).ok()?), rest)
            }
            _ => return None,
        };
        row.push(value);
        bytes = rest;
    }
    Some(row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    fn row() -> Vec<Value> {
        vec![Value::Int(-7), Value::Null, Value::Text("Asia/Seoul".into()), Value::Text(String::new())]
    }

    fn file(folder: &tempfile::TempDir) -> File {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.path().join("hints")).unwrap()
    }

    #[test]
    fn a_proof_is_good_for_its_session_tenant_schema_and_page() {
        let (folder, mut page) = (tempfile::tempdir().unwrap(), Page::anew().unwrap());
        let file = file(&folder);
        let found = |page: &Page, tenant, schema, session: &str| {
            read(&file, session).and_then(|kept| kept.row(page, tenant, schema, session))
        };
        assert_eq!(found(&page, 3, 20, "s"), None, "nothing is there");
        write(&file, &page, 3, 20, "s", &row()).unwrap();
        assert_eq!(found(&page, 3, 20, "s"), Some(row()));
        assert_eq!(found(&page, 3, 21, "s"), None, "another schema");
        let before = page.clone();
        page.forget(4).unwrap();
        assert_eq!(found(&page, 3, 20, "s"), Some(row()), "another tenant's write");
        page.forget(3).unwrap();
        assert_eq!(found(&page, 3, 20, "s"), None);
        assert_eq!(found(&before, 3, 20, "s"), Some(row()));
        page = before;
        page.forget_all().unwrap();
        assert_eq!(found(&page, 3, 20, "s"), None);
    }

    #[test]
    fn a_proof_that_is_torn_or_too_long_is_none() {
        let (folder, page) = (tempfile::tempdir().unwrap(), Page::anew().unwrap());
        let file = file(&folder);
        write(&file, &page, 3, 20, "s", &row()).unwrap();
        for at in [0, 9, 40, HEAD as u64, HEAD as u64 + 9] {
            let mut byte = [0];
            file.read_exact_at(&mut byte, place("s") + at).unwrap();
            file.write_all_at(&[byte[0] ^ 1], place("s") + at).unwrap();
            assert!(read(&file, "s").is_none(), "byte {at}");
            file.write_all_at(&byte, place("s") + at).unwrap();
        }
        assert!(read(&file, "s").is_some());
        assert_eq!(write(&file, &page, 3, 20, "s", &[Value::Text("x".repeat(BYTES))]), None);
        assert!(read(&file, "s").is_some(), "what was there stays");
    }
}
