//! The settings, as data: a name, what it is, and where its value goes.

use super::Loaded;
use super::setting::{Setting, Value, setting};
use super::{grip, mail, push};
use crate::base::time::{DAY, MINUTE};
use crate::db::Journal;
use crate::feature::Rate;
use crate::http::peer::{self, Network};
use crate::net::mail::Relay;

/// Bytes in a MiB.
const MIB: i64 = 1 << 20;
/// The most room that can be set, in MiB: a PiB.
const MAX_MIB: u32 = 1 << 30;

/// What is off or on.
const SWITCH: &[&str] = &["off", "on"];

/// Whoever switches off the limit of passwords (for a test, or behind a guard of their own) wants none of those beside it.
fn auth(loaded: &mut Loaded, rate: Option<Rate>) {
    let settings = &mut loaded.settings;
    settings.limit_auth = rate;
    if rate.is_none() {
        (settings.limit_address, settings.limit_codes, settings.limit_all_codes) = (None, None, None);
        settings.limit_registrations = None;
    }
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    setting(
        "data",
        "tandem/data in the home folder",
        "The data folder, outside the web root.",
        Value::Text(|l, v| l.settings.data = v.into()),
    ),
    setting(
        "database_url",
        "sqlite:DATA/tandem.db",
        "Where the database is: sqlite:PATH, or mysql://USER:PASSWORD@HOST/DATABASE for MySQL and MariaDB.",
        Value::Text(|l, v| l.settings.database_url = v),
    ),
    setting(
        "read_url",
        "none",
        "A replica of that MySQL or MariaDB database, where polls are read as long as it answers: mysql://… as above.",
        Value::Text(|l, v| l.settings.read_url = Some(v)),
    ),
    setting(
        "site_url",
        "not known",
        "The API's address as phones know it, such as https://example.org/api: `tandem doctor` asks it from outside.",
        Value::Text(|l, v| l.settings.site_url = v.trim_end_matches('/').to_owned()),
    ),
    setting(
        "app_url",
        "none",
        "The app's own address, such as https://app.example.org: links in mails lead to its pages /reset and /verify, the QR of a new device to /link. Without it they lead to this site's, by site_url; without either a mail has a code alone.",
        Value::Checked(|l, v| {
            l.settings.app_url = Some(mail::app(v)?);
            Ok(())
        }),
    ),
    setting(
        "mail.from",
        "none",
        "Who writes mails, such as no-reply@example.org or Our app <no-reply@example.org>; without it nothing is sent.",
        Value::Checked(|l, v| {
            l.settings.mail_from = Some(mail::sender(v)?);
            Ok(())
        }),
    ),
    setting(
        "mail.sendmail",
        "auto",
        "The program that takes mail: auto is the host's sendmail, where it has one; a whole path; or off.",
        Value::Checked(|l, v| {
            l.settings.mail_sendmail = mail::program(v)?;
            Ok(())
        }),
    ),
    Setting {
        secret: true,
        ..setting(
            "mail.smtp",
            "none",
            "A server that takes mail in its place: smtps://USER:PASSWORD@HOST, or smtp://… with STARTTLS; plain only to this machine.",
            Value::Checked(|l, v| {
                l.settings.mail_smtp = Some(Relay::parse(v)?);
                Ok(())
            }),
        )
    },
    setting(
        "email_required",
        "off",
        "Who must have verified their e-mail address: off is nobody; pairing is whoever joins a couple or a team.",
        Value::Word(&["off", "pairing"], |l, n| l.settings.email_required = n == 1),
    ),
    setting(
        "courier.program",
        "tandem/bin/tandem in the home folder",
        "The whole path of the operator's program, which requests start after their answers to do what waits for other servers.",
        Value::Text(|l, v| l.settings.courier_program = Some(v.into())),
    ),
    setting(
        "push.contact",
        "none",
        "Where push services reach you, mailto:you@YOUR-DOMAIN or an https address. Without it no device is woken: apps only poll.",
        Value::Checked(push::contact),
    ),
    setting("push.hosts", "every host", "The only hosts of push services that are called.", Value::List(push::hosts)),
    setting("push.ports", "443", "The ports of push services that are called.", Value::List(push::ports)),
    setting(
        "push.private",
        "none",
        "Hosts of your own push services, at addresses that are not public.",
        Value::List(push::private),
    ),
    setting("push.ca", "none", "A PEM file that is trusted, too, for push services alone.", Value::Checked(push::certificates)),
    setting(
        "push.courier",
        "auto",
        "Who wakes devices: auto is the courier that requests start, and cron; cron is cron alone, for mails too; off is nobody.",
        Value::Word(push::STARTS, push::starts),
    ),
    setting(
        "grip.control_url",
        "none",
        "Where Pushpin takes what is published, http://127.0.0.1:5561: with grip.key there are WebSockets and streams. Without both, apps poll.",
        Value::Checked(grip::control),
    ),
    Setting {
        secret: true,
        ..setting(
            "grip.key",
            "none",
            "The secret by which Pushpin shows that a request came through it, its sig_key; at least 32 characters.",
            Value::Checked(grip::key),
        )
    },
    setting(
        "grip.public_url",
        "the API's own address",
        "The API's address through Pushpin, such as https://rt.example.org/api, where that is another one.",
        Value::Checked(grip::public),
    ),
    setting(
        "journal",
        "auto",
        "SQLite's journal: wal for FastCGI, rollback for CGI; auto leaves it as it is. `tandem migrate` sets it.",
        Value::Word(&["auto", "wal", "rollback"], |l, n| {
            l.settings.journal = [Journal::Auto, Journal::Wal, Journal::Rollback][n];
        }),
    ),
    setting(
        "hints",
        "on",
        "With SQLite's rollback journal, as CGI has it: a poll without news is answered from the file `hints` beside the database. \
         That file may be deleted at any time.",
        Value::Word(&["on", "off"], |l, n| l.settings.hints = n == 0),
    ),
    Setting {
        secret: true,
        ..setting(
            "jwt_secret",
            "made on first use",
            "Signs tokens; at least 32 characters.",
            Value::Text(|l, v| l.secret = Some(v)),
        )
    },
    setting(
        "access_minutes",
        "60",
        "How long an access token is good, in minutes.",
        Value::Number(1, 1_440, |l, n| l.settings.access_ttl = i64::from(n) * MINUTE),
    ),
    setting(
        "refresh_days",
        "30",
        "How long a refresh token is good, in days.",
        Value::Number(1, 3_650, |l, n| l.settings.refresh_ttl = i64::from(n) * DAY),
    ),
    setting(
        "trusted_proxies",
        "none",
        "Proxies whose X-Forwarded-For is believed: addresses or networks such as 10.0.0.0/8.",
        Value::List(|l, v| {
            l.settings.trusted_proxies = v.iter().map(|entry| Network::parse(entry)).collect::<std::result::Result<_, _>>()?;
            Ok(())
        }),
    ),
    setting(
        "cors_origins",
        "none",
        "Origins whose pages may call the API, such as https://app.example or capacitor://localhost; * is any.",
        Value::List(|l, v| {
            l.settings.cors_origins = v.iter().map(|entry| peer::origin(entry)).collect::<std::result::Result<_, _>>()?;
            Ok(())
        }),
    ),
    setting(
        "registration",
        "open",
        "Who makes accounts: open is anybody who reaches the API; closed is you alone, by `tandem user create`.",
        Value::Word(&["open", "closed"], |l, n| l.settings.registration = n == 0),
    ),
    setting(
        "limits.auth",
        "10/300",
        "Failed logins and refreshes, per account and address: N/SECONDS or off. Off also switches off those of address, codes and registrations.",
        Value::Limit(auth),
    ),
    setting(
        "limits.address",
        "60/900",
        "Failed logins over all names, per address.",
        Value::Limit(|l, r| l.settings.limit_address = r),
    ),
    setting(
        "limits.codes",
        "10/900",
        "Wrong invite codes, per user and address, and wrong links to set a password, per address. Off, new devices may ask to be let in as often as they like, else 10 times an hour and address.",
        Value::Limit(|l, r| l.settings.limit_codes = r),
    ),
    setting(
        "limits.all_codes",
        "1000/900",
        "Wrong invite codes over all addresses; beyond them each address has 2 in that time.",
        Value::Limit(|l, r| l.settings.limit_all_codes = r),
    ),
    setting("limits.push", "10/60", "Messages to devices, per user.", Value::Limit(|l, r| l.settings.limit_push = r)),
    setting("limits.socket", "100/60", "Messages of a WebSocket, per session.", Value::Limit(|l, r| l.settings.limit_socket = r)),
    setting(
        "limits.registrations",
        "30/3600",
        "Registrations, per address (IPv6: per /64).",
        Value::Limit(|l, r| l.settings.limit_registrations = r),
    ),
    setting(
        "limits.sessions",
        "50",
        "Sessions that a user may have; a new one ends the longest unused.",
        Value::Number(1, 10_000, |l, n| l.settings.max_sessions = n),
    ),
    setting(
        "limits.conflicts",
        "20",
        "Conflicts kept of one record, this many settled and this many open; an edit beyond waits until one is settled.",
        Value::Number(1, 10_000, |l, n| l.settings.max_conflicts = n),
    ),
    setting(
        "limits.devices",
        "50",
        "Devices of a user that are remembered; a new one takes the place of the longest unused.",
        Value::Number(1, 10_000, |l, n| l.settings.max_devices = n),
    ),
    setting(
        "limits.answers",
        "4",
        "Answers kept for a user's retries, together, in MiB; a new one takes the place of the oldest.",
        Value::Number(1, MAX_MIB, |l, n| l.settings.max_answers = i64::from(n) * MIB),
    ),
    setting(
        "limits.couple",
        "256",
        "Room of a couple, in MiB of what it sent. `tandem tenant list` shows what each takes.",
        Value::Number(1, MAX_MIB, |l, n| l.settings.room_couple = i64::from(n) * MIB),
    ),
    setting(
        "limits.new_couple",
        "16",
        "Room of a couple with one member, or younger than 7 days, in MiB.",
        Value::Number(1, MAX_MIB, |l, n| l.settings.room_new_couple = i64::from(n) * MIB),
    ),
    setting(
        "limits.team",
        "4096",
        "Room of a team, in MiB.",
        Value::Number(1, MAX_MIB, |l, n| l.settings.room_team = i64::from(n) * MIB),
    ),
    setting(
        "limits.objects",
        "100000",
        "Objects of a kind that a couple or team may have.",
        Value::Number(1, u32::MAX, |l, n| l.settings.max_objects = n),
    ),
    setting(
        "limits.store",
        "80 % of the account's quota where that is known",
        "What the whole store may take, in MiB; 0 is no limit. Set it where `tandem doctor` does not know your quota (cPanel → Statistics).",
        Value::Number(0, MAX_MIB, |l, n| {
            l.settings.store_limit = Some(if n == 0 { u64::MAX } else { u64::from(n) * MIB.unsigned_abs() })
        }),
    ),
    setting(
        "limits.disk",
        "64",
        "Free disk below which nothing is taken that grows, in MiB.",
        Value::Number(0, MAX_MIB, |l, n| l.settings.free_disk = u64::from(n) * MIB.unsigned_abs()),
    ),
    setting(
        "limits.requests",
        "1200/300",
        "Requests, per user; off switches off limits.polls too.",
        Value::Limit(|l, r| {
            (l.settings.limit_requests, l.settings.limit_polls) = (r, if r.is_none() { None } else { l.settings.limit_polls })
        }),
    ),
    setting("limits.polls", "600/300", "Polls of the feed, per user.", Value::Limit(|l, r| l.settings.limit_polls = r)),
    setting(
        "limits.uploads",
        "100/300",
        "Uploads of mobile sync and GraphQL, per user.",
        Value::Limit(|l, r| l.settings.limit_uploads = r),
    ),
    setting("limits.burst", "10/10", "Uploads in quick succession, per user.", Value::Limit(|l, r| l.settings.limit_burst = r)),
    setting(
        "limits.cost",
        "1000/300",
        "What uploads and GraphQL queries cost, in points, per user.",
        Value::Limit(|l, r| l.settings.limit_cost = r),
    ),
    setting(
        "limits.edits",
        "60/300",
        "Records that are begun to be edited, per user.",
        Value::Limit(|l, r| l.settings.limit_edits = r),
    ),
    setting(
        "risk.train",
        "weekly",
        "Does `tandem maintain` learn from edits which of them will meet others? Weekly, or off.",
        Value::Word(&["off", "weekly"], |l, n| l.settings.risk_train = n == 1),
    ),
    setting(
        "risk.holdout",
        "5",
        "Percent of devices, records and days for which a model is held back and only facts are told, so that `tandem risk status` can say whether advice helps.",
        Value::Number(0, 50, |l, n| l.settings.risk_holdout = n),
    ),
    setting(
        "risk.marks",
        "on",
        "Do members see who else is editing a record? Off: it is remembered for advice all the same, and shown to nobody.",
        Value::Word(SWITCH, |l, n| l.settings.risk_marks = n == 1),
    ),
    setting(
        "graphql.depth",
        "10",
        "How deep one GraphQL operation may nest; 0 is no limit.",
        Value::Number(0, 100, |l, n| l.settings.graphql_depth = n),
    ),
    setting(
        "graphql.cost",
        "1000",
        "What one GraphQL operation may cost, in points; 0 is no limit.",
        Value::Number(0, u32::MAX, |l, n| l.settings.graphql_cost = n),
    ),
    setting(
        "graphql.introspection",
        "off",
        "May anybody ask GraphQL for its schema? On for development; `tandem schema` prints it at any time.",
        Value::Word(SWITCH, |l, n| l.settings.graphql_introspection = n == 1),
    ),
    setting(
        "graphql.page",
        "off",
        "A page to try queries at /api/graphql/; its files come from a public CDN, so the browser needs the Internet.",
        Value::Word(SWITCH, |l, n| l.settings.graphiql = n == 1),
    ),
    setting(
        "tombstone_days",
        "30",
        "How long deletions stay in the feed, in days.",
        Value::Number(30, 3_650, |l, n| l.settings.tombstones = i64::from(n) * DAY),
    ),
    setting(
        "poll_active",
        "5",
        "Seconds between polls on an active screen.",
        Value::Number(1, 3_600, |l, n| l.settings.poll_active = n),
    ),
    setting("poll_idle", "30", "Seconds between polls of an idle app.", Value::Number(1, 3_600, |l, n| l.settings.poll_idle = n)),
    setting(
        "recycle_after",
        "100000",
        "Requests after which a FastCGI process starts anew; 0 is never.",
        Value::Number(0, u32::MAX, |l, n| l.settings.recycle_after = u64::from(n)),
    ),
];
