//! Everything that leaves this machine, for the operator's program alone: the HTTP client, and what hands mail over.

use super::client::Client;
use super::mail::{Mail, Undelivered};
use super::mailer::Mailer;
use super::{Answer, Call, Failure, Net};

/// A client for HTTP, and a mailer where there is one.
#[derive(Debug)]
pub struct Outside {
    /// The client.
    pub client: Client,
    /// The mailer.
    pub mailer: Option<Mailer>,
}

impl Net for Outside {
    fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.client.send(call)
    }

    fn mail(&self, mail: &Mail<'_>) -> Result<(), Undelivered> {
        self.mailer.as_ref().map_or_else(|| Err(Undelivered::yet("no mailer is set up")), |mailer| mailer.send(mail))
    }
}
