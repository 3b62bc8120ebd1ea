//! Encrypts a message for one device: RFC 8291 over RFC 8188 (`aes128gcm`), in one record.

use super::POINT;
use crate::base::error::{Error, Result};
use crate::base::id;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::SystemRandom;

/// Bytes of the secret that a device shares with who writes to it.
pub const AUTH: usize = 16;
/// The most bytes of a message, with what fills it up. Push services take 4,096 (RFC 8030 §7.2); a hint needs no more than this.
pub const LONGEST: usize = 1_024;
/// A message is filled up to a multiple of this, so that its length tells little of it.
const STEP: usize = 128;
/// What follows the text in the last record (RFC 8188 §2); then zeros fill it up.
const END: u8 = 2;
/// The size of a record, which one message never reaches.
const RECORD: u32 = 4_096;
/// Bytes of a salt.
const SALT: usize = 16;

/// Who reads a message: what a browser calls `p256dh` and `auth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    public: [u8; POINT],
    auth: [u8; AUTH],
}

impl Reader {
    /// A reader by the bytes of its keys; whether the first is a point of the curve is seen when a message is written.
    pub fn of(p256dh: &[u8], auth: &[u8]) -> Option<Reader> {
        let public: [u8; POINT] = p256dh.try_into().ok()?;
        (public[0] == 4).then_some(Reader { public, auth: auth.try_into().ok()? })
    }

    /// Is its key a point of the curve?
    pub fn is_sound(&self) -> bool {
        encrypt(&[], self).is_ok()
    }
}

/// The message as it is sent, with `Content-Encoding: aes128gcm`. Each has a key of its own.
///
/// # Errors
/// When the reader's key is none, the message is too long, or the kernel gives no randomness.
pub fn encrypt(plain: &[u8], reader: &Reader) -> Result<Vec<u8>> {
    let wrong = |_| Error::internal("a key of a subscription is no point of P-256");
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).map_err(wrong)?;
    let public = own.compute_public_key().map_err(wrong)?;
    let public: [u8; POINT] = public.as_ref().try_into().map_err(Error::internal)?;
    let salt = id::bytes::<SALT>()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, reader.public);
    agree_ephemeral(own, &theirs, |shared| sealed(plain, reader, &Sender { shared, public: &public, salt: &salt }))
        .map_err(wrong)?
}

/// What one message is sealed by.
struct Sender<'a> {
    /// What both keys agree on.
    shared: &'a [u8],
    /// The public key of this message.
    public: &'a [u8; POINT],
    salt: &'a [u8; SALT],
}

/// Header and record.
fn sealed(plain: &[u8], reader: &Reader, sender: &Sender<'_>) -> Result<Vec<u8>> {
    let (key, nonce) = derived(reader, sender);
    let mut record = filled(plain)?;
    let key = UnboundKey::new(&AES_128_GCM, key.get(..16).unwrap_or_default()).map_err(Error::internal)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce.get(..12).unwrap_or_default()).map_err(Error::internal)?;
    LessSafeKey::new(key).seal_in_place_append_tag(nonce, Aad::empty(), &mut record).map_err(Error::internal)?;
    let length = [u8::try_from(POINT).map_err(Error::internal)?];
    Ok([&sender.salt[..], &RECORD.to_be_bytes(), &length, sender.public, &record].concat())
}

/// The key and the nonce (RFC 8291 §3.4): HKDF, of which each output is one block.
fn derived(reader: &Reader, sender: &Sender<'_>) -> (Vec<u8>, Vec<u8>) {
    let mixed = hash(&reader.auth, &[sender.shared]);
    let input = hash(&mixed, &[b"WebPush: info\0", &reader.public, sender.public, &[1]]);
    let random = hash(sender.salt, &[&input]);
    (hash(&random, &[b"Content-Encoding: aes128gcm\0", &[1]]), hash(&random, &[b"Content-Encoding: nonce\0", &[1]]))
}

fn hash(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

/// The text, its end, and zeros.
fn filled(plain: &[u8]) -> Result<Vec<u8>> {
    let length = (plain.len() + 1).next_multiple_of(STEP);
    if length > LONGEST {
        return Err(Error::internal("a message to a device is too long"));
    }
    let mut record = [plain, &[END]].concat();
    record.resize(length, 0);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use proptest::prelude::*;

    /// RFC 8291, appendix A. What both keys agree on stands there, too: ring takes no key that somebody chose.
    const SHARED: &str = "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs";
    const READER: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTHENTIC: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const OWN: &str = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    const SALTED: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const TEXT: &str = "V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24";
    const CIPHER: &str = "8pfeW0KbunFT06SuDKoJH9Ql87S1QUrdirN6GcG7sFz1y1sqLgVi1VhjVkHsUoEsbI_0LpXMuGvnzQ";

    fn reader() -> Reader {
        Reader::of(&read(READER).unwrap(), &read(AUTHENTIC).unwrap()).unwrap()
    }

    #[test]
    fn a_message_is_sealed_as_the_standard_shows() {
        let (shared, public, salt) = (read(SHARED).unwrap(), read(OWN).unwrap(), read(SALTED).unwrap());
        let sender = Sender { shared: &shared, public: public[..].try_into().unwrap(), salt: salt[..].try_into().unwrap() };
        let (key, nonce) = derived(&reader(), &sender);
        assert_eq!(
            (&key[..16], &nonce[..12]),
            (&read("oIhVW04MRdy2XN9CiKLxTg").unwrap()[..], &read("4h_95klXJ5E_qnoN").unwrap()[..])
        );
        let sealed = sealed(&read(TEXT).unwrap(), &reader(), &sender).unwrap();
        // The example is not filled up. In counter mode that changes nothing before the end of the text.
        let (header, length) = ([&salt[..], &RECORD.to_be_bytes(), &[65], &public].concat(), read(TEXT).unwrap().len() + 1);
        assert_eq!(sealed[..header.len()], header);
        assert_eq!(sealed[header.len()..][..length], read(CIPHER).unwrap()[..length]);
        assert_eq!(sealed.len(), header.len() + STEP + 16);
    }

    #[test]
    fn a_reader_has_a_point_of_the_curve_and_a_secret() {
        let (point, secret) = (read(READER).unwrap(), read(AUTHENTIC).unwrap());
        assert!(reader().is_sound());
        assert!(Reader::of(&point[1..], &secret).is_none() && Reader::of(&point, &secret[1..]).is_none());
        assert!(Reader::of(&[&[2], &point[1..]].concat(), &secret).is_none(), "compressed");
        let mut beside = point;
        beside[64] ^= 1;
        assert!(!Reader::of(&beside, &secret).unwrap().is_sound());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn its_length_tells_little_and_no_two_are_alike(plain in prop::collection::vec(any::<u8>(), 0..1_100)) {
            match (encrypt(&plain, &reader()), encrypt(&plain, &reader())) {
                (Ok(one), Ok(other)) => {
                    prop_assert!(plain.len() < LONGEST && one.len() == other.len() && one != other);
                    prop_assert_eq!((one.len() - 86 - 16) % STEP, 0);
                    prop_assert!(one.len() <= 86 + LONGEST + 16);
                }
                _ => prop_assert!(plain.len() >= LONGEST),
            }
        }
    }
}
