//! The request that wakes a device: a POST to its push service (RFC 8030), encrypted for the device and signed by this site.

use super::outcome::{Said, retry_after};
use super::rules::{Wishes, ttl};
use crate::base::error::Result;
use crate::base::time::Timestamp;
use crate::base::token;
use crate::domain::push::rules::Priority;
use crate::domain::push::subscriptions::rules::Subscription;
use crate::domain::push::subscriptions::target::{Target, place};
use crate::feature::Shift;
use crate::net::webpush::message::encrypt;
use crate::net::webpush::vapid::Signer;
use crate::net::{Body, Bounds, Call, Failure};
use std::collections::BTreeMap;
use std::time::Duration;

/// How far a call goes: an answer is a status, and what else it says is nobody's.
pub const BOUNDS: Bounds = Bounds { connect: Duration::from_secs(3), whole: Duration::from_secs(8), read: 1_024 };
/// What the key that topics are hashed by is derived for.
const TOPICS: &str = "push topics";
/// The characters of a topic (RFC 8030 §5.4).
const TOPIC: usize = 32;

/// Who sends: the site's key, who answers for it, and a token for each push service.
pub struct Sender {
    signer: Signer,
    contact: String,
    tokens: BTreeMap<String, String>,
}

/// A wake-up.
pub struct Wake<'w> {
    /// Whose.
    pub subscription: &'w Subscription,
    /// Where.
    pub target: &'w Target,
    /// What it says.
    pub text: &'w [u8],
    /// How urgent it is.
    pub priority: Priority,
    /// How its device wants it.
    pub wishes: Wishes,
}

impl Sender {
    /// A sender by the site's key, for whom this contact answers.
    pub const fn new(signer: Signer, contact: String) -> Sender {
        Sender { signer, contact, tokens: BTreeMap::new() }
    }

    /// Sends, and waits for the answer. What it is, and how long it has one wait.
    ///
    /// # Errors
    /// When nothing can be sent, which is a defect.
    pub fn send(&mut self, shift: &Shift<'_>, wake: &Wake<'_>) -> Result<(Said, Option<i64>)> {
        // What cannot be encrypted or addressed was checked when it was taken; one that is damaged is refused like any other.
        let (Some(reader), Some(origin)) = (wake.target.reader(), origin(&wake.target.endpoint)) else {
            return Ok((Said::Refused, None));
        };
        let body = encrypt(wake.text, &reader)?;
        let fields = self.fields(shift, wake, &origin)?;
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let url = &wake.target.endpoint;
        let answer = shift.push(&Call { method: "POST", url, fields: &fields, body: Body::Whole(&body), bounds: BOUNDS })?;
        Ok(match answer {
            Ok(answer) => {
                let wait = answer.field("retry-after").and_then(|field| retry_after(field, Timestamp::now()));
                (Said::Status(answer.status), wait)
            }
            Err(Failure::Late) => (Said::Late, None),
            Err(_) => (Said::Refused, None),
        })
    }

    fn fields(&mut self, shift: &Shift<'_>, wake: &Wake<'_>, origin: &str) -> Result<[(&'static str, String); 6]> {
        Ok([
            ("Authorization", self.authorization(origin)?),
            ("Content-Encoding", "aes128gcm".to_owned()),
            ("Content-Type", "application/octet-stream".to_owned()),
            ("TTL", ttl(wake.priority).to_string()),
            ("Urgency", wake.wishes.urgency(wake.priority).to_owned()),
            ("Topic", topic(&shift.house.derive(TOPICS), &wake.subscription.id, wake.priority)),
        ])
    }

    fn authorization(&mut self, origin: &str) -> Result<String> {
        if let Some(token) = self.tokens.get(origin) {
            return Ok(token.clone());
        }
        let token = self.signer.authorization(origin, &self.contact, Timestamp::now())?;
        self.tokens.insert(origin.to_owned(), token.clone());
        Ok(token)
    }
}

/// Of wake-ups that a service still holds, the last one takes the place of those of the same topic.
fn topic(key: &[u8; 32], subscription: &str, priority: Priority) -> String {
    let mut topic = token::keyed(key, &[subscription.as_bytes(), priority.word().as_bytes()]);
    topic.truncate(TOPIC);
    topic
}

/// The origin of an endpoint (RFC 6454 §6.1): the port is told where it is not the usual one.
fn origin(endpoint: &str) -> Option<String> {
    let place = place(endpoint)?;
    let host = place.host.to_ascii_lowercase();
    Some(if place.port == 443 { format!("https://{host}") } else { format!("https://{host}:{}", place.port) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_an_origin_and_a_topic_for_a_subscription() {
        for (endpoint, wanted) in [
            ("https://Push.example/x", Some("https://push.example")),
            ("https://push.example:443/x?y", Some("https://push.example")),
            ("https://push.example:8443", Some("https://push.example:8443")),
            ("http://push.example/x", None),
        ] {
            assert_eq!(origin(endpoint).as_deref(), wanted);
        }
        let of = |id, priority| topic(&[7; 32], id, priority);
        assert_eq!(of("a", Priority::High).len(), TOPIC);
        assert!(of("a", Priority::High) != of("a", Priority::Normal) && of("a", Priority::High) != of("b", Priority::High));
    }
}
