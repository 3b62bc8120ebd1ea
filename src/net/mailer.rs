//! What hands mail over: to the host's `sendmail`, or to a server by SMTP. Both are left when they take too long.

use super::client::Trust;
use super::mail::{Mail, Privacy, Relay, Undelivered, Way};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use rustix::process::{Pid, Signal, kill_process_group};
use std::env;
use std::error::Error;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Where the host's `sendmail` finds what it starts itself.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// How often it is looked whether `sendmail` has ended.
const NAP: Duration = Duration::from_millis(10);
/// Exit codes of `sendmail` that another try does not mend (sysexits.h): 64 usage, 65 data, 67 no such user, 68 no such host.
const FINAL: [i32; 4] = [64, 65, 67, 68];
/// The host's `sendmail` or a server, and who writes.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
    /// The certificates that are believed.
    roots: Roots,
    /// May `sendmail` complain on this process's standard error?
    aloud: bool,
}

#[derive(Debug, Clone)]
enum Roots {
    /// Those of the usual authorities: Mozilla's list, compiled in.
    Usual,
    /// These, too.
    These(Vec<Certificate>),
    /// Everybody's.
    All,
}

impl Mailer {
    /// A mailer for what this address writes: `a@example.org`, or `Name <a@example.org>`.
    ///
    /// # Errors
    /// When that is no address, or a file of certificates cannot be read.
    pub fn new(from: &str, way: Way, trust: Trust<'_>) -> Result<Mailer, String> {
        let from = from.parse::<Mailbox>().map_err(|error| format!("the sender is no address: {error}"))?;
        let roots = match trust {
            Trust::Usual => Roots::Usual,
            Trust::File(file) => Roots::These(authorities(file)?),
            Trust::Anybody => Roots::All,
        };
        Ok(Mailer { from, way, roots, aloud: false })
    }

    /// The same, whose `sendmail` complains on this process's standard error: it may name the recipient.
    #[must_use]
    pub fn aloud(self) -> Mailer {
        Mailer { aloud: true, ..self }
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn send(&self, mail: &Mail<'_>) -> Result<(), Undelivered> {
        let message = self.message(mail).map_err(|error| Undelivered::ever(format!("no mail can be made of it: {error}")))?;
        match &self.way {
            Way::Sendmail(program) => self.pipe(program, &message, mail),
            Way::Smtp(relay) => submit(self.transport(relay, mail.within)?, message, mail.within),
        }
    }

    /// A message of two forms. Nobody's absence is answered to what a machine wrote (RFC 3834).
    fn message(&self, mail: &Mail<'_>) -> Result<Message, Box<dyn Error>> {
        let to = Mailbox::new(None, mail.to.parse()?);
        let id = format!("<{}@{}>", uuid::Uuid::new_v4().simple(), self.from.email.domain());
        let by_machine = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let builder = Message::builder().from(self.from.clone()).to(to).subject(mail.subject).message_id(Some(id));
        let parts = MultiPart::alternative_plain_html(mail.text.to_owned(), mail.html.to_owned());
        Ok(builder.raw_header(by_machine).multipart(parts)?)
    }

    fn transport(&self, relay: &Relay, within: Duration) -> Result<SmtpTransport, Undelivered> {
        let tls = match relay.privacy {
            Privacy::Local => Tls::None,
            Privacy::Always => Tls::Wrapper(self.tls(relay)?),
            Privacy::Started => Tls::Required(self.tls(relay)?),
        };
        let mut builder = SmtpTransport::builder_dangerous(&relay.host).port(relay.port).tls(tls).timeout(Some(within));
        if let Some((user, password)) = &relay.account {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(builder.build())
    }

    fn tls(&self, relay: &Relay) -> Result<TlsParameters, Undelivered> {
        let builder = TlsParameters::builder(relay.host.trim_matches(['[', ']']).to_owned());
        let builder = match &self.roots {
            Roots::Usual => builder,
            Roots::These(roots) => roots.iter().fold(builder, |builder, root| builder.add_root_certificate(root.clone())),
            Roots::All => builder.dangerous_accept_invalid_certs(true),
        };
        builder.build().map_err(|error| Undelivered::yet(format!("TLS cannot be prepared: {error}")))
    }

    /// Starts `sendmail` in a group of processes of its own, with nothing of this process's: our settings hold secrets.
    fn pipe(&self, program: &Path, message: &Message, mail: &Mail<'_>) -> Result<(), Undelivered> {
        let cannot = |error: std::io::Error| Undelivered::yet(format!("{} cannot be started: {error}", program.display()));
        let mut command = Command::new(program);
        command.env_clear().env("PATH", PATH).envs(env::var_os("HOME").map(|home| ("HOME", home))).process_group(0);
        command.args(["-i", "-f", self.from.email.as_ref(), "--", mail.to]).stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(if self.aloud { Stdio::inherit() } else { Stdio::null() });
        let mut child = command.spawn().map_err(cannot)?;
        let (input, bytes) = (child.stdin.take(), message.formatted());
        // One that reads nothing keeps the thread waiting, not this one; when it is ended, the thread ends, too.
        thread::spawn(move || input.map(|mut input| input.write_all(&bytes)));
        let status = wait(&mut child, mail.within).map_err(|why| Undelivered::yet(format!("{} {why}", program.display())))?;
        if status.success() {
            return Ok(());
        }
        let again = status.code().is_none_or(|code| !FINAL.contains(&code));
        Err(Undelivered { again, ..Undelivered::yet(format!("{} did not take it: {status}", program.display())) })
    }
}

/// Waits for a program; one that takes too long is ended with all that it has started.
fn wait(child: &mut Child, within: Duration) -> Result<ExitStatus, String> {
    let end = Instant::now() + within;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < end => thread::sleep(NAP),
            Ok(None) => {
                let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                group.map(|group| kill_process_group(group, Signal::KILL));
                let _ = child.wait();
                return Err(format!("did not end within {} s", within.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    }
}

/// Speaks to a server. Its time-outs are those of one step each, and finding its address has none: so a thread of its own waits,
/// and is left when it takes too long.
fn submit(transport: SmtpTransport, message: Message, within: Duration) -> Result<(), Undelivered> {
    let (done, outcome) = channel();
    thread::spawn(move || done.send(transport.send(&message)));
    match outcome.recv_timeout(within) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(refused(&error)),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            Err(Undelivered::yet("the server did not answer in time"))
        }
    }
}

/// What the server said stands in a source of its error, and may name the recipient.
fn refused(error: &lettre::transport::smtp::Error) -> Undelivered {
    let cause = || error.source().map(ToString::to_string);
    if let Some(code) = error.status() {
        let why = format!("the server refused it with {code}");
        return Undelivered { again: !error.is_permanent(), why, said: cause() };
    }
    let why = match cause() {
        _ if error.is_timeout() => "the server did not answer in time".to_owned(),
        // What a client says of itself or the network names no recipient.
        Some(cause) if !error.is_response() => format!("the server cannot be spoken to: {cause}"),
        _ => "the server does not speak SMTP".to_owned(),
    };
    Undelivered { said: cause(), ..Undelivered::yet(why) }
}

fn authorities(file: &Path) -> Result<Vec<Certificate>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Certificate::from_pem(&pem).map(|certificate| vec![certificate]).map_err(|error| format!("{}: {error}", file.display()))
}
