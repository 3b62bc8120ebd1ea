//! `tandem push list`, `test` and `key`: which devices are woken, whether one is, and as whom.

use crate::app::open;
use crate::app::work::AfterAnswers;
use crate::app::work::courier::{self, Starter};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::cli::mail::outside;
use crate::cli::site::{enter, within};
use crate::cli::{Action, Command, RUNNING, Verdict, flag, json_flag, out, text, user};
use crate::db::{Db, Mode};
use crate::domain::push::key::{self, Key};
use crate::domain::push::subscriptions::rules::Subscription;
use crate::domain::push::subscriptions::shown::Shown;
use crate::domain::push::subscriptions::store;
use crate::feature::House;
use clap::{Arg, ArgMatches};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often it is looked whether another courier has sent what is tried.
const GLANCE: Duration = Duration::from_millis(200);

pub const LIST: Command = Command {
    name: "list",
    group: RUNNING,
    about: "List the devices that want to be woken",
    help: "Of each the host of its push service, how it stands, and how the last wake-up went. Times are UTC.",
    examples: &[
        ("tandem push list", "as a table"),
        ("tandem push list --user anna", "those of one user"),
        ("tandem push list --json", "for scripts"),
    ],
    args: |command| {
        let user = Arg::new("user").long("user").value_name("USER").help("The user name of the one whose they are");
        command.arg(user).arg(json_flag())
    },
    action: Action::Run(list),
};

pub const TEST: Command = Command {
    name: "test",
    group: RUNNING,
    about: "Wake a user's devices and say what became of it",
    help: "Their apps show nothing of it but, where they want each wake-up to be seen, a notification. That the push service took it does \
           not mean that the device is switched on.",
    examples: &[("tandem push test anna", "wake every device of hers that has subscribed")],
    args: |command| command.arg(Arg::new("user").value_name("USER").required(true).help("The user name")),
    action: Action::Run(test),
};

pub const KEY: Command = Command {
    name: "key",
    group: RUNNING,
    about: "Show the key by which push services know this site, or make another one",
    help: "It is made when the first app asks, and sealed by the site's secret: take tandem/data/secret with you when you move. Another key \
           ends all subscriptions; each app subscribes anew when it next starts.",
    examples: &[("tandem push key", "show it"), ("tandem push key --new", "make another one, where the former secret is lost")],
    args: |command| command.arg(flag("new", "Make another one, and end all subscriptions")).arg(flag("yes", "Do not ask")),
    action: Action::Run(show_key),
};

/// The subscriptions of a user, or of everybody, with the user's name.
fn found(db: &mut Db, name: Option<&str>) -> Result<Vec<(String, Subscription)>> {
    let Some(name) = name else { return store::all(db) };
    let user = user::named(db, name)?.user;
    Ok(store::own(db, user.id)?.into_iter().map(|s| (user.username.clone(), s)).collect())
}

fn list(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let house = open::house()?;
    let found = within(&mut db, Mode::Read, |db| found(db, text(matches, "user")))?;
    let shown: Vec<(String, Shown)> = found.into_iter().map(|(user, s)| (user, Shown::of(&house, &s))).collect();
    if matches.get_flag("json") {
        out::json(
            &shown.iter().map(|(user, shown)| serde_json::json!({"user": user, "subscription": shown})).collect::<Vec<_>>(),
        )?;
    } else if shown.is_empty() {
        out::line("there are none")?;
    } else {
        out::table(HEADS, &shown.iter().map(|(user, shown)| cells(user, shown)).collect::<Vec<_>>())?;
    }
    Ok(Verdict::Well)
}

const HEADS: [&str; 8] = ["user", "device", "host", "state", "sent", "failed", "last", "at"];

fn cells(user: &str, shown: &Shown) -> [String; 8] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let at = shown.last_sent_at.map_or_else(|| "-".to_owned(), out::minute);
    let (host, last) = (or_dash(&shown.host), or_dash(&shown.last_status));
    let (device, state) = (shown.device_id.clone(), shown.state.clone());
    [user.to_owned(), device, host, state, shown.sent.to_string(), shown.failed.to_string(), last, at]
}

fn test(matches: &ArgMatches) -> Result<Verdict> {
    let (settings, mut db) = enter()?;
    let (house, name, now) = (open::house()?, text(matches, "user").unwrap_or_default(), Timestamp::now());
    if settings.push.sender().is_none() {
        return Err(Error::NotReady(
            "push.contact is not set, or push.courier is off: `tandem doctor` says what to write.".into(),
        ));
    }
    let awake = within(&mut db, Mode::Write, |db| {
        let awake: Vec<_> = found(db, Some(name))?.into_iter().map(|(_, s)| s).filter(Subscription::is_awake).collect();
        for s in &awake {
            store::locked(db, s.user, &s.device)?.map_or(Ok(()), |s| store::put(db, &s.tested(now)))?;
        }
        Ok(awake)
    })?;
    if awake.is_empty() {
        return Err(Error::NotReady(format!("{name} has no device that is woken. `tandem push list --user {name}` shows why.")));
    }
    // Another courier may be at work, for which this is news; or it ends soon.
    AfterAnswers::default().owe(&settings, now);
    let (net, end) = (outside(&settings)?, Instant::now() + courier::LIFE);
    loop {
        courier::deliver(&house, &net, Starter::Operator)?;
        let after = within(&mut db, Mode::Read, |db| found(db, Some(name)))?;
        let is_over = awake.iter().all(|s| outcome(&after, s, now).is_some() || rests(&after, s));
        if is_over || Instant::now() > end {
            return told(&house, &after, &awake, now);
        }
        sleep(GLANCE);
    }
}

/// How a device's subscription stands now.
fn standing<'a>(after: &'a [(String, Subscription)], s: &Subscription) -> Option<&'a Subscription> {
    after.iter().map(|(_, now)| now).find(|now| now.id == s.id)
}

/// What was last answered to a wake-up, if one was sent since then.
fn outcome<'a>(after: &'a [(String, Subscription)], s: &Subscription, since: Timestamp) -> Option<&'a str> {
    standing(after, s).filter(|now| now.last_sent_at.is_some_and(|at| at >= since))?.last_status.as_deref()
}

/// Is nothing sent to it now, whoever is the courier?
fn rests(after: &[(String, Subscription)], s: &Subscription) -> bool {
    standing(after, s).is_none_or(|now| !now.is_awake() || now.progress.not_before > Timestamp::now())
}

/// What became of each.
fn told(house: &House, after: &[(String, Subscription)], awake: &[Subscription], since: Timestamp) -> Result<Verdict> {
    let mut verdict = Verdict::Well;
    for s in awake {
        let status = outcome(after, s, since);
        let host = Shown::of(house, s).host.unwrap_or_default();
        let said =
            status.unwrap_or("not sent: its host rests, or another courier is busy; `tandem push list` tells in some minutes");
        out::line(format!("{} at {host}: {said}", s.device))?;
        if status != Some("2xx") {
            verdict = Verdict::Wrong;
        }
    }
    Ok(verdict)
}

fn show_key(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let secret = open::house()?.secret;
    if !matches.get_flag("new") {
        return match within(&mut db, Mode::Read, |db| key::find(db, &secret))? {
            Key::Good(key) => out::line(key.public()).map(|()| Verdict::Well),
            Key::None => out::line("there is none yet: it is made when the first app asks").map(|()| Verdict::Well),
            Key::Sealed => Err(Error::NotReady(
                "The key was sealed by another secret: put the former tandem/data/secret back, or make another key with --new."
                    .into(),
            )),
        };
    }
    if !matches.get_flag("yes") && !out::confirmed("Make another key, and end all subscriptions?")? {
        out::line("nothing was changed")?;
        return Ok(Verdict::Wrong);
    }
    let (key, ended) = within(&mut db, Mode::Write, |db| key::renew(db, &secret))?;
    out::line(key.public())?;
    out::line(format!("{ended} ended: each app subscribes anew when it next starts"))?;
    Ok(Verdict::Well)
}
