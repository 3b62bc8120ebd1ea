//! What is kept so that whoever reads the store cannot read it: sealed with ChaCha20-Poly1305 (RFC 8439) by a key that is not in
//! the store.

use super::error::{Error, Result};
use super::id;
use chacha20poly1305::aead::{Aead, AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};

/// Bytes of a nonce.
const NONCE: usize = 12;
/// Bytes of what proves that nothing was changed.
const TAG: usize = 16;

/// Seals bytes: the nonce, then what is sealed.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn seal(key: &[u8; 32], plain: &[u8]) -> Result<Vec<u8>> {
    seal_all(key, &[plain])
}

/// Seals bytes that lie in several places as if they lay in one: they may be long, and are copied but once.
///
/// # Errors
/// As [`seal`].
pub fn seal_all(key: &[u8; 32], plain: &[&[u8]]) -> Result<Vec<u8>> {
    let nonce = id::bytes::<NONCE>()?;
    let mut sealed = Vec::with_capacity(NONCE + plain.iter().map(|part| part.len()).sum::<usize>() + TAG);
    sealed.extend_from_slice(&nonce);
    plain.iter().for_each(|part| sealed.extend_from_slice(part));
    let text = sealed.get_mut(NONCE..).unwrap_or_default();
    let tag = ChaCha20Poly1305::new(key.into()).encrypt_inout_detached(&Nonce::from(nonce), &[], text.into());
    sealed.extend_from_slice(&tag.map_err(|_| Error::internal("cannot seal"))?);
    Ok(sealed)
}

/// Opens what [`seal`] made with the same key; `None` is everything else.
pub fn open(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    ChaCha20Poly1305::new(key.into()).decrypt(&Nonce::from(*nonce), sealed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_alone() {
        let sealed = seal(&[7; 32], b"hush").unwrap();
        assert_eq!(open(&[7; 32], &sealed).as_deref(), Some(&b"hush"[..]));
        assert_ne!(seal(&[7; 32], b"hush").unwrap(), sealed);
        let parts = seal_all(&[7; 32], &[b"hu", b"", b"sh"]).unwrap();
        assert_eq!((open(&[7; 32], &parts).as_deref(), parts.len()), (Some(&b"hush"[..]), sealed.len()));
        assert!(open(&[8; 32], &sealed).is_none() && open(&[7; 32], &sealed[..5]).is_none());
    }
}
