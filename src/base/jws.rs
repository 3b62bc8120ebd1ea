//! How JSON Web Tokens are signed (RFC 7515), for `jsonwebtoken`: HMAC with SHA-256, and no other algorithm.
//!
//! The crate's own back ends bring every algorithm that there is, RSA with an open advisory among them, for the one that
//! is used. Another algorithm is another arm of [`signer`] and [`verifier`].

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;

/// Keys are secrets here and never JWKs, so what those need is left out.
static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Makes `jsonwebtoken` sign and verify by this module, in this process. A second call changes nothing.
pub fn install() {
    let _ = PROVIDER.install_default();
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::of(key.as_bytes())?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::of(key.try_get_as_bytes()?)?)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

/// A key of HMAC with SHA-256.
struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn of(secret: &[u8]) -> Result<Hs256> {
        Hmac::new_from_slice(secret).map(Hs256).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// Compares in constant time, the whole signature.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let expected = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f,
            0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
        ];
        let key = Hs256::of(b"Jefe").unwrap();
        let message = b"what do ya want for nothing?";
        assert_eq!(key.try_sign(message).unwrap(), expected);
        assert!(key.verify(message, &expected.to_vec()).is_ok());
        assert!(key.verify(message, &expected[..31].to_vec()).is_err(), "a signature cut short");
        assert!(key.verify(message, &Vec::new()).is_err());
    }

    #[test]
    fn no_other_algorithm_signs_or_verifies() {
        let (encoding, decoding) = (EncodingKey::from_secret(b"k"), DecodingKey::from_secret(b"k"));
        for algorithm in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            assert!(signer(&algorithm, &encoding).is_err() && verifier(&algorithm, &decoding).is_err(), "{algorithm:?}");
        }
        assert!(signer(&Algorithm::HS256, &EncodingKey::from_ec_der(b"k")).is_err(), "a key of another family");
        assert!(verifier(&Algorithm::HS256, &DecodingKey::from_ec_der(b"k")).is_err());
    }
}
