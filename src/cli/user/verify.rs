//! `tandem user verify`: the operator vouches for an address where no mail can.

use super::{find, name};
use crate::base::error::{Error, Result};
use crate::base::time::Timestamp;
use crate::cli::site::{enter, within};
use crate::cli::{Action, Command, RUNNING, Verdict, out};
use crate::db::Mode;
use crate::domain::auth::verify;
use clap::ArgMatches;

pub const COMMAND: Command = Command {
    name: "verify",
    group: RUNNING,
    about: "Say that an account's address is its owner's",
    help: "As the code does that a mail brings: for a site that sends no mail, and for somebody whom none reaches. Whoever has the address then \
           gets back in by mail when the password is forgotten, so be sure of it. Another account that only gave the same address has none any more.",
    examples: &[("tandem user verify anna", "the address that anna gave")],
    args: |command| command.arg(name()),
    action: Action::Run(run),
};

fn run(matches: &ArgMatches) -> Result<Verdict> {
    let (_, mut db) = enter()?;
    let user = find(&mut db, matches)?.user;
    let Some(address) = user.email.clone() else {
        return Err(Error::NotReady(format!("{} has given no address: it is set in the app.", user.username)));
    };
    if user.email_verified {
        return out::line(format!("{address} of {} is verified already", user.username)).map(|()| Verdict::Well);
    }
    if !within(&mut db, Mode::Write, |db| verify::verify(db, &user, Timestamp::now()))? {
        return Err(Error::NotReady(format!("{address} is another account's, which has verified it or is called so.")));
    }
    out::line(format!("verified {address} of {}", user.username)).map(|()| Verdict::Well)
}
