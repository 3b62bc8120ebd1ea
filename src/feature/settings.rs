//! What the operator can set, as the layers use it. `app::config` reads it.

use crate::base::time::{DAY, HOUR, MINUTE, SECOND};
use crate::db::Journal;
use crate::http::peer::Network;
use crate::net::mail::{self, Relay, Way};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Bytes in a MiB.
const MIB: i64 = 1 << 20;

/// A number of requests in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number.
    pub count: u32,
    /// The time, in milliseconds.
    pub window: i64,
}

impl Rate {
    /// The rate for a caller who has this share of it, in halves.
    #[must_use]
    pub fn shared(self, halves: u32) -> Rate {
        Rate { count: (self.count.saturating_mul(halves) / 2).max(1), ..self }
    }
}

/// Which `sendmail` takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sendmail {
    /// The host's, if it has one.
    Auto,
    /// This program.
    At(PathBuf),
    /// None.
    Off,
}

/// Who starts the courier, which wakes devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starts {
    /// Requests, after their answers; and cron.
    Auto,
    /// Cron alone.
    Cron,
    /// Nobody: no device is woken. Mails leave as ever.
    Off,
}

/// Where devices may be woken, and as whom.
#[derive(Debug, Clone)]
pub struct Push {
    /// Where push services reach who runs this server, `mailto:…` or `https://…`; nobody is woken where nobody said.
    pub contact: Option<String>,
    /// The hosts that are called, in small letters; none is every one.
    pub hosts: Vec<String>,
    /// The ports that are called.
    pub ports: Vec<u16>,
    /// Hosts that may stand at addresses that are not public.
    pub private: Vec<String>,
    /// A file of certificates that are trusted beside the usual ones, for push services alone.
    pub ca: Option<PathBuf>,
    /// Who starts the courier.
    pub courier: Starts,
}

impl Push {
    /// Who wakes devices, if anybody does.
    pub fn sender(&self) -> Option<&str> {
        self.contact.as_deref().filter(|_| self.courier != Starts::Off)
    }
}

impl Default for Push {
    fn default() -> Self {
        let (hosts, private) = (Vec::new(), Vec::new());
        Push { contact: None, hosts, ports: vec![HTTPS], private, ca: None, courier: Starts::Auto }
    }
}

/// The engine in front that holds sockets and streams in this site's place, by GRIP (Pushpin).
#[derive(Debug, Clone, Default)]
pub struct Grip {
    /// Where it takes what is published: an address of this machine.
    pub control: Option<SocketAddr>,
    /// The secret by which it shows that a request came through it.
    pub key: Option<String>,
    /// The API's address through it, as phones know it; nothing where that is the API's own.
    pub public_url: Option<String>,
}

/// The engine, once it is set up.
#[derive(Debug, Clone, Copy)]
pub struct Engine<'g> {
    /// Where it takes what is published.
    pub control: SocketAddr,
    /// The secret by which it shows that a request came through it.
    pub key: &'g str,
}

impl Grip {
    /// The engine, if there is one.
    pub fn engine(&self) -> Option<Engine<'_>> {
        Some(Engine { control: self.control?, key: self.key.as_deref()? })
    }
}

/// The port of https, which an address need not name.
pub const HTTPS: u16 = 443;

/// The effective configuration. A limit that is `None` is switched off.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder, outside the web root.
    pub data: PathBuf,
    /// `sqlite:PATH` or `mysql://…`; the default is `tandem.db` in the data folder.
    pub database_url: String,
    /// `mysql://…` of a replica of that database, where polls are read.
    pub read_url: Option<String>,
    /// The API's own address as phones know it, `https://example.org/api`; empty when nobody said.
    pub site_url: String,
    /// The app's own address, `https://app.example.org`, where links in mails lead; nothing when nobody said.
    pub app_url: Option<String>,
    /// Who writes mails, `a@example.org` or `Name <a@example.org>`; nothing is sent where nobody said.
    pub mail_from: Option<String>,
    /// The program that takes mail.
    pub mail_sendmail: Sendmail,
    /// The server that takes mail in its place.
    pub mail_smtp: Option<Relay>,
    /// Must the address be verified before somebody joins a couple or a team?
    pub email_required: bool,
    /// The whole path of the operator's program, which is the courier, where it does not lie where the bundle puts it.
    pub courier_program: Option<PathBuf>,
    /// Where devices may be woken, and as whom.
    pub push: Push,
    /// What holds sockets and streams.
    pub grip: Grip,
    /// How SQLite keeps a transaction whole.
    pub journal: Journal,
    /// May a poll without news be answered from the hint file?
    pub hints: bool,
    /// How long an access token is good, in milliseconds.
    pub access_ttl: i64,
    /// How long a refresh token is good, in milliseconds.
    pub refresh_ttl: i64,
    /// Peers whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed.
    pub trusted_proxies: Vec<Network>,
    /// Origins whose pages may call the API; none switches CORS off, `*` is any.
    pub cors_origins: Vec<String>,
    /// Failed logins and refreshes, per account and address.
    pub limit_auth: Option<Rate>,
    /// Wrong invite codes, per user and address, and wrong links to set a password, per address.
    pub limit_codes: Option<Rate>,
    /// Messages that a user may send to devices.
    pub limit_push: Option<Rate>,
    /// Messages that a socket may send.
    pub limit_socket: Option<Rate>,
    /// Failed logins over all names, per address.
    pub limit_address: Option<Rate>,
    /// Wrong invite codes over all addresses; beyond them few are left to each.
    pub limit_all_codes: Option<Rate>,
    /// Registrations, per address.
    pub limit_registrations: Option<Rate>,
    /// May anybody make an account? Else only the operator does.
    pub registration: bool,
    /// Sessions that a user may have; the longest unused ends.
    pub max_sessions: u32,
    /// Settled conflicts, and open ones, that are kept of one record.
    pub max_conflicts: u32,
    /// Devices of a user in a couple or team that are remembered.
    pub max_devices: u32,
    /// Bytes of answers that are kept for a user's retries, together.
    pub max_answers: i64,
    /// Bytes that a couple may hold.
    pub room_couple: i64,
    /// Bytes that a couple of one, or one that is new, may hold.
    pub room_new_couple: i64,
    /// Bytes that a team may hold.
    pub room_team: i64,
    /// Objects of a kind that a couple or team may have.
    pub max_objects: u32,
    /// Bytes that the whole store may take.
    pub store_limit: Option<u64>,
    /// Bytes of free disk below which nothing is taken.
    pub free_disk: u64,
    /// Requests of the REST interface, per user.
    pub limit_requests: Option<Rate>,
    /// Polls of the feed, per user.
    pub limit_polls: Option<Rate>,
    /// Uploads of mobile sync and GraphQL, per user.
    pub limit_uploads: Option<Rate>,
    /// Uploads in quick succession, per user.
    pub limit_burst: Option<Rate>,
    /// What uploads and GraphQL queries cost, in points, per user.
    pub limit_cost: Option<Rate>,
    /// Marks of edits that are begun, per user.
    pub limit_edits: Option<Rate>,
    /// Does maintenance learn from edits?
    pub risk_train: bool,
    /// For what percent of devices, records and days a model is held back.
    pub risk_holdout: u32,
    /// Are marks of edits shown to others?
    pub risk_marks: bool,
    /// How deep one GraphQL operation may nest; 0 is no limit.
    pub graphql_depth: u32,
    /// What one GraphQL operation may cost; 0 is no limit.
    pub graphql_cost: u32,
    /// May GraphQL's schema be asked for?
    pub graphql_introspection: bool,
    /// Is there a page to try GraphQL queries?
    pub graphiql: bool,
    /// How long tombstones stay in the feed, in milliseconds.
    pub tombstones: i64,
    /// Seconds between polls on an active screen.
    pub poll_active: u32,
    /// Seconds between polls of an idle app.
    pub poll_idle: u32,
    /// Requests after which a FastCGI process starts anew; 0 is never.
    pub recycle_after: u64,
}

impl Settings {
    /// What links begin with in the place of the host that was asked: the API's own address, if it is known.
    pub fn link_base(&self) -> Option<&str> {
        let known = ["https://", "http://"].iter().any(|scheme| self.site_url.starts_with(scheme));
        known.then_some(self.site_url.as_str())
    }

    /// Who writes mails and how they leave, if they can: a sender is known, and a mailer is there.
    pub fn mailer(&self) -> Option<(&str, Way)> {
        let from = self.mail_from.as_deref()?;
        let sendmail = || match &self.mail_sendmail {
            Sendmail::Auto => mail::sendmail(),
            Sendmail::At(program) => Some(program.clone()),
            Sendmail::Off => None,
        };
        let way = self.mail_smtp.clone().map(Way::Smtp).or_else(|| sendmail().map(Way::Sendmail));
        way.map(|way| (from, way))
    }

    /// A link to a page that takes a code: the app's own, or else this site's. Never a host that a request names: whoever asks
    /// for a mail would choose where it leads.
    pub fn link(&self, page: &str, token: &str) -> Option<String> {
        match &self.app_url {
            Some(app) => Some(format!("{app}/{page}#token={token}")),
            None => self.link_base().map(|site| format!("{site}/{page}/#token={token}")),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            data: PathBuf::new(),
            database_url: String::new(),
            read_url: None,
            site_url: String::new(),
            app_url: None,
            mail_from: None,
            mail_sendmail: Sendmail::Auto,
            mail_smtp: None,
            email_required: false,
            courier_program: None,
            push: Push::default(),
            grip: Grip::default(),
            journal: Journal::Auto,
            hints: true,
            access_ttl: 60 * MINUTE,
            refresh_ttl: 30 * DAY,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            limit_auth: Some(Rate { count: 10, window: 5 * MINUTE }),
            limit_codes: Some(Rate { count: 10, window: 15 * MINUTE }),
            limit_push: Some(Rate { count: 10, window: MINUTE }),
            // A queue that is emptied in messages of ten records: a thousand records a minute.
            limit_socket: Some(Rate { count: 100, window: MINUTE }),
            // A household or an office shares an address; six accounts that each forgot their password still get in.
            limit_address: Some(Rate { count: 60, window: 15 * MINUTE }),
            // With ten live codes each of a thousand couples, a guess in a hundred hits: a botnet may not have many.
            limit_all_codes: Some(Rate { count: 1_000, window: 15 * MINUTE }),
            // A class that signs up together behind one address.
            limit_registrations: Some(Rate { count: 30, window: HOUR }),
            registration: true,
            // Far more than a person has phones and browsers, and few enough to look through.
            max_sessions: 50,
            // More of one record than anybody settles by hand.
            max_conflicts: 20,
            // As many as the sessions that they upload in.
            max_devices: 50,
            // Four of the largest; of a phone's everyday uploads some thousand.
            max_answers: 4 * MIB,
            // A text of 2 KiB each hour of each partner for 7 years.
            room_couple: 256 * MIB,
            // A month of the busiest couple, and little for who makes couples only to fill a disk.
            room_new_couple: 16 * MIB,
            // 200 members with a record of 4 KiB each hour of their shifts for 2 years.
            room_team: 4 * 1_024 * MIB,
            // The largest list that a phone can still load whole.
            max_objects: 100_000,
            store_limit: None,
            // A backup's temporary files and the write-ahead log need room, too.
            free_disk: 64 * MIB.unsigned_abs(),
            limit_requests: Some(Rate { count: 1_200, window: 5 * MINUTE }),
            limit_polls: Some(Rate { count: 600, window: 5 * MINUTE }),
            limit_uploads: Some(Rate { count: 100, window: 5 * MINUTE }),
            limit_burst: Some(Rate { count: 10, window: 10 * SECOND }),
            limit_cost: Some(Rate { count: 1_000, window: 5 * MINUTE }),
            // Twelve a minute: more than anybody opens to edit.
            limit_edits: Some(Rate { count: 60, window: 5 * MINUTE }),
            risk_train: true,
            risk_holdout: 5,
            risk_marks: true,
            graphql_depth: 10,
            graphql_cost: 1_000,
            graphql_introspection: false,
            graphiql: false,
            tombstones: 30 * DAY,
            poll_active: 5,
            poll_idle: 30,
            recycle_after: 100_000,
        }
    }
}
