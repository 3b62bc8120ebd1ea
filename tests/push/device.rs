//! A device that subscribes and reads what it is sent. ring gives a private key away once, so a device reads one message, the one
//! that it is asked for.

use super::service::{Sent, Service};
use crate::api::Phone;
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use tandem::net::webpush::written;

/// What a device shares with who writes to it.
const AUTH: [u8; 16] = *b"sixteen letters!";

/// A device's keys.
pub struct Device {
    private: Option<EphemeralPrivateKey>,
    public: Vec<u8>,
}

impl Device {
    /// One with new keys.
    pub fn new() -> Device {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = private.compute_public_key().unwrap().as_ref().to_vec();
        Device { private: Some(private), public }
    }

    /// What a subscription says of it.
    pub fn keys(&self) -> Value {
        json!({"p256dh": written(&self.public), "auth": written(&AUTH)})
    }

    /// What a message says (RFC 8188, RFC 8291), the other way round than the product does it.
    pub fn read(&mut self, sent: &Sent) -> Value {
        let (salt, rest) = sent.body.split_at(16);
        let (sender, record) = rest[5..].split_at(65);
        let hash = |key: &[u8], parts: &[&[u8]]| sign(&Key::new(HMAC_SHA256, key), &parts.concat()).as_ref().to_vec();
        let theirs = UnparsedPublicKey::new(&ECDH_P256, sender);
        let shared = agree_ephemeral(self.private.take().unwrap(), &theirs, <[u8]>::to_vec).unwrap();
        let input = hash(&hash(&AUTH, &[&shared]), &[b"WebPush: info\0", &self.public, sender, &[1]]);
        let random = hash(salt, &[&input]);
        let key = UnboundKey::new(&AES_128_GCM, &hash(&random, &[b"Content-Encoding: aes128gcm\0\x01"])[..16]).unwrap();
        let nonce = Nonce::try_assume_unique_for_key(&hash(&random, &[b"Content-Encoding: nonce\0\x01"])[..12]).unwrap();
        let mut record = record.to_vec();
        let plain = LessSafeKey::new(key).open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!((plain[end], plain.len() % 128), (2, 0), "what fills it up");
        serde_json::from_slice(&plain[..end]).unwrap()
    }
}

/// Subscribes a phone's device at an endpoint; the device, and the subscription's id.
#[track_caller]
pub fn subscribe(phone: &Phone, device: &str, service: &Service, name: &str, more: &Value) -> (Device, String) {
    let keys = Device::new();
    let mut body = json!({"device_id": device, "endpoint": service.endpoint(name), "keys": keys.keys()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = phone.post("/push/subscriptions/", &body).expect_one_of(&[200, 201]).json();
    (keys, made["id"].as_str().unwrap().to_owned())
}
