//! What is kept so that whoever reads the store cannot read it: sealed with ChaCha20-Poly1305 (RFC 8439) by a key that is not in
//! the store.

use super::error::{Error, Result};
use super::id;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};

/// Bytes of a nonce.
const NONCE: usize = 12;

/// Seals bytes: the nonce, then what is sealed.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn seal(key: &[u8; 32], plain: &[u8]) -> Result<Vec<u8>> {
    let nonce = id::bytes::<NONCE>()?;
    let cipher = ChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(&Nonce::from(nonce), plain).map_err(|_| Error::internal("cannot seal"))?;
    Ok([&nonce[..], &sealed].concat())
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
        assert!(open(&[8; 32], &sealed).is_none() && open(&[7; 32], &sealed[..5]).is_none());
    }
}
