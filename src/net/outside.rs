//! Everything that leaves this machine, for the operator's program alone: the HTTP client, and what hands mail over.

use super::client::{Client, Trust};
use super::mail::{Mail, Undelivered};
use super::mailer::Mailer;
use super::{Answer, Bounds, Call, Failure, Net};
use std::path::Path;
use std::time::Instant;

/// A client for HTTP, one for addresses that strangers name, and a mailer where there is one.
#[derive(Debug)]
pub struct Outside {
    /// The client.
    pub client: Client,
    /// What calls push services.
    pub pusher: Pusher,
    /// The mailer.
    pub mailer: Option<Mailer>,
}

/// Calls push services: at public addresses, but for hosts that the operator names; and believes, beside the usual authorities, the
/// operator's own.
#[derive(Debug)]
pub struct Pusher {
    usual: Client,
    own: Option<Client>,
}

impl Pusher {
    /// A client that names itself so.
    ///
    /// # Errors
    /// A file of certificates that cannot be read, in words.
    pub fn new(name: &str, private: &[String], authority: Option<&Path>) -> Result<Pusher, String> {
        let usual = Client::public(name, Trust::Usual, private)?;
        let own = authority.map(|file| Client::public(name, Trust::File(file), private)).transpose()?;
        Ok(Pusher { usual, own })
    }

    /// Sends, within the call's bounds. Whom the usual authorities do not vouch for was sent nothing, and is asked again in what is left of the time.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let started = Instant::now();
        match (self.usual.push(call), &self.own) {
            (Err(Failure::Certificate(_)), Some(own)) => {
                let whole = call.bounds.whole.saturating_sub(started.elapsed());
                own.push(&Call { bounds: Bounds { whole, ..call.bounds }, ..call.clone() })
            }
            (outcome, _) => outcome,
        }
    }
}

impl Net for Outside {
    fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.client.send(call)
    }

    fn push(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.pusher.send(call)
    }

    fn mail(&self, mail: &Mail<'_>) -> Result<(), Undelivered> {
        self.mailer.as_ref().map_or_else(|| Err(Undelivered::yet("no mailer is set up")), |mailer| mailer.send(mail))
    }
}
