//! FastCGI name-value pairs (FastCGI 1.0 §3.4), as bytes and without recursion.

/// The pairs in a block; a truncated block ends with an `Err`.
pub fn pairs(block: &[u8]) -> Pairs<'_> {
    Pairs { rest: block }
}

/// A pair reaches over the end of its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncated;

/// The iterator that [`pairs`] returns.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Pairs<'a> {
    fn pair(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let name = self.length()?;
        let value = self.length()?;
        Some((self.take(name)?, self.take(value)?))
    }

    /// One byte below 128, or four bytes whose highest bit is set.
    fn length(&mut self) -> Option<usize> {
        let first = *self.rest.first()?;
        if first < 0x80 {
            self.rest = &self.rest[1..];
            return Some(usize::from(first));
        }
        let (&four, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        usize::try_from(u32::from_be_bytes(four) & 0x7fff_ffff).ok()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a [u8], &'a [u8]), Truncated>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let pair = self.pair();
        if pair.is_none() {
            self.rest = &[];
        }
        Some(pair.ok_or(Truncated))
    }
}

/// Appends a pair; its lengths are below 2^31.
pub fn push_pair(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    push_length(out, name.len());
    push_length(out, value.len());
    out.extend_from_slice(name);
    out.extend_from_slice(value);
}

fn push_length(out: &mut Vec<u8>, length: usize) {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => out.extend_from_slice(&(u32::try_from(length).unwrap_or(u32::MAX) | 0x8000_0000).to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        vec(any::<u8>(), 0..most)
    }

    proptest! {
        #[test]
        fn pairs_come_back(list in vec((bytes(300), bytes(300)), 0..20)) {
            let mut block = Vec::new();
            list.iter().for_each(|(name, value)| push_pair(&mut block, name, value));
            let read: Vec<_> = pairs(&block).map(|pair| pair.map(|(n, v)| (n.to_vec(), v.to_vec())).unwrap()).collect();
            prop_assert_eq!(read, list);
        }

        #[test]
        fn arbitrary_bytes_end_in_at_most_one_error(block in bytes(2000)) {
            let read: Vec<_> = pairs(&block).collect();
            let errors = read.iter().filter(|pair| pair.is_err()).count();
            prop_assert!(errors == 0 || errors == 1 && read.last().unwrap().is_err());
            let held: usize = read.iter().flatten().map(|(n, v)| n.len() + v.len()).sum();
            prop_assert!(held <= block.len());
        }
    }

    #[test]
    fn a_mebibyte_of_empty_pairs_does_not_recurse() {
        let block = vec![0; 1 << 20];
        assert_eq!(pairs(&block).filter(|pair| *pair == Ok((b"", b""))).count(), 1 << 19);
    }

    #[test]
    fn short_lengths_may_be_written_in_four_bytes() {
        let block = b"\x80\0\0\x01\x80\0\0\x02nvw";
        assert_eq!(pairs(block).collect::<Vec<_>>(), [Ok((&b"n"[..], &b"vw"[..]))]);
    }
}
