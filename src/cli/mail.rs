//! `tandem mail`: does a mail leave?

use super::{Action, Command, RUNNING, Verdict, no_args, out, text, trust};
use crate::app::work::courier;
use crate::base::error::{Error, Result};
use crate::feature::{Push, Settings};
use crate::net::client::{Client, Trust};
use crate::net::mail::{Mail, Way};
use crate::net::mailer::Mailer;
use crate::net::outside::{Outside, Pusher};
use clap::{Arg, ArgMatches};
use std::time::Duration;

pub const COMMAND: Command = Command {
    name: "mail",
    group: RUNNING,
    about: "See whether mail leaves this server",
    help: "The app's users are sent codes to set a new password and to verify their address. The courier sends them (`tandem courier`), \
           through the host's sendmail or the server in mail.smtp, as the settings say. SSL_CERT_FILE may name a file of a certificate to \
           believe beside the usual authorities'.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[TEST]),
};

const TEST: Command = Command {
    name: "test",
    group: RUNNING,
    about: "Send a mail and say what became of it",
    help: "Without waiting for the courier. That it was taken does not mean that it arrives: look into the mailbox, and into its spam.",
    examples: &[("tandem mail test you@example.org", "send one to yourself")],
    args: |command| command.arg(Arg::new("address").value_name("ADDRESS").required(true).help("Where it is sent")),
    action: Action::Run(test),
};

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(30);
const SUBJECT: &str = "Tandem can send mail";
const WORDS: &str = "This is the mail that `tandem mail test` sends. If you read it, the app's users get theirs.";

/// What leaves this machine, by the settings.
///
/// # Errors
/// When the sender is no address, or a file of certificates cannot be read.
pub fn outside(settings: &Settings) -> Result<Outside> {
    let client = Client::new(courier::NAME, Trust::Usual).map_err(Error::internal)?;
    let Push { private, ca, .. } = &settings.push;
    let pusher = Pusher::new(courier::NAME, private, ca.as_deref()).or_else(|why| {
        // Mails leave all the same, and so do wake-ups to everybody else's push services.
        log::error!("push.ca: {why}");
        Pusher::new(courier::NAME, private, None).map_err(Error::internal)
    })?;
    let mailer = settings.mailer().map(|(from, way)| made(from, way)).transpose()?;
    Ok(Outside { client, pusher, mailer })
}

fn made(from: &str, way: Way) -> Result<Mailer> {
    let file = trust::file();
    let believed = file.as_deref().map_or(Trust::Usual, Trust::File);
    Mailer::new(from, way, believed).map_err(|why| Error::NotReady(format!("the mailer: {why}")))
}

fn test(matches: &ArgMatches) -> Result<Verdict> {
    let settings = super::site::found()?;
    let Some((from, way)) = settings.mailer() else {
        return Err(Error::NotReady(crate::app::doctor::missing_mailer(&settings)));
    };
    let (mailer, way) = (made(from, way.clone())?, way);
    let html = format!("<!doctype html>\n<html lang=\"en\">\n<body>\n<p>{WORDS}</p>\n</body>\n</html>\n");
    let to = text(matches, "address").unwrap_or_default();
    match mailer.aloud().send(&Mail { to, subject: SUBJECT, text: WORDS, html: &html, within: WITHIN }) {
        Ok(()) => out::line(format!("{way} took it: now look whether it arrives at {to}")).map(|()| Verdict::Well),
        Err(undelivered) => {
            let said = undelivered.said.map(|said| format!("\nIt said: {said}")).unwrap_or_default();
            Err(Error::NotReady(format!("{way}: {}{said}", undelivered.why)))
        }
    }
}
