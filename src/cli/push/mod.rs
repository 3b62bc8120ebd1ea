//! `tandem push`: messages from the operator to devices, and which of them are woken.

mod devices;

use super::site::{enter, telling};
use super::{Action, Command, RUNNING, Verdict, no_args, out, text, user};
use crate::app::work::AfterAnswers;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::base::word;
use crate::domain::push::post;
use crate::domain::push::rules::{Code, Draft, MAX_TEXT, Priority, To};
use crate::feature::Settings;
use crate::feature::store as feed;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches};

pub const COMMAND: Command = Command {
    name: "push",
    group: RUNNING,
    about: "Send messages to devices, and see which of them are woken",
    help: "A message says that there is something to fetch or to do; apps show it. Nobody's content passes here.",
    examples: &[],
    args: no_args,
    action: Action::Commands(&[SEND, devices::LIST, devices::TEST, devices::KEY]),
};

const SEND: Command = Command {
    name: "send",
    group: RUNNING,
    about: "Tell everybody, or one user, of maintenance, of an upgrade, or something",
    help: "Devices read it with their next poll, for a week; a critical one for a month. Who is in no couple and no team reads none.",
    examples: &[
        ("tandem push send maintenance --text 'Back at noon'", "tell everybody"),
        ("tandem push send upgrade_required --user anna", "have one user's apps ask for the new version"),
    ],
    args: |command| {
        let code = Arg::new("code").value_name("CODE").required(true);
        let codes = PossibleValuesParser::new(word::list(&Code::OPERATORS));
        let words = PossibleValuesParser::new(word::list(&Priority::ALL));
        let option = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
        command
            .arg(code.value_parser(codes).help("maintenance, upgrade_required or text"))
            .arg(option("text", "TEXT").help("What to show, at most 200 characters; a text needs it"))
            .arg(option("user", "USER").help("The user name of the one who is told; else everybody is"))
            .arg(option("priority", "PRIORITY").value_parser(words).default_value("normal").help("normal, high or critical"))
    },
    action: Action::Run(send),
};

fn send(matches: &ArgMatches) -> Result<Verdict> {
    let draft = draft(matches)?;
    let (settings, mut db) = enter()?;
    if let Some(name) = text(matches, "user") {
        let told = telling(&mut db, |ctx| {
            let user = user::named(ctx.db, name)?.user;
            let tenant = feed::tenant_of(ctx.db, user.id)?
                .ok_or_else(|| Error::NotReady(format!("{name} is in no couple and no team, and so polls nothing.")))?;
            post::post(ctx, tenant, To::user(user.id), &draft)?;
            Ok(user.username)
        })?;
        wake(&settings, draft.priority);
        return out::line(format!("told {told}")).map(|()| Verdict::Well);
    }
    let (mut told, mut last) = (0, 0);
    while let Some(tenant) = feed::next_tenant(&mut db, last)? {
        // Each tenant is told in a transaction of its own: others write in between.
        telling(&mut db, |ctx| post::post(ctx, tenant, To::ALL, &draft))?;
        (told, last) = (told + 1, tenant);
    }
    wake(&settings, draft.priority);
    out::line(format!("told {told} {}", if told == 1 { "couple or team" } else { "couples and teams" })).map(|()| Verdict::Well)
}

/// The courier looks whom the messages wake.
fn wake(settings: &Settings, priority: Priority) {
    AfterAnswers::default().owe(settings, Timestamp::now().plus(priority.calm()));
}

fn draft(matches: &ArgMatches) -> Result<Draft> {
    let code = word::stored(&Code::OPERATORS, text(matches, "code").unwrap_or_default())?;
    let priority = word::stored(&Priority::ALL, text(matches, "priority").unwrap_or_default())?;
    let words = text(matches, "text").map(str::trim).filter(|words| !words.is_empty());
    match words {
        None if code == Code::Text => Err(Error::NotReady("Say what to show: --text '…'".into())),
        Some(long) if long.chars().count() > MAX_TEXT => {
            Err(Error::NotReady(format!("The text has more than {MAX_TEXT} characters: a notification shows no more.")))
        }
        words => Ok(Draft::system(code, priority, words)),
    }
}
