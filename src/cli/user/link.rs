//! `tandem user link`: a way back in for somebody who has forgotten their password.

use super::{find, name};
use crate::app::open;
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::cli::site::within;
use crate::cli::{Action, Command, RUNNING, Verdict, json_flag, out, text};
use crate::db::Mode;
use crate::domain::auth::{reset, store};
use clap::ArgMatches;
use serde_json::json;

pub const COMMAND: Command = Command {
    name: "link",
    group: RUNNING,
    about: "Print a link to set a new password, good once",
    help: "Hand it over to the account's owner and to nobody else: for 30 minutes whoever opens it sets the password. Then every session \
           ends, and every device has to sign in again. It is worth nothing once it was used, or the password was changed.",
    examples: &[
        ("tandem user link anna", "the link"),
        ("tandem user link anna --json", "its token, for an app's own page; `link` is null without site_url or app_url"),
    ],
    args: |command| command.arg(name()).arg(json_flag()),
    action: Action::Run(run),
};

/// What stands for the API's address where nobody said it.
const SOMEWHERE: &str = "https://YOUR-ADDRESS/api";

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let house = open::house()?;
    let mut db = open::connect(&house.settings)?;
    let user = find(&mut db, matches)?.user;
    let account = within(&mut db, Mode::Read, |db| store::by_id(db, user.id))?;
    let closed = || {
        let name = text(matches, "username").unwrap_or_default();
        Error::NotReady(format!("{name} is shut out. `tandem user enable {name}` lets them in; then make a link."))
    };
    let now = Timestamp::now();
    let token = reset::token(&house, &account.ok_or_else(closed)?, now)?;
    let until = now.plus(reset::TTL);
    let known = house.settings.link(reset::PAGE, &token);
    let link = known.clone().unwrap_or_else(|| format!("{SOMEWHERE}/{}/#token={token}", reset::PAGE));
    if matches.get_flag("json") {
        out::json(&json!({"link": known, "token": token, "expires_at": until}))?;
        return Ok(Verdict::Well);
    }
    out::line(&link)?;
    out::line(format!("good once, until {} UTC, for {}", out::minute(until), user.username))?;
    if known.is_none() {
        out::line("put your own address in the place of YOUR-ADDRESS; `site_url` in tandem.toml does it from now on")?;
    }
    Ok(Verdict::Well)
}
